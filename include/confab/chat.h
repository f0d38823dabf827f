/* confab/chat.h: a channel that speaks in messages: asynchat.async_chat.
 *
 * A chat cuts what arrives at its terminator.  What comes before it goes to
 * collect_incoming_data, in pieces as they arrive; then found_terminator is
 * told that the message is whole.  What is pushed leaves as fast as the peer
 * takes it.
 *
 * A chat is freed at the end of the turn in which it closed, after its
 * handle_close.  Until then a closed chat takes any call: a harmless no-op, or
 * -EPIPE.  To keep hold of one for longer, keep its confab_id.
 *
 * Whoever pushes something with a release gives it away, also when push returns
 * an error: it is released exactly once, on the loop. */
#ifndef CONFAB_CHAT_H
#define CONFAB_CHAT_H

#include <confab/base.h>
#include <confab/buffer.h>
#include <confab/producer.h>
#include <confab/reactor.h>
#include <sys/socket.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* Why a chat was closed. */
enum confab_reason {
    CONFAB_REASON_DONE = 1,     /* close_when_done has sent all there was */
    CONFAB_REASON_CLOSED,       /* confab_chat_close, confab_chat_abort, confab_reactor_close_all */
    CONFAB_REASON_PEER_CLOSED,  /* the peer ended its side, and ours was closed for that */
    CONFAB_REASON_RESET,        /* the connection broke: confab_chat_error says how */
    CONFAB_REASON_CONNECT,      /* it never came about: confab_chat_error says why */
    CONFAB_REASON_HOOK,         /* a hook or a producer returned an error: see confab_chat_error */
    CONFAB_REASON_TIMEOUT,      /* a time-out passed: confab_chat_error is ETIMEDOUT */
    CONFAB_REASON_TOO_LONG,     /* a message grew over max_message */
    CONFAB_REASON_OUTPUT_LIMIT, /* output grew over output_limit */
    CONFAB_REASON_NO_MEMORY,
    CONFAB_REASON_SHED, /* the host had to make room (no host does so yet) */
    CONFAB_REASON_STOP  /* the service stopped */
};

enum confab_timeout {
    CONFAB_TIMEOUT_CONNECT,  /* from connect to connected; 10 s */
    CONFAB_TIMEOUT_IDLE,     /* no byte either way; 5 min; rests while the plugin has it suspended (but
                                not once a write has failed), and while work of its own is out; starts
                                anew after a rest for a rate */
    CONFAB_TIMEOUT_MESSAGE,  /* from a message's first byte to its terminator, if it has one; off.  Each
                                byte that arrives for a count starts it anew.  Time in which it is not
                                read for its rate_in does not count */
    CONFAB_TIMEOUT_WRITE,    /* output waits and none of it leaves; 30 s.  Rests while a producer says
                                "not now", and while output rests for its rate_out */
    CONFAB_TIMEOUT_LIFETIME, /* from its start; off */
    CONFAB_TIMEOUTS
};

enum confab_state {
    CONFAB_STATE_CONNECTING,
    CONFAB_STATE_OPEN,
    CONFAB_STATE_EOF,      /* the peer has ended its side; output still leaves */
    CONFAB_STATE_DRAINING, /* close_when_done: output leaves, input is dropped */
    CONFAB_STATE_CLOSED
};

enum confab_terminator {
    CONFAB_TERMINATOR_NONE,
    CONFAB_TERMINATOR_BYTES,
    CONFAB_TERMINATOR_LINE,
    CONFAB_TERMINATOR_COUNT
};

/* A terminator is 1 to this many bytes. */
#define CONFAB_TERMINATOR_MAX 65536

/* The hooks.  Each returns 0 (or more, which is the same), or negative: then the
 * chat is closed with reason HOOK, so `return confab_chat_push(...)` is right.
 * (What a push to another chat returns concerns that chat: do not return it.)  A hook that is NULL does
 * what its line says under "default". */
struct confab_chat_ops {
    size_t size;         /* filled by CONFAB_CHAT */
    size_t session_size; /* bytes of zeroed memory for confab_chat_session */

