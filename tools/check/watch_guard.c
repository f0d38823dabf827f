/* watch_guard.c: data that the plugin may look at until its hook returns, in pages that are closed then.
 *
 * There are three stretches of pages, all closed at first.  A half of one is opened at a time, and its pages are
 * used one after the other from one end to the other: what is behind the data is then either the closed page at
 * the end, or one that was used and closed before.  That takes one mprotect(2) for what a hook got, and each page
 * stays closed until all others of its stretch have been used. */
#include "tools/check/watch.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    HALF = 64,                 /* pages */
    STRETCH = HALF + HALF + 3, /* with a closed page at each end and between them */
    LIVE_MAX = 16,             /* what one hook gets; more of it stays open */
    FAR = 64                   /* bytes behind the end that are taken for a step over it, not for old data */
};

/* Which end of its pages the data is at. */
enum side { AT_END, AT_BEGIN };

struct region {
    char *begin; /* of the data; NULL: none */
    size_t len;  /* with the NUL of a message */
    char *pages;
    size_t size; /* of the pages, bytes */
    enum guard_kind kind;
    enum side side;
    const void *whose;
};

struct stretch {
    char *base;
    enum side side;
    unsigned half;
    size_t used;                   /* pages of it */
    struct region owners[STRETCH]; /* of each page: what was there last */
};

enum { DATA_AT_END, DATA_AT_BEGIN, MESSAGES, STRETCHES };

struct guard {
    size_t page;
    struct stretch stretches[STRETCHES];
    struct region live[LIVE_MAX];
    unsigned live_count;
    bool at_begin;       /* the next data */
    struct region large; /* what is larger than a half: mapped for itself, until the next one */
};

