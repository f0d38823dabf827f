/* producer_escaping.c: another producer's bytes with one thing replaced.
 *
 * What may be the front of `from` is held back as its length alone: it is from's
 * own first bytes.  A byte that does not go on with it makes it shorter as far as
 * Knuth-Morris-Pratt's table says, and what it is shorter by is let go, so that
 * each byte is looked at twice at the most. */
#include "core/producer.h"
#include <confab/chat.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ESCAPING_ROOM = 16 << 10 };

struct escaping {
    struct inner inner;
    const char *piece; /* what of inner's last piece was not looked at yet */
    size_t left;
    const char *ready; /* what goes before it: of from, let go; or of to */
    size_t ready_size;
    bool ended;
    int error;    /* what it says once it has ended: 0, or that what it was given cannot be */
    char *buffer; /* NULL while inner has nothing to say: one that waits costs little */
    const char *to;
    size_t to_size;
    size_t from_size, held, seen;      /* bytes of from: all; held back; of those, sent before all this */
    uint8_t border[CONFAB_ESCAPE_MAX]; /* of from's first i + 1 bytes: the longest end that is a front too */
    char from[];                       /* and to */
};

static void fill_borders(struct escaping *escaping)
{
    const char *from = escaping->from;
    uint8_t known = 0;

    for (size_t i = 1; i < escaping->from_size; i++) {
        while (known > 0 && from[known] != from[i])
            known = escaping->border[known - 1];
        if (from[known] == from[i])
            known++;
        escaping->border[i] = known;
    }
}

static struct escaping *escaping_new(const char *from, const char *to, size_t seen)
{
    size_t from_size = strlen(from), to_size = strlen(to);
    struct escaping *escaping = malloc(sizeof *escaping + from_size + to_size);

    if (!escaping)
        return NULL;
    /* What was sent cannot be replaced: it must be the same in both. */
    if (from_size > CONFAB_ESCAPE_MAX || seen >= from_size || strncmp(from, to, seen) != 0) {
        *escaping = (struct escaping){ .ended = true, .error = -EINVAL };
        return escaping;
    }
    *escaping = (struct escaping){ .to = escaping->from + from_size,
                                   .to_size = to_size,
                                   .from_size = from_size,
                                   .held = seen,
                                   .seen = seen };
    memcpy(escaping->from, from, from_size);
    memcpy(escaping->from + from_size, to, to_size);
    fill_borders(escaping);
    return escaping;
}

void *confab_escaping_producer_new(const struct confab_producer_ops *inner_ops, void *inner, const char *from,
                                   const char *to, size_t seen)
{
    struct escaping *escaping;
    struct inner taken;

    if (!inner_take(&taken, inner_ops, inner))
        return NULL;
    escaping = from ? escaping_new(from, to ? to : "", seen) : escaping_new("\r\n.", "\r\n..", 2);
    if (escaping)
        escaping->inner = taken;
    else
        inner_release(&taken);
    return escaping;
}

/* The first n held bytes are not held any more, and are `as` now; those of them that were seen have left. */
static void let_go(struct escaping *escaping, size_t n, const char *as, size_t size)
{
    size_t seen = escaping->seen < n ? escaping->seen : n;

    escaping->ready = as + seen;
    escaping->ready_size = size - seen;
    escaping->seen -= seen;
    escaping->held -= n;
}

/* Looks at the next byte, where something is held or it is from's first. */
static void look(struct escaping *escaping)
{
    size_t held = escaping->held;

    if (*escaping->piece != escaping->from[held]) {
        let_go(escaping, held - escaping->border[held - 1], escaping->from,
               held - escaping->border[held - 1]);
        return;
    }
    escaping->piece++;
    escaping->left--;
    escaping->held++;
    if (escaping->held == escaping->from_size)
        let_go(escaping, escaping->from_size, escaping->to, escaping->to_size);
}

/* Copies up to room bytes of what is ready; returns how many. */
static size_t copy_ready(struct escaping *escaping, char *at, size_t room)
{
    size_t n = escaping->ready_size < room ? escaping->ready_size : room;

    memcpy(at, escaping->ready, n);
    escaping->ready += n;
    escaping->ready_size -= n;
    return n;
}

/* Copies what comes before from's first byte; returns how much. */
static size_t copy_plain(struct escaping *escaping, char *at, size_t room)
{
    size_t n = escaping->left < room ? escaping->left : room;
    const char *first = memchr(escaping->piece, escaping->from[0], n);

    n = first ? (size_t)(first - escaping->piece) : n;
    memcpy(at, escaping->piece, n);
    escaping->piece += n;
    escaping->left -= n;
    return n;
}

/* Fills the buffer as far as the piece goes; returns how far. */
static size_t fill_buffer(struct escaping *escaping)
{
    size_t n = 0;

    while (n < ESCAPING_ROOM && (escaping->ready_size > 0 || escaping->left > 0)) {
        if (escaping->ready_size > 0)
            n += copy_ready(escaping, escaping->buffer + n, ESCAPING_ROOM - n);
        else if (escaping->held > 0 || *escaping->piece == escaping->from[0])
            look(escaping);
        else
            n += copy_plain(escaping, escaping->buffer + n, ESCAPING_ROOM - n);
    }
    return n;
}

/* Inner has ended: what was held is no front of anything. */
static ssize_t give_held(struct escaping *escaping, const char **bytes)
{
    escaping->ended = true;
    let_go(escaping, escaping->held, escaping->from, escaping->held);
    *bytes = escaping->ready;
    return (ssize_t)escaping->ready_size;
}

static ssize_t escaping_more(void *self, confab_chat *chat, size_t want, const char **bytes)
{
    struct escaping *escaping = self;

    if (escaping->ended)
        return escaping->error;
    if (escaping->left == 0 && escaping->ready_size == 0) {
        ssize_t got = inner_more(&escaping->inner, chat, want, &escaping->piece);
        if (got <= 0) {
            free(escaping->buffer);
            escaping->buffer = NULL;
            return got < 0 ? got : give_held(escaping, bytes);
        }
        escaping->left = (size_t)got;
    }
    if (!escaping->buffer)
        escaping->buffer = malloc(ESCAPING_ROOM);
    if (!escaping->buffer)
        return -ENOMEM;
    size_t n = fill_buffer(escaping);
    *bytes = escaping->buffer;
    if (n > 0)
        return (ssize_t)n;
    /* All of the piece is held, or replaced by nothing.  How many such pieces there are
     * is not for us to say, so the next one is asked for in the next turn. */
    confab_chat_resume_output(chat);
    return -EAGAIN;
}

static void escaping_release(void *self)
{
    struct escaping *escaping = self;

    inner_release(&escaping->inner);
    free(escaping->buffer);
    free(escaping);
}

const struct confab_producer_ops confab_escaping_producer_ops = {
    .size = sizeof confab_escaping_producer_ops,
    .more = escaping_more,
    .release = escaping_release,
};
