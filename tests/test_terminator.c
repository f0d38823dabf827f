/* test_terminator.c: terminators and the search for them.  terminator.c is part
 * of this file, built to count what it compares. */
#define CONFAB_COUNT_COMPARES
#include "core/terminator.c"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static long blocks;
static long allocs_to_go = -1;      /* until one fails; -1: none does */
static size_t alloc_max = SIZE_MAX; /* larger ones fail */

static void *counting_alloc(void *data, void *old, size_t n)
{
    void *p;

    (void)data;
    if (n == 0) {
        free(old);
        blocks--;
        return NULL;
    }
    if (allocs_to_go == 0 || n > alloc_max)
        return NULL;
    if (allocs_to_go > 0)
        allocs_to_go--;
    p = realloc(old, n);
    blocks += p && !old;
    return p;
}

static const struct alloc test_alloc = { .call = counting_alloc };
static struct terminators table;

static void setup(void)
{
    terminators_init(&table, &test_alloc);
}

static void teardown(void)
{
    terminators_free(&table);
    /* An assertion that fails after a test does not count; a crash does. */
    if (blocks != 0)
        abort();
}

TestSuite(terminator, .init = setup, .fini = teardown);

static struct terminator *get(const char *text)
{
    return terminator_get(&table, text, strlen(text));
}

/* -- the table ------------------------------------------------------------- */

Test(terminator, equal_ones_are_the_same)
{
    char text[] = "\r\n";
    struct terminator *first = get("\r\n"), *second = get(text), *other = get("\r\n."), *shorter = get("\r");

    cr_assert_eq(first, second);
    cr_assert_neq(first, other);
    cr_assert_neq(first, shorter);
    cr_assert_eq(first->len, 2);
    cr_assert_eq(first->refs, 2);
    terminator_unref(&table, first);
    terminator_unref(&table, second);
    terminator_unref(&table, other);
    terminator_unref(&table, shorter);
    cr_assert_eq(table.count, 0);
}

Test(terminator, its_bytes_may_be_any)
{
    struct terminator *first = terminator_get(&table, "a\0b", 3), *second = terminator_get(&table, "a\0c", 3);
    struct terminator_match match;

    cr_assert_neq(first, second);
    terminator_search(second, 0, "a\0ba\0c", 6, &match);
    cr_assert(match.found);
    cr_assert_eq(match.body, 3);
    terminator_unref(&table, first);
    terminator_unref(&table, second);
}

Test(terminator, lives_until_its_last_reference_is_given_back)
{
    struct terminator *terminator = get("end");

    terminator_ref(terminator);
    terminator_unref(&table, terminator);
    cr_assert_eq(table.count, 1);
    cr_assert_eq(memcmp(terminator->bytes, "end", 3), 0);
    terminator_unref(&table, terminator);
    cr_assert_eq(table.count, 0);
}

Test(terminator, many_are_found_again_in_a_table_that_grows)
{
    enum { MANY = 1000 };
    static struct terminator *all[MANY];
    char text[16];

    for (int i = 0; i < MANY; i++) {
        snprintf(text, sizeof text, "end %d", i);
        all[i] = get(text);
    }
    cr_assert_geq(table.chains, MANY, "it did not grow");
    for (int i = 0; i < MANY; i++) {
        snprintf(text, sizeof text, "end %d", i);
        cr_assert_eq(get(text), all[i]);
        terminator_unref(&table, all[i]);
    }
    for (int i = MANY; i-- > 0;)
        terminator_unref(&table, all[i]);
}

Test(terminator, those_of_one_hash_are_told_apart)
{
    static const char *const others[] = { "enx", "en" };

    for (int i = 0; i < 2; i++) {
        struct terminator *terminator = get("end"), *other;

        /* Filed as if it had the other's hash. */
        *chain_of(&table, terminator->hash) = NULL;
        terminator->hash = hash_bytes(&table, others[i], strlen(others[i]));
        *chain_of(&table, terminator->hash) = terminator;
        other = get(others[i]);
        cr_assert_neq(other, terminator);
        terminator_unref(&table, terminator);
        terminator_unref(&table, other);
    }
}

