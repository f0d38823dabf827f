/* core/chat.h: a chat from the inside, for the files chat*.c.
 *
 * chat.c            what the turn has for it; what a chat knows
 * chat_make.c       accepted, adopted
 * chat_terminator.c what ends a message
 * chat_input.c      reading; input that could not be handed over
 * chat_feed.c       cutting what was read into messages
 * chat_prefix.c     what was held of a terminator and is part of the message after all
 * chat_collect.c    the library's collector
 * chat_push.c       what waits to be sent
 * chat_flush.c      sending it
 * chat_pace.c       watermarks, pace, suspending
 * chat_close.c      states and closing
 * chat_timeout.c    the five time-outs
 * chat_connect.c    connecting: to an address, to a name
 * chat_race.c       trying address after address
 * chat_work.c       blocking work, and reading that rests for it
 * chat_rate.c       bytes a second
 * chat_tap.c        somebody looks at the bytes that it moves
 * linger.c          what is left of a connection whose last bytes are on their way
 */
#ifndef CONFAB_CORE_CHAT_H
#define CONFAB_CORE_CHAT_H

#include "core/address.h"
#include "core/log.h"
#include "core/output.h"
#include "core/reactor.h"
#include "core/settings.h"
#include <confab/chat.h>
#include <sys/uio.h>

/* The word that the hot path looks at once after each hook. */
enum {
    /* Nothing more of this read is to be delivered ... */
    CHAT_CLOSED = 1u << 0,
    CHAT_DRAINING = 1u << 1, /* close_when_done was called */
    CHAT_SUSPENDED_PLUGIN = 1u << 2,
    CHAT_SUSPENDED_OUTPUT = 1u << 3, /* its sink's output is over the high mark */
    CHAT_DISCARDED = 1u << 4,        /* discard_buffers was called in a hook */
    /* ... or something is to be looked at first. */
    CHAT_CHECK_OUTPUT = 1u << 5,   /* its sink's output went over the high mark */
    CHAT_CHECK_LONG = 1u << 6,     /* the collector is full */
    CHAT_TERMINATOR_SET = 1u << 7, /* in the hook that just ran */
    CHAT_FRONT = 1u << 8,          /* input was put before what is being delivered (a held prefix let go) */
    CHAT_STOPPING = 1u << 9,       /* its service stops: close at the next message border */

    CHAT_LIMIT = 1u << 10,       /* output_limit was hit, or memory was short: closes at the turn's end */
    CHAT_SEND_SHUT = 1u << 11,   /* shutdown was called: nothing more can be pushed */
    CHAT_SEND_ENDED = 1u << 12,  /* our side has ended on the wire */
    CHAT_SEND_FAILED = 1u << 13, /* a write failed: what was received is delivered, then it closes */
    CHAT_FLUSH_PLANNED =
        1u
        << 14, /* somebody will flush: the event that is running, listed work, WRITE is wanted, or a rest */
    CHAT_PENDING = 1u << 15,        /* there is undelivered input in extra */
    CHAT_SKIPPING = 1u << 16,       /* the rest of the present message is dropped */
    CHAT_EOF = 1u << 17,            /* the peer ended its side */
    CHAT_NO_SOCKET = 1u << 18,      /* a pipe or a terminal */
    CHAT_UNPACED = 1u << 19,        /* its own output does not rest its reading */
    CHAT_PACING = 1u << 20,         /* it is the sink of others */
    CHAT_OVER_HIGH = 1u << 21,      /* output went over the high mark, and not under the low one since */
    CHAT_RESET = 1u << 22,          /* is to be closed with a reset */
    CHAT_COLLECTS = 1u << 23,       /* collect_incoming_data is the library's own */
    CHAT_CONNECT_LATER = 1u << 24,  /* handle_connect is still to be called: nothing is delivered before */
    CHAT_EOF_DUE = 1u << 25,        /* the end of input was read and is not delivered yet */
    CHAT_BLOCKED = 1u << 26,        /* output waits for the peer: WRITE is wanted */
    CHAT_SUSPENDED_WORK = 1u << 27, /* jobs of its own are not done yet (chat_work.c) */
    CHAT_SUSPENDED_RATE =
        1u << 28,          /* it has read its share of the second: not read, but delivered (chat_rate.c) */
    CHAT_RATED = 1u << 29, /* has a rate, of input or of output */
    CHAT_OUTPUT_RESTS = 1u << 30 /* it has sent its share of the second: output waits for a timer */
};
#define CHAT_TAPPED    (1u << 31) /* somebody looks at its bytes (chat_tap.c) */
#define CHAT_RARE_IO   (CHAT_NO_SOCKET | CHAT_TAPPED)
#define CHAT_SUSPENDED (CHAT_SUSPENDED_PLUGIN | CHAT_SUSPENDED_OUTPUT | CHAT_SUSPENDED_WORK)
#define CHAT_NO_INPUT  (CHAT_CLOSED | CHAT_DRAINING | CHAT_SUSPENDED | CHAT_CONNECT_LATER)
#define CHAT_LOOK                                                                                 \
    (CHAT_NO_INPUT | CHAT_DISCARDED | CHAT_CHECK_OUTPUT | CHAT_CHECK_LONG | CHAT_TERMINATOR_SET | \
     CHAT_FRONT | CHAT_STOPPING | CHAT_LIMIT)
