#include "chat_support.h"
#include "support.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void talk_note_bytes(struct talk *talk, const char *data, size_t len)
{
    for (size_t i = 0; i < len && !talk->mute; i++) {
        unsigned char c = (unsigned char)data[i];
        char text[8] = { (char)c };

        if (c == '\r' || c == '\n')
            snprintf(text, sizeof text, "%s", c == '\r' ? "\\r" : "\\n");
        else if (c < ' ' || c > '~')
            snprintf(text, sizeof text, "\\x%02x", c);
        talk_note(talk, text);
    }
}

void talk_note(struct talk *talk, const char *text)
{
    size_t len = strlen(text);

    cr_assert_lt(talk->trace_len + len, sizeof talk->trace, "the trace is full");
    memcpy(talk->trace + talk->trace_len, text, len + 1);
    talk->trace_len += len;
}

static struct talk *enter(confab_chat *chat)
{
    struct talk *talk = confab_chat_data(chat);

    cr_assert_eq(chat, talk->chat);
    cr_assert_not(talk->inside, "a hook was called inside another: %s", talk->trace);
    cr_assert_eq(talk->closes, 0, "a hook was called after handle_close: %s", talk->trace);
    talk->inside = true;
    return talk;
}

static struct talk *enter_connected(confab_chat *chat)
{
    struct talk *talk = enter(chat);

    cr_assert_eq(talk->connects, 1, "a hook was called before handle_connect");
    return talk;
}

static int leave(struct talk *talk, int result)
{
    talk->inside = false;
    return result;
}

static int handle_connect(confab_chat *chat)
{
    struct talk *talk = enter(chat);
    int error = 0;

    cr_assert_eq(++talk->connects, 1);
    if (talk->bytes)
        error = confab_chat_set_terminator(chat, talk->bytes, strlen(talk->bytes));
    else if (talk->line)
        error = confab_chat_set_terminator_line(chat);
    else if (talk->count)
        error = confab_chat_set_terminator_count(chat, talk->count);
    cr_assert_eq(error, 0);
    return leave(talk, talk->connect ? talk->connect(talk) : 0);
}

static int collect_incoming_data(confab_chat *chat, const char *data, size_t len)
{
    struct talk *talk = enter_connected(chat);

    cr_assert_gt(len, 0, "collect got 0 bytes: %s", talk->trace);
    talk_note_bytes(talk, data, len);
    talk->collects++;
    talk->collected += len;
    if (talk->largest < len)
        talk->largest = len;
    return leave(talk, talk->collect ? talk->collect(talk, data, len) : 0);
}

static int found_terminator(confab_chat *chat)
{
    struct talk *talk = enter_connected(chat);

    if (talk->collector && !talk->unasked) {
        size_t len;
        const char *message = confab_chat_message(chat, &len);

        cr_assert_not_null(message);
        talk_note_bytes(talk, message, len);
        talk->collected += len;
    }
    if (!talk->mute)
        talk_note(talk, "|");
    talk->founds++;
    return leave(talk, talk->found ? talk->found(talk) : 0);
}

static int handle_eof(confab_chat *chat)
{
    struct talk *talk = enter_connected(chat);

    talk_note(talk, "<eof>");
    cr_assert_eq(++talk->eofs, 1);
    if (talk->eof)
        return leave(talk, talk->eof(talk));
    confab_chat_close_when_done(chat);
    return leave(talk, 0);
}

static int handle_too_long(confab_chat *chat)
{
    struct talk *talk = enter_connected(chat);

    talk_note(talk, "<long>");
    talk->longs++;
    return leave(talk, talk->too_long ? talk->too_long(talk) : 0);
}

static void handle_close(confab_chat *chat, enum confab_reason reason)
{
    struct talk *talk = enter(chat);

    talk_note(talk, "<close>");
    talk->closes++;
    talk->reason = reason;
    talk->error = confab_chat_error(chat);
    if (talk->close)
        talk->close(talk);
    talk->chat = NULL;
    leave(talk, 0);
}

