/* producer_simple.c: bytes in memory, piece by piece: asynchat's simple_producer,
 * and Medusa's scanning_producer, which differs in the size of a piece. */
#include <confab/producer.h>
#include <stdlib.h>

enum { SIMPLE_DEFAULT = 512 };

struct simple {
    const char *at;
    size_t left, buffer_size; /* buffer_size 0: as much as the chat wants */
    void (*release)(void *);
    void *owner;
};

static void *simple_new(const void *data, size_t len, size_t buffer_size, void (*release)(void *),
                        void *owner)
{
    struct simple *simple = malloc(sizeof *simple);

    if (!simple) {
        /* What was given away is released also where this fails. */
        if (release)
            release(owner);
        return NULL;
    }
    *simple = (struct simple){
        .at = data, .left = len, .buffer_size = buffer_size, .release = release, .owner = owner
    };
    return simple;
}

void *confab_simple_producer_new(const void *data, size_t len, size_t buffer_size, void (*release)(void *),
                                 void *owner)
{
    return simple_new(data, len, buffer_size ? buffer_size : SIMPLE_DEFAULT, release, owner);
}

void *confab_scanning_producer_new(const void *data, size_t len, size_t buffer_size, void (*release)(void *),
                                   void *owner)
{
    return simple_new(data, len, buffer_size, release, owner);
}

static ssize_t simple_more(void *self, confab_chat *chat, size_t want, const char **bytes)
{
    struct simple *simple = self;
    size_t n = simple->buffer_size ? simple->buffer_size : want;

    (void)chat;
    if (simple->left == 0)
        return 0;
    if (n == 0 || n > simple->left)
        n = simple->left; /* that none is wanted must not be taken for the end */
    *bytes = simple->at;
    simple->at += n;
    simple->left -= n;
    return (ssize_t)n;
}

static void simple_release(void *self)
{
    struct simple *simple = self;

    if (simple->release)
        simple->release(simple->owner);
    free(simple);
}

const struct confab_producer_ops confab_simple_producer_ops = {
    .size = sizeof confab_simple_producer_ops,
    .more = simple_more,
    .release = simple_release,
};

const struct confab_producer_ops confab_scanning_producer_ops = {
    .size = sizeof confab_scanning_producer_ops,
    .more = simple_more,
    .release = simple_release,
};
