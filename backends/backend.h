/* backend.h: the contract between core and a backend: how the reactor learns
 * what is ready, and how bytes move.
 *
 * A backend is a leaf.  It calls nobody back, logs nothing, and allocates only
 * in open and where set must grow a table.  Every function returns a count or
 * 0, or -errno.  All but wake are called by the reactor's thread only.
 *
 * Ready events are level-triggered: what is not dealt with is told again by the
 * next wait.  There is one entry for a descriptor in a wait; a backend that
 * learns of reading and writing apart merges them.  A hang-up or an error shows
 * as READ and WRITE (as far as they are wanted), and the truth is then learned
 * from recv or send, so that no byte that arrived before it is lost.  A
 * descriptor with no interest is not registered and tells nothing: not even a
 * hang-up, which would make an idle loop spin. */
#ifndef CONFAB_BACKENDS_BACKEND_H
#define CONFAB_BACKENDS_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

/* What is wanted of a descriptor (READ, WRITE, EXCEPT), and what is so. */
enum {
    BACKEND_READ = 1,
    BACKEND_WRITE = 2,
    BACKEND_EXCEPT = 4, /* out-of-band data, where the backend can tell; wanted alone, no hang-up is told */
    BACKEND_FAILED = 8  /* the kernel will not watch it: `error` says why; alone in its entry */
};

struct confab_ready {
    int fd;
    uint32_t generation; /* the one that was given to set */
    uint32_t events;
    int error; /* of FAILED, a positive errno; else 0 */
};

struct confab_backend_options {
    size_t size; /* sizeof(struct confab_backend_options) */
    /* As confab_reactor_options.alloc; never NULL. */
    void *(*alloc)(void *data, void *old, size_t n);
    void *alloc_data;
    void *network;  /* of a simulated one: where its handles live; NULL: a network of its own */
    void *previous; /* the state that this one is opened to replace, which is closed afterwards; NULL: none */
};

/* What adopt finds a descriptor to be. */
enum confab_fd_kind {
    CONFAB_FD_SOCKET,     /* one that is connected: recv and sendmsg work */
    CONFAB_FD_LISTENER,   /* a socket that listens */
    CONFAB_FD_STREAM,     /* a pipe or a terminal: read and writev */
    CONFAB_FD_CONNECTING, /* a socket whose connect is under way, or has failed: WRITE will tell, and
                             socket_error how it went */
    CONFAB_FD_UNCONNECTED /* a socket that has no peer; where it is one for datagrams recvfrom and sendto work */
};

/* How bytes move.  Each takes the backend's state first, and none ever blocks,
 * raises SIGPIPE or leaks a descriptor into an exec.  A call that a signal
 * interrupted is made again inside.  What would block is -EAGAIN (never
 * -EWOULDBLOCK where the two differ). */
struct confab_io {
    /* Descriptors that they make are non-blocking and close-on-exec. */
    int (*socket)(void *state, int domain, int type, int protocol);
    int (*bind)(void *state, int fd, const struct sockaddr *address, socklen_t len);
    int (*listen)(void *state, int fd, int backlog);

    /* The next connection.  address and len may be NULL; *len is the room, then
     * how long the address is (where the room is shorter, some systems say
     * that).  A connection that went away before it was accepted (ECONNABORTED,
     * EPROTO and the network errors of accept(2)) is passed over. */
    int (*accept)(void *state, int fd, struct sockaddr *address, socklen_t *len);

    /* 0: connected; -EINPROGRESS: WRITE will tell, and socket_error how it went
     * (an interrupted connect goes on by itself: -EINPROGRESS too). */
    int (*connect)(void *state, int fd, const struct sockaddr *address, socklen_t len);

    int (*setsockopt)(void *state, int fd, int level, int name, const void *value, socklen_t len);

    /* SO_ERROR as 0 or -errno; asking clears it. */
    int (*socket_error)(void *state, int fd);

    int (*getsockname)(void *state, int fd, struct sockaddr *address, socklen_t *len);
    int (*getpeername)(void *state, int fd, struct sockaddr *address, socklen_t *len);

    /* Bytes moved; 0 from recv, read and recvfrom at the end of the stream. */
    ssize_t (*recv)(void *state, int fd, void *bytes, size_t len, int flags);
    ssize_t (*send)(void *state, int fd, const void *bytes, size_t len, int flags);
    ssize_t (*sendmsg)(void *state, int fd, const struct iovec *iov, int count, int flags);
    ssize_t (*read)(void *state, int fd, void *bytes, size_t len);
    ssize_t (*writev)(void *state, int fd, const struct iovec *iov, int count);
    ssize_t (*recvfrom)(void *state, int fd, void *bytes, size_t len, int flags, struct sockaddr *from,
                        socklen_t *from_len);
    ssize_t (*sendto)(void *state, int fd, const void *bytes, size_t len, int flags,
                      const struct sockaddr *to, socklen_t to_len);

