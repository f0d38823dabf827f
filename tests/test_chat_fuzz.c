/* test_chat_fuzz.c: anything at any time: terminators are set, all kinds of things pushed, the marks moved, the chat is
 * suspended, resumed, emptied and ended, at random, in hooks, producers, releases, timers, posts and from outside, while
 * input comes in pieces of any size.
 *
 * A model goes along: it knows what was sent and not delivered yet, and judges each call of a hook by
 * that alone.  When the loop is quiet nothing may be left that could have been delivered. */
#include "stub_io.h"
#include "support.h"
#include <confab/buffer.h>
#include <confab/chat.h>
#include <confab/producer.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    SESSIONS = 1000,
    INPUT = 150,
    ACTIONS = 60,
    ROOM = 4096,
    STEPS = 400,
    OUT_ROOM = 1 << 17,
    MUCH = 40000
};

/* A chat, its peer, and the model. */
struct session {
    unsigned seed;
    uint64_t random;
    confab_reactor *reactor;
    confab_chat *chat; /* NULL once handle_close was called */
    int peer;
    bool collector; /* collect_incoming_data is the library's own */
    int actions;    /* that may still be done */
    char done[4096];

    char rest[ROOM]; /* sent (or said to have been seen) and not delivered */
    size_t rest_len;
    uint64_t sent;      /* by the peer */
    char message[ROOM]; /* delivered of the present message */
    size_t message_len;
    enum confab_terminator kind;
    const char *bytes;
    uint64_t count;
    bool suspended, ending, over, shut, eof_sent, eof_seen;
    char pushed[OUT_ROOM], got[OUT_ROOM]; /* output as it should be; as the peer has it so far */
    size_t pushed_len, got_len;
    bool inside;
    int owned, released; /* pushes with a release */
    int resting;         /* producers that said "not now" */
    int file;            /* has letters() from 0 on */
    int connects, closes;
    enum confab_reason reason;
};

static unsigned under(struct session *s, unsigned bound)
{
    s->random ^= s->random >> 12;
    s->random ^= s->random << 25;
    s->random ^= s->random >> 27;
    return (unsigned)((s->random * UINT64_C(2685821657736338717)) >> 33) % bound;
}

static void check(const struct session *s, bool good, const char *what)
{
    cr_assert(good, "%s\nseed %u%s, after:%s\nnot delivered: \"%.*s\"", what, s->seed,
              s->collector ? " with the collector" : "", s->done, (int)s->rest_len, s->rest);
}

static void note(struct session *s, const char *what)
{
    size_t len = strlen(s->done);

    snprintf(s->done + len, sizeof s->done - len, " %s", what);
}

/* -- the model -- */

static bool starts(const char *text, const char *with, size_t len)
{
    return memcmp(text, with, len) == 0;
}

/* How much of the rest may be delivered now, and where the next message begins; false: this one does not end. */
static bool ends(const struct session *s, size_t *body, size_t *next)
{
    size_t len = s->bytes ? strlen(s->bytes) : 0, held;
    const char *lf;

    *body = *next = s->rest_len;
    switch (s->kind) {
    case CONFAB_TERMINATOR_NONE:
        return false;
    case CONFAB_TERMINATOR_COUNT:
        if (s->count <= s->rest_len)
            *body = *next = (size_t)s->count;
        return s->count <= s->rest_len;
    case CONFAB_TERMINATOR_LINE:
        lf = memchr(s->rest, '\n', s->rest_len);
        if (lf)
            *body = (size_t)(lf - s->rest), *next = *body + 1;
        if (*body > 0 && s->rest[*body - 1] == '\r')
            --*body;
        return lf != NULL;
    case CONFAB_TERMINATOR_BYTES:
        break;
    }
    for (size_t at = 0; at + len <= s->rest_len; at++)
        if (starts(s->rest + at, s->bytes, len)) {
            *body = at, *next = at + len;
            return true;
        }
    for (held = len - 1; held > s->rest_len || !starts(s->rest + s->rest_len - held, s->bytes, held); held--)
        ;
    *body = s->rest_len - held;
    return false;
}

