/* Counts down from the number that a line says, by a producer that nobody frees. */
#include <confab/plugin.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct countdown {
    uint64_t left;
    char line[32];
};

static ssize_t more(void *self, confab_chat *chat, size_t want, const char **bytes)
{
    struct countdown *countdown = self;
    int len;

    (void)chat, (void)want;
    if (countdown->left == 0)
        return 0;
    len =
        snprintf(countdown->line, sizeof countdown->line, "%llu\r\n", (unsigned long long)countdown->left--);
    *bytes = countdown->line;
    return len;
}

/* Here free(self) is missing. */
static void release(void *self)
{
    struct countdown *countdown = self;

    countdown->left = 0;
}

static const struct confab_producer_ops countdown_ops = { .size = sizeof countdown_ops,
                                                          .more = more,
                                                          .release = release };

static int handle_connect(confab_chat *chat)
{
    return confab_chat_set_terminator_line(chat);
}

static int found_terminator(confab_chat *chat)
{
    size_t len;
    const char *line = confab_chat_message(chat, &len);
    struct countdown *countdown;
    uint64_t from;

    if (!line)
        return -ENOMEM;
    if (confab_parse_u64(line, len, &from) || from > 1000)
        return confab_chat_puts(chat, "not a number up to 1000\r\n");
    countdown = calloc(1, sizeof *countdown);
    if (!countdown)
        return -ENOMEM;
    countdown->left = from;
    return confab_chat_push_with_producer(chat, &countdown_ops, countdown);
}

/* clang-format off */
CONFAB_PLUGIN(
    .name = "producer_kept",
    .description = "counts down from the number that a line says",
    .chat = CONFAB_CHAT(
        .handle_connect = handle_connect,
        .collect_incoming_data = confab_chat_collect,
        .found_terminator = found_terminator),
    .examples = CONFAB_EXAMPLES(
        "confab-session 1\n"
        "> \"3\\r\\n\"\n"
        "< \"3\\r\\n2\\r\\n1\\r\\n\"\n"
        "> \"x\\r\\n\"\n"
        "< \"not a number up to 1000\\r\\n\"\n"))
