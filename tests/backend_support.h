/* backend_support.h: a backend's state as a test sees it, and running one test
 * for every backend of this build.
 *
 * What a test does to descriptors goes through the backend's io wherever a
 * simulated network can do it too: its handles are no descriptors, and its time
 * passes in waits only. */
#ifndef CONFAB_TESTS_BACKEND_SUPPORT_H
#define CONFAB_TESTS_BACKEND_SUPPORT_H

#include "backends/backend.h"
#include "support.h"
#include <criterion/criterion.h>
#include <netinet/in.h>

enum { ROOM = 64 };

/* More time than anything takes that comes at all. */
static const int64_t PATIENCE = 10 * CONFAB_SECOND;

enum subject_kind { OVER_TCP, OVER_TCP6, OVER_UNIX, OVER_PIPE, OVER_TERMINAL, SUBJECT_KINDS };

struct subject {
    const struct confab_backend *backend;
    const struct confab_io *io;
    void *state;
    struct confab_ready ready[ROOM]; /* what the last wait showed */
    int n;
    const char *kind;     /* of descriptor, in subject_every_kind */
    int allocations_left; /* < 0: any number */
    int allocations;      /* that have been asked for so far */
    int blocks;           /* that are allocated */
    int *ends;            /* to be closed when the test ends */
    size_t ends_count, ends_room;
};

/* A test that is run for every backend, or for the one that CONFAB_BACKEND
 * names, each with a fresh state. */
#define BACKEND_TEST(suite, name)          \
    static void name(struct subject *s);   \
    Test(suite, name, .timeout = 60)       \
    {                                      \
        subject_every_backend(name, NULL); \
    }                                      \
    static void name(struct subject *s)

/* Likewise for backends of real systems only; `why` is what a simulated network has not. */
#define REAL_BACKEND_TEST(suite, name, why) \
    static void name(struct subject *s);    \
    Test(suite, name, .timeout = 60)        \
    {                                       \
        subject_every_backend(name, why);   \
    }                                       \
    static void name(struct subject *s)

#define expect(s, condition) \
    cr_assert(condition, "%s%s: %s", (s)->backend->name, (s)->kind ? (s)->kind : "", #condition)

/* why: NULL, or why simulated backends are left out. */
void subject_every_backend(void (*test)(struct subject *), const char *why);

bool subject_real(const struct subject *s);

/* Whether a descriptor that was closed without del is told, as FAILED. */
bool subject_tells_closed(const struct subject *s);

/* One more state of the subject's backend; its memory is bounded by allocations_left. */
int subject_open(struct subject *s, void **state);

/* A new state takes the place of the subject's, as reactors do it after a fork or where they have lost track. */
int subject_replace(struct subject *s, bool forked);

int64_t subject_now(struct subject *s);

/* -- Waiting ------------------------------------------------------------------ */

/* One wait that must not fail; returns how many it showed. */
int subject_wait(struct subject *s, int64_t timeout_ns);

/* What the last wait said of fd, NULL for nothing; fails where it was said twice. */
const struct confab_ready *subject_entry(struct subject *s, int fd);

/* Waits until fd is ready for all of events at once; others are passed over. */
const struct confab_ready *subject_until(struct subject *s, int fd, unsigned events);

/* The same for one that is not registered, and is not afterwards either. */
void subject_settle(struct subject *s, int fd, unsigned events);

/* Fails where waits come back early, or with anything to tell. */
void subject_rests(struct subject *s);

/* set with generation 1, which must not fail. */
void subject_set(struct subject *s, int fd, unsigned armed, unsigned wanted);

/* set of what is to be refused: the errno, positive, whether it is returned or is a FAILED entry of the
 * next wait; 0: it was not refused. */
int subject_refusal(struct subject *s, int fd, unsigned armed, unsigned wanted);

/* A time that a wait is told, and what a kernel that counts in milliseconds is then asked for: rounded up. */
struct subject_time {
    int64_t ns;
    int milliseconds;
};
enum { SUBJECT_TIMES = 10 };
extern const struct subject_time subject_times[SUBJECT_TIMES];

/* -- Descriptors -------------------------------------------------------------- */

struct subject_address {
    struct sockaddr_storage sa;
    socklen_t len;
};

static inline const struct sockaddr *subject_sa(const struct subject_address *address)
{
    return (const struct sockaddr *)&address->sa;
}

/* Has it closed when the test ends, if it has not been before; fails where there is none.  Returns fd. */
int subject_keep(struct subject *s, int fd);
void subject_close(struct subject *s, int fd);
void subject_close_all(struct subject *s);

/* Closes so that a connection over TCP is reset. */
void subject_reset(struct subject *s, int fd);

/* An address that nobody has: a free port of loopback once it is bound to, or a new path. */
struct subject_address subject_address(struct subject *s, enum subject_kind kind);

/* Of a TCP address, in network order; whether both are the same address of this machine. */
in_port_t subject_port(const struct subject_address *address);
bool subject_same(const struct subject_address *a, const struct subject_address *b);

/* getsockname and getpeername, which must not fail. */
struct subject_address subject_name(struct subject *s, int fd);
struct subject_address subject_peer(struct subject *s, int fd);

/* A stream socket; one bound to a new address, which *address is then; one that listens. */
int subject_socket(struct subject *s, enum subject_kind kind);
int subject_bound(struct subject *s, enum subject_kind kind, struct subject_address *address);
int subject_listener(struct subject *s, enum subject_kind kind, struct subject_address *address);

/* Has fd connect, and waits until it is connected. */
void subject_connect(struct subject *s, int fd, const struct subject_address *address);

/* The next connection, which is waited for. */
int subject_accept(struct subject *s, int listener);

/* Each kind of descriptor: what is written to [1] is read from [0].  False where this machine has none (IPv6). */
bool subject_pair(struct subject *s, enum subject_kind kind, int pair[2]);

/* Sockets with each other, one of which has this number, which must be free: pair[0]. */
void subject_pair_at(struct subject *s, int number, int pair[2]);

/* Runs it with each kind that the backend can have: a simulated one has sockets.  What is kept is closed
 * after each. */
void subject_every_kind(struct subject *s, void (*test)(struct subject *, int pair[2]));

/* With sockets only, which can be read and written at both ends. */
void subject_every_connection(struct subject *s, void (*test)(struct subject *, int pair[2]));

/* `count` different descriptors to read from, as cheap as they come, and a byte waits in each. */
void subject_many(struct subject *s, int *fds, int count);

/* -- Bytes, over any kind ----------------------------------------------------- */

/* All of it is taken. */
void subject_write(struct subject *s, int fd, const char *text);

/* Exactly this comes, which is waited for. */
void subject_expect(struct subject *s, int fd, const char *text);

/* Writes until no more is taken; returns how much was. */
size_t subject_fill(struct subject *s, int fd);

/* Reads all that is there now; returns how much that was. */
size_t subject_empty(struct subject *s, int fd);

#endif
