/* sim.h: the simulated network: sockets in memory, a clock, and faults from a seed.
 *
 *     sim.c           the backend: what is registered, waiting, the clock's jumps
 *     sim_io.c        its io: handles, and the faults that befall the reactor's side
 *     sim_io_bytes.c  the same of bytes in and out
 *     sim_network.c   the network: sockets and their handles, what is under way
 *     sim_address.c   names and addresses: who is bound where
 *     sim_connect.c   listening, connecting, accepting
 *     sim_stream.c    bytes each way, ends and resets
 *     sim_trace.c     random numbers, and what happened
 *
 * core/sim.c makes the public functions of it.  A socket is either the
 * reactor's, with a handle, or a far end, which the test holds by pointer.  All
 * that is declared here belongs to one thread. */
#ifndef CONFAB_BACKENDS_SIM_H
#define CONFAB_BACKENDS_SIM_H

#include "backends/backend.h"

enum {
    SIM_FIRST =
        32768, /* the first handle: no process has so many descriptors, so neither is taken for the other */
    SIM_FIRST_LOW = 1024,    /* of a process that has few: see sim_handles_low */
    SIM_HANDLES_MAX = 32768, /* handles of a network at the most: then EMFILE */
    SIM_BUFFER = 65536,      /* bytes each way, where the faults do not say */
    SIM_PORT_FIRST = 49152,  /* of those that are given to who asks for none */
    SIM_PORTS = UINT16_MAX + 1 - SIM_PORT_FIRST
};

/* As struct confab_sim_faults of confab/sim.h, which explains it. */
struct sim_faults {
    unsigned short_reads, short_writes, again, interrupted, aborted, no_descriptor, refused, unanswered,
        resets;
    uint64_t reset_after;
    int64_t delay;
    bool shuffle;
    size_t buffer;
    int64_t work;
};

/* The clock does not jump farther, so that what is added to it does not overflow. */
#define SIM_CLOCK_MAX (INT64_C(1) << 62)

struct sim_event;
struct sim_name;

/* The bytes that come to a socket: a ring, of which what has arrived comes first. */
struct sim_pipe {
    char *bytes;
    size_t room, start, held; /* held: written by the other side and not read */
    size_t arrived;           /* of held */
    int64_t last; /* when the last of what is under way arrives: what follows does not overtake it */
    bool ended;   /* the end of the stream has arrived */
};

enum sim_kind { SIM_NEW, SIM_LISTENING, SIM_CONNECTING, SIM_CONNECTED, SIM_FAILED };

struct sim_socket {
    struct sim_network *network;
    struct sim_socket *next, *previous; /* among all */
    int handle;                         /* -1: a far end, or waits to be accepted */
    unsigned refs;                      /* its holder's, and one of each event under way to or from it */
    enum sim_kind kind;
    int domain;
    struct sockaddr_storage local, peer;
    socklen_t local_len, peer_len;
    bool bound, reuse_port, six_only, abort_on_close, closed;
    int error; /* a positive errno that the next call gets */

    /* A stream. */
    struct sim_socket *other; /* NULL: gone, or none */
    struct sim_pipe in;
    size_t nowhere;       /* bytes under way to one that is gone */
    uint64_t until_reset; /* bytes both ways until the network resets it; UINT64_MAX: never */
    bool reset, read_ended, write_ended;
    size_t send_limit, receive_limit; /* SO_SNDBUF, SO_RCVBUF: bytes held at the most; 0: as the ring is */

    /* A listener: those that wait, and for these the next one. */
    struct sim_socket *first, *last, *behind, *listener;
    struct sim_socket *next_listener;
    int waiting, backlog;
    int tries; /* of one that connects, to a listener whose backlog is full */
};

struct sim_network {
    unsigned refs;
    uint64_t random;
    int64_t start, clock;
    struct sim_faults faults;
    struct sim_socket *sockets;   /* all of them */
    struct sim_socket *listeners; /* the newest first */
    int first;                    /* the first handle */
    struct sim_socket **handle;   /* by number less first */
    int handles;
    int lowest;                  /* no lower one is free */
    uint16_t port;               /* the next to be given */
    uint32_t at_port[SIM_PORTS]; /* how many are bound to each, of whatever address */
    struct sim_event *events;    /* a heap by time, then by number */
    size_t event_count, event_room;
    uint64_t event_number;
    struct sim_name *names;

