/* confab/sim.h: a network in memory, to test what is built on confab.
 *
 * A simulation is one network, one reactor in it, and a clock of its own.  What
 * runs on that reactor (services and their plugins, listeners, chats) cannot
 * tell it from a real one, but that no descriptor is behind its connections
 * (confab_chat_fd is -1, and a real descriptor is refused).  The test plays the
 * far end of each connection, moves the clock, and may ask for faults, which
 * are drawn from a seed: the same calls with the same seed give the same run, to the byte.
 *
 * Time stands still while anything is ready, and jumps to the next timer or the
 * next arrival when nothing is; so an hour of time-outs takes as long as what
 * happens in it.  It does not jump while a hold is out (confab_reactor_hold):
 * then something real is waited for, and it goes as real time does.  The wall
 * clock starts at the same moment each time, random numbers come from the seed,
 * and confab_work and look-ups of names run on the loop, in a following turn.
 * Timers are as exact as outside: never early, up to about a millisecond late,
 * the time-outs of chats a few.  To see one, let a little more than its time pass.
 *
 *     confab_sim *sim;
 *     confab_sim_end *client;
 *     char reply[64];
 *
 *     confab_sim_new(&sim, 1, NULL, NULL);
 *     ... confab_listen(&listener, confab_sim_reactor(sim), "127.0.0.1:7", &ops, NULL) ...
 *     confab_sim_connect(sim, "127.0.0.1:7", NULL, &client);
 *     confab_sim_send(client, "hello\r\n", 7);
 *     confab_sim_settle(sim);
 *     n = confab_sim_recv(client, reply, sizeof reply);
 *     confab_sim_free(sim);
 *
 * All of it belongs to the thread that runs the reactor, and none of it may be
 * called by a hook but where its comment says so. */
#ifndef CONFAB_SIM_H
#define CONFAB_SIM_H

#include <confab/reactor.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

typedef struct confab_sim confab_sim;

/* The far end of a connection, and a far listener: the test's side. */
typedef struct confab_sim_end confab_sim_end;
typedef struct confab_sim_listener confab_sim_listener;

#define CONFAB_SIM_DELAY_MAX  (24 * 60 * CONFAB_MINUTE)
#define CONFAB_SIM_BUFFER_MAX ((size_t)1 << 30)

/* What goes wrong, and how often: each share is so many of a thousand (0: never; at most 900, so that a
 * run ends), drawn anew for each call or connection.  It befalls the reactor's side; the far ends' calls
 * do as they are told. */
struct confab_sim_faults {
    size_t size; /* sizeof(struct confab_sim_faults) */

    /* Of reads: give some of what is there; of writes: take some of what there is room for; at least a byte. */
    unsigned short_reads, short_writes;

    /* Of reads (until a reset is there), writes and accepts: EAGAIN, though it was told ready. */
    unsigned again;

    /* Of waits: ends with nothing, as by a signal; and of connects: goes on by itself. */
    unsigned interrupted;

    unsigned aborted;       /* of connections to the reactor's listeners: gone before they are accepted */
    unsigned no_descriptor; /* of accepts and of new sockets: EMFILE */
    unsigned refused;       /* of the reactor's connects: ECONNREFUSED, whoever listens */
    unsigned unanswered;    /* of the reactor's connects: nobody ever answers; ETIMEDOUT after 127 s */

    /* Of connections: reset once reset_after bytes at the most, drawn, have arrived both ways; 0: 4096. */
    unsigned resets;
    uint64_t reset_after;

    /* Nanoseconds that what is sent is under way at the most, drawn for each piece, which stay in order; up to
     * CONFAB_SIM_DELAY_MAX. */
    int64_t delay;

    bool shuffle; /* what is ready at once is told in an order that is drawn */

    /* Bytes that a connection holds each way, under way and unread; 0: 65536; up to CONFAB_SIM_BUFFER_MAX. */
    size_t buffer;

    /* Nanoseconds that a job (confab_work, a look-up of a name) takes at the most, drawn for each; they run in
     * their order.  Time has to pass for it as for a timer.  Up to CONFAB_SIM_DELAY_MAX. */
    int64_t work;
};

/* Makes a simulation and its reactor.  faults and options may be NULL: none, and all defaults (a backend
 * that options names is not looked at).  A failure of options' alloc reaches the reactor only: what the
 * network itself needs comes from malloc(3).  -EINVAL: a share over 900, a delay, a time or a buffer that cannot
 * be, or options or faults of an unknown size; -ENOMEM; what the system says when it has no descriptor left (one is
 * needed to be woken).  Its handles are numbers of their own, from 1024 on where the process has no descriptor near that,
 * else from 32768: a process that is to open a thousand more makes it when it has them. */
int confab_sim_new(confab_sim **sim, uint64_t seed, const struct confab_sim_faults *faults,
                   const struct confab_reactor_options *options);

/* Frees the reactor (confab_reactor_free: all that lives in it is closed), the ends, the listeners and the
 * network.  sim may be NULL.  -EBUSY inside run. */
int confab_sim_free(confab_sim *sim);

/* Its reactor, which confab_sim_free frees. */
confab_reactor *confab_sim_reactor(confab_sim *sim);

/* Other faults from now on; NULL: none.  -EINVAL as confab_sim_new.  A hook may call it. */
int confab_sim_set_faults(confab_sim *sim, const struct confab_sim_faults *faults);