Test(terminator, borders_are_those_of_the_prefixes)
{
    static const uint16_t border[] = { 0, 0, 1, 2, 3, 0, 1, 2 };
    struct terminator *terminator = get("ababacab");

    for (int i = 0; i < 8; i++)
        cr_expect_eq(terminator->border[i], border[i]);
    terminator_unref(&table, terminator);
}

Test(terminator, without_memory_there_is_none_and_the_table_is_whole)
{
    struct terminator *terminator;

    for (long i = 0; i < 2; i++) {
        allocs_to_go = i;
        cr_assert_null(get("end"));
        cr_assert_eq(table.count, 0);
    }
    allocs_to_go = -1;
    terminator = get("end");
    cr_assert_not_null(terminator);
    allocs_to_go = 0;
    cr_assert_eq(get("end"), terminator, "one that exists needs no memory");
    terminator_unref(&table, terminator);
    terminator_unref(&table, terminator);
}

Test(terminator, a_table_that_cannot_grow_goes_on_as_it_is)
{
    enum { MANY = 100 };
    struct terminator *all[MANY];
    char text[16];

    alloc_max = 16 * sizeof(struct terminator *); /* the first chains */
    for (int i = 0; i < MANY; i++) {
        snprintf(text, sizeof text, "end %d", i);
        all[i] = get(text);
        cr_assert_not_null(all[i]);
    }
    cr_assert_eq(table.chains, 16);
    for (int i = 0; i < MANY; i++) {
        snprintf(text, sizeof text, "end %d", i);
        cr_assert_eq(get(text), all[i]);
        terminator_unref(&table, all[i]);
        terminator_unref(&table, all[i]);
    }
}

/* -- one search ------------------------------------------------------------ */

/* Searches once, `held` bytes having arrived before. */
static struct terminator_match search(const char *text, size_t held, const char *data)
{
    struct terminator *terminator = get(text);
    struct terminator_match match;

    terminator_search(terminator, held, data, strlen(data), &match);
    terminator_unref(&table, terminator);
    return match;
}

static void expect_match(struct terminator_match match, size_t released, size_t body, size_t used,
                         size_t held, bool found)
{
    cr_expect_eq(match.released, released, "released %zu", match.released);
    cr_expect_eq(match.body, body, "body %zu", match.body);
    cr_expect_eq(match.used, used, "used %zu", match.used);
    cr_expect_eq(match.held, held, "held %zu", match.held);
    cr_expect_eq(match.found, found);
}

Test(terminator, finds_the_first_match)
{
    expect_match(search("\r\n", 0, "hello\r\nworld\r\n"), 0, 5, 2, 0, true);
    expect_match(search("\r\n", 0, "\r\n"), 0, 0, 2, 0, true);
    expect_match(search("\r\n", 0, "a\nb\rc\r\r\nd"), 0, 6, 2, 0, true);
    expect_match(search(".", 0, "a.b."), 0, 1, 1, 0, true);
}

Test(terminator, without_a_match_all_but_a_prefix_is_body)
{
    expect_match(search("\r\n", 0, "hello"), 0, 5, 0, 0, false);
    expect_match(search("\r\n", 0, "hello\r"), 0, 5, 1, 1, false);
    expect_match(search("abab", 0, "xxaba"), 0, 2, 3, 3, false);
    expect_match(search("aab", 0, "aaaa"), 0, 2, 2, 2, false);
}

Test(terminator, finds_a_match_that_began_before)
{
    expect_match(search("\r\n", 1, "\nhello"), 0, 0, 1, 0, true);
    expect_match(search("\r\n.\r\n", 2, ".\r\nx"), 0, 0, 3, 0, true);
    expect_match(search("\r\n.\r\n", 2, ".\r"), 0, 0, 2, 4, false);
}

Test(terminator, releases_a_prefix_that_was_none)
{
    expect_match(search("\r\n", 1, "hello"), 1, 5, 0, 0, false);
    expect_match(search("\r\n", 1, "x\r\ny"), 1, 1, 2, 0, true);
    expect_match(search("\r\n", 1, "\r"), 1, 0, 1, 1, false);
    expect_match(search("\r\n", 1, "\r\n"), 1, 0, 2, 0, true);
}