    /* Accepted, adopted or connected: the place to set the first terminator.  Default: nothing. */
    int (*handle_connect)(confab_chat *chat);

    /* Bytes of a message, never none of them, never a terminator's; data dies
     * at return.  Required.  The library's own is confab_chat_collect. */
    int (*collect_incoming_data)(confab_chat *chat, const char *data, size_t len);

    /* The message is whole.  Required, unless no terminator is ever set. */
    int (*found_terminator)(confab_chat *chat);

    /* The peer ended its side; all it sent was delivered.  Default: close_when_done. */
    int (*handle_eof)(confab_chat *chat);

    /* Output had gone over the high watermark and is under the low one again.  Default: nothing. */
    int (*handle_drain)(confab_chat *chat);

    /* All that was pushed has been handed to the system.  Not called where a write
     * failed, which drops what waited, nor after close_when_done: handle_close is
     * what always comes, to a suspended chat by its idle time-out.  So who suspends
     * until a reply has left resumes in the release of a producer behind it, which
     * runs in any case.  Default: nothing. */
    int (*handle_sent)(confab_chat *chat);

    /* A time-out passed.  Returning 0 keeps the chat for IDLE and MESSAGE,
     * which start anew; the others close whatever it returns.  Default: close,
     * with reason TIMEOUT (CONNECT for the one of that name) and ETIMEDOUT. */
    int (*handle_timeout)(confab_chat *chat, enum confab_timeout which);

    /* A message grew over max_message; its first max_message bytes were
     * collected.  Closes with TOO_LONG unless the hook called
     * confab_chat_skip_message, discard_buffers or close_when_done.  Default: close. */
    int (*handle_too_long)(confab_chat *chat);

    /* The service stops.  Default: close_when_done at the next message border
     * (at once where no byte of a message has arrived, or there is no terminator). */
    int (*handle_shutdown)(confab_chat *chat);

    /* Out-of-band data is there.  The hook is to read it, recv(MSG_OOB) on
     * confab_chat_fd, or it is told again each turn.  Default: it stays unread. */
    int (*handle_expt)(confab_chat *chat);

    /* The last call, exactly once for every chat: also where handle_connect
     * failed or was never called.  The session is freed after it. */
    void (*handle_close)(confab_chat *chat, enum confab_reason reason);
};

/* Limits of one chat.  A field that is 0 means the default. */
struct confab_chat_options {
    size_t size; /* sizeof(struct confab_chat_options) */
    size_t
        in_buffer_size; /* bytes of one read at the most; 64 KiB, and never over the reactor's read_buffer */
    size_t out_buffer_size; /* bytes that a producer is asked for; 64 KiB */
    size_t low, high;       /* watermarks of output in memory, bytes; 64 KiB and 256 KiB */
    size_t output_limit;    /* hard limit of output in memory, bytes; 16 MiB */
    uint64_t max_message;   /* bytes of a message; 1 MiB; CONFAB_UNLIMITED.  Bounds every message that
                               ends at bytes or a line; with a count or no terminator what
                               confab_chat_collect keeps, as the bytes come (a larger count can be set) */
    uint64_t rate_in,
        rate_out; /* bytes a second that are read, and sent, at the most; CONFAB_UNLIMITED, which
                                   is the default.  At first, and after a rest, up to a quarter of a second's
                                   worth (at least 1 byte) goes at once; then both rest until there is a
                                   sixteenth's, which is also when the peer's EOF is found.  What was
                                   read is delivered at once.  They hold until the chat has closed:
                                   close_when_done sends, and reads what it drops, at its rates */
    int64_t
        timeout[CONFAB_TIMEOUTS]; /* nanoseconds, by enum confab_timeout; CONFAB_OFF; under 2^51 (26 days) */
    void *data;                   /* for confab_chat_data */
};

struct confab_chat_stats {
    size_t size; /* to be filled by the caller: sizeof(struct confab_chat_stats) */
    uint64_t bytes_in, bytes_out, messages;
    uint64_t message_size; /* bytes of the message that is arriving */
    size_t pending_input;  /* received and not yet delivered */
    size_t output_size;    /* pushed and not yet sent, in memory */
    int64_t age,
        idle; /* nanoseconds to about 1 ms, which wrap after 52 days: since it was made (or LIFETIME was
                              set anew); since the last byte (or reading went on, or IDLE was set anew) */
};

