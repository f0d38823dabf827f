/* sys/event.h as kqueue.c finds it in its test: what the systems that have kqueue(2)
 * agree on, with the types of FreeBSD 12, or, with FAKE_NETBSD, those of NetBSD 9.
 * What calls do is in fake_kqueue.c. */
#ifndef CONFAB_TESTS_FAKE_SYS_EVENT_H
#define CONFAB_TESTS_FAKE_SYS_EVENT_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#ifdef FAKE_NETBSD

#define EVFILT_READ  0U
#define EVFILT_WRITE 1U
#define FAKE_FLAG(n) n##U

typedef size_t fake_count;
typedef intptr_t fake_udata;
typedef uint32_t fake_filter;
typedef uint32_t fake_flags;

#else

#define EVFILT_READ  (-1)
#define EVFILT_WRITE (-2)
#define FAKE_FLAG(n) n

typedef int fake_count;
typedef void *fake_udata;
typedef short fake_filter;
typedef unsigned short fake_flags;

#endif

#define EV_ADD     FAKE_FLAG(0x0001)
#define EV_DELETE  FAKE_FLAG(0x0002)
#define EV_ENABLE  FAKE_FLAG(0x0004)
#define EV_DISABLE FAKE_FLAG(0x0008)
#define EV_RECEIPT FAKE_FLAG(0x0040)
#define EV_ERROR   FAKE_FLAG(0x4000)
#define EV_EOF     FAKE_FLAG(0x8000)

struct kevent {
    uintptr_t ident;
    fake_filter filter;
    fake_flags flags;
    unsigned fflags;
    int64_t data;
    fake_udata udata;
};

int kqueue(void);
int kevent(int fd, const struct kevent *changes, fake_count change_count, struct kevent *events,
           fake_count room, const struct timespec *timeout);

#endif
