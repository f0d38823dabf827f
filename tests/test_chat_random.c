/* Random sessions: each message ends at another terminator, chosen by a seed;
 * the input is made of few letters, so that false prefixes abound, and comes in
 * pieces of any size.  What the hooks see must be what a model says that looks
 * at the whole input at once. */
#include "chat_support.h"
#include "support.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SESSIONS = 300, PLAYS = 4, INPUT = 120, MESSAGES = 100, TURNS = 10000 };

struct plan {
    unsigned seed;
    bool rests;      /* hooks suspend the chat now and then */
    uint64_t random; /* what no message depends on: pieces, rests */
};

struct choice {
    enum confab_terminator kind;
    const char *bytes;
    size_t seen;
    uint64_t count;
};

/* xorshift64*, whose high bits are good. */
static unsigned random_under(uint64_t *state, unsigned bound)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (unsigned)((*state * UINT64_C(2685821657736338717)) >> 33) % bound;
}

static uint64_t seeded(unsigned seed, unsigned number)
{
    uint64_t state = UINT64_C(88172645463325252) ^ ((uint64_t)seed << 32 | number);

    for (int i = 0; i < 4; i++)
        random_under(&state, 2);
    return state;
}

/* The terminator of the message with this number. */
static struct choice choose(unsigned seed, unsigned number)
{
    static const char *const all[] = { "a",    "b",      "ab", "ba",   "aab",       "aaab",
                                       "abab", "abcabd", "\n", "\r\n", "\r\n.\r\n", "aaaa" };
    uint64_t random = seeded(seed, number);
    unsigned kind = random_under(&random, 20);
    struct choice choice = { .kind = CONFAB_TERMINATOR_LINE };

    if (kind < 11) {
        choice.kind = CONFAB_TERMINATOR_BYTES;
        choice.bytes = all[random_under(&random, sizeof all / sizeof all[0])];
        if (kind < 3)
            choice.seen = random_under(&random, (unsigned)strlen(choice.bytes));
    } else if (kind < 15) {
        choice.kind = CONFAB_TERMINATOR_COUNT;
        choice.count = random_under(&random, 6);
    } else if (kind == 15 && number > 8) {
        choice.kind = CONFAB_TERMINATOR_NONE;
    }
    return choice;
}

static size_t make_input(unsigned seed, char input[INPUT + 1])
{
    uint64_t random = seeded(seed, MESSAGES + 1);
    unsigned letters = 2 + random_under(&random, 6);
    size_t len = 1 + random_under(&random, INPUT);

    for (size_t i = 0; i < len; i++)
        input[i] = "ab\r\nac.d"[random_under(&random, letters)];
    input[len] = '\0';
    return len;
}

/* -- the model -- */

/* Where the message at the front of text ends, and what follows begins; false where it does not end. */
static bool ends(const struct choice *choice, const char *text, size_t *body, size_t *next)
{
    size_t len = strlen(text);
    const char *end = NULL;

    *body = *next = len;
    if (choice->kind == CONFAB_TERMINATOR_COUNT && choice->count <= len) {
        *body = *next = (size_t)choice->count;
        return true;
    }
    if (choice->kind == CONFAB_TERMINATOR_BYTES && (end = strstr(text, choice->bytes)))
        *next = (size_t)(end - text) + strlen(choice->bytes);
    if (choice->kind == CONFAB_TERMINATOR_LINE && (end = strchr(text, '\n')))
        *next = (size_t)(end - text) + 1;
    if (!end)
        return false;
    *body = (size_t)(end - text);
    if (choice->kind == CONFAB_TERMINATOR_LINE && *body > 0 && text[*body - 1] == '\r')
        --*body;
    return true;
}

/* Writes down what the hooks of such a talk are to see. */
static void model(struct talk *talk, unsigned seed, const char *input)
{
    struct choice choice = choose(seed, 0);
    unsigned number = 0;

    for (;;) {
        char text[2 * INPUT];
        size_t body, next;
        bool bounded = talk->collector || choice.bytes || choice.kind == CONFAB_TERMINATOR_LINE;

        snprintf(text, sizeof text, "%.*s%s", (int)choice.seen, choice.bytes ? choice.bytes : "", input);
        bool whole = ends(&choice, text, &body, &next);
        bool too_long = bounded && body > talk->options.max_message;
        if (!talk->collector || (whole && !too_long))
            talk_note_bytes(talk, text, too_long ? (size_t)talk->options.max_message : body);
        if (too_long)
            talk_note(talk, "<long>");
        else if (whole)
            talk_note(talk, "|");
        if (!whole)
            break;
        input += next - choice.seen;
        choice.seen = 0;
        if (!too_long)
            choice = choose(seed, ++number);
        else if (choice.kind == CONFAB_TERMINATOR_COUNT)
            choice.kind = CONFAB_TERMINATOR_NONE;
        if (number == MESSAGES)
            return;
    }
    talk_note(talk, "<eof>");
}

