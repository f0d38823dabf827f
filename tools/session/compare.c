/* compare.c: two texts, but for what masks cover.
 *
 * Bytes are compared until two differ.  Then the lines in which they do are looked at: the wanted one is cut where
 * masks match in it or their words stand, and the pieces are laid over the line that came. */
#include "tools/session/mask.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/session/scan.h"

/* A line of a text: its bytes, where they end, and where the next begins. */
struct line {
    const char *at;
    size_t len;  /* without its end */
    size_t full; /* with it */
    bool ended;  /* it has one */
};

static struct line line_at(const char *at, size_t left)
{
    const char *newline = left ? memchr(at, '\n', left) : NULL;
    struct line line = { .at = at, .len = left, .full = left, .ended = newline != NULL };

    if (newline) {
        line.len = (size_t)(newline - at);
        line.full = line.len + 1;
        if (line.len && at[line.len - 1] == '\r')
            line.len--;
    }
    return line;
}

/* How many bytes are the same: a page at a time by memcmp. */
static size_t same_bytes(const char *a, const char *b, size_t len)
{
    enum { PAGE = 4096 };
    size_t n = 0;

    while (len - n >= PAGE && memcmp(a + n, b + n, PAGE) == 0)
        n += PAGE;
    while (n < len && a[n] == b[n])
        n++;
    return n;
}

/* -- One line over another ----------------------------------------------------------------- */

struct laying {
    const struct masks *masks;
    struct line want, came;
    struct cut *cuts;
    size_t count;
    size_t furthest; /* bytes that fitted in the best of all tries */
    unsigned tries;
};

static int add_cut(struct laying *laying, struct cut cut)
{
    struct cut *cuts;

    if (cut.len == 0)
        return 0;
    cuts = array_room(laying->cuts, laying->count, sizeof *cuts);
    if (!cuts)
        return -ENOMEM;
    laying->cuts = cuts;
    cuts[laying->count++] = cut;
    return 0;
}

static int cut_line(struct laying *laying)
{
    const struct line *want = &laying->want;
    struct cut found;
    size_t from = 0;
    int error = 0;

    laying->count = 0;
    while (!error && from < want->len && laying->count + 2 < MASK_CUTS_MAX &&
           masks_find(laying->masks, want->at, want->len, from, &found)) {
        error = add_cut(laying, (struct cut){ from, found.from - from, NULL });
        if (!error)
            error = add_cut(laying, found);
        from = found.from + found.len;
    }
    return error ? error : add_cut(laying, (struct cut){ from, want->len - from, NULL });
}

static bool lay(struct laying *laying, size_t i, size_t at, size_t *end);

static void fits_to(struct laying *laying, size_t at)
{
    if (at > laying->furthest)
        laying->furthest = at;
}

/* A mask before bytes: it ends where these are, at one of the places. */
static bool lay_before_bytes(struct laying *laying, size_t i, size_t at, size_t *end)
{
    const struct cut *next = &laying->cuts[i + 1];
    const char *came = laying->came.at;
    size_t len = laying->came.len;

    for (size_t to = at + 1; to < len; to++) {
        const char *place = memmem(came + to, len - to, laying->want.at + next->from, next->len);

        if (!place || ++laying->tries > MASK_TRIES_MAX)
            break;
        to = (size_t)(place - came);
        if (mask_takes_all(laying->cuts[i].mask, came + at, to - at) && lay(laying, i + 1, to, end))
            return true;
    }
    fits_to(laying, at + mask_takes(laying->cuts[i].mask, came + at, len - at));
    return false;
}

/* A mask before another: the most that it takes, and less where that leads nowhere. */
static bool lay_before_mask(struct laying *laying, size_t i, size_t at, size_t *end)
{
    const struct mask *mask = laying->cuts[i].mask;
    const char *came = laying->came.at + at;
    size_t most = mask_takes(mask, came, laying->came.len - at);

    for (size_t n = most; n > 0 && ++laying->tries <= MASK_TRIES_MAX; n--)
        if ((n == most || mask_takes_all(mask, came, n)) && lay(laying, i + 1, at + n, end))
            return true;
    return false;
}

static bool lay_mask(struct laying *laying, size_t i, size_t at, size_t *end)
{
    const struct mask *mask = laying->cuts[i].mask;
    bool is_last = i + 1 == laying->count;
    size_t left = laying->came.len - at;

    if (!is_last && !laying->cuts[i + 1].mask)
        return lay_before_bytes(laying, i, at, end);
    if (is_last && laying->want.ended) {
        *end = laying->came.len;
        fits_to(laying, at + mask_takes(mask, laying->came.at + at, left));
        return mask_takes_all(mask, laying->came.at + at, left);
    }
    return lay_before_mask(laying, i, at, end);
}

