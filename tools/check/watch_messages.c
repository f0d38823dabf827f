/* watch_messages.c: messages and buffers that the plugin gets from the library. */
#include "tools/check/watch.h"
#include <string.h>

/* A copy in front of a guard page, the same one until the hook has returned. */
static char *call_message(confab_chat *chat, size_t *len)
{
    struct watch *watch = watch_current();
    size_t n = 0;
    char *message = confab_chat_message(chat, &n), *copy = NULL;

    if (len)
        *len = n;
    if (!watch || !message || !watch_in_plugin(watch))
        return message;
    copy = guard_message(watch->guard, chat, n);
    if (!copy)
        copy = guard_copy(watch->guard, message, n, GUARD_MESSAGE, chat);
    return copy ? copy : message;
}

/* With what the plugin has changed of it. */
static confab_buffer *call_take_message(confab_chat *chat)
{
    struct watch *watch = watch_current();
    size_t n = 0;

    if (watch && watch_in_plugin(watch)) {
        char *message = confab_chat_message(chat, &n);
        const char *copy = message ? guard_message(watch->guard, chat, n) : NULL;
        if (copy)
            memcpy(message, copy, n);
        guard_drop(watch->guard, chat);
    }
    confab_buffer *taken = confab_chat_take_message(chat);
    return watch ? memory_add(watch, taken, taken ? confab_buffer_size(taken) : 0, "confab_chat_take_message",
                              1)
                 : taken;
}

/* -- Buffers: how many owners of each the plugin is ---------------------------------------------------- */

static confab_buffer *call_buffer_new(const void *data, size_t len)
{
    struct watch *watch = watch_current();
    confab_buffer *buffer = confab_buffer_new(data, len);

    return watch ? memory_add(watch, buffer, len, "confab_buffer_new", 1) : buffer;
}

/* Another owner may have let the plugin see it. */
static confab_buffer *call_buffer_ref(confab_buffer *buffer)
{
    struct watch *watch = watch_current();

    if (watch && buffer && !memory_own(watch->memory, buffer))
        memory_add(watch, buffer, confab_buffer_size(buffer), "confab_buffer_ref", 1);
    return confab_buffer_ref(buffer);
}

/* false: it was not the plugin's to give, may be gone, and is not to be touched. */
static bool give_back(const confab_buffer *buffer, const char *call)
{
    struct watch *watch = watch_current();
    struct memory_block known;

    if (!watch || memory_give_back(watch->memory, buffer, &known))
        return true;
    watch_complain(
        watch,
        "%s of a confab_buffer that is not the plugin's any more (%zu bytes, from %s in %s): "
        "confab_buffer_unref and confab_chat_push_buffer each take an owner, confab_buffer_ref makes one",
        call, known.size, known.from, *known.hook ? known.hook : "no hook");
    return false;
}

static void call_buffer_unref(confab_buffer *buffer)
{
    if (give_back(buffer, "confab_buffer_unref"))
        confab_buffer_unref(buffer);
}

static int call_push_buffer(confab_chat *chat, confab_buffer *buffer)
{
    return confab_chat_push_buffer(chat, give_back(buffer, "confab_chat_push_buffer") ? buffer : NULL);
}

const struct watch_call watch_message_calls[] = {
    { "confab_chat_message", (void (*)(void))call_message, REAL_NONE },
    { "confab_chat_take_message", (void (*)(void))call_take_message, REAL_NONE },
    { "confab_buffer_new", (void (*)(void))call_buffer_new, REAL_NONE },
    { "confab_buffer_ref", (void (*)(void))call_buffer_ref, REAL_NONE },
    { "confab_buffer_unref", (void (*)(void))call_buffer_unref, REAL_NONE },
    { "confab_chat_push_buffer", (void (*)(void))call_push_buffer, REAL_NONE },
    { NULL, NULL, REAL_NONE },
};
