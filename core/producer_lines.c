/* producer_lines.c: Medusa's lines_producer: texts, and CRLF behind each.
 *
 * Lines that fit are gathered in a buffer; one that does not is sent from where
 * it is, so that no line is too long and no memory can be short half way. */
#include <confab/producer.h>
#include <stdlib.h>
#include <string.h>

enum {
    LINES_TOGETHER = 50, /* at the most */
    LINES_BUFFER = 4096
};

struct lines {
    const char *const *next;
    size_t left;  /* lines from there */
    bool end_due; /* what was sent last is a line that still lacks its end */
    void (*release)(void *);
    void *owner;
    char buffer[LINES_BUFFER];
};

void *confab_lines_producer_new(const char *const *texts, size_t count, void (*release)(void *), void *owner)
{
    struct lines *lines = malloc(sizeof *lines);

    if (!lines) {
        if (release)
            release(owner);
        return NULL;
    }
    lines->next = texts;
    lines->left = count;
    lines->end_due = false;
    lines->release = release;
    lines->owner = owner;
    return lines;
}

static size_t add(struct lines *lines, size_t used, const char *bytes, size_t len)
{
    memcpy(lines->buffer + used, bytes, len);
    return used + len;
}

static ssize_t lines_more(void *self, confab_chat *chat, size_t want, const char **bytes)
{
    struct lines *lines = self;
    size_t used = 0;

    (void)chat, (void)want;
    if (lines->end_due)
        used = add(lines, used, "\r\n", 2);
    lines->end_due = false;
    for (int n = 0; n < LINES_TOGETHER && lines->left > 0; n++) {
        const char *line = *lines->next;
        size_t len = strlen(line);
        bool fits = len + 2 <= LINES_BUFFER - used;

        if (!fits && used > 0)
            break;
        lines->next++;
        lines->left--;
        if (!fits) {
            lines->end_due = true;
            *bytes = line;
            return (ssize_t)len;
        }
        used = add(lines, used, line, len);
        used = add(lines, used, "\r\n", 2);
    }
    *bytes = lines->buffer;
    return (ssize_t)used;
}

static void lines_release(void *self)
{
    struct lines *lines = self;

    if (lines->release)
        lines->release(lines->owner);
    free(lines);
}

const struct confab_producer_ops confab_lines_producer_ops = {
    .size = sizeof confab_lines_producer_ops,
    .more = lines_more,
    .release = lines_release,
};