Test(terminator, releases_only_the_front_of_a_prefix_whose_end_may_still_match)
{
    expect_match(search("aab", 2, "a"), 1, 0, 1, 2, false);
    expect_match(search("aab", 2, "ab"), 1, 0, 2, 0, true);
    expect_match(search("ababc", 4, "ab"), 2, 0, 2, 4, false);
    expect_match(search("ababc", 4, "abc"), 2, 0, 3, 0, true);
}

Test(terminator, keeps_what_is_held_where_nothing_arrives)
{
    struct terminator *terminator = get("\r\n");
    struct terminator_match match;

    terminator_search(terminator, 1, NULL, 0, &match);
    expect_match(match, 0, 0, 0, 1, false);
    terminator_search(terminator, 0, NULL, 0, &match);
    expect_match(match, 0, 0, 0, 0, false);
    terminator_unref(&table, terminator);
}

/* -- a stream, against a search that looks at every place --------------------- */

enum { OUT_MAX = 8192 };

/* What is collected, with a '|' where a message ends. */
struct transcript {
    size_t len;
    char text[OUT_MAX];
};

static void emit(struct transcript *out, const char *bytes, size_t len)
{
    cr_assert_leq(len, OUT_MAX - out->len);
    memcpy(out->text + out->len, bytes, len);
    out->len += len;
}

/* What a chat does with one read.  Returns what is held then. */
static size_t feed(const struct terminator *terminator, size_t held, const char *data, size_t n,
                   struct transcript *out)
{
    struct terminator_match match;
    bool again = false;

    for (;;) {
        terminator_search(terminator, held, data, n, &match);
        if (match.released > held || match.body + match.used > n || match.held >= terminator->len ||
            (!match.found && match.body + match.used != n) || (match.found && match.held) ||
            (match.body && match.released != held) || (again && match.released))
            cr_assert_fail("a match that cannot be");
        again = match.released > 0;
        if (again) {
            held -= match.released;
            emit(out, terminator->bytes, match.released);
            continue;
        }
        emit(out, data, match.body);
        if (!match.found)
            return match.held;
        emit(out, "|", 1);
        held = 0;
        data += match.body + match.used;
        n -= match.body + match.used;
    }
}

static void reference(const struct terminator *terminator, const char *data, size_t n, struct transcript *out)
{
    size_t begin = 0, len = terminator->len;

    out->len = 0;
    for (size_t end = 1; end <= n; end++) {
        if (end - begin >= len && memcmp(data + end - len, terminator->bytes, len) == 0) {
            emit(out, data + begin, end - len - begin);
            emit(out, "|", 1);
            begin = end;
        }
    }
    emit(out, data + begin, n - begin);
}

static void expect_same(const struct terminator *terminator, const char *data, size_t n,
                        const struct transcript *got, const struct transcript *wanted)
{
    if (got->len != wanted->len || memcmp(got->text, wanted->text, got->len) != 0)
        cr_assert_fail("terminator '%.*s', stream '%.*s': '%.*s' instead of '%.*s'", (int)terminator->len,
                       terminator->bytes, (int)n, data, (int)got->len, got->text, (int)wanted->len,
                       wanted->text);
}

/* Text of a's and b's: the bits of a number. */
static void spell(unsigned bits, size_t len, char *text)
{
    for (size_t i = 0; i < len; i++)
        text[i] = bits >> i & 1 ? 'b' : 'a';
}

/* All ways to cut one stream into up to three reads. */
static void try_all_splits(const struct terminator *terminator, const char *data, size_t n)
{
    static struct transcript wanted, got;

    reference(terminator, data, n, &wanted);
    for (size_t first = 0; first <= n; first++) {
        for (size_t second = first; second <= n; second++) {
            size_t held;

            got.len = 0;
            held = feed(terminator, 0, data, first, &got);
            held = feed(terminator, held, data + first, second - first, &got);
            held = feed(terminator, held, data + second, n - second, &got);
            emit(&got, terminator->bytes, held);
            expect_same(terminator, data, n, &got, &wanted);
        }
    }
}

