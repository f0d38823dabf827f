/* far.c: the far ends, which do as the scenario says.
 *
 * What a far end is to send waits here until the network takes it; what follows
 * it (the end of the stream, a reset, a close) waits for that. */
#include "play.h"
#include <errno.h>

enum { RECEIVED_AT_ONCE = 65536 };

static bool opened(struct wire *wire)
{
    struct far *far = &wire->far;
    struct world *world = wire->play->world;

    if (!far->listens || far->open || world->ops->accept(world, &far->listener, &far->end) < 0)
        return false;
    far->open = true;
    far->listens = false;
    world->ops->unlisten(world, &far->listener);
    return true;
}

/* The bytes must be those that the chat has pushed, from the first on. */
static void check_received(struct wire *wire, size_t before)
{
    const struct far *far = &wire->far;
    const struct bytes *pushed = &wire->pushed;

    if (far->in.len > pushed->len)
        play_fail(wire->play, wire, "the far end got %zu bytes, of %zu that were pushed", far->in.len,
                  pushed->len);
    else if (memcmp(far->in.at + before, pushed->at + before, far->in.len - before) != 0)
        play_fail(wire->play, wire, "the far end got other bytes than were pushed, after %zu", before);
}

static void saw_end(struct far *far, ssize_t n)
{
    bool reset = n == -ECONNRESET || n == -EPIPE || far->reset_told;

    far->saw = reset ? SAW_RESET : SAW_EOF;
}

static bool receive(struct wire *wire)
{
    struct far *far = &wire->far;
    size_t before = far->in.len;

    while (far->open && !far->stalled && far->saw == SAW_NOTHING) {
        char *room = bytes_room(&far->in, RECEIVED_AT_ONCE);
        ssize_t n = wire->play->world->ops->recv(&far->end, room, RECEIVED_AT_ONCE);

        if (n == -EAGAIN)
            break;
        if (n > 0)
            bytes_cut(&far->in, far->in.len + (size_t)n);
        else
            saw_end(far, n);
    }
    if (far->in.len > before)
        check_received(wire, before);
    return far->in.len > before;
}

static bool transmit(struct wire *wire)
{
    struct far *far = &wire->far;
    size_t before = far->sent;

    while (far->open && !far->broken && far->sent < far->out.len) {
        ssize_t n =
            wire->play->world->ops->send(&far->end, far->out.at + far->sent, far->out.len - far->sent);

        if (n == -EAGAIN)
            break;
        if (n > 0) {
            far->sent += (size_t)n;
            continue;
        }
        /* Told once: a receive may then find the end of the stream only. */
        far->reset_told = n == -ECONNRESET;
        far->broken = true;
    }
    return far->sent > before;
}

static bool finish(struct wire *wire)
{
    struct far *far = &wire->far;
    const struct world_ops *ops = wire->play->world->ops;
    enum step_kind last = far->last;

    if (!far->open || last == STEP_NONE || (far->sent < far->out.len && !far->broken))
        return false;
    far->last = STEP_NONE;
    if (last == STEP_EOF) {
        far->ended = true;
        ops->shutdown(&far->end);
        return true;
    }
    wire->ended_twice = wire->ended_twice || (far->ended && !chat_has_read_end(wire));
    far->open = false;
    far->reset = last == STEP_RESET;
    far->closed = last == STEP_CLOSE;
    if (far->reset)
        ops->reset(&far->end);
    else
        ops->close(&far->end);
    return true;
}

bool far_pump(struct wire *wire)
{
    enum far_saw saw = wire->far.saw;
    bool moved = opened(wire);

    moved = receive(wire) || moved;
    moved = transmit(wire) || moved;
    moved = finish(wire) || moved;
    return moved || wire->far.saw != saw;
}

static bool chat_is_closed(const struct wire *wire)
{
    return wire->was_closed || (wire->chat && confab_chat_state(wire->chat) == CONFAB_STATE_CLOSED);
}

void far_step(struct wire *wire, const struct step *step)
{
    struct far *far = &wire->far;

    switch (step->kind) {
    case STEP_SEND:
        if (chat_is_closed(wire) && far->saw == SAW_NOTHING)
            wire->late = true;
        if (far->last == STEP_NONE && !far->ended && !far->reset && !far->closed)
            bytes_add(&far->out, step->text.at, step->text.len);
        break;
    case STEP_STALL:
    case STEP_GO:
        far->stalled = step->kind == STEP_STALL;
        break;
    case STEP_RESET:
        far->gone_line = wire->play->line;
        if (far->last == STEP_NONE || far->last == STEP_EOF)
            far->last = STEP_RESET;
        break;
    case STEP_CLOSE:
        far->gone_line = wire->play->line;
        if (wire->waits || wire->pushed.len > wire->pushed_before)
            wire->pushed_to_nobody = true;
        /* fall through */
    default:
        if (far->last == STEP_NONE || far->last == STEP_EOF)
            far->last = step->kind;
        break;
    }
    transmit(wire);
    finish(wire);
}

void far_free(struct wire *wire)
{
    struct far *far = &wire->far;
    struct world *world = wire->play->world;

    /* A reset, so that no run of many leaves ports behind that nobody can have for a minute. */
    if (far->open)
        world->ops->reset(&far->end);
    if (far->listens)
        world->ops->unlisten(world, &far->listener);
    bytes_free(&far->out);
    bytes_free(&far->in);
}
