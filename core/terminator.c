/* terminator.c: the table of terminators, and the search for one.
 *
 * A plain search by comparing is quadratic for a peer who knows how; memmem of
 * the C libraries is linear or fast, not both.  Hence two ways: memchr for the
 * last byte, because a terminator's last byte (LF) is rarer in what comes before
 * it than its first, and Knuth-Morris-Pratt once that has been made to waste
 * more than it gained. */
#include "core/terminator.h"
#include <assert.h>
#include <string.h>

enum {
    TERMINATORS_FIRST_CHAINS = 16,
    TERMINATOR_WASTE = 64,        /* compares that one search may waste in any case, ... */
    TERMINATOR_WASTE_DIVISOR = 8, /* ... and one more for each so many bytes that it went on */
    WORTH_A_SEARCH = 8,           /* times the length of the terminator */
};

/* -- the table ------------------------------------------------------------- */

/* FNV-1a, from a start that differs by process and table: a peer may choose
 * what a plugin makes a terminator, and is not to choose where it is filed. */
static uint32_t hash_bytes(const struct terminators *table, const char *bytes, size_t len)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ (uint64_t)(uintptr_t)table;

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
    return (uint32_t)(hash ^ hash >> 32);
}

static struct terminator **chain_of(struct terminators *table, uint32_t hash)
{
    return &table->chain[hash & (table->chains - 1)];
}

/* Doubles the chains.  False: out of memory; the table is as it was. */
static bool add_chains(struct terminators *table)
{
    struct terminators wider = *table;

    wider.chains = table->chains ? 2 * table->chains : TERMINATORS_FIRST_CHAINS;
    if (wider.chains == 0) /* 2^32 of them */
        return false;
    wider.chain = alloc_zeroed(table->alloc, wider.chains * sizeof *wider.chain);
    if (!wider.chain)
        return false;
    for (uint32_t i = 0; i < table->chains; i++) {
        struct terminator *terminator, *next;

        for (terminator = table->chain[i]; terminator; terminator = next) {
            struct terminator **chain = chain_of(&wider, terminator->hash);

            next = terminator->next;
            terminator->next = *chain;
            *chain = terminator;
        }
    }
    alloc_free(table->alloc, table->chain);
    *table = wider;
    return true;
}

static void fill_borders(struct terminator *terminator)
{
    const char *bytes = terminator->bytes;
    uint16_t *border = terminator->border;
    uint32_t known = 0; /* border of what lies before i */

    border[0] = 0;
    for (uint32_t i = 1; i < terminator->len; i++) {
        while (known > 0 && bytes[known] != bytes[i])
            known = border[known - 1];
        if (bytes[known] == bytes[i])
            known++;
        border[i] = (uint16_t)known;
    }
}

static struct terminator *terminator_new(const struct alloc *alloc, const void *bytes, size_t len,
                                         uint32_t hash)
{
    size_t at_border = (len + sizeof(uint16_t) - 1) / sizeof(uint16_t) * sizeof(uint16_t);
    struct terminator *terminator = alloc_new(alloc, sizeof *terminator + at_border + len * sizeof(uint16_t));

    if (!terminator)
        return NULL;
    terminator->hash = hash;
    terminator->refs = 1;
    terminator->len = (uint32_t)len;
    terminator->border = (uint16_t *)(void *)(terminator->bytes + at_border);
    memcpy(terminator->bytes, bytes, len);
    fill_borders(terminator);
    return terminator;
}

void terminators_init(struct terminators *table, const struct alloc *alloc)
{
    *table = (struct terminators){ .alloc = alloc };
}

void terminators_free(struct terminators *table)
{
    assert(table->count == 0);
    alloc_free(table->alloc, table->chain);
    terminators_init(table, table->alloc);
}

struct terminator *terminator_get(struct terminators *table, const void *bytes, size_t len)
{
    uint32_t hash = hash_bytes(table, bytes, len);
    struct terminator *terminator, **chain;

    assert(len >= 1 && len <= (size_t)UINT16_MAX + 1);
    /* A table that cannot grow goes on with longer chains; one that has none cannot. */
    if (table->count >= table->chains && !add_chains(table) && table->chains == 0)
        return NULL;
    chain = chain_of(table, hash);
    for (terminator = *chain; terminator; terminator = terminator->next) {
        if (terminator->hash == hash && terminator->len == len &&
            memcmp(terminator->bytes, bytes, len) == 0) {
            terminator->refs++;
            return terminator;
        }
    }
    terminator = terminator_new(table->alloc, bytes, len, hash);
    if (!terminator)
        return NULL;
    terminator->next = *chain;
    *chain = terminator;
    table->count++;
    return terminator;
}

void terminator_ref(struct terminator *terminator)
{
    terminator->refs++;
}

void terminator_unref(struct terminators *table, struct terminator *terminator)
{
    struct terminator **link;

    assert(terminator->refs > 0);
    if (--terminator->refs > 0)
        return;
    for (link = chain_of(table, terminator->hash); *link != terminator; link = &(*link)->next)
        ;
    *link = terminator->next;
    table->count--;
    alloc_free(table->alloc, terminator);
}

/* -- the search ------------------------------------------------------------ */

#ifdef CONFAB_COUNT_COMPARES

static uint64_t compares;

