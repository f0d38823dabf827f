/* test_producers_escaping.c: something in another producer's bytes is replaced, wherever they are cut. */
#include "producer_support.h"
#include "script.h"
#include "slow_io.h"

static void push_escaping(struct talk *talk, const char *text, size_t cut, int *released)
{
    talk_push(talk, &confab_escaping_producer_ops,
              confab_escaping_producer_new(&confab_simple_producer_ops, text_in_pieces(text, cut, released),
                                           NULL, NULL, 0));
}

/* What it should say, from all that goes in: the first `seen` bytes of from stand before it. */
static size_t replace(char *out, const char *in, size_t len, const char *from, const char *to, size_t seen)
{
    size_t from_len = strlen(from), to_len = strlen(to), all = seen + len, n = 0;
    char *text = malloc(all + 1), *made = malloc((all + 1) * (to_len + 1));

    memcpy(text, from, seen);
    memcpy(text + seen, in, len);
    for (size_t i = 0; i < all;) {
        if (all - i >= from_len && memcmp(text + i, from, from_len) == 0) {
            memcpy(made + n, to, to_len);
            n += to_len;
            i += from_len;
        } else {
            made[n++] = text[i++];
        }
    }
    memcpy(out, made + seen, n - seen);
    free(text);
    free(made);
    return n - seen;
}

/* Asks until the end, as a chat that is always ready. */
static size_t ask_all(const struct confab_producer_ops *ops, void *self, confab_chat *chat, char *out,
                      size_t room)
{
    size_t n = 0;

    for (const char *bytes;;) {
        ssize_t more = ops->more(self, chat, 65536, &bytes);
        if (more == 0)
            return n;
        if (more == -EAGAIN)
            continue;
        cr_assert(more > 0 && (size_t)more <= room - n);
        memcpy(out + n, bytes, (size_t)more);
        n += (size_t)more;
    }
}

enum { ESCAPED_MAX = 1 << 20 };
static char escaped[ESCAPED_MAX], expected[ESCAPED_MAX];

static void cr_escapes(struct talk *talk, const char *in, size_t len, size_t cut, const char *from,
                       const char *to, size_t seen)
{
    int released = 0;
    void *self = confab_escaping_producer_new(&confab_simple_producer_ops, in_pieces(in, len, cut, &released),
                                              from, to, seen);

    cr_assert_not_null(self);
    size_t n = ask_all(&confab_escaping_producer_ops, self, talk->chat, escaped, ESCAPED_MAX);
    size_t m = replace(expected, in, len, from, to, seen);
    cr_assert(n == m && memcmp(escaped, expected, n) == 0, "%.*s, cut %zu, %s for %s, seen %zu: %.*s",
              (int)len, in, cut, to, from, seen, (int)n, escaped);
    confab_escaping_producer_ops.release(self);
    cr_assert_eq(released, 1);
}

static unsigned below(confab_reactor *reactor, unsigned n)
{
    return (unsigned)(confab_reactor_random(reactor) % n);
}

static size_t random_text(confab_reactor *reactor, char *text, unsigned least, unsigned most)
{
    size_t len = least + below(reactor, most - least + 1);

    for (size_t i = 0; i < len; i++)
        text[i] = below(reactor, 3) ? 'a' : 'b';
    text[len] = '\0';
    return len;
}

/* Of two letters, so that fronts overlap in all ways there are; in pieces of each size. */
Test(producers_escaping, says_what_replacing_in_the_whole_says)
{
    struct talk talk = { 0 };
    char from[8], to[8], in[41];

    talk_open(&talk);
    run_quiet(talk.reactor);
    for (int i = 0; i < 4000; i++) {
        size_t from_len = random_text(talk.reactor, from, 1, 6);
        size_t seen = below(talk.reactor, (unsigned)from_len);
        random_text(talk.reactor, to, (unsigned)seen, 6);
        memcpy(to, from, seen);
        size_t len = random_text(talk.reactor, in, 0, 40);
        for (size_t cut = 1; cut <= len + 1; cut++)
            cr_escapes(&talk, in, len, cut, from, to, seen);
    }
    talk_end(&talk);
}

