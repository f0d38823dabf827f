/* normal.c: what systems may rightly do differently, all of it.  Each rule takes
 * out of a trace what it says, and no more; where its condition does not hold
 * the traces have to agree to the byte.  What no rule speaks of differs nowhere:
 * between two channels nothing is compared, and notes of one do not tell how its
 * bytes were cut (rest.c). */
#include "play.h"

static void replace(struct note *note, const char *text)
{
    struct bytes bytes = { 0 };

    bytes_text(&bytes, text);
    free(note->text);
    note->text = bytes.at;
}

/* The note that the chat was closed; the trace's end: it was not. */
static int closed_at(const struct wire *wire)
{
    for (int i = 0; i < wire->trace.count; i++)
        if (wire->trace.notes[i].kind == NOTE_CLOSE)
            return i;
    return wire->trace.count;
}

/* 1. A connection that breaks is ECONNRESET to who reads, and EPIPE or ECONNRESET to who writes; which of them
 * comes first depends on when the network tells. */
static void one_error(struct wire *wire)
{
    int at = closed_at(wire);

    if (at < wire->trace.count && wire->reason == CONFAB_REASON_RESET)
        replace(&wire->trace.notes[at], "close: reset");
}

/* 2. Closed for another reason than that all was sent, output that has not left is dropped.  How much had left by
 * then depends on how the input was cut into reads, and on what the system takes at once.  (That what the far end
 * got is the front of what was pushed far.c has checked.) */
static void ragged_output(struct wire *wire)
{
    struct trace *trace = &wire->trace;
    int closed = closed_at(wire);

    if (!wire->ragged || closed == trace->count)
        return;
    for (int i = trace->count - 1; i >= 0; i--)
        if (trace->notes[i].kind == NOTE_GOT && trace->notes[i].line >= trace->notes[closed].line) {
            note_drop(trace, i);
            closed -= i < closed;
        }
}

/* Whether it was closed with bytes of the far end that no hook was given. */
static bool unread(const struct wire *wire)
{
    return wire->uncounted || wire->far.out.len > wire->delivered + wire->kept;
}

/* 3. A socket that is closed with input unread resets the connection, and so does input that comes when it is
 * closed.  Whether a byte that no hook was given had been read already depends on how the input was cut; and whether
 * the end of the stream that was sent before it shows first depends on the system. */
static void end_or_reset(struct wire *wire)
{
    bool drained = wire->reason == CONFAB_REASON_DONE || wire->reason == CONFAB_REASON_PEER_CLOSED;

    if (!wire->was_closed || !(wire->late || (wire->aborted ? wire->shut : !drained && unread(wire))))
        return;
    for (int i = 0; i < wire->trace.count; i++)
        if (wire->trace.notes[i].kind == NOTE_END)
            replace(&wire->trace.notes[i], "far end: eof or reset");
}

/* 4. What is sent to a peer that has closed is taken, and answered with a reset: the write after that one fails, or
 * the read.  So who sends to one that is gone may learn of it or not, by the end of the stream or by an error.  And
 * who finds the end of the stream and a reset behind it is told of the first (Linux) or the second (BSD).  What had
 * arrived by then is delivered in any case; what follows depends on whether the chat still lives. */
static void end_or_error(struct wire *wire)
{
    struct trace *trace = &wire->trace;
    int kept = 0;

    if (!wire->pushed_to_nobody && !wire->ended_twice)
        return;
    for (int i = 0; i < trace->count; i++) {
        struct note *note = &trace->notes[i];
        bool before = note->line < wire->far.gone_line, then = note->line <= wire->far.gone_rest;

        if (before || (then && (note->kind == NOTE_MESSAGE || note->kind == NOTE_CONNECT)))
            trace->notes[kept++] = *note;
        else
            free(note->text);
    }
    trace->count = kept;
}

void normalise(struct play *play)
{
    for (int i = 0; i < CHANNELS_MAX; i++) {
        struct wire *wire = &play->wires[i];

        one_error(wire);
        ragged_output(wire);
        end_or_reset(wire);
        end_or_error(wire);
    }
}
