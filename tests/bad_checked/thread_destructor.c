/* Has something done when a thread ends, as thread-local objects of C++ with a destructor do. */
#include <confab/plugin.h>

extern int __cxa_thread_atexit_impl(void (*call)(void *), void *object, void *dso);
extern char __dso_handle[] __attribute__((visibility("hidden")));

static void forget(void *object)
{
    (void)object;
}

static int handle_connect(confab_chat *chat)
{
    __cxa_thread_atexit_impl(forget, NULL, __dso_handle);
    return confab_chat_set_terminator_line(chat);
}

CONFAB_PLUGIN(.name = "thread_destructor", .chat = CONFAB_CHAT(.handle_connect = handle_connect,
                                                               .collect_incoming_data = confab_chat_collect))
