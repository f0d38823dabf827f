/* test_producers_globbing.c: small pieces are joined, and nothing waits that could leave. */
#include "chat_support.h"
#include "script.h"
#include "support.h"

static void *glob(struct script *script, size_t buffer_size)
{
    return confab_globbing_producer_new(&script_ops, script, buffer_size);
}

/* Asked by hand, it gives this piece. */
static void cr_piece(struct talk *talk, void *self, const char *text)
{
    const char *bytes = NULL;
    ssize_t n = confab_globbing_producer_ops.more(self, talk->chat, 65536, &bytes);

    cr_assert_eq(n, (ssize_t)strlen(text), "%zd bytes instead of \"%s\"", n, text);
    cr_assert_eq(memcmp(n ? bytes : "", text, strlen(text)), 0, "\"%.*s\" instead of \"%s\"", (int)n, bytes,
                 text);
}

static void cr_answer(struct talk *talk, void *self, ssize_t answer)
{
    const char *bytes = NULL;
    ssize_t n = confab_globbing_producer_ops.more(self, talk->chat, 65536, &bytes);

    cr_assert_eq(n, answer, "%zd instead of %zd", n, answer);
}

static void end(struct talk *talk, void *self)
{
    confab_globbing_producer_ops.release(self);
    talk_end(talk);
}

Test(producers_globbing, joins_pieces_until_its_buffer_is_full)
{
    static const struct step steps[] = { { .text = "a" },    { .text = "bc" }, { .text = "def" },
                                         { .text = "ghij" }, { .text = "k" },  { .text = "l" } };
    struct script script = SCRIPT(steps);
    struct talk talk = { 0 };
    void *self = glob(&script, 5);

    talk_open(&talk);
    cr_piece(&talk, self, "abcde");
    cr_assert_eq(script.asked, 3, "asked for more than fits");
    cr_piece(&talk, self, "fghij");
    cr_piece(&talk, self, "kl");
    cr_answer(&talk, self, 0);
    cr_answer(&talk, self, 0);
    end(&talk, self);
    cr_assert_eq(script.released, 1);
}

Test(producers_globbing, gives_a_piece_that_fills_its_buffer_as_it_is)
{
    static const struct step steps[] = { { .text = "0123456789" }, { .text = "a" }, { .text = "bcde" } };
    struct script script = SCRIPT(steps);
    struct talk talk = { 0 };
    void *self = glob(&script, 4);

    talk_open(&talk);
    cr_piece(&talk, self, "0123456789");
    cr_piece(&talk, self, "abcd");
    cr_piece(&talk, self, "e");
    cr_answer(&talk, self, 0);
    end(&talk, self);
}

Test(producers_globbing, gives_what_did_not_fit_of_a_huge_piece_as_it_is)
{
    static const struct step steps[] = { { .text = "ab" }, { .text = "0123456789" } };
    struct script script = SCRIPT(steps);
    struct talk talk = { 0 };
    void *self = glob(&script, 4);

    talk_open(&talk);
    cr_piece(&talk, self, "ab01");
    cr_piece(&talk, self, "23456789");
    cr_answer(&talk, self, 0);
    end(&talk, self);
}

Test(producers_globbing, joins_64_KiB_where_no_size_is_given)
{
    char *data = test_pattern(100000);
    void *self = confab_globbing_producer_new(&confab_scanning_producer_ops,
                                              confab_scanning_producer_new(data, 100000, 1, NULL, NULL), 0);
    struct talk talk = { 0 };

    talk_open(&talk);
    cr_answer(&talk, self, 65536);
    cr_answer(&talk, self, 100000 - 65536);
    cr_answer(&talk, self, 0);
    end(&talk, self);
    free(data);
}

Test(producers_globbing, gives_what_it_has_before_it_says_not_now)
{
    static const struct step steps[] = {
        { .text = "a" }, { .text = "b" }, { .answer = -EAGAIN }, { .answer = -EAGAIN }, { .text = "c" }
    };
    struct script script = SCRIPT(steps);
    struct talk talk = { 0 };
    void *self = glob(&script, 10);

    talk_open(&talk);
    cr_piece(&talk, self, "ab");
    cr_assert_eq(script.asked, 3);
    cr_answer(&talk, self, -EAGAIN);
    cr_assert_eq(script.asked, 4, "not asked anew");
    cr_piece(&talk, self, "c");
    cr_answer(&talk, self, 0);
    end(&talk, self);
}

/* The resume comes while what it had is still on its way, when nobody waits. */
Test(producers_globbing, loses_no_resume_between_not_now_and_the_next_time_it_is_asked)
{
    static const struct step steps[] = { { .text = "a" },
                                         { .answer = -EAGAIN, .act = confab_chat_resume_output },
                                         { .text = "b" } };
    struct script script = SCRIPT(steps);
    struct talk talk = { 0 };

    talk_open(&talk);
    cr_assert_eq(confab_chat_push_with_producer(talk.chat, &confab_globbing_producer_ops, glob(&script, 0)),
                 0);
    run_quiet(talk.reactor);
    test_expect(talk.peer, "ab");
    cr_assert_eq(script.released, 1);
    talk_end(&talk);
}

Test(producers_globbing, gives_what_it_has_before_an_error_and_asks_no_more)
{
    static const struct step steps[] = { { .text = "a" }, { .text = "b" }, { .answer = -EIO } };
    struct script script = SCRIPT(steps);
    struct talk talk = { 0 };
    void *self = glob(&script, 10);

    talk_open(&talk);
    cr_piece(&talk, self, "ab");
    cr_answer(&talk, self, -EIO);
    cr_answer(&talk, self, -EIO);
    cr_assert_eq(script.asked, 3);
    end(&talk, self);
}

Test(producers_globbing, refuses_a_size_that_no_memory_has)
{
    static const struct step steps[] = { { .text = "a" } };
    struct script script = SCRIPT(steps);

    cr_assert_null(glob(&script, SIZE_MAX - 1));
    cr_assert_eq(script.released, 1);
}

/* The same bytes, and all but the last piece at least as large as the buffer. */
static void join(const char *data, size_t len, size_t piece, size_t buffer_size)
{
    void *inner = confab_simple_producer_new(data, len, piece, NULL, NULL);
    void *self = confab_globbing_producer_new(&confab_simple_producer_ops, inner, buffer_size);
    struct talk talk = { 0 };
    const char *bytes;
    size_t at = 0;
    ssize_t n;

    talk_open(&talk);
    while ((n = confab_globbing_producer_ops.more(self, talk.chat, 65536, &bytes)) > 0) {
        cr_assert(at + (size_t)n <= len && memcmp(bytes, data + at, (size_t)n) == 0);
        at += (size_t)n;
        cr_assert((size_t)n >= buffer_size || at == len, "%zd of pieces of %zu in %zu", n, piece,
                  buffer_size);
    }
    cr_assert_eq(at, len, "%zu of %zu bytes of pieces of %zu in %zu", at, len, piece, buffer_size);
    end(&talk, self);
}

Test(producers_globbing, joins_pieces_of_any_size_to_pieces_of_any_size)
{
    char *data = test_pattern(60);

    for (size_t piece = 1; piece < 13; piece++)
        for (size_t buffer_size = 1; buffer_size < 13; buffer_size++)
            join(data, 60, piece, buffer_size);
    free(data);
}
