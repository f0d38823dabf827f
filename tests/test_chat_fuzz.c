/* test_chat_fuzz.c: anything at any time: terminators are set, all kinds of things pushed, the marks moved, the chat is
 * suspended, resumed, emptied and ended, at random, in hooks, producers, releases, timers, posts and from outside, while
 * input comes in pieces of any size.
 *
 * A model goes along, and judges each call of a hook.  When the loop is quiet nothing may be left that could have been
 * delivered. */
#include "chat_fuzz_support.h"
#include "stub_io.h"
#include "support.h"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SESSIONS = 1000, INPUT = 150, ACTIONS = 60, STEPS = 400 };

/* -- hooks -- */

static struct session *enter(confab_chat *chat, bool of_input, const char *name)
{
    struct session *s = confab_chat_data(chat);

    fuzz_note(s, name);
    fuzz_check(s, chat == s->chat && !s->inside && !s->closes, "a hook out of place");
    fuzz_check(s, !s->over, "a hook of a closed chat");
    fuzz_check(s, s->connects == 1 || !of_input, "a hook before handle_connect");
    fuzz_check(s, !of_input || (!s->suspended && !s->ending), "input is delivered that should not be");
    s->inside = true;
    return s;
}

/* Does something most of the time; returns what the hook does. */
static int leave(struct session *s)
{
    if (fuzz_under(s, 4))
        fuzz_act(s);
    s->inside = false;
    return 0;
}

static int handle_connect(confab_chat *chat)
{
    struct session *s = enter(chat, false, "|connect:");

    fuzz_check(s, ++s->connects == 1, "handle_connect is called again");
    return leave(s);
}

static int collect(confab_chat *chat, const char *data, size_t len)
{
    struct session *s = enter(chat, true, "|collect:");

    fuzz_check(s, len > 0 && len <= s->rest_len && fuzz_starts(s->rest, data, len),
               "other bytes than were sent");
    fuzz_deliver(s, len);
    return leave(s);
}

static int found_terminator(confab_chat *chat)
{
    struct session *s = enter(chat, true, "|found:");
    size_t body, next, len;

    fuzz_check(s, fuzz_ends(s, &body, &next), "found_terminator, and there is none");
    fuzz_check(s, body == 0 || s->collector, "found_terminator before what the message ends with");
    next -= body;
    fuzz_deliver(s, body);
    if (s->collector) {
        const char *message = confab_chat_message(chat, &len);

        fuzz_check(s, len == s->message_len && fuzz_starts(message, s->message, len) && message[len] == '\0',
                   "another message than was sent");
    }
    s->rest_len -= next;
    memmove(s->rest, s->rest + next, s->rest_len);
    s->message_len = 0;
    if (s->kind == CONFAB_TERMINATOR_COUNT)
        s->kind = CONFAB_TERMINATOR_NONE;
    return leave(s);
}

static int handle_eof(confab_chat *chat)
{
    struct session *s = enter(chat, true, "|eof:");
    size_t len;

    fuzz_catch_up(s);
    fuzz_check(s, s->eof_sent && s->rest_len == 0, "handle_eof before all is delivered");
    fuzz_check(s, s->kind != CONFAB_TERMINATOR_COUNT || s->count > 0, "handle_eof before found_terminator");
    if (s->collector) {
        const char *message = confab_chat_message(chat, &len);

        fuzz_check(s, len == s->message_len && fuzz_starts(message, s->message, len),
                   "another message than was sent");
    }
    s->eof_seen = true;
    return leave(s);
}

static int handle_drain(confab_chat *chat)
{
    return leave(enter(chat, false, "|drain:"));
}

static int handle_sent(confab_chat *chat)
{
    return leave(enter(chat, false, "|all-sent:"));
}

static int handle_timeout(confab_chat *chat, enum confab_timeout which)
{
    (void)which;
    return leave(enter(chat, false, "|timeout:"));
}

static void handle_close(confab_chat *chat, enum confab_reason reason)
{
    struct session *s = confab_chat_data(chat);

    fuzz_note(s, "|close");
    fuzz_check(s, chat == s->chat && !s->inside && ++s->closes == 1, "handle_close out of place");
    s->reason = reason;
    s->over = true;
    s->chat = NULL;
}

/* -- a session -- */

static struct confab_chat_ops ops = { .size = sizeof ops,
                                      .handle_connect = handle_connect,
                                      .found_terminator = found_terminator,
                                      .handle_eof = handle_eof,
                                      .handle_drain = handle_drain,
                                      .handle_sent = handle_sent,
                                      .handle_timeout = handle_timeout,
                                      .handle_close = handle_close };

static void open_session(struct session *s, confab_reactor *reactor, unsigned seed, bool collector, int file)
{
    struct confab_chat_options options = { .size = sizeof options, .low = 5, .high = 20, .data = s };
    int pair[2];

    *s = (struct session){
        .seed = seed, .reactor = reactor, .collector = collector, .actions = ACTIONS, .file = file
    };
    s->random = UINT64_C(88172645463325252) ^ (uint64_t)seed << 20;
    for (int i = 0; i < 4; i++)
        fuzz_under(s, 2);
    if (fuzz_under(s, 2)) {
        options.high = 1u << fuzz_under(s, 17);
        options.timeout[CONFAB_TIMEOUT_MESSAGE] = 5 * CONFAB_MILLISECOND;
        options.timeout[CONFAB_TIMEOUT_IDLE] = 20 * CONFAB_MILLISECOND;
        options.low = 1;
    }
    options.in_buffer_size = 1 + fuzz_under(s, 1u << fuzz_under(s, 6));
    ops.collect_incoming_data = collector ? confab_chat_collect : collect;
    test_pair(pair);
    s->peer = pair[1];
    s->chat = confab_chat_new(reactor, pair[0], &ops, &options);
    cr_assert_not_null(s->chat);
}