static void deliver(struct session *s, size_t len)
{
    size_t body, next;
    bool whole = ends(s, &body, &next);

    check(s, len <= body || (s->eof_sent && !whole && len <= s->rest_len), "too much is delivered");
    check(s, s->message_len + len <= ROOM, "room");
    memcpy(s->message + s->message_len, s->rest, len);
    s->message_len += len;
    s->rest_len -= len;
    memmove(s->rest, s->rest + len, s->rest_len);
    if (s->kind == CONFAB_TERMINATOR_COUNT)
        s->count -= len;
}

static struct confab_chat_stats stats_of(const struct session *s)
{
    struct confab_chat_stats stats = { .size = sizeof stats };

    confab_chat_get_stats(s->chat, &stats);
    return stats;
}

/* The library's collector does not say what it was given. */
static void catch_up(struct session *s)
{
    uint64_t left = 0, size = s->over || s->ending ? s->message_len : stats_of(s).message_size;

    if (s->collector && size > s->message_len)
        deliver(s, (size_t)size - s->message_len);
    if (s->over || s->ending)
        return;
    check(s, size == s->message_len, "the size of the message");
    check(s, confab_chat_get_terminator(s->chat, NULL, &left) == s->kind, "the kind of terminator");
    if (s->kind == CONFAB_TERMINATOR_COUNT)
        check(s, left == s->count, "what is left of a count");
}

/* -- what is done, of which the model takes note -- */

static void set_terminator(struct session *s, enum confab_terminator kind, const char *bytes, uint64_t count,
                           size_t seen)
{
    int error = 0;

    if (kind == CONFAB_TERMINATOR_LINE)
        error = confab_chat_set_terminator_line(s->chat);
    else if (kind == CONFAB_TERMINATOR_COUNT)
        error = confab_chat_set_terminator_count(s->chat, count);
    else if (kind == CONFAB_TERMINATOR_NONE)
        error = confab_chat_set_terminator_none(s->chat);
    else if (seen > 0)
        error = confab_chat_set_terminator_after(s->chat, bytes, strlen(bytes), seen);
    else
        error = confab_chat_set_terminator(s->chat, bytes, strlen(bytes));
    check(s, error == (s->over ? -EPIPE : 0), "what a terminator's setter returns");
    if (s->over)
        return;
    s->kind = kind;
    s->bytes = bytes;
    s->count = count;
    check(s, s->rest_len + seen <= ROOM, "room");
    memmove(s->rest + seen, s->rest, s->rest_len);
    memcpy(s->rest, bytes ? bytes : "", seen);
    s->rest_len += seen;
}

static void some_terminator(struct session *s)
{
    static const char *const all[] = { "a",    "b",  "ab",   "ba",        "aab",    "aaab",
                                       "abab", "\n", "\r\n", "\r\n.\r\n", "abcabd", "aaaa" };
    const char *bytes = all[under(s, sizeof all / sizeof all[0])];
    uint64_t count = under(s, 6);
    char text[32];

    switch (under(s, 8)) {
    case 0:
        note(s, "line");
        set_terminator(s, CONFAB_TERMINATOR_LINE, NULL, 0, 0);
        break;
    case 1:
    case 2:
        snprintf(text, sizeof text, "count-%u", (unsigned)count);
        note(s, text);
        set_terminator(s, CONFAB_TERMINATOR_COUNT, NULL, count, 0);
        break;
    case 3:
        note(s, "none");
        set_terminator(s, CONFAB_TERMINATOR_NONE, NULL, 0, 0);
        break;
    default:
        count = under(s, 2) ? 0 : under(s, (unsigned)strlen(bytes));
        snprintf(text, sizeof text, "bytes-%s-%u", bytes[0] == '\r' ? "crlf" : bytes, (unsigned)count);
        note(s, text);
        set_terminator(s, CONFAB_TERMINATOR_BYTES, bytes, 0, (size_t)count);
    }
}

static void discard(struct session *s)
{
    struct confab_chat_stats stats = stats_of(s);
    size_t unread = (size_t)(s->sent - stats.bytes_in);

    note(s, "discard");
    confab_chat_discard_buffers(s->chat);
    if (s->over)
        return;
    s->pushed_len = (size_t)stats.bytes_out;
    if (s->ending)
        return;
    memmove(s->rest, s->rest + s->rest_len - unread, unread);
    s->rest_len = unread;
    s->message_len = 0;
}