/* An event ends with no more to do than sending. */
#define CHAT_ENDS_ELSE                                                                               \
    (CHAT_CLOSED | CHAT_LIMIT | CHAT_DRAINING | CHAT_SEND_SHUT | CHAT_SEND_FAILED | CHAT_OVER_HIGH | \
     CHAT_BLOCKED | CHAT_OUTPUT_RESTS | CHAT_RATED | CHAT_RARE_IO)
#define CHAT_NO_PUSH (CHAT_CLOSED | CHAT_DRAINING | CHAT_SEND_SHUT | CHAT_SEND_FAILED | CHAT_LIMIT)

/* Bits of listed work. */
enum {
    CHAT_WORK_CONNECT = 1, /* call handle_connect */
    CHAT_WORK_DELIVER = 2, /* deliver what is pending */
    CHAT_WORK_FLUSH = 4,
    CHAT_WORK_READ = 8,    /* read as if it were ready */
    CHAT_WORK_STOP = 16,   /* call handle_shutdown */
    CHAT_WORK_FAIL = 32,   /* connect failed at once */
    CHAT_WORK_LIMIT = 64,  /* close for OUTPUT_LIMIT or NO_MEMORY */
    CHAT_WORK_AGAIN = 128, /* deliver what is pending in the turn after: this one had its share */
    CHAT_WORK_RACE = 256   /* try the next address */
};

/* What few chats need, made when first needed. */
struct chat_extra {
    char *pending; /* input that could not be handed over */
    size_t pending_at, pending_end;
    struct timer *timers;
    confab_chat *sink, *sources; /* pace: whose output rests our reading; whose reading our output rests */
    confab_chat *pace_next, **pace_previous;
    uint64_t id; /* of one that began without a descriptor: its weak name, of reactor->chat_ids; else 0 */
    struct resolving *resolving;   /* its name is being looked up */
    struct race *race;             /* its addresses are being tried */
    confab_id loose_timer;         /* for its time-outs while it has no descriptor */
    char *target;                  /* the name that it connects to, as it was given */
    char *failure;                 /* why it could not connect, in words */
    struct work *work, *work_last; /* jobs that are not done yet (chat_work.c) */
    struct chat_rates *rates;      /* chat_rate.c's */
    void *tap;                     /* what the tap calls it by */
};

struct confab_chat {
    struct channel channel;
    struct settings *settings;

    uint32_t flags;
    uint8_t state;
    uint8_t kind;                  /* enum confab_terminator */
    int16_t error;                 /* a positive errno */
    struct terminator *terminator; /* of BYTES; else NULL */
    union {
        uint64_t left; /* of COUNT */
        uint32_t held; /* of BYTES and LINE: how much of the terminator has arrived */
    } until;
    uint64_t message_size; /* bytes of this message so far, without a held prefix */
    confab_buffer *collected;
    uint64_t bytes_in, messages;

    struct output output;
    uint64_t bytes_out;
    uint32_t active, message_began, write_began, born; /* stamps, in wheel ticks */
    struct chat_extra *extra;
    struct peer peer;
    uint8_t reason; /* the one byte that peer leaves */
};

/* -- for listener.c and service.c -- */

/* Makes a chat of an accepted connection (io's accept: it is non-blocking) and
 * calls handle_connect: in the loop only.  Owns fd; takes a reference of its
 * own to settings.  NULL: out of memory, fd is closed. */
confab_chat *chat_accepted(confab_reactor *reactor, int fd, struct settings *settings,
                           const struct sockaddr *peer, socklen_t len);

/* confab_connect with settings that are made already; takes over one reference, also when it returns NULL. */
confab_chat *chat_connect(confab_reactor *reactor, const char *address, struct settings *settings);

/* The chat of a slot, or NULL: free, another kind of channel, or closed. */
confab_chat *chat_of_slot(const struct slot *slot);

/* Each live chat of a reactor once, safe against those that open and close meanwhile; *cursor is 0 at first.  NULL: no more. */
confab_chat *chat_next(const confab_reactor *reactor, uint64_t *cursor);

/* Has handle_shutdown called by the turn. */
void chat_stop(confab_chat *chat);

/* Closes now with a reason; error is a positive errno or 0. */
void chat_close(confab_chat *chat, enum confab_reason reason, int error);

