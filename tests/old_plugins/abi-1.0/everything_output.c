/* Commands that answer by more than a line, or later. */
#include "everything.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

int say_name(confab_chat *chat, const char *rest)
{
    (void)rest;
    return confab_chat_puts(chat, "everything\r\n");
}

/* -- Later ---------------------------------------------------------------------- */

static void later(confab_chat *chat, void *data)
{
    confab_chat_resume(chat);
    confab_chat_printf(chat, "%s\r\n", (const char *)data);
}

int say_later(confab_chat *chat, const char *rest)
{
    (void)rest;
    confab_chat_suspend(chat);
    return confab_chat_call_later(chat, CONFAB_MILLISECOND, later, "later") ? 0 : -ENOMEM;
}

static int add(void *data)
{
    int *sum = data;

    *sum += 2;
    return *sum;
}

static void added(confab_chat *chat, int result, void *data)
{
    if (chat)
        confab_chat_printf(chat, "%d\r\n", result);
    free(data);
}

int work(confab_chat *chat, const char *rest)
{
    int *sum = malloc(sizeof *sum), error;

    if (!sum)
        return -ENOMEM;
    *sum = atoi(rest);
    error = confab_work(confab_chat_reactor(chat), chat, add, added, sum);
    if (error)
        free(sum);
    return error;
}

/* -- Producers: each of those of then --------------------------------------------- */

static ssize_t own_more(void *self, confab_chat *chat, size_t want, const char **bytes)
{
    int *left = self;

    (void)chat, (void)want;
    if (*left == 0)
        return 0;
    --*left;
    *bytes = "own ";
    return 4;
}

static const struct confab_producer_ops own_producer = { .size = sizeof own_producer,
                                                         .more = own_more,
                                                         .release = free };

static void *own_new(int pieces)
{
    int *left = malloc(sizeof *left);

    if (left)
        *left = pieces;
    return left;
}

static void told(void *data, uint64_t bytes, bool whole)
{
    (void)data, (void)bytes, (void)whole;
}

int produce(confab_chat *chat, const char *rest)
{
    static const char *const lines[] = { "lines" };
    static const struct iovec list = { .iov_base = (void *)"list ", .iov_len = 5 };
    void *all = confab_composite_producer_new(), *output = confab_output_producer_new(0),
         *deferred = confab_deferred_producer_new();
    const struct confab_producer_ops *const inner = &confab_simple_producer_ops;

    (void)rest;
#define ADD(kind, ...)                                                \
    confab_composite_producer_add(all, &confab_##kind##_producer_ops, \
                                  confab_##kind##_producer_new(__VA_ARGS__))
#define TEXT(text) inner, confab_simple_producer_new(text, strlen(text), 0, NULL, NULL)
    ADD(simple, "simple ", 7, 2, NULL, NULL);
    ADD(scanning, "scanning ", 9, 0, NULL, NULL);
    ADD(lines, lines, 1, NULL, NULL);
    ADD(buffer_list, &list, 1, NULL, NULL);
    ADD(globbing, TEXT("globbing "), 4);
    ADD(hooked, TEXT("hooked "), told, NULL);
    ADD(chunked, TEXT("chunked"), NULL);
    ADD(escaping, TEXT("escAping "), "A", "a", 0);
    ADD(throttled, TEXT("throttled "), 0);
#undef TEXT
#undef ADD
    confab_composite_producer_add(all, &own_producer, own_new(2));
    confab_composite_producer_add(all, &confab_deferred_producer_ops, deferred);
    confab_composite_producer_add(all, &confab_output_producer_ops, output);
    if (deferred)
        confab_deferred_producer_set(deferred, inner,
                                     confab_simple_producer_new("deferred ", 9, 0, NULL, NULL));
    if (output) {
        confab_output_producer_write(output, "output\r\n", 8);
        confab_output_producer_end(output);
    }
    return confab_chat_push_with_producer(chat, &confab_composite_producer_ops, all);
}

/* The file of the option `path`, twice: by the producer, and by the system. */
int send_file(confab_chat *chat, const char *rest)
{
    const char *path = state_of(chat)->path;
    int error = confab_chat_push_with_producer(chat, &confab_file_producer_ops,
                                               confab_file_producer_new(open(path, O_RDONLY), 0, -1, 0));

    (void)rest;
    return error ? error : confab_chat_push_file(chat, open(path, O_RDONLY), 0, 4);
}

/* -- A client: asks another service for its name, and tells who asked -------------- */

struct asked {
    confab_id asker;
    char answer[64];
};

static int other_connected(confab_chat *chat)
{
    confab_chat_set_terminator_line(chat);
    return confab_chat_puts(chat, "name\r\n");
}

static int other_answered(confab_chat *chat)
{
    struct asked *asked = confab_chat_data(chat);
    size_t len;
    const char *line = confab_chat_message(chat, &len);

    if (!line || len >= sizeof asked->answer)
        return -EMSGSIZE;
    memcpy(asked->answer, line, len + 1);
    confab_chat_close_when_done(chat);
    return 0;
}

static void other_closed(confab_chat *chat, enum confab_reason reason)
{
    struct asked *asked = confab_chat_data(chat);
    confab_chat *asker = confab_chat_find(confab_chat_reactor(chat), asked->asker);

    if (asker)
        confab_chat_printf(asker, "%s: %s\r\n", confab_reason_name(reason), asked->answer);
    free(asked);
}

static const struct confab_chat_ops other = { .size = sizeof other,
                                              .handle_connect = other_connected,
                                              .collect_incoming_data = confab_chat_collect,
                                              .found_terminator = other_answered,
                                              .handle_close = other_closed };

int reach_other(confab_chat *chat, const char *rest)
{
    struct asked *asked = calloc(1, sizeof *asked);
    struct confab_chat_options chat_options = { .size = sizeof chat_options, .data = asked };

    if (!asked)
        return -ENOMEM;
    asked->asker = confab_chat_id(chat);
    if (confab_service_connect(confab_chat_service(chat), rest, &other, &chat_options))
        return 0;
    free(asked);
    return -ENOMEM;
}
