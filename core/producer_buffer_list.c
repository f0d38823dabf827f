/* producer_buffer_list.c: Medusa's buffer_list_producer: pieces in memory, each from where it is. */
#include <confab/producer.h>
#include <stdlib.h>

struct buffer_list {
    const struct iovec *next;
    size_t left; /* pieces from there */
    void (*release)(void *);
    void *owner;
};

void *confab_buffer_list_producer_new(const struct iovec *iov, size_t count, void (*release)(void *),
                                      void *owner)
{
    struct buffer_list *list = malloc(sizeof *list);

    if (!list) {
        if (release)
            release(owner);
        return NULL;
    }
    *list = (struct buffer_list){ .next = iov, .left = count, .release = release, .owner = owner };
    return list;
}

static ssize_t buffer_list_more(void *self, confab_chat *chat, size_t want, const char **bytes)
{
    struct buffer_list *list = self;

    (void)chat, (void)want;
    /* One of no bytes would be taken for the end. */
    while (list->left > 0 && list->next->iov_len == 0) {
        list->next++;
        list->left--;
    }
    if (list->left == 0)
        return 0;
    const struct iovec *piece = list->next++;
    list->left--;
    *bytes = piece->iov_base;
    return (ssize_t)piece->iov_len;
}

static void buffer_list_release(void *self)
{
    struct buffer_list *list = self;

    if (list->release)
        list->release(list->owner);
    free(list);
}

const struct confab_producer_ops confab_buffer_list_producer_ops = {
    .size = sizeof confab_buffer_list_producer_ops,
    .more = buffer_list_more,
    .release = buffer_list_release,
};