/* -- output -- */

static void letters(char *to, size_t from, size_t len)
{
    for (size_t i = 0; i < len; i++)
        to[i] = (char)('A' + (from + i) % 53 % 32);
}

/* Short ones most of the time, those that fill a chunk now and then. */
static size_t some_length(struct session *s)
{
    unsigned kind = under(s, 40);
    size_t len = kind < 20   ? under(s, 4)
                 : kind < 34 ? under(s, 70)
                 : kind < 39 ? under(s, 600)
                             : under(s, MUCH);

    return len <= OUT_ROOM - s->pushed_len ? len : 0;
}

/* What is pushed, and so owned until its release. */
struct piece {
    struct session *session;
    size_t len, at;
    char bytes[];
};

static struct piece *piece_new(struct session *s, size_t len)
{
    struct piece *piece = malloc(sizeof *piece + len);

    cr_assert_not_null(piece);
    *piece = (struct piece){ .session = s, .len = len };
    letters(piece->bytes, s->pushed_len, len);
    s->owned++;
    return piece;
}

static void push_copy(struct session *s)
{
    char bytes[MUCH];
    size_t len = some_length(s);

    letters(bytes, s->pushed_len, len);
    int error = under(s, 4) || len >= 600 ? confab_chat_push(s->chat, bytes, len)
                                          : confab_chat_printf(s->chat, "%.*s", (int)len, bytes);
    check(s, error == (s->over || s->ending || s->shut ? -EPIPE : 0), "what push returns");
    if (error)
        return;
    memcpy(s->pushed + s->pushed_len, bytes, len);
    s->pushed_len += len;
}

static void release(void *owner)
{
    struct piece *piece = owner;
    struct session *s = piece->session;

    s->released++;
    free(piece);
    if (s->chat && under(s, 3) == 0)
        push_copy(s);
}

static void act(struct session *s);

static void resume_output(confab_chat *chat, void *session)
{
    struct session *s = session;

    s->resting--;
    confab_chat_resume_output(chat);
}

static ssize_t more(void *self, confab_chat *chat, size_t want, const char **bytes)
{
    struct piece *piece = self;
    struct session *s = piece->session;
    size_t left = piece->len - piece->at, len = 1 + under(s, 1u << under(s, 12));

    (void)want;
    note(s, "|more:");
    check(s, chat == s->chat && !s->inside && !s->over, "a producer is asked out of place");
    if (under(s, 4) == 0)
        act(s);
    for (unsigned n = under(s, 4); n > 0 && s->actions > 0; n--, s->actions--)
        push_copy(s);
    if (under(s, 4) == 0 && confab_chat_call_later(chat, 0, resume_output, s)) {
        s->resting++;
        return -EAGAIN;
    }
    *bytes = piece->bytes + piece->at;
    len = len < left ? len : left;
    piece->at += len;
    return (ssize_t)len;
}

static const struct confab_producer_ops producer = { .size = sizeof producer,
                                                     .more = more,
                                                     .release = release };

/* What has its own place in the queue. */
static int push_apart(struct session *s, unsigned kind, size_t len)
{
    char bytes[MUCH];
    struct piece *piece;

    switch (kind) {
    case 0:
        piece = piece_new(s, len);
        return confab_chat_push_reference(s->chat, piece->bytes, len, release, piece);
    case 1:
        return confab_chat_push_with_producer(s->chat, &producer, piece_new(s, len));
    case 2:
        return confab_chat_push_file(s->chat, fcntl(s->file, F_DUPFD_CLOEXEC, 0),
                                     (int64_t)(s->pushed_len % 53), (int64_t)len);
    default:
        letters(bytes, s->pushed_len, len);
        return confab_chat_push_buffer(s->chat, confab_buffer_new(bytes, len));
    }
}

static void push(struct session *s)
{
    unsigned kind = under(s, 10);

    if (kind >= 4) {
        push_copy(s);
        return;
    }
    size_t len = some_length(s), from = s->pushed_len;
    int error = push_apart(s, kind, len);
    check(s, error == (s->over || s->ending || s->shut ? -EPIPE : 0), "what pushing apart returns");
    if (error)
        return;
    letters(s->pushed + from, from, len);
    s->pushed_len += len;
}

