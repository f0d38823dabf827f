/* channel.c: what all kinds of channels share: their descriptor, their place on
 * the reactor's lists, their end. */
#include "core/log.h"
#include "core/reactor.h"
#include <assert.h>

static void link_behind_all(struct wheel_link *head, struct wheel_link *link)
{
    link->next = head;
    link->prev = head->prev;
    head->prev->next = link;
    head->prev = link;
}

static void loosen(struct channel *channel)
{
    link_behind_all(&channel->reactor->loose, &channel->timer.link);
    channel->flags |= CHANNEL_LOOSE;
}

static void bind_loose(struct channel *channel)
{
    struct wheel_link *link = &channel->timer.link;

    if (!(channel->flags & CHANNEL_LOOSE))
        return;
    link->prev->next = link->next;
    link->next->prev = link->prev;
    link->next = link->prev = NULL;
    channel->flags &= (uint16_t)~CHANNEL_LOOSE;
}

void channel_init(struct channel *channel, confab_reactor *reactor, const struct channel_ops *ops)
{
    *channel = (struct channel){ .ops = ops, .reactor = reactor, .fd = -1 };
    loosen(channel);
    reactor->channels++;
}

/* The number is the new channel's now: one that held it lost it to a close(2) behind our back, and ends. */
static void disown(confab_reactor *reactor, int fd)
{
    struct channel *before = reactor->slots.slot[fd].channel;

    if (!before)
        return;
    log_line(CONFAB_ERROR, NULL, 0, NULL,
             "descriptor %d was closed behind the reactor's back; its channel ends", fd);
    before->flags |= CHANNEL_LOST; /* and must not close it again */
    before->ops->close(before);
}

int channel_watch(struct channel *channel, int fd)
{
    confab_reactor *reactor = channel->reactor;
    int error = slots_reserve(&reactor->slots, &reactor->alloc, fd);

    if (error)
        return error;
    disown(reactor, fd);
    bind_loose(channel);
    channel->fd = fd;
    slots_take(&reactor->slots, fd, channel);
    return 0;
}

/* Remembers that events of this descriptor that the present wait brought are stale for a good reason. */
static void give_up(confab_reactor *reactor, int fd)
{
    if (reactor->given_up_count < READY_MAX)
        reactor->given_up[reactor->given_up_count++] = fd;
    else
        reactor->given_up_many = true;
}

int channel_unwatch(struct channel *channel)
{
    confab_reactor *reactor = channel->reactor;
    int fd = channel->fd;

    if (fd < 0)
        return -1;
    struct slot *slot = &reactor->slots.slot[fd];
    if (slot->armed)
        reactor->backend->del(reactor->state, fd, slot->armed);
    slot->channel = NULL;
    slot->wanted = slot->armed = 0;
    slot->dirty &= (uint8_t)~SLOT_DIRTY;
    channel->fd = -1;
    give_up(reactor, fd);
    return fd;
}

void channel_close_fd(struct channel *channel)
{
    int fd = channel_unwatch(channel);

    if (fd >= 0 && !(channel->flags & CHANNEL_LOST))
        channel->reactor->io->close(channel->reactor->state, fd);
}

static void append(struct channel_queue *queue, struct channel *channel)
{
    channel->next = NULL;
    if (queue->last)
        queue->last->next = channel;
    else
        queue->first = channel;
    queue->last = channel;
}

void channel_list_slow(struct channel *channel)
{
    channel->flags |= CHANNEL_LISTED;
    append(&channel->reactor->work, channel);
}

void channel_retire(struct channel *channel)
{
    confab_reactor *reactor = channel->reactor;

    if (channel->flags & CHANNEL_RETIRED)
        return;
    channel->flags |= CHANNEL_RETIRED;
    bind_loose(channel);
    wheel_stop(&reactor->channel_wheel, &channel->timer);
    channel_close_fd(channel);
    /* One link serves both lists, so one on the work list waits until it is
     * taken off there, or swept. */
    if (channel->flags & CHANNEL_LISTED)
        reactor->retired_listed++;
    else
        append(&reactor->closing, channel);
}

void channel_set_timer(struct channel *channel, int64_t deadline)
{
    struct wheel *wheel = &channel->reactor->channel_wheel;

    assert(!(channel->flags & CHANNEL_LOOSE));
    wheel_stop(wheel, &channel->timer);
    if (deadline >= 0 && !(channel->flags & CHANNEL_RETIRED))
        wheel_start(wheel, &channel->timer, deadline);
}

void channel_done(struct channel *channel)
{
    channel->reactor->channels--;
}

int channels_work(confab_reactor *reactor)
{
    struct channel *channel = reactor->work.first, *next;
    int n = 0;

    reactor->work = (struct channel_queue){ 0 };
    for (; channel; channel = next, n++) {
        unsigned bits = channel->work;

        next = channel->next;
        channel->flags &= (uint16_t)~CHANNEL_LISTED;
        channel->work = 0;
        if (channel->flags & CHANNEL_RETIRED) {
            reactor->retired_listed--;
            append(&reactor->closing, channel);
        } else {
            channel->ops->work(channel, bits);
        }
    }
    return n;
}

/* Moves the retired ones from the work list to the closing list. */
static void sweep(confab_reactor *reactor)
{
    struct channel *channel = reactor->work.first, *next;

    reactor->work = (struct channel_queue){ 0 };
    for (; channel; channel = next) {
        next = channel->next;
        if (channel->flags & CHANNEL_RETIRED) {
            channel->flags &= (uint16_t)~CHANNEL_LISTED;
            append(&reactor->closing, channel);
        } else {
            append(&reactor->work, channel);
        }
    }
    reactor->retired_listed = 0;
}

void channels_finish(confab_reactor *reactor)
{
    for (;;) {
        if (reactor->retired_listed)
            sweep(reactor);
        struct channel *channel = reactor->closing.first;
        if (!channel)
            return;
        reactor->closing.first = channel->next;
        if (!channel->next)
            reactor->closing.last = NULL;
        channel->ops->finish(channel);
    }
}

/* Closing one may close others, which then leave whichever list they are in: so those that are still to come have
 * one of their own, and only its first is looked at. */
static void close_loose(confab_reactor *reactor)
{
    struct wheel_link *loose = &reactor->loose, rest = *loose, *link;

    if (loose->next == loose)
        return;
    rest.next->prev = rest.prev->next = &rest;
    loose->next = loose->prev = loose;
    while ((link = rest.next) != &rest) {
        struct channel *channel = (struct channel *)((char *)link - offsetof(struct channel, timer.link));

        rest.next = link->next;
        rest.next->prev = &rest;
        link_behind_all(loose, link);
        channel->ops->close(channel);
    }
}

void channels_close_all(confab_reactor *reactor)
{
    for (uint32_t i = 0; i < reactor->slots.capacity; i++) {
        struct channel *channel = reactor->slots.slot[i].channel;
        if (channel)
            channel->ops->close(channel);
    }
    close_loose(reactor);
}