    uint64_t digest;
    char *trace;
    size_t trace_len, trace_limit;
    unsigned long trace_lost;
    bool no_memory; /* an event was lost for want of it: the run is worthless, and says so */
};

/* -- The network: sim_network.c ---------------------------------------------- */

/* NULL: out of memory. */
struct sim_network *sim_network_new(uint64_t seed);
struct sim_network *sim_network_ref(struct sim_network *network);

/* Before the first handle: in a process that has not nearly SIM_FIRST_LOW descriptors handles begin there.  What the
 * reactor keeps for each number, and walks through when all is closed, is a tenth then, and so is the time that a
 * simulation takes which does little. */
void sim_handles_low(struct sim_network *network);
void sim_network_unref(struct sim_network *network); /* what is left in it goes with the last one */

/* A socket that is not bound; NULL: out of memory. */
struct sim_socket *sim_socket_new(struct sim_network *network, int domain);
void sim_socket_unref(struct sim_socket *socket);

/* Gives it the lowest free handle: that, -EMFILE or -ENOMEM. */
int sim_handle(struct sim_socket *socket);
struct sim_socket *sim_socket_of(const struct sim_network *network, int handle); /* NULL: none */

/* What arrives where.  A socket that is gone by then is passed over, but that bytes for it reset their sender. */
enum sim_what { SIM_BYTES, SIM_END, SIM_RESET, SIM_CONNECT, SIM_ANSWER };

/* Sends it on its way: it arrives after a delay that is drawn, not before what was sent there earlier, and not
 * before `least` ns.  to: who gets it; from: who sent it, may be NULL; n: bytes, or the errno of an answer. */
void sim_send_off(enum sim_what what, struct sim_socket *to, struct sim_socket *from, size_t n,
                  int64_t least);

/* Has happen what is due by now. */
void sim_arrivals(struct sim_network *network);
int64_t sim_next_arrival(struct sim_network *network);        /* INT64_MAX: nothing will happen */
int64_t sim_next_delivery(const struct sim_network *network); /* INT64_MAX: nothing is under way to anybody */

/* The events that a socket would show now, whether wanted or not. */
unsigned sim_ready(const struct sim_socket *socket);

/* -- Addresses: sim_address.c ------------------------------------------------- */

int sim_bind(struct sim_socket *socket, const struct sockaddr *address, socklen_t len);

/* Gives one that is not bound a port (a domain that has them) of the address that leads to `to`; -EADDRINUSE: there
 * is none. */
int sim_bind_any(struct sim_socket *socket, const struct sockaddr_storage *to);

/* It is closed: its address is free again. */
void sim_unbind(struct sim_socket *socket);

/* The listener that a connect to this address reaches; NULL: none. */
struct sim_socket *sim_listener_at(struct sim_network *network, const struct sockaddr_storage *address);

/* That of a socket which is not bound. */
void sim_address_none(int domain, struct sockaddr_storage *address, socklen_t *len);

/* An address as a socket of this domain shows it: an IPv4 one as part of IPv6 where that must be. */
void sim_address_show(const struct sockaddr_storage *address, socklen_t len, int domain,
                      struct sockaddr_storage *shown, socklen_t *shown_len);

/* Copies an address out as the system does: *len is the room, then the length. */
void sim_address_give(const struct sockaddr_storage *address, socklen_t have, struct sockaddr *out,
                      socklen_t *len);

/* A host's name stands for one more address; the addresses of a name.  -ENOMEM, -EINVAL; -EHOSTUNREACH. */
int sim_name_add(struct sim_network *network, const char *host, const struct sockaddr_storage *address);
int sim_name_find(const struct sim_network *network, const char *host, uint16_t port,
                  struct sockaddr_storage *addresses, int room);
void sim_names_free(struct sim_network *network);

/* -- Connections: sim_connect.c ----------------------------------------------- */

int sim_listen(struct sim_socket *socket, int backlog);
void sim_listen_no_more(struct sim_socket *socket); /* one that listens closes */