Test(producers_escaping, lets_go_of_a_false_front_and_finds_the_true_one_in_it)
{
    static const char *const cases[][4] = {
        { "\r\r\n.", "E", "\r\r\r\n.", "\rE" }, { "\r\r\n.", "E", "\r\r\n\r\r\n.", "\r\r\nE" },
        { "abab.", "E", "ababab.", "abE" },     { "aab", "", "aaab-aa", "a-aa" },
        { "aa", "b", "aaaaa", "bba" },          { "ab", "ba", "aab", "aba" }
    };
    struct talk talk = { 0 };

    talk_open(&talk);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t cut = 1; cut < 8; cut++) {
            const char *const *strings = cases[i];
            int released = 0;
            void *inner = text_in_pieces(strings[2], cut, &released);
            talk_push(
                &talk, &confab_escaping_producer_ops,
                confab_escaping_producer_new(&confab_simple_producer_ops, inner, strings[0], strings[1], 0));
            quiet_expect(&talk, strings[3]);
            cr_assert_eq(released, 1);
        }
    }
    talk_end(&talk);
}

Test(producers_escaping, stuffs_dots_where_it_is_not_told_what)
{
    struct talk talk = { 0 };
    int released = 0;

    talk_open(&talk);
    for (size_t cut = 1; cut < 40; cut++) {
        push_escaping(&talk, ".first\r\n.\r\nno.dot\r\n\r\n..two\n.\r.\r\n", cut, &released);
        quiet_expect(&talk, "..first\r\n..\r\nno.dot\r\n\r\n...two\n.\r.\r\n");
        cr_assert_eq(released, (int)cut);
    }
    talk_end(&talk);
}

Test(producers_escaping, of_nothing_says_nothing_though_something_was_seen)
{
    struct talk talk = { 0 };
    int released = 0;

    talk_open(&talk);
    push_escaping(&talk, "", 1, &released);
    confab_chat_puts(talk.chat, "behind");
    quiet_expect(&talk, "behind");
    cr_assert_eq(released, 1);
    talk_end(&talk);
}

Test(producers_escaping, arrives_whole_over_a_socket_that_takes_one_byte_at_a_time)
{
    struct talk talk = { .reactor = test_reactor() };
    int released = 0;

    slow_io(talk.reactor);
    talk_open(&talk);
    push_escaping(&talk, ".a\r\n.b\r\n\r\n.", 3, &released);
    quiet_expect(&talk, "..a\r\n..b\r\n\r\n..");
    cr_assert_eq(released, 1);
    talk_end(&talk);
    test_reactor_free(talk.reactor);
}

Test(producers_escaping, holds_a_front_while_what_is_inside_waits_and_says_it_at_the_end)
{
    static const struct step steps[] = {
        { .text = "text en" }, { .answer = -EAGAIN }, { .text = "d" },
        { .answer = -EAGAIN }, { .text = ". end" },   { .answer = -EAGAIN }
    };
    struct script script = SCRIPT(steps);
    struct talk talk = { 0 };

    talk_open(&talk);
    talk_push(&talk, &confab_escaping_producer_ops,
              confab_escaping_producer_new(&script_ops, &script, "end.", "END", 0));
    quiet_expect(&talk, "text ");
    confab_chat_resume_output(talk.chat);
    quiet_expect(&talk, "");
    confab_chat_resume_output(talk.chat);
    quiet_expect(&talk, "END ");
    confab_chat_resume_output(talk.chat);
    quiet_expect(&talk, "end");
    cr_assert_eq(script.released, 1);
    talk_end(&talk);
}

