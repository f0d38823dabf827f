/* producer_inner.c: a producer inside another one: taken over, asked, released. */
#include "core/producer.h"

bool inner_take(struct inner *inner, const struct confab_producer_ops *ops, void *self)
{
    *inner = (struct inner){ 0 };
    if (!self || !ops || ops->size < sizeof *ops)
        return false;
    *inner = (struct inner){ .ops = ops, .self = self };
    if (!ops->more)
        inner_release(inner);
    return inner->ops != NULL;
}

ssize_t inner_more(const struct inner *inner, confab_chat *chat, size_t want, const char **bytes)
{
    return inner->ops->more(inner->self, chat, want, bytes);
}

void inner_release(struct inner *inner)
{
    const struct confab_producer_ops *ops = inner->ops;
    void *self = inner->self;

    /* Before it is called: it may come back here. */
    *inner = (struct inner){ 0 };
    if (ops && ops->release)
        ops->release(self);
}