/* -- among the files chat*.c -- */

static inline confab_chat *chat_of(struct channel *channel)
{
    return (confab_chat *)(void *)channel;
}

static inline bool chat_closed(const confab_chat *chat)
{
    return chat->flags & CHAT_CLOSED;
}

/* A chat without a descriptor, for whom handle_connect is still to be called.
 * Takes over a reference to settings, unless it returns NULL. */
confab_chat *chat_make(confab_reactor *reactor, struct settings *settings);

/* Whether it connects and has no descriptor yet. */
static inline bool chat_loose(const confab_chat *chat)
{
    return chat->extra && (chat->extra->resolving || chat->extra->race);
}

/* The chat that an id of reactor->chat_ids names; NULL: none does. */
confab_chat *chat_named(const confab_reactor *reactor, confab_id id);

/* An attempt was lost: tries the next address. */
void chat_race_on(confab_chat *chat);

/* It is closed: breaks off what connects it, and keeps in words why it did not. */
void chat_connect_end(confab_chat *chat);

/* The channel_ops of a chat (chat.c). */
extern const struct channel_ops chat_channel_ops;

/* Around whatever runs hooks of a chat: what they push is flushed at the end. */
static inline void chat_begin(confab_chat *chat)
{
    chat->flags |= CHAT_FLUSH_PLANNED;
}
void chat_end(confab_chat *chat);

/* A line of the log about this chat; look at log_wanted before making one costs. */
void chat_log(const confab_chat *chat, enum confab_level level, const char *format, ...) CONFAB_PRINTF(3, 4);

/* To be called with what a hook returned; closes where that is negative.  Returns whether the chat is still open. */
bool chat_hooked(confab_chat *chat, int result);

/* Calls handle_connect of a connection that is there. */
void chat_connected(confab_chat *chat);

/* Asks the system for the peer's address, where it is not known from accept or connect. */
void chat_know_peer(confab_chat *chat, int fd);

/* Tells the reactor what the chat's state makes it wait for. */
void chat_interest(confab_chat *chat);

/* The extra part, made if need be; NULL: out of memory. */
struct chat_extra *chat_extra(confab_chat *chat);

/* What is being delivered to this chat now; NULL: nothing is. */
static inline struct feed *feed_of(const confab_chat *chat)
{
    struct feed *feed = &chat->channel.reactor->feed;

    return feed->chat == chat ? feed : NULL;
}

/* Delivers what the reactor's feed has, from at to end, until nothing is left or something stops it; what is left then
 * stays there.  Its budget is set by whoever began the event. */
void chat_feed(confab_chat *chat);

/* Delivering begins, and nothing waits: opens the cursor in a chunk, if there is one.  Closes it, if it is open for
 * this chat's output (chat_push.c). */
static inline void chat_lend_chunk(confab_chat *chat, struct feed *feed)
{
    struct segment *chunk = chat->channel.reactor->chunks;

    if (!chunk || (chat->flags & (CHAT_NO_PUSH | CHAT_FLUSH_PLANNED)) != CHAT_FLUSH_PLANNED)
        return;
    size_t high = chat->settings->options.high;
    chat->channel.reactor->chunks = chunk->next;
    chat->channel.reactor->chunks_kept--;
    feed->lent = chunk;
    feed->out = chunk->bytes;
    feed->out_end = chunk->bytes + (high < OUTPUT_CHUNK ? high : OUTPUT_CHUNK);
}
void chat_close_cursor(struct feed *feed);
static inline void chat_settle(confab_chat *chat)
{
    struct feed *feed = &chat->channel.reactor->feed;

    if (feed->chat == chat && feed->out)
        chat_close_cursor(feed);
}

/* What was written behind the cursor and is not counted yet. */
size_t chat_cursor_size(const struct feed *feed);

/* Bytes in memory that wait to be sent. */
static inline size_t chat_output_size(const confab_chat *chat)
{
    size_t size = output_size(&chat->output);
    const struct feed *feed = feed_of(chat);

    return feed && feed->out ? size + chat_cursor_size(feed) : size;
}

/* Whether a count of 0 is waiting to be told of. */
static inline bool chat_count_due(const confab_chat *chat)
{
    return chat->kind == CONFAB_TERMINATOR_COUNT && chat->until.left == 0;
}

/* Whether no byte of a message has arrived, and no job is out that may answer the one before. */
bool chat_at_border(const confab_chat *chat);

/* Whether max_message bounds the present message; and what follows when it has grown over it. */
bool chat_bounded(const confab_chat *chat);
void chat_too_long(confab_chat *chat);

/* What was held as the front of a terminator goes to collect_incoming_data (chat_prefix.c): its first `released`
 * bytes; the CR of a line; all of it, at the end of input. */
void chat_release_prefix(confab_chat *chat, uint32_t released);
void chat_collect_carriage_return(confab_chat *chat);
void chat_collect_held(confab_chat *chat);