/* Makes a chat of a descriptor, which it owns from now on, also when it returns
 * NULL (then it is closed): a connected socket, a pipe, a terminal, whose
 * handle_connect is called in the next turn; or a socket whose connect is under way,
 * which goes on as with confab_connect.  One that is not connected at all
 * is closed, and the chat ends with handle_close(CONNECT) and ENOTCONN in the next turn.
 * ops must outlive the chat; options is copied and may be NULL.
 * NULL: out of memory, bad ops or options, a socket that listens, or a
 * descriptor that cannot be polled (a regular file). */
confab_chat *confab_chat_new(confab_reactor *reactor, int fd, const struct confab_chat_ops *ops,
                             const struct confab_chat_options *options);

/* Connects to HOST:PORT, [IPV6]:PORT, unix:PATH, or PORT, which is loopback.
 * HOST is an IPv4 address or a name.  A name is resolved off the loop's thread
 * (getaddrinfo(3)), and its addresses are tried in turn as RFC 8305 has it:
 * IPv6 and IPv4 alternating, each next one 250 ms after the one before it or as soon
 * as that has failed; the first that connects is kept.  The connect time-out
 * spans all of it.  The chat can be closed at any time, and what is pushed
 * meanwhile leaves once it is connected; confab_chat_fd is -1 until then.
 * handle_connect is called once connected; a failure, also one of the address
 * or the name, comes as handle_close(CONNECT): confab_chat_error is the last
 * errno (EHOSTUNREACH: there is no such name; EAGAIN: it cannot be resolved now)
 * and confab_chat_error_text tells what became of each address.
 * NULL: out of memory, bad ops or options. */
confab_chat *confab_connect(confab_reactor *reactor, const char *address, const struct confab_chat_ops *ops,
                            const struct confab_chat_options *options);

/* Listens on an address (PORT, which is on 127.0.0.1; HOST:PORT, where HOST is an IPv4 address or localhost,
 * which is 127.0.0.1; [IPV6]:PORT; :PORT or *:PORT for every interface; unix:PATH; port 0: the kernel chooses) and makes a chat of each
 * connection.  -EINVAL: not an address; else what bind(2) and listen(2) say.
 * A socket file that nobody listens on any more is replaced. */
int confab_listen(confab_listener **listener, confab_reactor *reactor, const char *address,
                  const struct confab_chat_ops *ops, const struct confab_chat_options *options);

/* The same for a descriptor that listens already; owns fd in any case. */
int confab_listener_adopt(confab_listener **listener, confab_reactor *reactor, int fd,
                          const struct confab_chat_ops *ops, const struct confab_chat_options *options);

/* Where it listens, in the form that confab_listen takes; valid until it is closed. */
const char *confab_listener_address(confab_listener *listener);

/* While paused, connections wait in the kernel's backlog. */
void confab_listener_pause(confab_listener *listener, bool pause);

/* Stops listening and frees it at the end of the turn; its chats go on.
 * A unix socket's file is removed. */
void confab_listener_close(confab_listener *listener);

/* -- Input --------------------------------------------------------------- */

/* What ends a message from now on, bytes of the same read that have not been
 * delivered included.  bytes: 1 to CONFAB_TERMINATOR_MAX of them, copied;
 * -EINVAL for none, -EMSGSIZE for more, -ENOMEM.  line: at LF, where a CR just
 * before it is not collected either.  count: after n bytes (0: at once, when
 * the running hook has returned); then none, until set again.  none: never. */
int confab_chat_set_terminator(confab_chat *chat, const void *bytes, size_t len);
int confab_chat_set_terminator_line(confab_chat *chat);
int confab_chat_set_terminator_count(confab_chat *chat, uint64_t n);
int confab_chat_set_terminator_none(confab_chat *chat);

