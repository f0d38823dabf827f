/* producer.h: a producer inside another one. */
#ifndef CONFAB_CORE_PRODUCER_H
#define CONFAB_CORE_PRODUCER_H

#include <confab/producer.h>

struct inner {
    const struct confab_producer_ops *ops; /* NULL: there is none, or none any more */
    void *self;
};

/* Checks and takes over what a constructor was given.  False: it cannot be used
 * (self NULL, which is out of memory; ops without more, or too small), and has
 * been released where it could be. */
bool inner_take(struct inner *inner, const struct confab_producer_ops *ops, void *self);

/* Asks it: what confab_producer_ops.more says. */
ssize_t inner_more(const struct inner *inner, confab_chat *chat, size_t want, const char **bytes);

/* Releases it; a second call does nothing. */
void inner_release(struct inner *inner);

/* What stands at the head of the chat's output, to be compared and nothing else
 * (chat_flush.c).  Where another one stands there after a producer or a release
 * was called, that has closed the chat or dropped its output, and a producer that
 * is being asked asks nobody any more: what it returns is not sent. */
const void *producer_head(const confab_chat *chat);

#endif