Test(terminator, every_short_stream_is_cut_in_the_same_places_however_it_is_split)
{
    enum { TERMINATOR_LEN = 4, STREAM_LEN = 8 };
    char text[TERMINATOR_LEN], data[STREAM_LEN];

    for (size_t len = 1; len <= TERMINATOR_LEN; len++) {
        for (unsigned bits = 0; bits < 1u << len; bits++) {
            struct terminator *terminator;

            spell(bits, len, text);
            terminator = terminator_get(&table, text, len);
            for (size_t n = 0; n <= STREAM_LEN; n++) {
                for (unsigned stream = 0; stream < 1u << n; stream++) {
                    spell(stream, n, data);
                    try_all_splits(terminator, data, n);
                }
            }
            terminator_unref(&table, terminator);
        }
    }
}

static unsigned random_below(uint64_t *seed, unsigned n)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return (unsigned)(*seed >> 33) % n;
}

/* Pieces of the terminator, whole ones and others, with a letter in between. */
static size_t random_stream(const struct terminator *terminator, uint64_t *seed, char *data, size_t room)
{
    size_t n = 0;

    while (n + terminator->len + 1 < room) {
        size_t piece = random_below(seed, terminator->len + 1);

        memcpy(data + n, terminator->bytes, piece);
        n += piece;
        if (random_below(seed, 4) == 0)
            data[n++] = "ab"[random_below(seed, 2)];
    }
    return n;
}

Test(terminator, long_streams_are_cut_in_the_same_places_however_they_are_split)
{
    enum { STREAMS = 3000, ROOM = 2000, TERMINATOR_LEN = 12 };
    static struct transcript wanted, got;
    static char data[ROOM];
    uint64_t seed = 12345;

    for (int i = 0; i < STREAMS; i++) {
        char text[TERMINATOR_LEN];
        size_t len = 1 + random_below(&seed, TERMINATOR_LEN),
               longest = 1 + random_below(&seed, i % 2 ? 10 : ROOM);
        struct terminator *terminator;
        size_t n, held = 0;

        spell(random_below(&seed, 1u << len) & (i % 3 ? ~0u : 1u << (len - 1)), len, text);
        terminator = terminator_get(&table, text, len);
        n = random_stream(terminator, &seed, data, ROOM);
        reference(terminator, data, n, &wanted);
        got.len = 0;
        for (size_t at = 0, size; at < n; at += size) {
            size = random_below(&seed, (unsigned)longest + 1);
            if (size > n - at)
                size = n - at;
            held = feed(terminator, held, data + at, size, &got);
        }
        emit(&got, terminator->bytes, held);
        expect_same(terminator, data, n, &got, &wanted);
        terminator_unref(&table, terminator);
    }
}

/* -- what it costs ----------------------------------------------------------- */

enum { FLOOD = 1 << 18 };

/* What the fast way may waste in a read of n bytes: WASTE + n / WASTE_DIVISOR. */
enum { WASTE = 64, WASTE_DIVISOR = 8 };

static char *repeat(const char *pattern, size_t n)
{
    size_t len = strlen(pattern);
    char *data = malloc(n);

    cr_assert_not_null(data);
    for (size_t i = 0; i < n; i++)
        data[i] = pattern[i % len];
    return data;
}

/* Searches a flood of a pattern in reads of one size.  Linear means: two
 * compares a byte, and in a read that is long enough for the fast way what that
 * may waste. */
static void expect_linear(const struct terminator *terminator, const char *pattern, size_t size)
{
    char *data = repeat(pattern, FLOOD);
    uint64_t before = terminator_compares(), limit = 2 * FLOOD, spent;
    size_t held = 0;

    for (size_t at = 0; at < FLOOD;) {
        size_t n = FLOOD - at < size ? FLOOD - at : size;
        struct terminator_match match;

        terminator_search(terminator, held, data + at, n, &match);
        limit += n >= terminator->len ? WASTE + n / WASTE_DIVISOR : 0;
        held = match.held;
        at += match.body + match.used;
    }
    spent = terminator_compares() - before;
    cr_expect_leq(spent, limit, "%llu compares for '%.8s...' in reads of %zu", (unsigned long long)spent,
                  pattern, size);
    free(data);
}