/* The same as confab_chat_set_terminator, with the first `seen` bytes of the
 * terminator counted as arrived before (SMTP: CRLF "." CRLF right after "DATA"
 * CRLF: seen is 2).  They are collected if the match fails.  -EINVAL unless
 * seen < len. */
int confab_chat_set_terminator_after(confab_chat *chat, const void *bytes, size_t len, size_t seen);

/* What is set.  For BYTES stores them (valid until another is set) and their
 * number, for COUNT what is left of it; both pointers may be NULL. */
enum confab_terminator confab_chat_get_terminator(confab_chat *chat, const char **bytes,
                                                  uint64_t *len_or_left);

/* The library's collector: put it into .collect_incoming_data, or call it there. */
int confab_chat_collect(confab_chat *chat, const char *data, size_t len);

/* In found_terminator: what was collected of this message, writable, with a NUL
 * behind it; gone when the hook returns.  Not copied where it arrived in one
 * piece.  In handle_eof: what has come of a message without its terminator.
 * NULL only when out of memory; then the chat closes with NO_MEMORY and pushes
 * return -ENOMEM.  len may be NULL. */
char *confab_chat_message(confab_chat *chat, size_t *len);

/* The same as a buffer to keep, which the caller owns; the collector is empty
 * afterwards.  NULL: out of memory. */
confab_buffer *confab_chat_take_message(confab_chat *chat);

/* In handle_too_long: drops the rest of the message up to its terminator
 * without a call of any hook, and goes on with the next. */
void confab_chat_skip_message(confab_chat *chat);

/* Drops what was received and not delivered, what was collected, and what was
 * pushed and not sent (asynchat.discard_buffers).  What has a release is
 * released in the turn. */
void confab_chat_discard_buffers(confab_chat *chat);

/* No input is delivered, nor read, until resume; no further hook is called for
 * the data of this read.  Not counted: one resume undoes any number. */
void confab_chat_suspend(confab_chat *chat);
void confab_chat_resume(confab_chat *chat);

/* Bytes received and not yet delivered. */
size_t confab_chat_pending_input(const confab_chat *chat);

/* -- Output -------------------------------------------------------------- */

/* Each queues output behind what is queued.  What was pushed while one read was
 * delivered leaves right after that in one system call; a close for HOOK or
 * TOO_LONG still sends what the kernel takes at once, confab_chat_close and
 * confab_chat_abort drop it.  0; -EPIPE: the chat is closed or its sending
 * side ended; -ENOBUFS: more than output_limit waited already, the chat is
 * closed with OUTPUT_LIMIT at the end of the turn; -ENOMEM: closed with
 * NO_MEMORY.  push_with_producer takes a self of NULL for out of memory.
 * push copies.  push_reference borrows until release(owner) is called (release
 * may be NULL).  push_buffer takes over the caller's ownership of the buffer
 * (confab_buffer_ref it to keep it); NULL is out of memory.  push_file owns fd; len < 0: up to the
 * file's end; a file that has shrunk closes the chat with HOOK and EIO. */
int confab_chat_push(confab_chat *chat, const void *bytes, size_t len);
int confab_chat_puts(confab_chat *chat, const char *text);
int confab_chat_printf(confab_chat *chat, const char *format, ...) CONFAB_PRINTF(2, 3);
int confab_chat_push_reference(confab_chat *chat, const void *bytes, size_t len, void (*release)(void *),
                               void *owner);
int confab_chat_push_buffer(confab_chat *chat, confab_buffer *buffer);
int confab_chat_push_with_producer(confab_chat *chat, const struct confab_producer_ops *ops, void *self);
int confab_chat_push_file(confab_chat *chat, int fd, int64_t offset, int64_t len);

/* Asks a producer again that had said "not now". */
void confab_chat_resume_output(confab_chat *chat);

/* Bytes in memory pushed and not yet sent, with what it takes to keep track of
 * pieces that are not copied (some 60 bytes for each reference, buffer, producer
 * and file, and up to 512 for bytes that were pushed between two of them): what the
 * watermarks and output_limit are compared with.  A file's bytes, what producers have
 * yet to say, and what an owner holds beside the bytes of its reference are not counted. */