int guard_new(struct guard **made)
{
    struct guard *guard = calloc(1, sizeof *guard);

    *made = guard;
    if (!guard)
        return -ENOMEM;
    guard->page = (size_t)sysconf(_SC_PAGESIZE);
    guard->stretches[DATA_AT_BEGIN].side = AT_BEGIN;
    for (int i = 0; i < STRETCHES; i++) {
        void *base = mmap(NULL, STRETCH * guard->page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (base == MAP_FAILED)
            return -errno;
        guard->stretches[i].base = base;
        guard->stretches[i].used = HALF; /* the first one opens a half */
    }
    return 0;
}

void guard_free(struct guard *guard)
{
    if (!guard)
        return;
    for (int i = 0; i < STRETCHES; i++)
        if (guard->stretches[i].base)
            munmap(guard->stretches[i].base, STRETCH * guard->page);
    if (guard->large.pages)
        munmap(guard->large.pages, guard->large.size);
    free(guard);
}

void guard_begin(struct guard *guard)
{
    guard->at_begin = false;
}

/* -- Pages --------------------------------------------------------------------------------------- */

/* Opens the other half. */
static bool turn(const struct guard *guard, struct stretch *stretch)
{
    unsigned half = !stretch->half;
    char *from = stretch->base + (1 + half * (HALF + 1)) * guard->page;

    if (mprotect(from, HALF * guard->page, PROT_READ | PROT_WRITE) < 0)
        return false;
    stretch->half = half;
    stretch->used = 0;
    return true;
}

/* Pages for len bytes. */
static bool take(const struct guard *guard, struct stretch *stretch, size_t len, struct region *region)
{
    size_t count = (len + guard->page - 1) / guard->page, first;

    count += count == 0;
    if (count > HALF || (stretch->used + count > HALF && !turn(guard, stretch)))
        return false;
    first = 1 + stretch->half * (HALF + 1);
    first += stretch->side == AT_END ? HALF - stretch->used - count : stretch->used;
    stretch->used += count;
    region->pages = stretch->base + first * guard->page;
    region->size = count * guard->page;
    region->side = stretch->side;
    region->begin = region->pages + (stretch->side == AT_END ? region->size - len : 0);
    for (size_t i = 0; i < count; i++)
        stretch->owners[first + i] = *region;
    return true;
}

/* Between two closed pages; where what was there before was, is nothing afterwards. */
static bool take_large(struct guard *guard, size_t len, struct region *region)
{
    size_t size = (len + guard->page - 1) / guard->page * guard->page;
    char *pages = mmap(NULL, size + 2 * guard->page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (pages == MAP_FAILED)
        return false;
    if (mprotect(pages + guard->page, size, PROT_READ | PROT_WRITE) < 0) {
        munmap(pages, size + 2 * guard->page);
        return false;
    }
    if (guard->large.pages)
        munmap(guard->large.pages, guard->large.size);
    guard->large = *region;
    guard->large.pages = pages;
    guard->large.size = size + 2 * guard->page;
    guard->large.begin = pages + guard->page + size - len;
    *region = guard->large;
    region->side = AT_END;
    region->pages = pages + guard->page;
    region->size = size;
    return true;
}

/* -- What hooks get ---------------------------------------------------------------------------------- */

char *guard_copy(struct guard *guard, const char *bytes, size_t len, enum guard_kind kind, const void *whose)
{
    struct region region = { .len = len + (kind == GUARD_MESSAGE), .kind = kind, .whose = whose };
    int which = MESSAGES;

    if (kind == GUARD_DATA) {
        which = guard->at_begin ? DATA_AT_BEGIN : DATA_AT_END;
        guard->at_begin = !guard->at_begin;
    }
    if (len > SIZE_MAX - 3 * guard->page)
        return NULL;
    if (region.len > HALF * guard->page ? !take_large(guard, region.len, &region)
                                        : !take(guard, &guard->stretches[which], region.len, &region))
        return NULL;
    memcpy(region.begin, bytes, len);
    if (kind == GUARD_MESSAGE)
        region.begin[len] = '\0';
    if (guard->live_count < LIVE_MAX)
        guard->live[guard->live_count++] = region;
    return region.begin;
}

char *guard_message(struct guard *guard, const void *whose, size_t len)
{
    for (unsigned i = guard->live_count; i-- > 0;)
        if (guard->live[i].kind == GUARD_MESSAGE && guard->live[i].whose == whose)
            return guard->live[i].len == len + 1 ? guard->live[i].begin : NULL;
    return NULL;
}

void guard_drop(struct guard *guard, const void *whose)
{
    for (unsigned i = 0; i < guard->live_count; i++)
        if (guard->live[i].whose == whose)
            guard->live[i].whose = NULL;
}

void guard_close(struct guard *guard)
{
    while (guard->live_count) {
        const struct region *region = &guard->live[--guard->live_count];
        mprotect(region->pages, region->size, PROT_NONE);
    }
}

/* -- In a signal handler ------------------------------------------------------------------------------- */

static void tell_old(const struct region *region, struct words *words)
{
    words_text(words, region->kind == GUARD_DATA
                          ? "used collected data of an earlier call after the hook had returned"
                          : "used a message (confab_chat_message) after the hook had returned");
    words_text(words, " (it was of ");
    words_number(words, region->len - (region->kind == GUARD_MESSAGE));
    words_text(words, " bytes)");
}

static void tell_over(const struct region *region, const char *at, struct words *words)
{
    bool behind = at >= region->begin + region->len;

    words_text(words, behind ? "read past the end of the " : "read before the beginning of the ");
    words_text(words, region->kind == GUARD_DATA ? "data (" : "message (");
    words_number(words, region->len - (region->kind == GUARD_MESSAGE));
    words_text(words, " bytes)");
}

static bool covers(const struct region *region, const char *at)
{
    return region->begin && at >= region->begin && at < region->begin + region->len;
}

/* How many bytes an address is away from what a hook has now, on the closed side of it; SIZE_MAX: it is not. */
static size_t beyond(const struct guard *guard, const struct region *live, const char *at)
{
    size_t away = SIZE_MAX;

    if (live->side == AT_END && at >= live->begin + live->len)
        away = (size_t)(at - (live->begin + live->len));
    else if (live->side == AT_BEGIN && at < live->begin)
        away = (size_t)(live->begin - at) - 1;
    return away < guard->page ? away : SIZE_MAX;
}

/* What lay in a page last; NULL: nothing, or it is no page of ours. */
static const struct region *owner_of(const struct guard *guard, const char *at)
{
    for (int i = 0; i < STRETCHES; i++) {
        const struct stretch *stretch = &guard->stretches[i];
        if (at >= stretch->base && at < stretch->base + STRETCH * guard->page)
            return &stretch->owners[(size_t)(at - stretch->base) / guard->page];
    }
    return guard->large.pages && at >= guard->large.pages && at < guard->large.pages + guard->large.size
               ? &guard->large
               : NULL;
}

bool guard_tell(const struct guard *guard, const void *address, struct words *words)
{
    const char *at = address;
    const struct region *owner = owner_of(guard, at);

    if (!owner)
        return false;
    for (unsigned i = 0; i < guard->live_count; i++) {
        size_t away = beyond(guard, &guard->live[i], at);
        if (away < FAR || (away != SIZE_MAX && !covers(owner, at))) {
            tell_over(&guard->live[i], at, words);
            return true;
        }
    }
    if (!owner->begin)
        return false;
    tell_old(owner, words);
    return true;
}
