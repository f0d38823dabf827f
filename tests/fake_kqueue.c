#include "fake_kqueue.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>

struct fake_call fake_calls[FAKE_CALLS];
int fake_called, fake_kqueue_error;

static struct fake_reply replies[FAKE_REPLIES];
static int written, replied;

void fake_forget(void)
{
    fake_called = 0;
}

int kqueue(void)
{
    errno = fake_kqueue_error;
    return fake_kqueue_error ? -1 : open("/dev/null", O_RDWR);
}

struct fake_reply *fake_reply(void)
{
    cr_assert_lt(written, FAKE_REPLIES);
    return &replies[written++];
}

bool fake_all_replied(void)
{
    return replied == written;
}

static fake_udata udata_of(uint32_t generation)
{
    return (fake_udata)(uintptr_t)generation;
}

void fake_event(struct fake_reply *reply, int fd, int filter, uint32_t generation, unsigned flags,
                int64_t data)
{
    cr_assert_lt(reply->n, FAKE_EVENTS);
    reply->events[reply->n++] = (struct kevent){ .ident = (uintptr_t)fd,
                                                 .filter = (fake_filter)filter,
                                                 .flags = (fake_flags)flags,
                                                 .data = data,
                                                 .udata = udata_of(generation) };
}

bool fake_changed(const struct fake_call *call, int fd, int filter, uint32_t generation, unsigned flags)
{
    for (int i = 0; i < call->count; i++) {
        const struct kevent *change = &call->changes[i];
        if (change->ident == (uintptr_t)fd && change->filter == (fake_filter)filter &&
            change->flags == flags && change->udata == udata_of(generation) && change->fflags == 0 &&
            change->data == 0)
            return true;
    }
    return false;
}

int kevent(int fd, const struct kevent *changes, fake_count change_count, struct kevent *events,
           fake_count room, const struct timespec *timeout)
{
    struct fake_call *call = &fake_calls[fake_called++];
    int n = 0;

    cr_assert_lt(fake_called, FAKE_CALLS);
    cr_assert_leq((int)change_count, FAKE_EVENTS);
    *call =
        (struct fake_call){ .fd = fd, .count = (int)change_count, .room = (int)room, .forever = !timeout };
    if (timeout)
        call->timeout = *timeout;
    for (int i = 0; i < call->count; i++)
        call->changes[i] = changes[i];

    if (replied < written) {
        const struct fake_reply *reply = &replies[replied++];
        errno = reply->error;
        cr_assert_leq(reply->n, call->room, "more was written down than the call has room for");
        for (; n < reply->n; n++)
            events[n] = reply->events[n];
        return reply->error ? -1 : n;
    }
    for (int i = 0; i < call->count; i++) {
        if (!(call->changes[i].flags & EV_RECEIPT))
            continue;
        cr_assert_lt(n, call->room);
        events[n] = call->changes[i];
        events[n++].flags = EV_ERROR;
    }
    return n;
}
