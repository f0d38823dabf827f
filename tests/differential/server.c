/* server.c: the chats of a scenario: their hooks write down what they are called
 * with, and do what the messages say. */
#include "play.h"
#include <errno.h>
#include <inttypes.h>

/* The wire that comes from there.  Two may come from one port, but not to one listener. */
static struct wire *wire_from(const struct origin *origin, const char *address)
{
    struct play *play = origin->play;
    int listener = (int)(origin - play->origins);

    for (int i = 0; i < CHANNELS_MAX; i++)
        if (play->wires[i].name && play->wires[i].listener == listener &&
            !strcmp(play->wires[i].from, address))
            return &play->wires[i];
    return NULL;
}

/* The wire of a chat; one that was accepted is found when its first hook is called. */
static struct wire *wire_of(confab_chat *chat)
{
    struct wire **session = confab_chat_session(chat);
    struct origin *origin = confab_chat_data(chat);
    char peer[128];

    if (!*session) {
        *session = origin->wire ? origin->wire : wire_from(origin, confab_chat_peer(chat, peer));
        if (!*session)
            play_fail(origin->play, NULL, "a chat is of nobody: it came from %s", peer);
        else
            (*session)->chat = chat;
    }
    if (*session && (*session)->was_closed)
        play_fail(origin->play, *session, "a hook was called after handle_close");
    return *session;
}

int server_until(struct wire *wire, const struct until *until)
{
    wire->until = *until;
    switch (until->kind) {
    case CONFAB_TERMINATOR_LINE:
        return confab_chat_set_terminator_line(wire->chat);
    case CONFAB_TERMINATOR_COUNT:
        return confab_chat_set_terminator_count(wire->chat, until->count);
    case CONFAB_TERMINATOR_BYTES:
        return confab_chat_set_terminator(wire->chat, until->bytes, until->len);
    case CONFAB_TERMINATOR_NONE:
        break;
    }
    return confab_chat_set_terminator_none(wire->chat);
}

/* The hooks have been given so many bytes more, which must be those that were sent. */
static void delivered(struct wire *wire, const char *bytes, size_t len)
{
    const struct bytes *out = &wire->far.out;

    if (wire->uncounted || len == 0) /* where nothing was ever sent out->at is NULL */
        return;
    if (len > out->len - wire->delivered || memcmp(out->at + wire->delivered, bytes, len) != 0)
        play_fail(wire->play, wire, "the hooks got other bytes than were sent, after %zu", wire->delivered);
    else
        wire->delivered += len;
}

/* Behind a message: its terminator. */
static void delivered_terminator(struct wire *wire)
{
    const struct bytes *out = &wire->far.out;

    if (wire->until.kind == CONFAB_TERMINATOR_BYTES)
        delivered(wire, wire->until.bytes, wire->until.len);
    else if (wire->until.kind == CONFAB_TERMINATOR_LINE && wire->delivered < out->len && !wire->uncounted)
        delivered(wire, out->at[wire->delivered] == '\r' ? "\r\n" : "\n",
                  out->at[wire->delivered] == '\r' ? 2 : 1);
}

/* -- Hooks -------------------------------------------------------------------- */

static int handle_connect(confab_chat *chat)
{
    struct wire *wire = wire_of(chat);

    if (!wire)
        return -EINVAL;
    if (wire->connected)
        play_fail(wire->play, wire, "handle_connect was called twice");
    wire->connected = true;
    note(wire, NOTE_CONNECT, "connect");
    return server_until(wire, &wire->manner.until);
}

static int collect_pieces(confab_chat *chat, const char *data, size_t len)
{
    struct wire *wire = wire_of(chat);

    if (len == 0 || !wire->connected)
        play_fail(wire->play, wire, len ? "collect was called before handle_connect" : "collect got 0 bytes");
    bytes_add(&wire->message, data, len);
    delivered(wire, data, len);
    return 0;
}

/* What was collected, in either way. */
static const char *message_of(struct wire *wire, size_t *len)
{
    *len = wire->message.len;
    if (!wire->manner.pieces)
        return confab_chat_message(wire->chat, len);
    return wire->message.at ? wire->message.at : "";
}

static int found_terminator(confab_chat *chat)
{
    struct wire *wire = wire_of(chat);
    struct bytes text = { 0 };
    size_t len;
    const char *message = message_of(wire, &len);

    if (!message)
        return -ENOMEM;
    if (!wire->manner.pieces)
        delivered(wire, message, len);
    delivered_terminator(wire);
    note_bytes(wire, NOTE_MESSAGE, "message", message, len);
    bytes_add(&text, message, len);
    bytes_cut(&wire->message, 0);
    /* Behind a count nothing ends a message until it is set again. */
    int result = wire->until.kind == CONFAB_TERMINATOR_COUNT
                     ? server_until(wire, &(struct until){ .kind = CONFAB_TERMINATOR_LINE })
                     : 0;
    if (result == 0)
        result = command(wire, text.at, false);
    bytes_free(&text);
    return result;
}

