/* test_chat_closed.c: a closed chat takes any call until it is freed: each function that takes a
 * chat is a harmless no-op then, or -EPIPE; what it is given is released, once and on the loop.
 *
 * tests/check_style sees to it that every one of them is in the table. */
#include "chat_support.h"
#include "support.h"
#include <confab/plugin.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int released; /* of what was given away in the present round of calls */
static bool calling; /* a round of calls goes on: nothing may be called back */
static int file;     /* that was given away */

static void count_release(void *self)
{
    (void)self;
    cr_assert_not(calling, "released inside the call");
    released++;
}

static ssize_t never_asked(void *self, confab_chat *chat, size_t want, const char **bytes)
{
    (void)self, (void)chat, (void)want, (void)bytes;
    cr_assert_fail("a producer of a closed chat is asked");
    return 0;
}

static const struct confab_producer_ops producer = { .size = sizeof producer,
                                                     .more = never_asked,
                                                     .release = count_release };

static void never_called(confab_chat *chat, void *data)
{
    (void)chat, (void)data;
    cr_assert_fail("a timer of a closed chat fires");
}

/* -- input -- */

static int set_terminator(confab_chat *chat)
{
    return confab_chat_set_terminator(chat, ";", 1);
}

static int set_terminator_after(confab_chat *chat)
{
    return confab_chat_set_terminator_after(chat, "ab", 2, 1);
}

static int set_terminator_count(confab_chat *chat)
{
    return confab_chat_set_terminator_count(chat, 0);
}

static int get_terminator(confab_chat *chat)
{
    const char *bytes;
    uint64_t len;
    enum confab_terminator kind = confab_chat_get_terminator(chat, &bytes, &len);

    return kind <= CONFAB_TERMINATOR_COUNT ? 0 : -1;
}

static int collect(confab_chat *chat)
{
    return confab_chat_collect(chat, "x", 1);
}

static int message(confab_chat *chat)
{
    size_t len = SIZE_MAX;
    const char *bytes = confab_chat_message(chat, &len);

    return bytes && bytes[len] == '\0' ? 0 : -1;
}

static int take_message(confab_chat *chat)
{
    confab_buffer *buffer = confab_chat_take_message(chat);

    confab_buffer_unref(buffer);
    return buffer ? 0 : -1;
}

static int skip_message(confab_chat *chat)
{
    confab_chat_skip_message(chat);
    return 0;
}

static int discard_buffers(confab_chat *chat)
{
    confab_chat_discard_buffers(chat);
    return 0;
}

static int suspend(confab_chat *chat)
{
    confab_chat_suspend(chat);
    return 0;
}

static int resume(confab_chat *chat)
{
    confab_chat_resume(chat);
    return 0;
}

static int pending_input(confab_chat *chat)
{
    return (int)confab_chat_pending_input(chat);
}

/* -- output -- */

static int push(confab_chat *chat)
{
    return confab_chat_push(chat, "x", 1);
}

static int puts_text(confab_chat *chat)
{
    return confab_chat_puts(chat, "text");
}

static int printf_text(confab_chat *chat)
{
    int shorter = confab_chat_printf(chat, "%d", 1), longer = confab_chat_printf(chat, "%1000d", 1);

    return shorter == longer ? shorter : -1;
}

static int push_reference(confab_chat *chat)
{
    return confab_chat_push_reference(chat, "x", 1, count_release, NULL);
}

static int push_buffer(confab_chat *chat)
{
    return confab_chat_push_buffer(chat, confab_buffer_new("x", 1));
}

static int push_with_producer(confab_chat *chat)
{
    return confab_chat_push_with_producer(chat, &producer, &released);
}

static int push_file(confab_chat *chat)
{
    file = test_file("x", 1);
    return confab_chat_push_file(chat, file, 0, -1);
}

static int resume_output(confab_chat *chat)
{
    confab_chat_resume_output(chat);
    return 0;
}

static int output_size(confab_chat *chat)
{
    return (int)confab_chat_output_size(chat);
}

static int pace(confab_chat *chat)
{
    confab_chat_pace(chat, NULL);
    confab_chat_pace(chat, chat);
    return 0;
}

/* -- closing -- */

static int close_when_done(confab_chat *chat)
{
    confab_chat_close_when_done(chat);
    return 0;
}

static int shut_down(confab_chat *chat)
{
    confab_chat_shutdown(chat);
    return 0;
}

static int close_again(confab_chat *chat)
{
    confab_chat_close(chat);
    return 0;
}

static int abort_it(confab_chat *chat)
{
    confab_chat_abort(chat);
    return 0;
}

/* -- what it knows -- */

static int session(confab_chat *chat)
{
    memset(confab_chat_session(chat), 1, 64);
    return 0;
}