/* The collector: drops what it has; takes what is borrowed for its own; appends.  -ENOMEM. */
void collector_clear(confab_chat *chat);
int collector_keep(confab_chat *chat, struct feed *feed);
int collector_append(confab_chat *chat, const char *bytes, size_t len);

/* Reads and delivers what there is, as far as one event may. */
void chat_read(confab_chat *chat);
void chat_deliver_pending(confab_chat *chat);
void chat_drop_pending(confab_chat *chat);

/* Whether the other side of a terminal that takes no output has gone.  Input that is there all the same is kept. */
bool chat_hung_up(confab_chat *chat);

/* Puts bytes before all undelivered input; or behind it.  -ENOMEM. */
int chat_pending_front(confab_chat *chat, const char *bytes, size_t len);
int chat_pending_back(confab_chat *chat, const char *bytes, size_t len);

/* Before a close that nobody asked for: what earlier messages were answered is sent as far as it goes at once, so
 * that whether it leaves does not depend on how the input was split into reads. */
void chat_send_last(confab_chat *chat);

/* What was held back for the first of the output is to go: before that is dropped and the chat may send on, or
 * where it goes on at a rate. */
void chat_uncork(confab_chat *chat);

/* Sends what can be sent now, and does what follows from it. */
void chat_flush(confab_chat *chat);

/* The same where somebody has sent all of its output, one chunk, and io's send said n, less than all. */
void chat_sent_of_chunk(confab_chat *chat, ssize_t n);

/* Bookkeeping of n bytes that have left. */
static inline void chat_count_sent(confab_chat *chat, size_t n)
{
    chat->bytes_out += n;
    chat->active = chat->write_began = chat->channel.reactor->tick;
}

/* Memory was short: nothing more can be pushed, and it closes with NO_MEMORY at the turn's end. */
void chat_short_of_memory(confab_chat *chat);

/* Output went over the high mark; or under the low one; its sink is to be looked at. */
void chat_over_high(confab_chat *chat);
void chat_under_low(confab_chat *chat);
void chat_check_output(confab_chat *chat);
void chat_pace_forget(confab_chat *chat);

/* A reason to rest its reading is gone: where it was the last one, delivers what is pending, and reads again. */
void chat_go_on(confab_chat *chat);

/* For one that closes with jobs of its own that are not done: those have no owner any more. */
void chat_work_forget(confab_chat *chat);

/* For a chat with CHAT_RATED (chat_rate.c).  How many bytes, `most` at the most, may be read now; 0: reading rests.
 * The same of sending; whether there is output that rests, or has to rest now.  Each closes the chat where memory is
 * short, and says the same as if it rested. */
size_t chat_rate_in(confab_chat *chat, size_t most);
size_t chat_rate_out(confab_chat *chat, size_t most);
bool chat_rate_holds(confab_chat *chat);

/* Its settings are others now; the memory of what has a chat_extra goes. */
void chat_rate_changed(confab_chat *chat);
void chat_rate_free(confab_chat *chat);

/* close_when_done with a reason; all has been sent: ends the connection. */
void chat_drain(confab_chat *chat, enum confab_reason reason);
void chat_drained(confab_chat *chat);
void chat_end_of_input(confab_chat *chat);
void chat_send_failed(confab_chat *chat, int error);
void chat_finish(struct channel *channel);

/* For one that its settings have a tap for (chat_tap.c): begins; and then, where it has CHAT_TAPPED: what was read, what
 * was sent of memory and of a file, that the peer has ended its side, that it is closed. */
void chat_tap_open(confab_chat *chat);
void chat_tap_received(confab_chat *chat, const char *bytes, size_t n);
void chat_tap_sent(confab_chat *chat, const struct iovec *iov, int count, size_t n);
void chat_tap_sent_file(confab_chat *chat, int file, int64_t offset, size_t n);
void chat_tap_ended(confab_chat *chat);
void chat_tap_closed(confab_chat *chat);

/* Sets the timer to the next of its time-outs; or to one of `ticks` from now if that is sooner. */
void chat_arm(confab_chat *chat);
void chat_arm_within(confab_chat *chat, uint32_t ticks);
void chat_timer(struct channel *channel);

/* It gets a descriptor: from now on it has the channel's timer. */
void chat_stop_loose_timer(confab_chat *chat);

/* Reads and drops what a peer still sends to a connection that we have ended, so that our last bytes are not
 * lost to a reset.  Owns fd.  Needs no memory of its own to fail for: without it fd is closed. */
void linger_start(confab_reactor *reactor, int fd, struct settings *settings);

/* Ends the linger of this slot, if it holds one of that service's.  Returns whether bytes of ours were still on
 * their way. */
bool linger_end(const struct slot *slot, const confab_service *service);

#endif