static inline bool same(char a, char b)
{
    compares++;
    return a == b;
}

uint64_t terminator_compares(void)
{
    return compares;
}

#else

static inline bool same(char a, char b)
{
    return a == b;
}

uint64_t terminator_compares(void)
{
    return 0;
}

#endif

/* How far a search has come: `state` bytes of the terminator lie just before
 * data[at].  state == len: found. */
struct progress {
    size_t at, state;
};

/* Knuth-Morris-Pratt, to the end of data, to a match, or (until_clear) to where
 * what may be one has begun in data, and enough of that follows for a search
 * from there to be worth looking at those bytes again. */
static void walk(const struct terminator *terminator, const char *data, size_t n, bool until_clear,
                 struct progress *progress)
{
    const size_t len = terminator->len;
    size_t at = progress->at, state = progress->state;

    while (at < n) {
        char c;

        if (state == 0) {
            const char *first = memchr(data + at, terminator->bytes[0], n - at);

            at = first ? (size_t)(first - data) : n;
            if (!first)
                break;
        }
        c = data[at++];
        while (state > 0 && !same(terminator->bytes[state], c))
            state = terminator->border[state - 1];
        if (state > 0 || same(terminator->bytes[0], c))
            state++;
        if (state == len || (until_clear && state <= at && n - at >= WORTH_A_SEARCH * len))
            break;
    }
    progress->at = at;
    progress->state = state;
}

/* Compares backwards what lies before a candidate for the last byte, at most
 * `room` bytes.  Returns how many bytes of the terminator, from its first, are
 * not known to be there: 0 is a match. */
static size_t verify(const struct terminator *terminator, const char *candidate, size_t room)
{
    size_t last = terminator->len - 1;
    size_t unknown = last, stop = last > room ? last - room : 0;
    const char *start = candidate - last;

    while (unknown > stop && same(start[unknown - 1], terminator->bytes[unknown - 1]))
        unknown--;
    return unknown;
}

/* From data[at], where nothing of a terminator lies before it; before data[from] there is no candidate. */
static void search_last_byte(const struct terminator *terminator, const char *data, size_t n, size_t from,
                             struct progress *progress)
{
    const size_t last = terminator->len - 1, begin = progress->at;
    const char *candidate, *end;
    size_t wasted = 0;

    if (n - begin <= last) {
        walk(terminator, data, n, false, progress);
        return;
    }
    candidate = data + (from > begin + last ? from : begin + last);
    end = data + n;
    while (candidate < end &&
           (candidate = memchr(candidate, terminator->bytes[last], (size_t)(end - candidate))) != NULL) {
        size_t at = (size_t)(candidate - data);
        size_t bound = TERMINATOR_WASTE + (at - begin) / TERMINATOR_WASTE_DIVISOR;
        size_t unknown = verify(terminator, candidate, bound - wasted);

        if (unknown == 0) {
            *progress = (struct progress){ .at = at + 1, .state = last + 1 };
            return;
        }
        wasted += last - unknown + 1;
        if (wasted >= bound) {
            /* Up to here no match has begun; this candidate's may, where room ended its comparison. */
            *progress = (struct progress){ .at = at - last, .state = 0 };
            walk(terminator, data, n, false, progress);
            return;
        }
        candidate++;
    }
    /* None is whole.  One may have begun in the last bytes. */
    *progress = (struct progress){ .at = n - last, .state = 0 };
    walk(terminator, data, n, false, progress);
}

/* All cases; before data[from] there is no candidate for the last byte. */
__attribute__((noinline)) static void search_any(const struct terminator *terminator, size_t held,
                                                 const char *data, size_t n, struct terminator_match *match,
                                                 size_t from)
{
    struct progress progress = { .at = 0, .state = held };

    if (held > 0) {
        walk(terminator, data, n, true, &progress);
        if (progress.state < terminator->len && progress.at < n && progress.state <= progress.at)
            progress = (struct progress){ .at = progress.at - progress.state };
    }
    if (progress.state == 0)
        search_last_byte(terminator, data, n, from, &progress);

    /* What matched may reach back into the held prefix. */
    if (progress.state > progress.at) {
        match->released = held - (progress.state - progress.at);
        match->body = 0;
    } else {
        match->released = held;
        match->body = progress.at - progress.state;
    }
    match->used = progress.at - match->body;
    match->found = progress.state == terminator->len;
    match->held = match->found ? 0 : progress.state;
}

void terminator_search(const struct terminator *terminator, size_t held, const char *data, size_t n,
                       struct terminator_match *match)
{
    const size_t len = terminator->len;
    const char *candidate;
    size_t from = 0;

    assert(held < len);
    if (held == 0 && n >= len) {
        candidate = memchr(data + len - 1, terminator->bytes[len - 1], n - len + 1);
        /* Nearly every search is for CRLF and ends here, at half the cost of the way below. */
        if (candidate && len <= 2 && same(candidate[1 - (ptrdiff_t)len], terminator->bytes[0])) {
            *match = (struct terminator_match){ .body = (size_t)(candidate - data) - (len - 1),
                                                .used = len,
                                                .found = true };
            return;
        }
        from = candidate ? (size_t)(candidate - data) : n;
    }
    search_any(terminator, held, data, n, match, from);
}
