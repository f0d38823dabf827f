/* Step 9: what takes long. */
#include <confab/plugin.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct state {
    uint64_t max_size;
};

struct session {
    unsigned commands;
    enum { COMMAND, HEAD, BODY } comes; /* what arrives */
};

static const struct state *state_of(confab_chat *chat)
{
    return confab_service_state(confab_chat_service(chat));
}

static int handle_connect(confab_chat *chat)
{
    struct confab_chat_options limits = { .size = sizeof limits, .max_message = state_of(chat)->max_size };
    int error = confab_chat_set_options(chat, &limits);

    return error ? error : confab_chat_set_terminator_line(chat);
}

static const char *after(const char *word, const char *line)
{
    return strncmp(line, word, strlen(word)) == 0 ? line + strlen(word) : NULL;
}

static int end(confab_chat *chat, const char *words)
{
    int error = confab_chat_printf(chat, "%s\r\n", words);

    confab_chat_close_when_done(chat);
    return error;
}

static int expect_body(confab_chat *chat, const char *digits, size_t len)
{
    struct session *session = confab_chat_session(chat);
    uint64_t size;

    if (confab_parse_u64(digits, len, &size) != 0 || size > state_of(chat)->max_size)
        return end(chat, "error: not a size, or over max-size");
    session->comes = BODY;
    return confab_chat_set_terminator_count(chat, size);
}

static int found_body(confab_chat *chat)
{
    struct session *session = confab_chat_session(chat);
    size_t len;

    if (!confab_chat_message(chat, &len))
        return -ENOMEM;
    session->comes = COMMAND;
    int error = confab_chat_set_terminator_line(chat);
    return error ? error : confab_chat_printf(chat, "got %zu bytes\r\n", len);
}

static int expect_head(confab_chat *chat)
{
    struct session *session = confab_chat_session(chat);

    session->comes = HEAD;
    return confab_chat_set_terminator_after(chat, "\r\n\r\n", 4, 2);
}

static int found_head(confab_chat *chat)
{
    const char *head = confab_chat_message(chat, NULL);

    if (!head)
        return -ENOMEM;
    const char *field = strstr(head, "\r\nlength: ");
    if (!field)
        return end(chat, "error: no length");
    field += strlen("\r\nlength: ");
    return expect_body(chat, field, strcspn(field, "\r"));
}

struct counting {
    unsigned next, last;
    char line[16];
};

static ssize_t counting_more(void *self, confab_chat *chat, size_t want, const char **bytes)
{
    struct counting *counting = self;

    (void)chat, (void)want;
    *bytes = counting->line;
    if (counting->next == counting->last)
        return 0;
    return snprintf(counting->line, sizeof counting->line, "%u\r\n", ++counting->next);
}

static const struct confab_producer_ops counting_ops = { .size = sizeof counting_ops,
                                                         .more = counting_more,
                                                         .release = free };

static int count(confab_chat *chat, const char *digits)
{
    uint64_t last;

    if (confab_parse_u64(digits, strlen(digits), &last) != 0 || last > UINT32_MAX)
        return end(chat, "error: not a number");
    struct counting *counting = calloc(1, sizeof *counting);
    if (counting)
        counting->last = (unsigned)last;
    return confab_chat_push_with_producer(chat, &confab_globbing_producer_ops,
                                          confab_globbing_producer_new(&counting_ops, counting, 0));
}

static int is_prime(void *data) /* in a thread */
{
    const uint64_t *number = data;

    for (uint64_t i = 2; i <= *number / i; i++) {
        if (*number % i == 0)
            return 0;
    }
    return *number > 1;
}

static void told_prime(confab_chat *chat, int result, void *data)
{
    if (chat)
        confab_chat_puts(chat, result ? "prime\r\n" : "not prime\r\n");
    free(data);
}

static int prime(confab_chat *chat, const char *digits)
{
    uint64_t value, *number;

    if (confab_parse_u64(digits, strlen(digits), &value) != 0)
        return end(chat, "error: not a number");
    number = malloc(sizeof *number);
    if (!number)
        return -ENOMEM;
    *number = value;
    int error = confab_work(confab_chat_reactor(chat), chat, is_prime, told_prime, number);
    if (error)
        free(number);
    return error;
}

static int found_command(confab_chat *chat)
{
    struct session *session = confab_chat_session(chat);
    const char *line = confab_chat_message(chat, NULL), *rest;

    if (!line)
        return -ENOMEM;
    session->commands++;
    if ((rest = after("body ", line)))
        return expect_body(chat, rest, strlen(rest));
    if ((rest = after("count ", line)))
        return count(chat, rest);
    if ((rest = after("prime ", line)))
        return prime(chat, rest);
    if (strcmp(line, "post") == 0)
        return expect_head(chat);
    if ((rest = after("hello ", line)))
        return confab_chat_printf(chat, "%u: hello, %s\r\n", session->commands, rest);
    if (strcmp(line, "quit") == 0)
        return end(chat, "goodbye");
    return end(chat, "error: no such command");
}

static int found_terminator(confab_chat *chat)
{
    const struct session *session = confab_chat_session(chat);

    if (session->comes == HEAD)
        return found_head(chat);
    return session->comes == BODY ? found_body(chat) : found_command(chat);
}

static int handle_too_long(confab_chat *chat)
{
    return end(chat, "error: over max-size");
}

static int handle_timeout(confab_chat *chat, enum confab_timeout which)
{
    (void)which;
    return end(chat, "error: too slow");
}

static const struct confab_option options[] = {
    CONFAB_OPTION(struct state, max_size, SIZE, "max-size", .fallback = "1K", .min = 16, .max = 1 << 20,
                  .help = "bytes of a command, of a head or of a body"),
    CONFAB_OPTIONS_END,
};

/* clang-format off */
CONFAB_PLUGIN(
    .name = "tutorial",
    .description = "grows from step to step",
    .chat = CONFAB_CHAT(
        .session_size = sizeof(struct session),
        .handle_connect = handle_connect,
        .collect_incoming_data = confab_chat_collect,
        .found_terminator = found_terminator,
        .handle_timeout = handle_timeout,
        .handle_too_long = handle_too_long),
    .options = options,
    .service_size = sizeof(struct state))