static int data(confab_chat *chat)
{
    struct talk *talk = confab_chat_data(chat);

    return talk->chat == chat ? 0 : -1;
}

static int service(confab_chat *chat)
{
    return confab_chat_service(chat) == NULL ? 0 : -1;
}

static int reactor(confab_chat *chat)
{
    return confab_chat_reactor(chat) == ((struct talk *)confab_chat_data(chat))->reactor ? 0 : -1;
}

static int id(confab_chat *chat)
{
    const confab_id *before = ((struct talk *)confab_chat_data(chat))->data;

    return confab_chat_id(chat) == *before ? 0 : -1;
}

static int find(confab_chat *chat)
{
    return confab_chat_find(confab_chat_reactor(chat), confab_chat_id(chat)) == NULL ? 0 : -1;
}

static int state(confab_chat *chat)
{
    return confab_chat_state(chat) == CONFAB_STATE_CLOSED ? 0 : -1;
}

static int draining(confab_chat *chat)
{
    return confab_chat_draining(chat) ? -1 : 0;
}

static int error(confab_chat *chat)
{
    return confab_chat_error(chat) >= 0 ? 0 : -1;
}

static int error_text(confab_chat *chat)
{
    char text[128] = { 'x' };

    confab_chat_error_text(chat, text, sizeof text);
    return (text[0] != '\0') == (confab_chat_error(chat) != 0) ? 0 : -1;
}

static int peer(confab_chat *chat)
{
    char text[128];

    return strncmp(confab_chat_peer(chat, text), "127.0.0.1:", 10);
}

static int local(confab_chat *chat)
{
    char text[128];

    return strcmp(confab_chat_local(chat, text), "-");
}

static int peer_sockaddr(confab_chat *chat)
{
    struct sockaddr_storage sa;
    socklen_t len = sizeof sa;

    return confab_chat_peer_sockaddr(chat, (struct sockaddr *)&sa, &len);
}

static int fd(confab_chat *chat)
{
    return confab_chat_fd(chat) == -1 ? 0 : -1;
}

static int set_options(confab_chat *chat)
{
    return confab_chat_set_options(chat, &(struct confab_chat_options){ .size = 8, .in_buffer_size = 0 });
}

static int set_timeout(confab_chat *chat)
{
    return confab_chat_set_timeout(chat, CONFAB_TIMEOUT_LIFETIME, 1);
}

static int call_later(confab_chat *chat)
{
    return confab_chat_call_later(chat, 0, never_called, NULL) == 0 ? 0 : -1;
}

static int call_every(confab_chat *chat)
{
    return confab_chat_call_every(chat, 1, never_called, NULL) == 0 ? 0 : -1;
}

static int get_stats(confab_chat *chat)
{
    struct confab_chat_stats stats = { .size = sizeof stats };

    confab_chat_get_stats(chat, &stats);
    return stats.pending_input == 0 && stats.output_size == 0 ? 0 : -1;
}

static int log_it(confab_chat *chat)
{
    confab_chat_log(chat, CONFAB_DEBUG, "of a closed chat");
    return 0;
}

static int never_run(void *nothing)
{
    (void)nothing;
    cr_assert_fail("a job of a closed chat is run");
    return 0;
}

static int work(confab_chat *chat)
{
    return confab_work(confab_chat_reactor(chat), chat, never_run, NULL, NULL);
}

/* Each function that takes a chat: what it must return where the chat is closed (those that return no
 * number are wrapped: 0 where they did what they should). */