/* -- the same by confab -- */

static void maybe_rest(struct talk *talk)
{
    struct plan *plan = talk->data;

    if (plan->rests && random_under(&plan->random, 3) == 0)
        confab_chat_suspend(talk->chat);
}

static int set_next(struct talk *talk)
{
    const struct plan *plan = talk->data;
    struct choice choice = choose(plan->seed, (unsigned)talk->founds);

    if (talk->founds == MESSAGES) {
        confab_chat_close(talk->chat);
        return 0;
    }
    maybe_rest(talk);
    switch (choice.kind) {
    case CONFAB_TERMINATOR_BYTES:
        return choice.seen ? confab_chat_set_terminator_after(talk->chat, choice.bytes, strlen(choice.bytes),
                                                              choice.seen)
                           : confab_chat_set_terminator(talk->chat, choice.bytes, strlen(choice.bytes));
    case CONFAB_TERMINATOR_LINE:
        return confab_chat_set_terminator_line(talk->chat);
    case CONFAB_TERMINATOR_COUNT:
        return confab_chat_set_terminator_count(talk->chat, choice.count);
    case CONFAB_TERMINATOR_NONE:
        break;
    }
    return confab_chat_set_terminator_none(talk->chat);
}

static int collect(struct talk *talk, const char *data, size_t len)
{
    (void)data, (void)len;
    maybe_rest(talk);
    return 0;
}

static int skip(struct talk *talk)
{
    maybe_rest(talk);
    confab_chat_skip_message(talk->chat);
    return 0;
}

static int close_at_eof(struct talk *talk)
{
    confab_chat_close(talk->chat);
    return 0;
}

/* Sends the input in pieces of at most `most` bytes, with a turn or none between them. */
static void play(struct talk *talk, const char *input, size_t len, unsigned most)
{
    struct plan *plan = talk->data;

    talk_open(talk);
    for (size_t at = 0, n; at < len; at += n) {
        n = 1 + random_under(&plan->random, most);
        if (n > len - at)
            n = len - at;
        test_send_some(talk->peer, input + at, n);
        for (unsigned turns = random_under(&plan->random, 3); turns > 0; turns--)
            talk_turn(talk);
        if (talk->chat && random_under(&plan->random, 2))
            confab_chat_resume(talk->chat);
    }
    test_shutdown(talk->peer);
    for (int turn = 0; turn < TURNS && talk->chat; turn++) {
        confab_chat_resume(talk->chat);
        talk_turn(talk);
    }
    cr_assert_eq(talk->closes, 1);
}

static void check_session(confab_reactor *reactor, const struct talk *form, unsigned seed, bool rests)
{
    static struct talk expected, talk;
    char input[INPUT + 1];
    size_t len = make_input(seed, input);

    expected = *form;
    model(&expected, seed, input);
    talk_note(&expected, "<close>");
    for (unsigned i = 0; i < PLAYS; i++) {
        struct plan plan = { seed, rests, seeded(seed, MESSAGES + 2 + i) };

        talk = *form;
        talk.reactor = reactor;
        talk.data = &plan;
        talk.connect = talk.found = set_next;
        talk.collect = collect;
        talk.too_long = skip;
        talk.eof = close_at_eof;
        play(&talk, input, len, i == 0 ? INPUT : 1u << i);
        cr_assert_str_eq(talk.trace, expected.trace, "seed %u, play %u:\n%s\nwhere this was expected:\n%s",
                         seed, i, talk.trace, expected.trace);
        talk_end(&talk);
    }
}

static void check_sessions(const struct talk *form, bool rests)
{
    struct confab_reactor_options options = { .size = sizeof options, .messages = 3 };
    confab_reactor *reactor;

    cr_assert_eq(test_reactor_new(&reactor, &options), 0);
    for (unsigned seed = 1; seed <= SESSIONS; seed++)
        check_session(reactor, form, seed, rests);
    test_reactor_free(reactor);
}

Test(test_chat_random, messages_are_as_the_model_says)
{
    check_sessions(&(struct talk){ .options.max_message = 1000 }, false);
}

Test(test_chat_random, messages_with_rests_are_as_the_model_says)
{
    check_sessions(&(struct talk){ .options.max_message = 1000, .options.in_buffer_size = 5 }, true);
}

Test(test_chat_random, messages_of_the_collector_are_as_the_model_says)
{
    check_sessions(&(struct talk){ .options.max_message = 1000, .collector = true }, true);
}

Test(test_chat_random, messages_that_are_too_long_are_as_the_model_says)
{
    check_sessions(&(struct talk){ .options.max_message = 4 }, true);
    check_sessions(&(struct talk){ .options.max_message = 3, .collector = true }, true);
}
