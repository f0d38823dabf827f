/* fake_kqueue.h: a kevent(2) that keeps a record of how it was called, and brings what
 * the test has written down.  It knows nothing of what its changes mean. */
#ifndef CONFAB_TESTS_FAKE_KQUEUE_H
#define CONFAB_TESTS_FAKE_KQUEUE_H

#include <stdbool.h>
#include <sys/event.h>

enum { FAKE_CALLS = 64, FAKE_REPLIES = 16, FAKE_EVENTS = 128 };

struct fake_call {
    int fd;
    struct kevent changes[FAKE_EVENTS];
    int count, room;
    bool forever; /* no time-out */
    struct timespec timeout;
};

struct fake_reply {
    int error; /* an errno, 0: the events */
    struct kevent events[FAKE_EVENTS];
    int n;
};

/* The calls since fake_forget, the last FAKE_CALLS of them being too many. */
extern struct fake_call fake_calls[FAKE_CALLS];
extern int fake_called;
void fake_forget(void);

/* What kqueue(2) fails with, 0: it makes a descriptor, which is a real one of /dev/null. */
extern int fake_kqueue_error;

/* The answer to the next call for which none was written down so far.  A call for which there is none brings
 * nothing but the receipts that it asks for. */
struct fake_reply *fake_reply(void);
void fake_event(struct fake_reply *reply, int fd, int filter, uint32_t generation, unsigned flags,
                int64_t data);
bool fake_all_replied(void);

/* Whether the call made this change, in any place of its list, with just these flags. */
bool fake_changed(const struct fake_call *call, int fd, int filter, uint32_t generation, unsigned flags);

#endif
