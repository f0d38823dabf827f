/* producer_simple.c: asynchat's simple_producer: bytes in memory, piece by piece. */
#include <confab/producer.h>
#include <stdlib.h>

enum { BUFFER_DEFAULT = 512 };

struct simple {
    const char *at;
    size_t left, buffer_size;
    void (*release)(void *);
    void *owner;
};

void *confab_simple_producer_new(const void *data, size_t len, size_t buffer_size, void (*release)(void *),
                                 void *owner)
{
    struct simple *simple = malloc(sizeof *simple);

    if (!simple) {
        /* What was given away is released also where this fails. */
        if (release)
            release(owner);
        return NULL;
    }
    *simple = (struct simple){ .at = data,
                               .left = len,
                               .buffer_size = buffer_size ? buffer_size : BUFFER_DEFAULT,
                               .release = release,
                               .owner = owner };
    return simple;
}

static ssize_t more(void *self, confab_chat *chat, size_t want, const char **bytes)
{
    struct simple *simple = self;
    size_t n = simple->left < simple->buffer_size ? simple->left : simple->buffer_size;

    (void)chat, (void)want;
    *bytes = simple->at;
    simple->at += n;
    simple->left -= n;
    return (ssize_t)n;
}

static void release(void *self)
{
    struct simple *simple = self;

    if (simple->release)
        simple->release(simple->owner);
    free(simple);
}

const struct confab_producer_ops confab_simple_producer_ops = {
    .size = sizeof confab_simple_producer_ops,
    .more = more,
    .release = release,
};