static void move_marks(struct session *s)
{
    struct confab_chat_options options = { .size = sizeof options, .high = 1 + under(s, 1u << under(s, 17)) };

    options.low = 1 + under(s, (unsigned)options.high);
    note(s, "marks");
    check(s, confab_chat_set_options(s->chat, &options) == (s->over ? -EPIPE : 0), "options are set");
}

static void finish(struct session *s)
{
    static const char *const how[] = { "close", "abort", "close-when-done", "shutdown" };
    unsigned which = under(s, 4);

    note(s, how[which]);
    if (which == 0)
        confab_chat_close(s->chat);
    else if (which == 1)
        confab_chat_abort(s->chat);
    else if (which == 2)
        confab_chat_close_when_done(s->chat);
    else
        confab_chat_shutdown(s->chat);
    s->over = s->over || which < 2;
    s->ending = s->ending || which == 2;
    s->shut = s->shut || which == 3;
}

static void in_timer(confab_chat *chat, void *session)
{
    struct session *s = session;

    check(s, chat == s->chat && !s->over, "a timer of a closed chat");
    note(s, "timer:");
    act(s);
}

static void in_post(confab_reactor *reactor, void *session)
{
    (void)reactor;
    note(session, "post:");
    act(session);
}

/* Does something, now and then two things. */
static void act(struct session *s)
{
    if (!s->chat || s->actions <= 0)
        return;
    s->actions--;
    s->over = s->over || (s->ending && confab_chat_state(s->chat) == CONFAB_STATE_CLOSED);
    catch_up(s);
    unsigned what = under(s, 40);
    if (what < 16 && !s->eof_seen && !s->ending) {
        some_terminator(s);
    } else if (what < 22) {
        note(s, "suspend");
        confab_chat_suspend(s->chat);
        s->suspended = true;
    } else if (what < 26) {
        note(s, "resume");
        confab_chat_resume(s->chat);
        s->suspended = false;
    } else if (what < 29) {
        discard(s);
    } else if (what < 34) {
        for (unsigned n = 1 + under(s, 4); n > 0; n--)
            push(s);
    } else if (what < 36) {
        check(s, (confab_chat_call_later(s->chat, 0, in_timer, s) != 0) == !s->over, "a timer is started");
    } else if (what < 38) {
        check(s, confab_reactor_post(s->reactor, in_post, s) == 0, "post");
    } else if (what == 38 && under(s, 2)) {
        move_marks(s);
    } else if (what == 38) {
        confab_chat_resume_output(s->chat);
    } else if (under(s, 4) == 0) {
        finish(s);
    }
    if (under(s, 3) == 0)
        act(s);
}

/* -- hooks -- */

static struct session *enter(confab_chat *chat, bool of_input, const char *name)
{
    struct session *s = confab_chat_data(chat);

    note(s, name);
    check(s, chat == s->chat && !s->inside && !s->closes, "a hook out of place");
    check(s, !s->over, "a hook of a closed chat");
    check(s, s->connects == 1 || !of_input, "a hook before handle_connect");
    check(s, !of_input || (!s->suspended && !s->ending), "input is delivered that should not be");
    s->inside = true;
    return s;
}

/* Does something most of the time; returns what the hook does. */
static int leave(struct session *s)
{
    if (under(s, 4))
        act(s);
    s->inside = false;
    return 0;
}

static int handle_connect(confab_chat *chat)
{
    struct session *s = enter(chat, false, "|connect:");

    check(s, ++s->connects == 1, "handle_connect is called again");
    return leave(s);
}

static int collect(confab_chat *chat, const char *data, size_t len)
{
    struct session *s = enter(chat, true, "|collect:");

    check(s, len > 0 && len <= s->rest_len && starts(s->rest, data, len), "other bytes than were sent");
    deliver(s, len);
    return leave(s);
}