static void expect_linear_reads(const struct terminator *terminator, const char *pattern)
{
    static const size_t size[] = { 1, 2, 3, 100, 4096, 65536, FLOOD };

    for (size_t i = 0; i < sizeof size / sizeof *size; i++)
        expect_linear(terminator, pattern, size[i]);
}

Test(terminator, a_flood_is_searched_in_linear_time)
{
    static const struct {
        const char *terminator, *flood;
    } cases[] = {
        { "\r\n", "\r" },
        { "\r\n", "\n" },
        { "\r\n", "\n\r" },
        { "\r\n\r\n", "\r\n" },
        { "\r\n\r\n", "\r\n\n" },
        { "\r\n.\r\n", ".\r\n" },
        { "aaaaaaaaaaaaaaab", "a" },
        { "baaaaaaaaaaaaaaa", "a" },
        { "aaaaaaaabaaaaaaa", "a" },
        { "abababababababab", "abababababababa" },
        { "abababababababab", "ab" },
        { "abababababababac", "ab" },
        { "cbababababababab", "ab" },
        { "abaababaabaab", "abaababaabaaa" },
        { "abaababaabaab", "abaab" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct terminator *terminator = get(cases[i].terminator);

        expect_linear_reads(terminator, cases[i].flood);
        terminator_unref(&table, terminator);
    }
}

/* All one letter, but for the byte at `odd`. */
static void flood_longest(size_t odd, const char *flood)
{
    enum { LONGEST = 65536 };
    char *text = repeat("a", LONGEST);
    struct terminator *terminator;

    text[odd] = 'b';
    terminator = terminator_get(&table, text, LONGEST);
    expect_linear_reads(terminator, flood);
    terminator_unref(&table, terminator);
    free(text);
}

Test(terminator, the_longest_terminators_are_searched_in_linear_time)
{
    flood_longest(65535, "a");
    flood_longest(0, "a");
    flood_longest(1, "a");
    flood_longest(32768, "a");
    flood_longest(65535, "aaaaaaab");
}

Test(terminator, the_longest_terminator_is_found_in_single_bytes)
{
    enum { LONGEST = 65536, EXTRA = 1000 };
    char *data = repeat("a", LONGEST + EXTRA);
    struct terminator *terminator;
    struct terminator_match match = { .held = 0 };
    size_t released = 0, at = 0;

    data[LONGEST + EXTRA - 1] = 'b';
    terminator = terminator_get(&table, data + EXTRA, LONGEST);
    while (at < LONGEST + EXTRA && !match.found) {
        terminator_search(terminator, match.held, data + at++, 1, &match);
        released += match.released;
    }
    cr_assert(match.found);
    cr_assert_eq(at, LONGEST + EXTRA);
    cr_assert_eq(released, EXTRA);
    terminator_unref(&table, terminator);
    free(data);
}

Test(terminator, ordinary_lines_are_searched_without_a_compare_a_byte)
{
    enum { LINE = 41 };
    struct terminator *terminator = get("\r\n");
    char *data = repeat("a line\rof forty-one\rbytes,\ras they come..", FLOOD);
    uint64_t before = terminator_compares();
    struct terminator_match match;

    terminator_search(terminator, 0, data, FLOOD, &match);
    cr_assert_leq(terminator_compares() - before, 2);
    before = terminator_compares();
    terminator_search(terminator, 1, data, FLOOD, &match); /* a prefix that was none costs no more */
    cr_assert_leq(terminator_compares() - before, 4);
    for (size_t i = LINE - 1; i < FLOOD; i += LINE) /* bare line feeds do not drive it from the fast way */
        data[i] = '\n';
    before = terminator_compares();
    terminator_search(terminator, 0, data, FLOOD, &match);
    cr_assert_leq(terminator_compares() - before, FLOOD / LINE + 3);
    terminator_unref(&table, terminator);
    free(data);
}