static const struct row {
    const char *name;
    int (*call)(confab_chat *chat);
    int result;
} rows[] = {
    { "confab_chat_set_terminator", set_terminator, -EPIPE },
    { "confab_chat_set_terminator_after", set_terminator_after, -EPIPE },
    { "confab_chat_set_terminator_count", set_terminator_count, -EPIPE },
    { "confab_chat_set_terminator_line", confab_chat_set_terminator_line, -EPIPE },
    { "confab_chat_set_terminator_none", confab_chat_set_terminator_none, -EPIPE },
    { "confab_chat_get_terminator", get_terminator, 0 },
    { "confab_chat_collect", collect, 0 },
    { "confab_chat_message", message, 0 },
    { "confab_chat_take_message", take_message, 0 },
    { "confab_chat_skip_message", skip_message, 0 },
    { "confab_chat_discard_buffers", discard_buffers, 0 },
    { "confab_chat_suspend", suspend, 0 },
    { "confab_chat_resume", resume, 0 },
    { "confab_chat_pending_input", pending_input, 0 },
    { "confab_chat_push", push, -EPIPE },
    { "confab_chat_puts", puts_text, -EPIPE },
    { "confab_chat_printf", printf_text, -EPIPE },
    { "confab_chat_push_reference", push_reference, -EPIPE },
    { "confab_chat_push_buffer", push_buffer, -EPIPE },
    { "confab_chat_push_with_producer", push_with_producer, -EPIPE },
    { "confab_chat_push_file", push_file, -EPIPE },
    { "confab_chat_resume_output", resume_output, 0 },
    { "confab_chat_output_size", output_size, 0 },
    { "confab_chat_pace", pace, 0 },
    { "confab_chat_close_when_done", close_when_done, 0 },
    { "confab_chat_shutdown", shut_down, 0 },
    { "confab_chat_close", close_again, 0 },
    { "confab_chat_abort", abort_it, 0 },
    { "confab_chat_session", session, 0 },
    { "confab_chat_data", data, 0 },
    { "confab_chat_service", service, 0 },
    { "confab_chat_reactor", reactor, 0 },
    { "confab_chat_id", id, 0 },
    { "confab_chat_find", find, 0 },
    { "confab_chat_state", state, 0 },
    { "confab_chat_draining", draining, 0 },
    { "confab_chat_error", error, 0 },
    { "confab_chat_error_text", error_text, 0 },
    { "confab_chat_peer", peer, 0 },
    { "confab_chat_local", local, 0 },
    { "confab_chat_peer_sockaddr", peer_sockaddr, 0 },
    { "confab_chat_fd", fd, 0 },
    { "confab_chat_set_options", set_options, -EPIPE },
    { "confab_chat_set_timeout", set_timeout, -EPIPE },
    { "confab_chat_call_later", call_later, 0 },
    { "confab_chat_call_every", call_every, 0 },
    { "confab_chat_get_stats", get_stats, 0 },
    { "confab_chat_log", log_it, 0 },
    { "confab_work", work, -EPIPE },
};

enum { RELEASES = 2 }; /* of a round: a reference and a producer */

static void call_each(confab_chat *chat)
{
    calling = true;
    released = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int result = rows[i].call(chat);
        cr_assert_eq(result, rows[i].result, "%s: %d", rows[i].name, result);
    }
    calling = false;
}

/* -- where a chat is closed and can still be called -- */

static int close_and_call(struct talk *talk)
{
    confab_chat_close(talk->chat);
    call_each(talk->chat);
    return 0;
}

static int abort_and_call(struct talk *talk)
{
    confab_chat_abort(talk->chat);
    call_each(talk->chat);
    return 0;
}

static int close_and_call_in_collect(struct talk *talk, const char *bytes, size_t len)
{
    (void)bytes, (void)len;
    return close_and_call(talk);
}

static void call_in_handle_close(struct talk *talk)
{
    call_each(talk->chat);
}

static int fail(struct talk *talk)
{
    (void)talk;
    return -EIO;
}

static int end_when_done(struct talk *talk)
{
    confab_chat_close_when_done(talk->chat);
    return 0;
}

/* Opens a talk by lines over TCP, which has a session. */
static confab_id open_talk(struct talk *talk)
{
    static confab_id name;

    talk->tcp = talk->line = true;
    talk->data = &name;
    talk_open(talk);
    name = confab_chat_id(talk->chat);
    return name;
}

/* Nothing is called for it but handle_close, and all that it was given is released. */
static void expect_over(struct talk *talk)
{
    run_until_set(talk->reactor, &talk->closes);
    run_quiet(talk->reactor);
    cr_assert_eq(released, RELEASES, "%d of %d were released", released, RELEASES);
    cr_assert_eq(fcntl(file, F_GETFD), -1, "the file is open");
    talk_end(talk);
}

/* Has the peer say two lines and end its side. */
static void call_in_a_hook(struct talk *talk, const char *trace)
{
    open_talk(talk);
    talk_send(talk, "one\ntwo\n");
    test_shutdown(talk->peer);
    run_until_set(talk->reactor, &talk->closes);
    talk_expect(talk, trace);
    expect_over(talk);
}

Test(chat_closed, takes_every_call_in_the_hook_that_closed_it)
{
    call_in_a_hook(&(struct talk){ .connect = close_and_call }, "<close>");
    call_in_a_hook(&(struct talk){ .collect = close_and_call_in_collect }, "one<close>");
    call_in_a_hook(&(struct talk){ .found = close_and_call }, "one|<close>");
    call_in_a_hook(&(struct talk){ .found = close_and_call, .collector = true }, "one|<close>");
    call_in_a_hook(&(struct talk){ .found = abort_and_call }, "one|<close>");
    call_in_a_hook(&(struct talk){ .eof = close_and_call }, "one|two|<eof><close>");
}

Test(chat_closed, takes_every_call_in_handle_close)
{
    call_in_a_hook(&(struct talk){ .close = call_in_handle_close, .found = fail }, "one|<close>");
    call_in_a_hook(&(struct talk){ .close = call_in_handle_close, .found = end_when_done }, "one|<close>");
    call_in_a_hook(&(struct talk){ .close = call_in_handle_close }, "one|two|<eof><close>");
    call_in_a_hook(&(struct talk){ .close = call_in_handle_close, .bare = true, .collector = true },
                   "one|two|<close>");
}