static void send_some(struct session *s, unsigned letters)
{
    char text[16];
    size_t len = 1 + fuzz_under(s, sizeof text - 1);

    for (size_t i = 0; i < len; i++)
        text[i] = "ab\r\nac.d"[fuzz_under(s, letters)];
    fuzz_note(s, "|sent");
    len = test_send_some(s->peer, text, len);
    fuzz_check(s, s->rest_len + len <= ROOM, "room");
    memcpy(s->rest + s->rest_len, text, len);
    s->rest_len += len;
    s->sent += len;
}

static void receive(struct session *s)
{
    size_t before = s->got_len;
    ssize_t n = test_recv(s->peer, s->got + s->got_len, OUT_ROOM - s->got_len);

    s->got_len += n > 0 ? (size_t)n : 0;
    fuzz_check(s,
               s->got_len <= s->pushed_len &&
                   fuzz_starts(s->got + before, s->pushed + before, s->got_len - before),
               "other output than was pushed");
}

/* Nothing happens any more: what can be delivered has been, and what can leave has left. */
static void check_quiet(struct session *s)
{
    size_t body, next;

    run_quiet(s->reactor);
    receive(s);
    run_quiet(s->reactor);
    receive(s);
    if (!s->chat || s->resting > 0) /* then output waits, and perhaps input for it */
        return;
    fuzz_check(s, !s->over && !s->ending, "it has not ended");
    fuzz_check(s, s->got_len == s->pushed_len, "output is missing");
    fuzz_catch_up(s);
    if (s->suspended)
        return;
    fuzz_check(s, s->eof_seen == s->eof_sent, "handle_eof is missing");
    fuzz_check(s, s->eof_seen || !fuzz_ends(s, &body, &next), "found_terminator is missing");
    fuzz_check(s, s->eof_seen || body == 0, "bytes are missing");
}

static void step(struct session *s, unsigned letters)
{
    unsigned what = fuzz_under(s, 10);

    stub_now += 2 * CONFAB_MILLISECOND; /* time goes by steps, so that a seed is one session */
    if (what < 4 && s->sent < INPUT)
        send_some(s, letters);
    else if (what < 7)
        confab_reactor_run_once(s->reactor, 0);
    else if (what < 8)
        check_quiet(s);
    else if (s->chat && s->connects && fuzz_under(s, 2))
        fuzz_act(s);
    if (s->chat && fuzz_under(s, 4) == 0) {
        confab_chat_resume(s->chat);
        s->suspended = false;
    }
}

static void end_session(struct session *s)
{
    /* One that was aborted has reset its peer, though handle_close is still to come. */
    if (s->chat && confab_chat_state(s->chat) != CONFAB_STATE_CLOSED)
        test_shutdown(s->peer);
    fuzz_note(s, "|ended");
    s->eof_sent = true;
    for (int i = 0; i < 2 * ACTIONS && s->chat; i++) {
        confab_chat_resume(s->chat);
        s->suspended = false;
        stub_now += 2 * CONFAB_MILLISECOND;
        check_quiet(s);
    }
    s->actions = 0;
    if (s->chat)
        confab_chat_close(s->chat);
    s->over = true;
    run_quiet(s->reactor);
    receive(s);
    fuzz_check(s, s->closes == 1, "handle_close is missing");
    fuzz_check(s,
               s->reason == CONFAB_REASON_CLOSED ||
                   (s->ending && (s->reason == CONFAB_REASON_DONE || s->reason == CONFAB_REASON_TIMEOUT)),
               "the reason");
    fuzz_check(s, s->reason != CONFAB_REASON_DONE || s->got_len == s->pushed_len,
               "output is missing at the end");
    fuzz_check(s, s->owned == s->released, "releases");
    test_close(s->peer);
    run_quiet(s->reactor);
}

/* A file of letters, without a name. */
static int letters_file(void)
{
    static char bytes[MUCH + 53];
    char path[256];

    snprintf(path, sizeof path, "%s/letters", test_folder());
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    fuzz_letters(bytes, 0, sizeof bytes);
    cr_assert_eq(write(fd, bytes, sizeof bytes), (ssize_t)sizeof bytes);
    return fd;
}

static void fuzz(bool collector)
{
    struct confab_reactor_options options = { .size = sizeof options, .messages = 3, .reads = 2 };
    static struct session s;
    confab_reactor *reactor;
    int file = letters_file();

    cr_assert_eq(test_reactor_new(&reactor, &options), 0);
    stub_io(reactor);
    for (unsigned seed = 1; seed <= (unsigned)test_rounds(SESSIONS); seed++) {
        open_session(&s, reactor, seed, collector, file);
        unsigned letters = 2 + fuzz_under(&s, 6);
        for (int i = 0; i < STEPS && (s.sent < INPUT || fuzz_under(&s, 20)) && s.chat; i++)
            step(&s, letters);
        end_session(&s);
    }
    test_reactor_free(reactor);
    close(file);
}

Test(chat_fuzz, whatever_is_done_to_it_each_byte_is_delivered_once_and_in_its_place)
{
    fuzz(false);
}

Test(chat_fuzz, whatever_is_done_to_it_the_collectors_messages_are_those_that_were_sent)
{
    fuzz(true);
}
