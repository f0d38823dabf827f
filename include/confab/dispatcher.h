/* confab/dispatcher.h: a descriptor with event handlers: asyncore.dispatcher,
 * and asyncore.file_dispatcher for pipes and terminals.  For embedders and for
 * protocols that are no streams of messages; most want confab/chat.h. */
#ifndef CONFAB_DISPATCHER_H
#define CONFAB_DISPATCHER_H

#include <confab/base.h>
#include <confab/reactor.h>
#include <sys/socket.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* What a dispatcher can want and be told of. */
enum confab_events { CONFAB_READ = 1, CONFAB_WRITE = 2, CONFAB_EXPT = 4 };

enum confab_dispatcher_state {
    CONFAB_DISPATCHER_NEW, /* no descriptor yet, or a socket that neither listens nor is connected */
    CONFAB_DISPATCHER_CONNECTING,
    CONFAB_DISPATCHER_CONNECTED, /* also a pipe or a terminal */
    CONFAB_DISPATCHER_ACCEPTING,
    CONFAB_DISPATCHER_CLOSED
};

/* The handlers, all optional.  Each returns 0, or negative: then handle_error
 * is called with it.  They run on the loop. */
struct confab_dispatcher_ops {
    size_t size; /* sizeof(struct confab_dispatcher_ops) */

    int (*handle_connect)(confab_dispatcher *);
    int (*handle_read)(confab_dispatcher *);  /* recv will not block */
    int (*handle_write)(confab_dispatcher *); /* send will not block */
    int (*handle_expt)(confab_dispatcher *);  /* out-of-band data is there */

    /* A connection waits.  Default: accepts, up to the reactor's bound, and calls handle_accepted for each. */
    int (*handle_accept)(confab_dispatcher *);

    /* A connection was accepted; fd is the handler's to own.  Default: it is closed. */
    int (*handle_accepted)(confab_dispatcher *, int fd, const struct sockaddr *peer, socklen_t len);

    /* A handler returned `error` (negative), or a connect failed, or the
     * system refused to watch the descriptor.  Returning 0 keeps the
     * dispatcher where it is still of use.  Default: close. */
    int (*handle_error)(confab_dispatcher *, int error);

    /* The last call, exactly once for each dispatcher; it is freed after it. */
    void (*handle_close)(confab_dispatcher *);
};

/* A dispatcher without a descriptor.  ops must outlive it.  NULL: out of memory, bad ops. */
confab_dispatcher *confab_dispatcher_new(confab_reactor *, const struct confab_dispatcher_ops *, void *data);

/* Gives it a new socket (AF_INET, AF_INET6, AF_UNIX; SOCK_STREAM, SOCK_DGRAM),
 * close-on-exec and non-blocking.  -EISCONN where it has a descriptor. */
int confab_dispatcher_create_socket(confab_dispatcher *, int family, int type);

/* Gives it a descriptor, which it owns in any case, closed where this fails:
 * a socket (asyncore's set_socket), a pipe, a terminal (set_file).  Its state
 * is then what the descriptor is: CONNECTED, of which no handler is called;
 * ACCEPTING; CONNECTING, where somebody had begun to connect it: handle_connect
 * or handle_error will tell; NEW for one that is neither.  -EPERM:
 * one that cannot be polled, such as a regular file. */
int confab_dispatcher_adopt(confab_dispatcher *, int fd);

/* SO_REUSEADDR. */
int confab_dispatcher_set_reuse_addr(confab_dispatcher *);

/* Addresses are text as for confab_listen.  connect: 0 where it is done or
 * under way; handle_connect tells of success, handle_error of failure.  A
 * failure that is known at once is returned, and not told again.  HOST is a number
 * or localhost: a name is looked up by confab_connect alone.  Until handle_connect
 * send and recv are -EAGAIN, but where it is done at once, as for datagrams. */
int confab_dispatcher_bind(confab_dispatcher *, const char *address);
int confab_dispatcher_listen(confab_dispatcher *, int backlog);
int confab_dispatcher_connect(confab_dispatcher *, const char *address);

/* The next connection, close-on-exec and non-blocking, the caller's to own;
 * -EAGAIN where there is none (also for one that went away before).  Where
 * descriptors or memory are short, no more is told of for 100 ms. */
int confab_dispatcher_accept(confab_dispatcher *, struct sockaddr *peer, socklen_t *len);

/* As send(2), recv(2), sendto(2) and recvfrom(2), never blocking, without
 * SIGPIPE; on pipes and terminals write(2) and read(2).  Bytes moved, or
 * -EAGAIN.  Where the connection has ended recv returns 0 and send returns
 * -EPIPE, and the dispatcher closes at the end of the turn; after a send that
 * found the end first handle_read is called for what had arrived before, a turn
 * each, where READ is wanted. */
ssize_t confab_dispatcher_send(confab_dispatcher *, const void *bytes, size_t len);
ssize_t confab_dispatcher_recv(confab_dispatcher *, void *bytes, size_t len);
ssize_t confab_dispatcher_sendto(confab_dispatcher *, const void *bytes, size_t len,
                                 const struct sockaddr *to, socklen_t to_len);
ssize_t confab_dispatcher_recvfrom(confab_dispatcher *, void *bytes, size_t len, struct sockaddr *from,
                                   socklen_t *from_len);

/* What it wants to be told of from now on, a sum of enum confab_events
 * (asyncore's readable and writable).  READ at first. */
int confab_dispatcher_want(confab_dispatcher *, unsigned events);

/* Closes the descriptor now; handle_close is called at the end of the turn. */
void confab_dispatcher_close(confab_dispatcher *);

void *confab_dispatcher_data(confab_dispatcher *);
int confab_dispatcher_fd(confab_dispatcher *); /* -1: none */
confab_reactor *confab_dispatcher_reactor(confab_dispatcher *);
enum confab_dispatcher_state confab_dispatcher_state(confab_dispatcher *);

/* The same under asyncore's names.  connected: until it is found to have ended;
 * closing: from then on, or from confab_dispatcher_close, until it is freed. */
bool confab_dispatcher_connected(confab_dispatcher *);
bool confab_dispatcher_connecting(confab_dispatcher *);
bool confab_dispatcher_accepting(confab_dispatcher *);
bool confab_dispatcher_closing(confab_dispatcher *);

/* The peer's address, as text into buf: where it is connected, or was told to connect and
 * could not; else its own. */
const char *confab_dispatcher_address(confab_dispatcher *, char buf[128]);

/* An address as text, as above, for what accept and recvfrom tell; "-" where there
 * is none.  And the other way, for sendto: a number or localhost and a port, or
 * unix:PATH; *len is the room, then what was used.  -EINVAL: not an address;
 * -ENAMETOOLONG; -ENOBUFS: it needs more room. */
const char *confab_address_text(const struct sockaddr *address, socklen_t len, char buf[128]);
int confab_address_read(const char *text, struct sockaddr *address, socklen_t *len);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
