/* test_chat_linger.c: replies to a peer that is busy sending, or slow to take them, when
 * either side ends: they arrive whole, without a reset before them. */
#include "chat_support.h"
#include "stub_io.h"
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MEBIBYTE = 1 << 20,
    FLOOD = 48 * MEBIBYTE, /* more than sockets and a linger take */
    COMMANDS = 100
};

/* What a talk answers each message with, and what has come of it. */
struct reply {
    char *bytes;
    size_t len, got;
    bool close; /* after the first */
};

static int answer(struct talk *talk)
{
    const struct reply *reply = talk->data;

    cr_assert_eq(confab_chat_push_reference(talk->chat, reply->bytes, reply->len, NULL, NULL), 0);
    if (reply->close)
        confab_chat_close_when_done(talk->chat);
    return 0;
}

static void open_talk(struct talk *talk, struct reply *reply, size_t len)
{
    reply->bytes = test_pattern(len);
    reply->len = len;
    *talk = (struct talk){ .tcp = true, .line = true, .mute = true, .found = answer, .data = reply };
    talk->reactor = test_reactor();
    stub_io(talk->reactor);
    talk_open(talk);
    run_quiet(talk->reactor);
}

static void end_talk(struct talk *talk)
{
    talk_end(talk);
    test_reactor_free(talk->reactor);
    free(((struct reply *)talk->data)->bytes);
}

/* Skips the test where the system does not tell what is on its way: then one second and 16 MiB have to do. */
static void need_a_system_that_tells(struct talk *talk)
{
    if (stub.unsent(talk->reactor->state, confab_chat_fd(talk->chat)) >= 0)
        return;
    end_talk(talk);
    cr_skip_test("this system does not tell");
}

/* Has the peer send for as long as its socket takes it. */
static size_t fill(const struct talk *talk)
{
    static const char bytes[65536];
    size_t all = 0, n;

    while ((n = test_send_some(talk->peer, bytes, sizeof bytes)) > 0)
        all += n;
    return all;
}

/* Has the peer send so much, which must not be refused. */
static void flood(struct talk *talk, size_t len)
{
    static const char bytes[65536];

    for (size_t sent = 0, turns = 0; sent < len; turns++) {
        ssize_t n = test_send_once(talk->peer, bytes, sizeof bytes);

        cr_assert(n > 0 || n == -EAGAIN, "%s after %zu bytes", strerror((int)-n), sent);
        cr_assert_lt(turns, 1000000, "nobody reads");
        sent += n > 0 ? (size_t)n : 0;
        talk_turn(talk);
    }
}

/* The peer takes up to `most` bytes, which must be the next of its replies. */
static ssize_t take(struct talk *talk, size_t most)
{
    struct reply *reply = talk->data;
    size_t at = reply->got % reply->len, room = reply->len - at;
    char *bytes = malloc(most);
    ssize_t n = test_recv(talk->peer, bytes, most < room ? most : room);

    cr_assert(n <= 0 || memcmp(bytes, reply->bytes + at, (size_t)n) == 0, "other bytes than were sent");
    reply->got += n > 0 ? (size_t)n : 0;
    free(bytes);
    return n;
}

static bool took_all(void *data)
{
    struct talk *talk = data;
    struct reply *reply = talk->data;
    ssize_t n = take(talk, MEBIBYTE);

    cr_assert_geq(n, 0, "the stream ended after %zu bytes of %zu", reply->got, reply->len);
    return reply->got == reply->len;
}

/* The peer gets the rest of the reply, and then the end of the stream. */
static void expect_whole(struct talk *talk)
{
    run_until(talk->reactor, took_all, talk);
    cr_assert_eq(test_recv(talk->peer, (char[1]){ 0 }, 1), -1, "no end behind it");
}

/* -- a reply, then close_when_done -- */

Test(chat_linger, a_short_reply_reaches_a_peer_that_has_megabytes_on_the_way)
{
    struct reply reply = { .close = true };
    struct talk talk;

    open_talk(&talk, &reply, 100);
    talk_send(&talk, "\n");
    cr_assert_gt(fill(&talk), MEBIBYTE / 2, "too little is on the way to tell");
    flood(&talk, 8 * MEBIBYTE);
    cr_assert_eq(talk.closes, 1);
    expect_whole(&talk);
    end_talk(&talk);
}