/* A connect of the reactor's side: 0, -EINPROGRESS or what is wrong. */
int sim_connect(struct sim_socket *socket, const struct sockaddr *address, socklen_t len);

/* A far end's: it is connected at once, or not: -ECONNREFUSED, -EAGAIN, -ENOMEM. */
int sim_connect_now(struct sim_socket *socket, const struct sockaddr_storage *address, socklen_t len);

/* Takes the first that waits; NULL: none. */
struct sim_socket *sim_accept(struct sim_socket *listener);

/* For sim_network.c: a connect arrives at its listener; the answer at who asked. */
void sim_connect_arrived(struct sim_socket *socket);
void sim_answer_arrived(struct sim_socket *socket, int error);

/* -- Streams: sim_stream.c ------------------------------------------------------ */

/* How much could be sent, or received, now; else why not: -EAGAIN, 0 (received: the end), -EPIPE, -ECONNRESET... An
 * error that is told once is taken by sim_error. */
ssize_t sim_sendable(const struct sim_socket *socket);
ssize_t sim_receivable(const struct sim_socket *socket);
int sim_error(struct sim_socket *socket); /* a positive errno, cleared by asking; 0 */

/* Moves n bytes, which sim_sendable or _receivable allowed; peek: they stay. */
void sim_put(struct sim_socket *socket, const char *bytes, size_t n);
void sim_flush(struct sim_socket *socket, size_t n); /* puts go on their way, as one piece */
void sim_take(struct sim_socket *socket, char *bytes, size_t n, bool peek);

/* A far end's calls, which no fault befalls: bytes moved, or -errno. */
ssize_t sim_far_send(struct sim_socket *socket, const char *bytes, size_t len);
ssize_t sim_far_recv(struct sim_socket *socket, char *bytes, size_t room);

int sim_shutdown(struct sim_socket *socket, int how);
void sim_close(struct sim_socket *socket); /* as close(2); the holder's reference goes */
void sim_reset(struct sim_socket *socket); /* its connection breaks for the other side */

/* For sim_network.c. */
void sim_bytes_arrived(struct sim_socket *socket, size_t n);
void sim_end_arrived(struct sim_socket *socket);
void sim_reset_arrived(struct sim_socket *socket);

/* -- Chance and the trace: sim_trace.c ------------------------------------------- */

uint64_t sim_random(struct sim_network *network);
uint64_t sim_draw(struct sim_network *network, uint64_t n);      /* 0 to n - 1; 0 draws nothing */
bool sim_chance(struct sim_network *network, unsigned share);    /* so many of a thousand; 0 draws nothing */
uint32_t sim_hash(const char *bytes, size_t n, uint32_t before); /* of bytes, for the trace; at first 0 */
void sim_note(struct sim_network *network, const char *format, ...) __attribute__((format(printf, 2, 3)));
int sim_keep_trace(struct sim_network *network, size_t limit);
const char *sim_trace(struct sim_network *network, size_t *len);

/* -- The backend: sim.c ------------------------------------------------------------ */

extern const struct confab_io sim_io;

/* Its calls that move bytes, as confab_io says of each: sim_io_bytes.c. */
ssize_t sim_io_recv(void *state, int fd, void *bytes, size_t len, int flags);
ssize_t sim_io_send(void *state, int fd, const void *bytes, size_t len, int flags);
ssize_t sim_io_sendmsg(void *state, int fd, const struct iovec *iov, int count, int flags);
ssize_t sim_io_read(void *state, int fd, void *bytes, size_t len);
ssize_t sim_io_writev(void *state, int fd, const struct iovec *iov, int count);
ssize_t sim_io_recvfrom(void *state, int fd, void *bytes, size_t len, int flags, struct sockaddr *from,
                        socklen_t *from_len);
ssize_t sim_io_sendto(void *state, int fd, const void *bytes, size_t len, int flags,
                      const struct sockaddr *to, socklen_t to_len);
ssize_t sim_io_sendfile(void *state, int fd, int file, int64_t offset, size_t len);

/* The socket of a handle, when all that is due has arrived; NULL: none. */
struct sim_socket *sim_find(void *state, int fd);

/* The network of a backend's state, and whether a wait would show something now. */
struct sim_network *sim_network_of(void *state);
bool sim_anything_ready(void *state);

#endif