size_t confab_chat_output_size(const confab_chat *chat);

/* Ties the reading of source to the output of sink instead of its own: source
 * is not read while sink is over its high watermark (a relay).  sink NULL: to
 * nobody's: it may go on talking while its own output waits, until the hard
 * limit or the write time-out closes it (a chat room's slow member; by default
 * only its own reading rests, never the others').
 * sink == source: its own again.  A sink that closes lets its sources go on. */
void confab_chat_pace(confab_chat *source, confab_chat *sink);

/* -- Closing ------------------------------------------------------------- */

/* Sends what was pushed, then closes.  From now on nothing that arrives is
 * delivered and nothing more can be pushed. */
void confab_chat_close_when_done(confab_chat *chat);

/* Sends what was pushed, then ends our side (the peer sees EOF); goes on
 * reading.  Nothing more can be pushed.  (A pipe or a terminal has no side of its own to end.) */
void confab_chat_shutdown(confab_chat *chat);

/* Closes at once; output that has not left is dropped.  abort: with a reset. */
void confab_chat_close(confab_chat *chat);
void confab_chat_abort(confab_chat *chat);

/* -- What a chat knows --------------------------------------------------- */

/* The session_size zeroed bytes of the plugin; the options' data; the service,
 * NULL where there is none; the reactor. */
void *confab_chat_session(confab_chat *chat);
void *confab_chat_data(confab_chat *chat);
confab_service *confab_chat_service(confab_chat *chat);
confab_reactor *confab_chat_reactor(confab_chat *chat);

/* Its weak name, the same for all its life, and the chat of one: NULL once that is closed. */
confab_id confab_chat_id(const confab_chat *chat);
confab_chat *confab_chat_find(confab_reactor *reactor, confab_id id);

enum confab_state confab_chat_state(const confab_chat *chat);

/* Whether its service is stopping. */
bool confab_chat_draining(const confab_chat *chat);

/* The errno behind a reason; 0 where there is none. */
int confab_chat_error(const confab_chat *chat);

/* The same as one line for a person, written into buf (and cut to room, NUL
 * included) and returned.  Where it could not connect it names each address that was
 * tried: "[::1]:7000: Network is unreachable; 127.0.0.1:7000: Connection refused".
 * Empty where there is no error. */
const char *confab_chat_error_text(const confab_chat *chat, char *buf, size_t room);

/* The peer's and our own address as text, written into buf and returned:
 * 192.0.2.1:80, [2001:db8::1]:80, unix:PATH (unix: for one without a name),
 * "-" where there is none. */
const char *confab_chat_peer(const confab_chat *chat, char buf[128]);
const char *confab_chat_local(const confab_chat *chat, char buf[128]);

/* The peer's address; *len is the room, then what was used.  -ENOTCONN. */
int confab_chat_peer_sockaddr(const confab_chat *chat, struct sockaddr *address, socklen_t *len);

/* The descriptor, for socket options only; -1 once closed. */
int confab_chat_fd(const confab_chat *chat);

/* Sets limits anew; a field that is 0 stays as it is.  -EINVAL (low over high,
 * a time out of bounds), -ENOMEM: nothing has changed. */
int confab_chat_set_options(confab_chat *chat, const struct confab_chat_options *options);

/* Sets one time-out, in nanoseconds; 0 or less: off.  It counts from now. */
int confab_chat_set_timeout(confab_chat *chat, enum confab_timeout which, int64_t ns);

/* Timers that are gone with the chat; otherwise as confab_call_later and
 * confab_call_every, and for confab_call_reset and confab_call_cancel. */
confab_id confab_chat_call_later(confab_chat *chat, int64_t ns, void (*call)(confab_chat *, void *),
                                 void *data);
confab_id confab_chat_call_every(confab_chat *chat, int64_t ns, void (*call)(confab_chat *, void *),
                                 void *data);

/* Figures of this chat; fills the first stats->size bytes. */
void confab_chat_get_stats(const confab_chat *chat, struct confab_chat_stats *stats);

/* "done", "peer-closed", ...; "unknown" for what is none. */
const char *confab_reason_name(enum confab_reason reason);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
