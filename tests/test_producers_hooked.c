/* test_producers_hooked.c: somebody is told, once, how much of a producer was sent. */
#include "chat_support.h"
#include "script.h"
#include "support.h"

/* What done was called with. */
struct told {
    int calls;
    uint64_t bytes;
    bool whole;
    const struct script *inner;
    int inner_released; /* by then */
    confab_chat *chat;
    void (*act)(confab_chat *chat);
};

static void done(void *data, uint64_t bytes, bool whole)
{
    struct told *told = data;

    told->calls++;
    told->bytes = bytes;
    told->whole = whole;
    if (told->inner)
        told->inner_released = told->inner->released;
    if (told->act)
        told->act(told->chat);
}

static void *hook(struct script *script, struct told *told)
{
    told->inner = script;
    return confab_hooked_producer_new(&script_ops, script, done, told);
}

static void open_and_push(struct talk *talk, void *self, struct told *told)
{
    talk_open(talk);
    told->chat = talk->chat;
    cr_assert_eq(confab_chat_push_with_producer(talk->chat, &confab_hooked_producer_ops, self), 0);
    cr_assert_eq(told->calls, 0, "told inside the call");
}

static void cr_told(const struct told *told, uint64_t bytes, bool whole)
{
    cr_assert_eq(told->calls, 1, "told %d times", told->calls);
    cr_assert_eq(told->bytes, bytes, "%llu bytes", (unsigned long long)told->bytes);
    cr_assert_eq(told->whole, whole);
}

Test(producers_hooked, tells_the_whole_when_inner_has_ended)
{
    static const struct step steps[] = { { .text = "one" }, { .text = "three" } };
    struct script script = SCRIPT(steps);
    struct told told = { 0 };
    struct talk talk = { 0 };

    open_and_push(&talk, hook(&script, &told), &told);
    run_quiet(talk.reactor);
    test_expect(talk.peer, "onethree");
    cr_told(&told, 8, true);
    cr_assert_eq(told.inner_released, 1, "told before inner was released");
    talk_end(&talk);
    cr_told(&told, 8, true);
}

Test(producers_hooked, tells_the_whole_of_nothing)
{
    struct script script = { 0 };
    struct told told = { 0 };
    struct talk talk = { 0 };

    open_and_push(&talk, hook(&script, &told), &told);
    run_quiet(talk.reactor);
    cr_told(&told, 0, true);
    talk_end(&talk);
}

Test(producers_hooked, tells_nothing_before_all_has_left)
{
    enum { LEN = 1 << 20 };
    char *data = test_pattern(LEN);
    void *inner = confab_scanning_producer_new(data, LEN, LEN, NULL, NULL);
    struct told told = { 0 };
    struct talk talk = { 0 };

    open_and_push(&talk, confab_hooked_producer_new(&confab_scanning_producer_ops, inner, done, &told),
                  &told);
    run_quiet(talk.reactor);
    cr_assert_eq(told.calls, 0, "told while most of it waits");
    test_expect_bytes(talk.reactor, talk.peer, data, LEN);
    cr_told(&told, LEN, true);
    talk_end(&talk);
    free(data);
}

/* Pieces larger than a socket takes: the one that is on its way is not counted, those before it are. */
Test(producers_hooked, tells_when_released_half_way_what_certainly_was_sent)
{
    enum { PIECE = 1 << 19, PIECES = 4 };
    char *data = test_pattern(PIECE * PIECES), *got = malloc(PIECE);
    void *inner = confab_scanning_producer_new(data, PIECE * PIECES, PIECE, NULL, NULL);
    struct told told = { 0 };
    struct talk talk = { 0 };
    size_t arrived = 0;

    open_and_push(&talk, confab_hooked_producer_new(&confab_scanning_producer_ops, inner, done, &told),
                  &told);
    while (arrived <= PIECE) {
        run_quiet(talk.reactor);
        ssize_t n = test_recv(talk.peer, got, PIECE - 1);
        cr_assert_gt(n, 0);
        arrived += (size_t)n;
    }
    cr_assert_lt(arrived, 2 * PIECE);
    confab_chat_close(talk.chat);
    cr_assert_eq(told.calls, 0, "told inside the call");
    run_quiet(talk.reactor);
    cr_told(&told, PIECE, false);
    talk_end(&talk);
    free(data);
    free(got);
}

Test(producers_hooked, counts_all_pieces_where_it_was_asked_for_another)
{
    static const struct step steps[] = { { .text = "one" }, { .text = "three" }, { .answer = -EAGAIN } };
    struct script script = SCRIPT(steps);
    struct told told = { 0 };
    struct talk talk = { 0 };

    open_and_push(&talk, hook(&script, &told), &told);
    run_quiet(talk.reactor);
    confab_chat_discard_buffers(talk.chat);
    run_quiet(talk.reactor);
    cr_told(&told, 8, false);
    cr_assert_eq(told.inner_released, 1, "told before inner was released");
    talk_end(&talk);
}

Test(producers_hooked, tells_an_error_as_less_than_the_whole)
{
    static const struct step steps[] = { { .text = "one" }, { .answer = -EIO } };
    struct script script = SCRIPT(steps);
    struct told told = { 0 };
    struct talk talk = { 0 };

    open_and_push(&talk, hook(&script, &told), &told);
    run_quiet(talk.reactor);
    cr_assert_eq(talk.error, EIO);
    cr_told(&told, 3, false);
    talk_end(&talk);
}

Test(producers_hooked, tells_where_it_is_never_asked)
{
    struct script script = { 0 };
    struct told told = { 0 };

    confab_hooked_producer_ops.release(hook(&script, &told));
    cr_told(&told, 0, false);
    cr_assert_eq(script.released, 1);
}

Test(producers_hooked, tells_where_it_cannot_be_made)
{
    struct told told = { 0 };

    cr_assert_null(confab_hooked_producer_new(&script_ops, NULL, done, &told));
    cr_told(&told, 0, false);
}

Test(producers_hooked, stays_at_its_end)
{
    struct script script = { 0 };
    struct told told = { 0 };
    struct talk talk = { 0 };
    void *self = hook(&script, &told);
    const char *bytes;

    talk_open(&talk);
    cr_assert_eq(confab_hooked_producer_ops.more(self, talk.chat, 100, &bytes), 0);
    cr_assert_eq(confab_hooked_producer_ops.more(self, talk.chat, 100, &bytes), 0);
    confab_hooked_producer_ops.release(self);
    cr_told(&told, 0, true);
    talk_end(&talk);
}

static void push_end(confab_chat *chat)
{
    confab_chat_puts(chat, " end");
}

Test(producers_hooked, may_push_when_it_tells)
{
    static const struct step steps[] = { { .text = "text" } };
    struct script script = SCRIPT(steps);
    struct told told = { .act = push_end };
    struct talk talk = { 0 };

    open_and_push(&talk, hook(&script, &told), &told);
    confab_chat_puts(talk.chat, " behind");
    run_quiet(talk.reactor);
    test_expect(talk.peer, "text behind end");
    talk_end(&talk);
    cr_told(&told, 4, true);
}

Test(producers_hooked, may_close_the_chat_when_it_tells)
{
    static const struct step steps[] = { { .text = "text" } };
    struct script script = SCRIPT(steps);
    struct told told = { .act = confab_chat_close };
    struct talk talk = { 0 };

    open_and_push(&talk, hook(&script, &told), &told);
    confab_chat_puts(talk.chat, "not sent");
    run_quiet(talk.reactor);
    test_expect(talk.peer, "text");
    cr_assert_eq(talk.closes, 1);
    cr_told(&told, 4, true);
    talk_end(&talk);
}