Test(chat_closed, takes_every_call_outside_of_the_turn)
{
    struct talk talk = { 0 };

    open_talk(&talk);
    talk_say(&talk, "one\r");
    close_and_call(&talk);
    talk_expect(&talk, "one");
    expect_over(&talk);
}

Test(chat_closed, takes_every_call_before_its_first_turn)
{
    struct talk talk = { 0 };

    open_talk(&talk);
    close_and_call(&talk);
    expect_over(&talk);
}

static void close_and_call_in_timer(struct talk *talk)
{
    close_and_call(talk);
}

Test(chat_closed, takes_every_call_in_its_timer)
{
    struct talk talk = { 0 };

    open_talk(&talk);
    run_quiet(talk.reactor);
    talk_in_timer(&talk, close_and_call_in_timer);
    expect_over(&talk);
}

static void close_and_call_in_post(confab_reactor *at, void *talk)
{
    (void)at;
    close_and_call(talk);
}

Test(chat_closed, takes_every_call_in_a_post)
{
    struct talk talk = { 0 };

    open_talk(&talk);
    run_quiet(talk.reactor);
    cr_assert_eq(confab_reactor_post(talk.reactor, close_and_call_in_post, &talk), 0);
    expect_over(&talk);
}

static ssize_t close_and_call_in_more(void *talk, confab_chat *chat, size_t want, const char **bytes)
{
    (void)chat, (void)want;
    *bytes = "x";
    close_and_call(talk);
    return 1;
}

static void no_release(void *talk)
{
    (void)talk;
}

Test(chat_closed, takes_every_call_in_its_producer)
{
    static const struct confab_producer_ops closing = { .size = sizeof closing,
                                                        .more = close_and_call_in_more,
                                                        .release = no_release };
    struct talk talk = { 0 };

    open_talk(&talk);
    run_quiet(talk.reactor);
    cr_assert_eq(confab_chat_push_with_producer(talk.chat, &closing, &talk), 0);
    expect_over(&talk);
}

static void call_in_release(void *talk)
{
    call_each(((struct talk *)talk)->chat);
}

/* What waits is released in the closing phase, before handle_close. */
Test(chat_closed, takes_every_call_in_a_release_that_its_end_brings)
{
    struct talk talk = { 0 };

    open_talk(&talk);
    run_quiet(talk.reactor);
    cr_assert_eq(confab_chat_push_reference(talk.chat, "x", 1, call_in_release, &talk), 0);
    confab_chat_close(talk.chat);
    expect_over(&talk);
}

static void call_unconnected(confab_chat *chat, enum confab_reason reason)
{
    int *closed = confab_chat_data(chat);

    cr_assert_eq(reason, CONFAB_REASON_CONNECT);
    calling = true;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].result == -EPIPE)
            cr_assert_eq(rows[i].call(chat), -EPIPE, "%s", rows[i].name);
        else if (rows[i].call != data && rows[i].call != id && rows[i].call != reactor)
            rows[i].call(chat); /* what it knows of a peer is nothing */
    calling = false;
    ++*closed;
}

Test(chat_closed, takes_every_call_where_it_never_connected)
{
    static const struct confab_chat_ops ops = { .size = sizeof ops,
                                                .session_size = 64,
                                                .collect_incoming_data = confab_chat_collect,
                                                .found_terminator = confab_chat_set_terminator_line,
                                                .handle_close = call_unconnected };
    confab_reactor *loop = test_reactor();
    int closed = 0;
    struct confab_chat_options options = { .size = sizeof options, .data = &closed };

    released = 0;
    cr_assert_not_null(confab_connect(loop, "no address", &ops, &options));
    run_until_set(loop, &closed);
    run_quiet(loop);
    cr_assert_eq(released, RELEASES);
    test_reactor_free(loop);
}

static int pace_to_the_closed(struct talk *talk)
{
    struct talk *other = talk->data;

    if (talk->founds > 1)
        return 0;
    confab_chat_close(other->chat);
    confab_chat_pace(talk->chat, other->chat);
    return 0;
}

Test(chat_closed, paces_nobody)
{
    struct talk other = { .line = true },
                talk = { .line = true, .found = pace_to_the_closed, .data = &other };

    talk_open(&other);
    talk.reactor = other.reactor;
    talk_open(&talk);
    run_quiet(talk.reactor);
    talk_say(&talk, "one\n");
    talk_say(&talk, "two\n");
    talk_expect(&talk, "one|two|");
    talk_expect(&other, "<close>");
    talk_end(&talk);
    talk_end(&other);
}
