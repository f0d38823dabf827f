/* rest.c: whether anything is still under way on a wire, and how it stands when
 * nothing is.  A backend that forgets to tell of something shows here. */
#include "core/chat.h"
#include "play.h"
#include <inttypes.h>

static struct confab_chat_stats stats_of(const confab_chat *chat)
{
    struct confab_chat_stats stats = { .size = sizeof stats };

    confab_chat_get_stats(chat, &stats);
    return stats;
}

/* What the chat waits to be told of. */
static const char *chat_not_at_rest(const struct wire *wire)
{
    const struct far *far = &wire->far;
    const confab_chat *chat = wire->chat;
    unsigned wanted = channel_wanted(&chat->channel);

    if (chat->state == CONFAB_STATE_CONNECTING)
        return "it is connecting";
    if (!far->open && !far->reset && !far->closed)
        return "the far end has not accepted it";
    if (wanted & BACKEND_READ) {
        if (far->open && far->sent < far->out.len && !far->broken)
            return "the far end cannot send, and the chat waits to read";
        if (stats_of(chat).bytes_in < far->sent)
            return "bytes are under way to the chat";
        if (far->ended || far->reset || far->closed)
            return "the end of the stream is under way to the chat";
    }
    if (wanted & BACKEND_WRITE && (far->reset || far->closed))
        return "the end of the connection is under way to the chat";
    if (wanted & BACKEND_WRITE && !far->stalled && far->saw == SAW_NOTHING)
        return "the chat cannot send, and the far end waits to receive";
    return NULL;
}

/* What the far end waits for; it has been sent so many bytes. */
static const char *far_not_at_rest(const struct wire *wire, uint64_t bytes_out)
{
    const struct far *far = &wire->far;

    if (!far->open || far->stalled || far->saw != SAW_NOTHING)
        return NULL;
    if (!wire->chat)
        return "the end is under way to the far end";
    if (far->in.len < bytes_out)
        return "bytes are under way to the far end";
    if (wire->chat->flags & CHAT_SEND_ENDED)
        return "the end of the stream is under way to the far end";
    return NULL;
}

const char *not_at_rest(const struct wire *wire)
{
    const char *why = NULL;

    if (!wire->chat && !wire->was_closed) {
        if (wire->listener < 0 || wire->play->paused[wire->listener])
            return NULL;
        return wire->far.open ? "it is not accepted" : NULL;
    }
    if (wire->chat)
        why = chat_not_at_rest(wire);
    return why ? why : far_not_at_rest(wire, wire->chat ? stats_of(wire->chat).bytes_out : 0);
}

bool chat_has_read_end(const struct wire *wire)
{
    return !wire->chat || wire->chat->flags & CHAT_EOF;
}

static void note_chat(struct wire *wire)
{
    struct confab_chat_stats stats = stats_of(wire->chat);
    bool waits = stats.output_size > 0, was_over = wire->over;
    size_t low = wire->chat->settings->options.low, high = wire->chat->settings->options.high;

    if (stats.message_size != wire->so_far)
        note(wire, NOTE_SO_FAR, "so far: %" PRIu64 " bytes", stats.message_size);
    wire->so_far = stats.message_size;
    /* Each of the two may have been called in between as well: that depends on how the bytes were cut. */
    if (wire->sents > 0 && !waits)
        note(wire, NOTE_SENT, "all is sent");
    if (was_over && wire->drains > 0 && stats.output_size <= low)
        note(wire, NOTE_DRAIN, "drained");
    if (waits != wire->waits)
        note(wire, NOTE_WAITS, waits ? "output waits" : "no output waits");
    wire->waits = waits;
    wire->over = stats.output_size > high;
    wire->sents = wire->drains = 0;
}

/* What a chat that sent all before it closed has sent is what the far end has got. */
static void check_end(const struct wire *wire)
{
    bool drained = wire->reason == CONFAB_REASON_DONE || wire->reason == CONFAB_REASON_PEER_CLOSED;

    if (wire->far.in.len > wire->bytes_out)
        play_fail(wire->play, wire, "the far end got %zu bytes, where the chat says that it sent %" PRIu64,
                  wire->far.in.len, wire->bytes_out);
    else if (drained && !wire->late && wire->far.in.len < wire->pushed.len)
        play_fail(wire->play, wire, "the far end got %zu bytes, of %zu that were pushed, and then the end",
                  wire->far.in.len, wire->pushed.len);
}

void rest_note(struct wire *wire)
{
    static const char *const ends[] = { [SAW_EOF] = "far end: eof", [SAW_RESET] = "far end: reset" };
    struct far *far = &wire->far;

    if (wire->chat)
        note_chat(wire);
    if (far->in.len > far->noted)
        note_bytes(wire, NOTE_GOT, "far end: got", far->in.at + far->noted, far->in.len - far->noted);
    far->noted = far->in.len;
    if (wire->was_closed && far->saw == SAW_EOF && !far->told)
        check_end(wire);
    if (far->saw != SAW_NOTHING && !far->told)
        note(wire, NOTE_END, "%s", ends[far->saw]);
    far->told = far->saw != SAW_NOTHING;
    wire->pushed_before = wire->pushed.len;
    if ((far->reset || far->closed) && !far->gone_rest)
        far->gone_rest = wire->play->line;
}