static int handle_eof(confab_chat *chat)
{
    struct wire *wire = wire_of(chat);
    size_t len;
    const char *message = message_of(wire, &len);

    if (!message)
        return -ENOMEM;
    note_bytes(wire, NOTE_EOF, "eof, after", message, len);
    /* It may become a message yet, if its end is set to be here. */
    wire->kept = wire->manner.pieces ? 0 : len;
    if (wire->manner.eof == EOF_CLOSE)
        confab_chat_close(chat);
    else if (wire->manner.eof == EOF_DONE)
        confab_chat_close_when_done(chat);
    return 0;
}

static int handle_too_long(confab_chat *chat)
{
    struct wire *wire = wire_of(chat);

    note(wire, NOTE_LONG, "too long");
    wire->uncounted = true;
    bytes_cut(&wire->message, 0);
    if (wire->manner.skips)
        confab_chat_skip_message(chat);
    return 0;
}

static int handle_timeout(confab_chat *chat, enum confab_timeout which)
{
    static const char *const names[CONFAB_TIMEOUTS] = { "connect", "idle", "message", "write", "lifetime" };
    struct wire *wire = wire_of(chat);

    note(wire, NOTE_TIMEOUT, "time-out: %s, at %d s", names[which], play_time(wire->play));
    return 0;
}

static int handle_sent(confab_chat *chat)
{
    wire_of(chat)->sents++;
    return 0;
}

static int handle_drain(confab_chat *chat)
{
    wire_of(chat)->drains++;
    return 0;
}

static void handle_close(confab_chat *chat, enum confab_reason reason)
{
    struct confab_chat_stats stats = { .size = sizeof stats };
    struct wire *wire = wire_of(chat);
    int error = confab_chat_error(chat);

    if (!wire)
        return;
    confab_chat_get_stats(chat, &stats);
    wire->bytes_out = stats.bytes_out;
    wire->reason = reason;
    if (reason != CONFAB_REASON_DONE && reason != CONFAB_REASON_PEER_CLOSED)
        wire->ragged = wire->waits || wire->pushed.len > wire->pushed_before;
    if (reason == CONFAB_REASON_TIMEOUT)
        note(wire, NOTE_CLOSE, "close: timeout, at %d s", play_time(wire->play));
    else
        note(wire, NOTE_CLOSE, "close: %s%s%s", confab_reason_name(reason), error ? ", " : "",
             error ? strerror(error) : "");
    wire->was_closed = true;
    wire->chat = NULL;
}

static struct origin *origin_new(struct play *play, int index, const struct manner *manner)
{
    struct origin *origin = &play->origins[index];

    *origin = (struct origin){ .play = play, .manner = manner };
    origin->ops = (struct confab_chat_ops){
        .size = sizeof origin->ops,
        .session_size = sizeof(struct wire *),
        .handle_connect = handle_connect,
        .collect_incoming_data = manner->pieces ? collect_pieces : confab_chat_collect,
        .found_terminator = found_terminator,
        .handle_eof = manner->eof == EOF_DEFAULT ? NULL : handle_eof,
        .handle_too_long = handle_too_long,
        .handle_timeout = manner->keeps ? handle_timeout : NULL,
        .handle_sent = handle_sent,
        .handle_drain = handle_drain,
        .handle_close = handle_close,
    };
    return origin;
}

/* -- Where chats come from ---------------------------------------------------- */

int server_listen(struct play *play, const struct step *step)
{
    struct origin *origin = origin_new(play, step->listener, &step->with);
    struct confab_chat_options options = step->with.options;

    options.data = origin;
    return confab_listen(&play->listeners[step->listener], play->reactor, "127.0.0.1:0", &origin->ops,
                         &options);
}

void server_dial(struct wire *wire, const struct step *step)
{
    struct play *play = wire->play;
    struct origin *origin = origin_new(play, LISTENERS_MAX + step->channel, &step->with);
    struct confab_chat_options options = step->with.options;
    struct far *far = &wire->far;
    char address[ADDRESS_ROOM], named[ADDRESS_ROOM];
    int error = play->world->ops->listen(play->world, step->to == DIAL_REFUSED, &far->listener, address);

    if (error) {
        play_fail(play, wire, "the far end cannot listen: %s", strerror(-error));
        return;
    }
    far->listens = true;
    origin->wire = wire;
    options.data = origin;
    snprintf(named, sizeof named, "%s%s", step->to == DIAL_LOCALHOST ? "localhost" : "127.0.0.1",
             strrchr(address, ':'));
    wire->chat = confab_connect(play->reactor, named, &origin->ops, &options);
    if (!wire->chat)
        play_fail(play, wire, "confab_connect has returned NULL");
}