void talk_open(struct talk *talk)
{
    int pair[2];

    talk->ops = (struct confab_chat_ops){ .size = sizeof talk->ops,
                                          .session_size = 64,
                                          .handle_connect = handle_connect,
                                          .collect_incoming_data =
                                              talk->collector ? confab_chat_collect : collect_incoming_data,
                                          .found_terminator = found_terminator,
                                          .handle_eof = talk->bare ? NULL : handle_eof,
                                          .handle_too_long = talk->bare ? NULL : handle_too_long,
                                          .handle_close = handle_close };
    if (!talk->reactor) {
        talk->reactor = test_reactor();
        talk->owns_reactor = true;
    }
    if (talk->pair)
        memcpy(pair, talk->pair, sizeof pair);
    else if (talk->tcp)
        test_tcp_pair(pair);
    else
        test_pair(pair);
    talk->peer = pair[1];
    talk->options.size = sizeof talk->options;
    talk->options.data = talk;
    talk->chat = confab_chat_new(talk->reactor, pair[0], &talk->ops, &talk->options);
    cr_assert_not_null(talk->chat);
    cr_assert_eq(talk->connects, 0, "a hook was called before confab_chat_new returned");
}

void talk_send_bytes(struct talk *talk, const void *bytes, size_t len)
{
    test_send(talk->peer, bytes, len);
}

void talk_send(struct talk *talk, const char *text)
{
    talk_send_bytes(talk, text, strlen(text));
}

void talk_say_bytes(struct talk *talk, const void *bytes, size_t len)
{
    talk_send_bytes(talk, bytes, len);
    run_quiet(talk->reactor);
}

void talk_say(struct talk *talk, const char *text)
{
    talk_say_bytes(talk, text, strlen(text));
}

void talk_say_eof(struct talk *talk)
{
    test_shutdown(talk->peer);
    run_quiet(talk->reactor);
}

void talk_turn(struct talk *talk)
{
    cr_assert_geq(confab_reactor_run_once(talk->reactor, 0), 0);
}

static void timer_fired(confab_chat *chat, void *data)
{
    struct talk *talk = data;

    cr_assert_eq(chat, talk->chat);
    talk->timer_fired = 1;
    talk->timer_call(talk);
}

void talk_in_timer(struct talk *talk, void (*call)(struct talk *))
{
    talk->timer_call = call;
    talk->timer_fired = 0;
    cr_assert_neq(confab_chat_call_later(talk->chat, CONFAB_MILLISECOND, timer_fired, talk), 0);
    run_until_set(talk->reactor, &talk->timer_fired);
}

void talk_end(struct talk *talk)
{
    if (talk->peer >= 0)
        test_close(talk->peer);
    talk->peer = -1;
    if (talk->chat)
        confab_chat_close(talk->chat);
    for (int i = 0; i < 3; i++)
        talk_turn(talk);
    cr_assert_eq(talk->closes, 1, "handle_close was called %d times", talk->closes);
    if (talk->owns_reactor)
        test_reactor_free(talk->reactor);
}

static void one_cut(const struct talk *model, confab_reactor *reactor, const char *input, size_t cut,
                    const char *trace)
{
    static struct talk talk;

    talk = *model;
    talk.reactor = reactor;
    talk_open(&talk);
    run_quiet(reactor);
    if (cut > 0)
        talk_say_bytes(&talk, input, cut);
    if (!talk.closes)
        talk_say(&talk, input + cut);
    cr_assert_str_eq(talk.trace, trace, "cut at %zu of %s: %s", cut, input, talk.trace);
    talk_end(&talk);
}

void talk_every_cut(const struct talk *model, const char *input, const char *trace)
{
    struct talk talk = *model;
    confab_reactor *reactor = test_reactor();

    for (size_t cut = 0; cut < strlen(input); cut++)
        one_cut(model, reactor, input, cut, trace);

    talk.reactor = reactor;
    talk_open(&talk);
    for (const char *byte = input; *byte && !talk.closes; byte++)
        talk_say_bytes(&talk, byte, 1);
    cr_assert_str_eq(talk.trace, trace, "byte by byte: %s", talk.trace);
    talk_end(&talk);
    test_reactor_free(reactor);
}