    /* Moves up to len bytes of a file from offset (file's own position is not
     * used) to fd, which may be of any kind.  0: the file ends there. */
    ssize_t (*sendfile)(void *state, int fd, int file, int64_t offset, size_t len);

    /* Holds back, or no longer, what is no full packet: for who sends much in pieces, each of which would end in
     * a small packet, and wake the peer for it.  -ENOTSUP, -EOPNOTSUPP (it is no TCP), or a NULL in the table. */
    int (*cork)(void *state, int fd, bool on);

    /* How much of what was sent the peer's system has not got, about: 0 only where it
     * has got all.  -ENOTSUP, or a NULL in the table: it is not to be known. */
    int (*unsent)(void *state, int fd);

    int (*shutdown)(void *state, int fd, int how);
    int (*close)(void *state, int fd);

    /* Makes a foreign descriptor non-blocking and close-on-exec and returns
     * what it is (enum confab_fd_kind); -EPERM for one that cannot be polled (a
     * regular file, a folder; in a simulated network any real descriptor), -EBADF for none.  Closes nothing. */
    int (*adopt)(void *state, int fd);

    /* The addresses that a host's name has, up to `room`, each with this port: how many, or -EHOSTUNREACH:
     * none.  NULL in the table: getaddrinfo(3) is asked, in a thread. */
    int (*resolve)(void *state, const char *host, uint16_t port, struct sockaddr_storage *addresses,
                   int room);

    /* Monotonic, and since 1970; nanoseconds. */
    int64_t (*clock)(void *state);
    int64_t (*wall_clock)(void *state);
    uint64_t (*random)(void *state);
};

struct confab_backend {
    const char *name;

    /* A network in memory: what io makes are handles of it and no descriptors (only its close takes a real
     * one too), and its time is virtual: a wait in which nothing is ready moves the clock and takes no
     * time.  Only ever asked for by name; jobs run on the loop, in its turn. */
    bool simulated;

    /* Makes a state.  -ENOSYS: this system has no such thing. */
    int (*open)(void **state, const struct confab_backend_options *options);

    /* Frees it.  Registered descriptors are not closed.  forked: this is the
     * child's copy of a parent's state, so nothing that the kernel shares with
     * the parent may be edited: only our own descriptors are closed. */
    void (*close)(void *state, bool forked);

    /* Changes what is wanted of fd from armed to wanted (0 on the first call;
     * wanted 0: no longer registered).  generation comes back in its events.
     * May only note the change and make it in the next wait.  Mends what it
     * finds: a descriptor that is registered already, or no more.  What the
     * kernel refuses is returned, or, where it is learned later, is a FAILED
     * entry of a wait. */
    int (*set)(void *state, int fd, uint32_t generation, unsigned armed, unsigned wanted);

    /* Forgets fd at once; called before close(2), with what is armed.  One that
     * is not registered, or closed already, is no error. */
    int (*del)(void *state, int fd, unsigned armed);

    /* Waits until something is ready, for timeout_ns at the most (0: only
     * looks; < 0: for ever; never returns early for want of resolution: it
     * rounds up; more than 24 days may be cut to that), and fills up to cap
     * entries.  Returns how many; 0 also when a signal or wake ended it, or,
     * once, a hang-up that nobody wants to know of (see EXCEPT).  Where more is ready than cap, the next waits
     * come to the rest first: nothing starves. */
    int (*wait)(void *state, int64_t timeout_ns, struct confab_ready *out, int cap);

    /* Ends the present wait, or the next.  Any thread, and a signal handler
     * (keeps errno).  Cheap when called often. */
    int (*wake)(void *state);

    /* How many holds are out, told when that changes: while there is one something real is waited for, and
     * time passes as it does outside.  NULL where it always does. */
    void (*hold)(void *state, long holds);

    /* How long the next job takes, of those that run on the loop; nanoseconds, 0: none.  NULL where they run in
     * threads. */
    int64_t (*job_time)(void *state);

    const struct confab_io *io;
};

/* Those of this build; the default first; NULL ends them (registry.c). */
extern const struct confab_backend *const confab_backends[];

extern const struct confab_backend confab_backend_epoll;
extern const struct confab_backend confab_backend_kqueue;
extern const struct confab_backend confab_backend_poll;
extern const struct confab_backend confab_backend_sim;

/* The io of real sockets, shared by the backends of real systems; state is not
 * looked at (posix_io.c). */
extern const struct confab_io confab_posix_io;

#endif
