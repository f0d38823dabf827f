/* Makes a key of thread-local data, whose destructor would be called after it was unloaded. */
#include <confab/plugin.h>
#include <pthread.h>
#include <stdlib.h>

static int handle_connect(confab_chat *chat)
{
    pthread_key_t key;

    if (pthread_key_create(&key, free))
        return -1;
    pthread_key_delete(key);
    return confab_chat_set_terminator_line(chat);
}

CONFAB_PLUGIN(.name = "thread_key", .chat = CONFAB_CHAT(.handle_connect = handle_connect,
                                                        .collect_incoming_data = confab_chat_collect))