Test(producers_escaping, passes_errors_on)
{
    static const struct step steps[] = { { .text = "part\r" }, { .answer = -EIO } };
    struct script script = SCRIPT(steps);
    struct talk talk = { 0 };

    talk_open(&talk);
    talk_push(&talk, &confab_escaping_producer_ops,
              confab_escaping_producer_new(&script_ops, &script, NULL, NULL, 0));
    quiet_expect(&talk, "part");
    cr_assert_eq(talk.reason, CONFAB_REASON_HOOK);
    cr_assert_eq(talk.error, EIO);
    cr_assert_eq(script.released, 1);
    talk_end(&talk);
}

/* More than fits into its buffer: of `to`, of inner's piece, and of a long front that is let go. */
Test(producers_escaping, says_more_than_it_can_say_at_once)
{
    enum { LONG = 50000 };
    static char to[LONG + 1], front[2 * LONG], from[CONFAB_ESCAPE_MAX + 1];
    struct talk talk = { 0 };

    memset(to, 't', LONG);
    memset(from, 'a', CONFAB_ESCAPE_MAX);
    memset(front, 'a', sizeof front);
    front[LONG] = front[2 * LONG - 1] = 'b';
    talk_open(&talk);
    cr_escapes(&talk, "x-x--x", 6, 6, "x", to, 0);
    cr_escapes(&talk, "x-x--x", 6, 1, "x", to, 0);
    cr_escapes(&talk, front, sizeof front, 7, from, "c", 0);
    from[CONFAB_ESCAPE_MAX - 1] = 'b';
    cr_escapes(&talk, front, sizeof front, sizeof front, from, "c", 0);
    talk_end(&talk);
}

Test(producers_escaping, with_nothing_to_say_of_a_piece_takes_a_turn_for_it)
{
    static const struct step steps[] = {
        { .text = "xx" }, { .text = "xxx" }, { .text = "x" }, { .text = "." }
    };
    struct script script = SCRIPT(steps);
    struct talk talk = { 0 };

    talk_open(&talk);
    run_quiet(talk.reactor);
    talk_push(&talk, &confab_escaping_producer_ops,
              confab_escaping_producer_new(&script_ops, &script, "x", "", 0));
    for (int i = 1; i <= 3; i++) {
        talk_turn(&talk);
        cr_assert_eq(script.asked, i);
    }
    quiet_expect(&talk, ".");
    cr_assert_eq(script.released, 1);
    talk_end(&talk);
}

/* Behind it nothing is sent either. */
static void cr_cannot_be(const char *from, const char *to, size_t seen)
{
    struct talk talk = { 0 };
    int released = 0;

    talk_open(&talk);
    talk_push(&talk, &confab_escaping_producer_ops,
              confab_escaping_producer_new(&confab_simple_producer_ops, text_in_pieces("x", 0, &released),
                                           from, to, seen));
    confab_chat_puts(talk.chat, "behind");
    run_quiet(talk.reactor);
    cr_assert_eq(test_recv(talk.peer, (char[8]){ 0 }, 8), -1, "something was sent");
    cr_assert_eq(talk.reason, CONFAB_REASON_HOOK);
    cr_assert_eq(talk.error, EINVAL);
    cr_assert_eq(released, 1);
    talk_end(&talk);
}

Test(producers_escaping, that_cannot_be_closes_the_chat_with_EINVAL_and_releases_what_was_inside)
{
    static const struct {
        const char *from, *to;
        size_t seen;
    } bad[] = { { "", "x", 0 }, { "ab", "abc", 2 }, { "ab", "b", 1 }, { "abc", "a", 2 }, { "ab", "", 9 } };
    char from[CONFAB_ESCAPE_MAX + 2] = "";

    memset(from, 'x', CONFAB_ESCAPE_MAX + 1);
    cr_cannot_be(from, "", 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_cannot_be(bad[i].from, bad[i].to, bad[i].seen);
}

static void *around(void *simple)
{
    return confab_escaping_producer_new(&confab_simple_producer_ops, simple, "x", "y", 0);
}

Test(producers_escaping, releases_what_is_inside_where_its_chat_leaves_it_half_way)
{
    for (int i = 0; i < LEAVINGS; i++)
        leave_half_way(&confab_escaping_producer_ops, around, leavings[i]);
}