/* The pieces from i on over what came from `at` on; all of it where the wanted line has an end. */
static bool lay(struct laying *laying, size_t i, size_t at, size_t *end)
{
    size_t left = laying->came.len - at, n;
    const struct cut *cut;

    fits_to(laying, at);
    *end = at;
    if (i == laying->count)
        return !laying->want.ended || left == 0;
    cut = &laying->cuts[i];
    if (cut->mask)
        return lay_mask(laying, i, at, end);
    n = same_bytes(laying->want.at + cut->from, laying->came.at + at, cut->len < left ? cut->len : left);
    fits_to(laying, at + n);
    return n == cut->len && lay(laying, i + 1, at + n, end);
}

/* Whether the bytes before the first mask can still become right. */
static bool begins_well(const struct laying *laying)
{
    const struct cut *first = laying->cuts;
    size_t n = first->len < laying->came.len ? first->len : laying->came.len;

    return first->mask || memcmp(laying->want.at, laying->came.at, n) == 0;
}

/* YES: *used bytes of came were the line, its end included. */
static int lay_line(struct laying *laying, bool last, enum match *match, size_t *used)
{
    const struct line *want = &laying->want, *came = &laying->came;
    size_t end;
    int error = cut_line(laying);

    *match = MATCH_NO;
    *used = same_bytes(want->at, came->at, want->full < came->full ? want->full : came->full);
    if (error || (laying->count == 1 && !laying->cuts[0].mask)) {
        /* No mask is in it. */
        *match = *used == want->full ? MATCH_YES : *used == came->full && !last ? MATCH_MORE : MATCH_NO;
        return error;
    }
    laying->furthest = 0;
    laying->tries = 0;
    if (lay(laying, 0, 0, &end) && (came->ended || !want->ended)) {
        size_t want_end = want->full - want->len, came_end = came->full - came->len;

        if (!want->ended)
            *match = MATCH_YES;
        else if (want_end == came_end)
            *match = MATCH_YES, end = came->full;
        *used = end;
        return 0;
    }
    if (laying->furthest > *used)
        *used = laying->furthest;
    if (!came->ended && !last && begins_well(laying))
        *match = MATCH_MORE;
    return 0;
}

/* -- Texts ---------------------------------------------------------------------------------- */

/* Where the last line begins that has no end: masks at its end take as much as there is. */
static size_t open_line(const char *at, size_t len)
{
    while (len > 0 && at[len - 1] != '\n')
        len--;
    return len;
}

static int compare_lines(struct laying *laying, const char *want, size_t want_len, const char *came,
                         size_t len, bool last, enum match *match, size_t *used)
{
    size_t w = 0, c = 0, open = open_line(want, want_len);

    for (;;) {
        size_t n = open > w ? open - w : 0, fits;
        int error;

        n = same_bytes(want + w, came + c, n < len - c ? n : len - c);
        w += n;
        c += n;
        *match = w == want_len ? MATCH_YES : last ? MATCH_NO : MATCH_MORE;
        *used = c;
        if (w == want_len || (c == len && w < open))
            return 0;
        /* Back to where the line begins in both: n bytes are the same. */
        while (n > 0 && want[w - 1] != '\n') {
            w--;
            c--;
            n--;
        }
        laying->want = line_at(want + w, want_len - w);
        laying->came = line_at(came + c, len - c);
        error = lay_line(laying, last, match, &fits);
        *used = c + fits;
        if (error || *match != MATCH_YES)
            return error;
        w += laying->want.full;
        c += fits;
    }
}

int masks_compare(const struct masks *masks, const char *want, size_t want_len, const char *came, size_t len,
                  bool last, enum match *match, size_t *used)
{
    struct laying laying = { .masks = masks };
    int error;

    if (!masks) {
        *used = same_bytes(want, came, want_len < len ? want_len : len);
        *match = *used == want_len ? MATCH_YES : *used == len && !last ? MATCH_MORE : MATCH_NO;
        return 0;
    }
    error = compare_lines(&laying, want, want_len, came, len, last, match, used);
    free(laying.cuts);
    return error;
}

int session_same(const struct session *session, const char *a, size_t a_len, const char *b, size_t b_len,
                 bool *same, size_t *at)
{
    enum match match;
    int error = masks_compare(session->masks, a ? a : "", a_len, b ? b : "", b_len, true, &match, at);

    *same = !error && match == MATCH_YES && *at == b_len;
    return error;
}