/* -- Time ------------------------------------------------------------------- */

/* Runs turns until nothing is left to do now: time stands still.  What is under way (faults.delay) stays
 * under way, and a fault's EAGAIN is tried again.  The number of turns; -ELOOP: not quiet after 100,000
 * of one moment; -EBUSY inside run; what the loop says when it fails. */
int confab_sim_settle(confab_sim *sim);

/* The same, but time goes on as far as what is under way needs: afterwards nothing is.  (A connect that nobody
 * answers is not under way.) */
int confab_sim_deliver(confab_sim *sim);

/* Has ns pass: what falls due on the way (timers, arrivals) happens at its time, and the clock then shows
 * exactly so much more.  Settles first and last; while a hold is out it takes as long as it says.  As
 * confab_sim_settle; -EINVAL: ns is negative, or the clock would have gone on for more than 140 years in all. */
int confab_sim_advance(confab_sim *sim, int64_t ns);

/* Nanoseconds until something may fall due, a timer, a time-out or an arrival: to advance by as much, again and
 * again, misses none.  0: there is something to do now; -1: nothing ever will. */
int64_t confab_sim_next(confab_sim *sim);

/* Nanoseconds since the simulation was made.  A hook may call it. */
int64_t confab_sim_now(confab_sim *sim);

/* -- The far end ------------------------------------------------------------ */

/* Connects to a listener in the network: an address as confab_listener_address shows it; from: the numeric
 * address ("192.0.2.7" or "192.0.2.7:4000") that it comes from, NULL: 127.0.0.1, or ::1.  The end is open at once,
 * accepted or not.
 * -ECONNREFUSED: nobody listens there; -EAGAIN: as many as its backlog takes wait already; -EINVAL: an address
 * that cannot be read, or from of another family; -EADDRINUSE: from has a port that is taken;
 * -EADDRNOTAVAIL: its address has no port left (it has 16,384); -ENOMEM. */
int confab_sim_connect(confab_sim *sim, const char *address, const char *from, confab_sim_end **end);

/* Listens where the reactor's side may connect to (the forms that confab_listen takes); port 0: one that is free.
 * 128 connections wait to be accepted at the most: what comes then tries again each second, for 127 s.
 * -EADDRINUSE, -EINVAL, -ENOMEM.  address tells where, and lives as long as the listener. */
int confab_sim_listen(confab_sim *sim, const char *address, confab_sim_listener **listener);
const char *confab_sim_listener_address(const confab_sim_listener *listener);

/* The next connection; -EAGAIN: none waits. */
int confab_sim_accept(confab_sim_listener *listener, confab_sim_end **end);

/* Ends it: what waits there is reset, what connects is refused from now on. */
void confab_sim_listener_close(confab_sim_listener *listener);

/* Has a host's name stand for an address (numeric, no port), one more each time it is called.
 * -EINVAL, also for "localhost", which is 127.0.0.1 and ::1; -ENOMEM. */
int confab_sim_name(confab_sim *sim, const char *host, const char *address);

/* The address of the reactor's side, and this end's own (of an accepted one: the address that was connected to),
 * as confab_chat_peer writes one. */
const char *confab_sim_peer(const confab_sim_end *end, char buf[128]);
const char *confab_sim_local(const confab_sim_end *end, char buf[128]);

/* Sends what there is room for; how many bytes, -EAGAIN: none now; -ECONNRESET, once (whichever of send and recv
 * comes first is told); -EPIPE: after that, and after shutdown.  What is sent to a side that has closed is taken,
 * as by TCP, and answered with a reset.  A hook may call it, and recv. */
ssize_t confab_sim_send(confab_sim_end *end, const void *bytes, size_t len);

/* Receives what has arrived, up to room; 0: the stream has ended; -EAGAIN: nothing now; -ECONNRESET, once
 * all that came before it has been read. */
ssize_t confab_sim_recv(confab_sim_end *end, void *bytes, size_t room);

/* Half-close: the other side finds the end of the stream behind what was sent.  0, also where it was
 * done before; -EPIPE: the connection was reset. */
int confab_sim_shutdown(confab_sim_end *end);

/* Resets the connection: bytes that are under way to the reactor's side still arrive, then it finds ECONNRESET.
 * Frees end. */
void confab_sim_reset(confab_sim_end *end);

/* Closes it as close(2) does (a reset where something was left unread), and frees end. */
void confab_sim_close(confab_sim_end *end);

/* Bytes sent from this end that the other side has not read, and bytes on their way here that have not been read
 * (under way or arrived). */
size_t confab_sim_unread(const confab_sim_end *end);
size_t confab_sim_pending(const confab_sim_end *end);

/* -- What happened ---------------------------------------------------------- */

/* The run so far, as text: a line for each call that reached the network, for each fault and each turn of
 * the clock; NUL-terminated, *len may be NULL.  Kept up to `limit` bytes from the call of confab_sim_keep_trace
 * on (before it none is), the last line then says how many more there were.  Valid until the simulation runs on. */
const char *confab_sim_trace(confab_sim *sim, size_t *len);
int confab_sim_keep_trace(confab_sim *sim, size_t limit); /* -ENOMEM */

/* A hash of the whole run so far, what was not kept included: two runs are the same where it is. */
uint64_t confab_sim_digest(confab_sim *sim);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
