/* chat_fuzz_acts.c: what is done to a chat at random, of which the model takes note. */
#include "chat_fuzz_support.h"
#include <confab/buffer.h>
#include <confab/producer.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    fuzz_check(s, error == (s->over ? -EPIPE : 0), "what a terminator's setter returns");
    if (s->over)
        return;
    s->kind = kind;
    s->bytes = bytes;
    s->count = count;
    fuzz_check(s, s->rest_len + seen <= ROOM, "room");
    memmove(s->rest + seen, s->rest, s->rest_len);
    memcpy(s->rest, bytes ? bytes : "", seen);
    s->rest_len += seen;
}

static void some_terminator(struct session *s)
{
    static const char *const all[] = { "a",    "b",  "ab",   "ba",        "aab",    "aaab",
                                       "abab", "\n", "\r\n", "\r\n.\r\n", "abcabd", "aaaa" };
    const char *bytes = all[fuzz_under(s, sizeof all / sizeof all[0])];
    uint64_t count = fuzz_under(s, 6);
    char text[32];

    switch (fuzz_under(s, 8)) {
    case 0:
        fuzz_note(s, "line");
        set_terminator(s, CONFAB_TERMINATOR_LINE, NULL, 0, 0);
        break;
    case 1:
    case 2:
        snprintf(text, sizeof text, "count-%u", (unsigned)count);
        fuzz_note(s, text);
        set_terminator(s, CONFAB_TERMINATOR_COUNT, NULL, count, 0);
        break;
    case 3:
        fuzz_note(s, "none");
        set_terminator(s, CONFAB_TERMINATOR_NONE, NULL, 0, 0);
        break;
    default:
        count = fuzz_under(s, 2) ? 0 : fuzz_under(s, (unsigned)strlen(bytes));
        snprintf(text, sizeof text, "bytes-%s-%u", bytes[0] == '\r' ? "crlf" : bytes, (unsigned)count);
        fuzz_note(s, text);
        set_terminator(s, CONFAB_TERMINATOR_BYTES, bytes, 0, (size_t)count);
    }
}

static void discard(struct session *s)
{
    struct confab_chat_stats stats = fuzz_stats(s);
    size_t unread = (size_t)(s->sent - stats.bytes_in);

    fuzz_note(s, "discard");
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

void fuzz_letters(char *to, size_t from, size_t len)
{
    for (size_t i = 0; i < len; i++)
        to[i] = (char)('A' + (from + i) % 53 % 32);
}

/* Short ones most of the time, those that fill a chunk now and then. */
static size_t some_length(struct session *s)
{
    unsigned kind = fuzz_under(s, 40);
    size_t len = kind < 20   ? fuzz_under(s, 4)
                 : kind < 34 ? fuzz_under(s, 70)
                 : kind < 39 ? fuzz_under(s, 600)
                             : fuzz_under(s, MUCH);

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
    fuzz_letters(piece->bytes, s->pushed_len, len);
    s->owned++;
    return piece;
}

static void push_copy(struct session *s)
{
    char bytes[MUCH];
    size_t len = some_length(s);

    fuzz_letters(bytes, s->pushed_len, len);
    int error = fuzz_under(s, 4) || len >= 600 ? confab_chat_push(s->chat, bytes, len)
                                               : confab_chat_printf(s->chat, "%.*s", (int)len, bytes);
    fuzz_check(s, error == (s->over || s->ending || s->shut ? -EPIPE : 0), "what push returns");
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
    if (s->chat && fuzz_under(s, 3) == 0)
        push_copy(s);
}

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
    size_t left = piece->len - piece->at, len = 1 + fuzz_under(s, 1u << fuzz_under(s, 12));

    (void)want;
    fuzz_note(s, "|more:");
    fuzz_check(s, chat == s->chat && !s->inside && !s->over, "a producer is asked out of place");
    if (fuzz_under(s, 4) == 0)
        fuzz_act(s);
    for (unsigned n = fuzz_under(s, 4); n > 0 && s->actions > 0; n--, s->actions--)
        push_copy(s);
    if (fuzz_under(s, 4) == 0 && confab_chat_call_later(chat, 0, resume_output, s)) {
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
        fuzz_letters(bytes, s->pushed_len, len);
        return confab_chat_push_buffer(s->chat, confab_buffer_new(bytes, len));
    }
}

static void push(struct session *s)
{
    unsigned kind = fuzz_under(s, 10);

    if (kind >= 4) {
        push_copy(s);
        return;
    }
    size_t len = some_length(s), from = s->pushed_len;
    int error = push_apart(s, kind, len);
    fuzz_check(s, error == (s->over || s->ending || s->shut ? -EPIPE : 0), "what pushing apart returns");
    if (error)
        return;
    fuzz_letters(s->pushed + from, from, len);
    s->pushed_len += len;
}

static void move_marks(struct session *s)
{
    struct confab_chat_options options = { .size = sizeof options,
                                           .high = 1 + fuzz_under(s, 1u << fuzz_under(s, 17)) };

    options.low = 1 + fuzz_under(s, (unsigned)options.high);
    fuzz_note(s, "marks");
    fuzz_check(s, confab_chat_set_options(s->chat, &options) == (s->over ? -EPIPE : 0), "options are set");
}

static void finish(struct session *s)
{
    static const char *const how[] = { "close", "abort", "close-when-done", "shutdown" };
    unsigned which = fuzz_under(s, 4);

    fuzz_note(s, how[which]);
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

    fuzz_check(s, chat == s->chat && !s->over, "a timer of a closed chat");
    fuzz_note(s, "timer:");
    fuzz_act(s);
}

static void in_post(confab_reactor *reactor, void *session)
{
    (void)reactor;
    fuzz_note(session, "post:");
    fuzz_act(session);
}

void fuzz_act(struct session *s)
{
    if (!s->chat || s->actions <= 0)
        return;
    s->actions--;
    s->over = s->over || (s->ending && confab_chat_state(s->chat) == CONFAB_STATE_CLOSED);
    fuzz_catch_up(s);
    unsigned what = fuzz_under(s, 40);
    if (what < 16 && !s->eof_seen && !s->ending) {
        some_terminator(s);
    } else if (what < 22) {
        fuzz_note(s, "suspend");
        confab_chat_suspend(s->chat);
        s->suspended = true;
    } else if (what < 26) {
        fuzz_note(s, "resume");
        confab_chat_resume(s->chat);
        s->suspended = false;
    } else if (what < 29) {
        discard(s);
    } else if (what < 34) {
        for (unsigned n = 1 + fuzz_under(s, 4); n > 0; n--)
            push(s);
    } else if (what < 36) {
        fuzz_check(s, (confab_chat_call_later(s->chat, 0, in_timer, s) != 0) == !s->over,
                   "a timer is started");
    } else if (what < 38) {
        fuzz_check(s, confab_reactor_post(s->reactor, in_post, s) == 0, "post");
    } else if (what == 38 && fuzz_under(s, 2)) {
        move_marks(s);
    } else if (what == 38) {
        confab_chat_resume_output(s->chat);
    } else if (fuzz_under(s, 4) == 0) {
        finish(s);
    }
    if (fuzz_under(s, 3) == 0)
        fuzz_act(s);
}
