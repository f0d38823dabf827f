/* producer_composite.c: Medusa's composite_producer: one producer after the other. */
#include "core/producer.h"
#include <errno.h>
#include <stdlib.h>

struct part {
    struct part *next;
    struct inner inner;
};

struct composite {
    struct part *first, **end;
};

void *confab_composite_producer_new(void)
{
    struct composite *composite = malloc(sizeof *composite);

    if (!composite)
        return NULL;
    composite->first = NULL;
    composite->end = &composite->first;
    return composite;
}

int confab_composite_producer_add(void *self, const struct confab_producer_ops *inner_ops, void *inner)
{
    struct composite *composite = self;
    struct inner taken;

    if (!inner_take(&taken, inner_ops, inner))
        return inner_ops && inner_ops->size >= sizeof *inner_ops && inner_ops->more ? -ENOMEM : -EINVAL;
    struct part *part = composite ? malloc(sizeof *part) : NULL;
    if (!part) {
        inner_release(&taken);
        return -ENOMEM;
    }
    *part = (struct part){ .inner = taken };
    *composite->end = part;
    composite->end = &part->next;
    return 0;
}

static void drop_first(struct composite *composite)
{
    struct part *part = composite->first;

    composite->first = part->next;
    if (!composite->first)
        composite->end = &composite->first;
    inner_release(&part->inner);
    free(part);
}

static ssize_t composite_more(void *self, confab_chat *chat, size_t want, const char **bytes)
{
    struct composite *composite = self;
    const void *head = producer_head(chat);

    while (composite->first) {
        ssize_t n = inner_more(&composite->first->inner, chat, want, bytes);
        if (n != 0)
            return n;
        /* Its bytes have left: it need not wait for the others to be released. */
        drop_first(composite);
        if (composite->first && producer_head(chat) != head)
            return -EPIPE;
    }
    return 0;
}

static void composite_release(void *self)
{
    struct composite *composite = self;

    while (composite->first)
        drop_first(composite);
    free(composite);
}

const struct confab_producer_ops confab_composite_producer_ops = {
    .size = sizeof confab_composite_producer_ops,
    .more = composite_more,
    .release = composite_release,
};