static int found_terminator(confab_chat *chat)
{
    struct session *s = enter(chat, true, "|found:");
    size_t body, next, len;

    check(s, ends(s, &body, &next), "found_terminator, and there is none");
    check(s, body == 0 || s->collector, "found_terminator before what the message ends with");
    next -= body;
    deliver(s, body);
    if (s->collector) {
        const char *message = confab_chat_message(chat, &len);

        check(s, len == s->message_len && starts(message, s->message, len) && message[len] == '\0',
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

    catch_up(s);
    check(s, s->eof_sent && s->rest_len == 0, "handle_eof before all is delivered");
    check(s, s->kind != CONFAB_TERMINATOR_COUNT || s->count > 0, "handle_eof before found_terminator");
    if (s->collector) {
        const char *message = confab_chat_message(chat, &len);

        check(s, len == s->message_len && starts(message, s->message, len), "another message than was sent");
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

    note(s, "|close");
    check(s, chat == s->chat && !s->inside && ++s->closes == 1, "handle_close out of place");
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
        under(s, 2);
    if (under(s, 2)) {
        options.high = 1u << under(s, 17);
        options.timeout[CONFAB_TIMEOUT_MESSAGE] = 5 * CONFAB_MILLISECOND;
        options.timeout[CONFAB_TIMEOUT_IDLE] = 20 * CONFAB_MILLISECOND;
        options.low = 1;
    }
    options.in_buffer_size = 1 + under(s, 1u << under(s, 6));
    ops.collect_incoming_data = collector ? confab_chat_collect : collect;
    test_pair(pair);
    s->peer = pair[1];
    s->chat = confab_chat_new(reactor, pair[0], &ops, &options);
    cr_assert_not_null(s->chat);
}

static void send_some(struct session *s, unsigned letters)
{
    char text[16];
    size_t len = 1 + under(s, sizeof text - 1);

    for (size_t i = 0; i < len; i++)
        text[i] = "ab\r\nac.d"[under(s, letters)];
    note(s, "|sent");
    len = test_send_some(s->peer, text, len);
    check(s, s->rest_len + len <= ROOM, "room");
    memcpy(s->rest + s->rest_len, text, len);
    s->rest_len += len;
    s->sent += len;
}

static void receive(struct session *s)
{
    size_t before = s->got_len;
    ssize_t n = test_recv(s->peer, s->got + s->got_len, OUT_ROOM - s->got_len);

    s->got_len += n > 0 ? (size_t)n : 0;
    check(s, s->got_len <= s->pushed_len && starts(s->got + before, s->pushed + before, s->got_len - before),
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
    check(s, !s->over && !s->ending, "it has not ended");
    check(s, s->got_len == s->pushed_len, "output is missing");
    catch_up(s);
    if (s->suspended)
        return;
    check(s, s->eof_seen == s->eof_sent, "handle_eof is missing");
    check(s, s->eof_seen || !ends(s, &body, &next), "found_terminator is missing");
    check(s, s->eof_seen || body == 0, "bytes are missing");
}

static void step(struct session *s, unsigned letters)
{
    unsigned what = under(s, 10);

    stub_now += 2 * CONFAB_MILLISECOND; /* time goes by steps, so that a seed is one session */
    if (what < 4 && s->sent < INPUT)
        send_some(s, letters);
    else if (what < 7)
        confab_reactor_run_once(s->reactor, 0);
    else if (what < 8)
        check_quiet(s);
    else if (s->chat && s->connects && under(s, 2))
        act(s);
    if (s->chat && under(s, 4) == 0) {
        confab_chat_resume(s->chat);
        s->suspended = false;
    }
}

static void end_session(struct session *s)
{
    /* One that was aborted has reset its peer, though handle_close is still to come. */
    if (s->chat && confab_chat_state(s->chat) != CONFAB_STATE_CLOSED)
        test_shutdown(s->peer);
    note(s, "|ended");
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
    check(s, s->closes == 1, "handle_close is missing");
    check(s,
          s->reason == CONFAB_REASON_CLOSED ||
              (s->ending && (s->reason == CONFAB_REASON_DONE || s->reason == CONFAB_REASON_TIMEOUT)),
          "the reason");
    check(s, s->reason != CONFAB_REASON_DONE || s->got_len == s->pushed_len, "output is missing at the end");
    check(s, s->owned == s->released, "releases");
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
    letters(bytes, 0, sizeof bytes);
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
        unsigned letters = 2 + under(&s, 6);
        for (int i = 0; i < STEPS && (s.sent < INPUT || under(&s, 20)) && s.chat; i++)
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