Test(chat_linger, a_reply_that_the_kernel_holds_reaches_a_peer_that_sends_before_it_reads)
{
    struct reply reply = { .close = true };
    struct talk talk;

    open_talk(&talk, &reply, MEBIBYTE);
    need_a_system_that_tells(&talk);
    talk_send(&talk, "\n");
    fill(&talk);
    flood(&talk, FLOOD);
    cr_assert_eq(talk.closes, 1, "it waits for us, not for the kernel");
    expect_whole(&talk);
    end_talk(&talk);
}

Test(chat_linger, a_reply_that_the_kernel_holds_reaches_a_peer_that_is_slow)
{
    struct reply reply = { .close = true };
    int small = 65536; /* or the peer's system would take all of it in the end */
    struct talk talk;

    open_talk(&talk, &reply, MEBIBYTE);
    need_a_system_that_tells(&talk);
    test_buffer_size(talk.peer, SO_RCVBUF, small);
    talk_say(&talk, "\n");
    cr_assert_eq(talk.closes, 1, "it waits for us, not for the kernel");
    for (int second = 0; second < 50; second++) {
        stub_pass(CONFAB_SECOND);
        cr_assert_geq(take(&talk, 10000), 0, "it ended after %d s", second);
        test_send(talk.peer, "more", 4);
        run_quiet(talk.reactor);
    }
    expect_whole(&talk);
    end_talk(&talk);
}

/* Lets seconds pass until the lingering connection is no more; the peer takes so much in each. */
static int seconds_until_end(struct talk *talk, size_t taken)
{
    int fds = test_open_fds(), seconds = 0;

    for (; test_open_fds() == fds; seconds++) {
        cr_assert_lt(seconds, 1000, "it never ends");
        stub_pass(CONFAB_SECOND);
        if (taken > 0)
            take(talk, taken);
    }
    return seconds;
}

/* What the kernels can move they move when they like: so the two minutes are counted from when the last of it went. */
Test(chat_linger, a_peer_that_takes_nothing_of_its_reply_is_cut_off)
{
    struct reply reply = { .close = true };
    struct talk talk;
    int fds, since = 0, before = -1;

    open_talk(&talk, &reply, MEBIBYTE);
    need_a_system_that_tells(&talk);
    const int fd = confab_chat_fd(talk.chat);
    talk_say(&talk, "\n");
    cr_assert_eq(talk.closes, 1);
    fds = test_open_fds();
    for (int seconds = 0; test_open_fds() == fds; seconds++) {
        int unsent = stub.unsent(talk.reactor->state, fd);

        cr_assert_lt(seconds, 1000, "it never ends");
        since = unsent == before ? since + 1 : 0;
        before = unsent;
        stub_pass(CONFAB_SECOND);
    }
    cr_assert_leq(since, 122);
    end_talk(&talk);
}

Test(chat_linger, a_peer_that_takes_its_reply_in_drops_is_cut_off)
{
    struct reply reply = { .close = true };
    struct talk talk;

    open_talk(&talk, &reply, 2 * MEBIBYTE);
    talk_say(&talk, "\n");
    cr_assert_eq(talk.closes, 1);
    cr_assert_leq(seconds_until_end(&talk, 5000), 302);
    end_talk(&talk);
}

/* -- the peer ends its side first -- */

Test(chat_linger, a_slow_reader_that_ended_its_side_gets_every_large_reply)
{
    struct reply reply = { 0 };
    struct talk talk;

    open_talk(&talk, &reply, 100000);
    for (int i = 0; i < COMMANDS; i++)
        talk_send(&talk, "command\n");
    talk_say_eof(&talk);
    cr_assert_lt(talk.founds, COMMANDS, "its output rests no reading: too little to tell");
    for (int turns = 0; reply.got < COMMANDS * reply.len; turns++) {
        ssize_t n = take(&talk, 10000);

        cr_assert_geq(n, 0, "the stream ended after %zu bytes", reply.got);
        cr_assert_lt(turns, 100000, "only %zu bytes have come", reply.got);
        confab_reactor_run_once(talk.reactor, n > 0 ? 0 : CONFAB_MILLISECOND);
    }
    run_until_set(talk.reactor, &talk.closes);
    cr_assert_eq(talk.founds, COMMANDS);
    cr_assert_eq(talk.eofs, 1);
    cr_assert_eq(talk.reason, CONFAB_REASON_DONE);
    cr_assert_eq(test_recv(talk.peer, (char[1]){ 0 }, 1), -1);
    end_talk(&talk);
}
