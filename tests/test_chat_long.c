/* test_chat_long.c: long streams: what each byte costs, and messages that 32 bits cannot count.
 *
 * The files that look at every byte are part of this one, so that what they do can be counted: bytes that
 * are searched, compared and copied.  The peer is a recv that gives as much as is asked for. */
#include <stddef.h>
#include <string.h>

static size_t searched, copied;

static const void *counting_memchr(const void *bytes, int byte, size_t len)
{
    const char *found = memchr(bytes, byte, len);

    searched += found ? (size_t)(found - (const char *)bytes) + 1 : len;
    return found;
}

static void *counting_memcpy(void *to, const void *from, size_t len)
{
    copied += len;
    return memcpy(to, from, len);
}

#define CONFAB_COUNT_COMPARES
#define memchr(bytes, byte, len) ((void *)(size_t)counting_memchr(bytes, byte, len))
#define memcpy                   counting_memcpy
#include "core/chat_collect.c"
#include "core/chat_feed.c"
#include "core/chat_input.c"
#include "core/terminator.c"
#undef memchr
#undef memcpy

#include "chat_support.h"
#include "stub_io.h"
#include "support.h"
#include <criterion/criterion.h>

enum { MEBIBYTE = 1 << 20, LINES = MEBIBYTE / 2, READ = 65536, EVENT = 64 };

/* What is still to be received: so many bytes of a pattern over and over (NULL: of anything), then a text. */
static uint64_t left;
static const char *pattern, *tail;
static uint64_t recvs, sends;

static ssize_t give(void *state, int fd, void *bytes, size_t len, int flags)
{
    size_t period = pattern ? strlen(pattern) : 0;

    (void)state, (void)fd, (void)flags;
    recvs++;
    if (left > 0) {
        size_t n = left < len ? (size_t)left : len;
        for (size_t i = 0; i < n && pattern; i++)
            ((char *)bytes)[i] = pattern[i % period];
        left -= n;
        return (ssize_t)n;
    }
    if (!tail)
        return -EAGAIN;
    size_t n = strlen(tail);
    memcpy(bytes, tail, n);
    tail = NULL;
    return (ssize_t)n;
}

static ssize_t take(void *state, int fd, const void *bytes, size_t len, int flags)
{
    (void)state, (void)fd, (void)bytes, (void)flags;
    sends++;
    return (ssize_t)len;
}

static void open_talk(struct talk *talk)
{
    talk->mute = true;
    talk->reactor = test_reactor();
    stub_io(talk->reactor);
    stub.recv = give;
    stub.send = take;
    talk_open(talk);
    run_quiet(talk->reactor);
}

/* -- 1 MiB of lines of one byte -- */

static int turns;

static int check_line(struct talk *talk)
{
    size_t len;
    const char *line = confab_chat_message(talk->chat, &len);

    cr_assert(len == 1 && line[0] == 'x');
    return confab_chat_push(talk->chat, "x\n", 2);
}

/* Has the lines received.  With rests the chat is resumed after each turn. */
static void receive_lines(struct talk *talk, int lines)
{
    pattern = "x\n";
    open_talk(talk);
    searched = copied = 0;
    recvs = sends = 0;
    left = 2 * (uint64_t)lines;
    test_send(talk->peer, "!", 1); /* is never received: there is always something to read */
    for (turns = 0; talk->founds < lines; turns++) {
        cr_assert_leq(turns, lines);
        confab_chat_resume(talk->chat);
        talk_turn(talk);
    }
}

static void end_talk(struct talk *talk)
{
    talk_end(talk);
    test_reactor_free(talk->reactor);
}

/* Every byte is received once, looked at twice at the most, and put away once at the most. */
static void expect_linear(struct talk *talk)
{
    uint64_t before = terminator_compares();

    receive_lines(talk, LINES);
    cr_expect_leq(turns, LINES / EVENT + 1, "%d turns", turns);
    cr_expect_leq(recvs, MEBIBYTE / READ + 1, "%llu calls of recv", (unsigned long long)recvs);
    cr_expect_leq(searched, 2 * MEBIBYTE, "%zu bytes are searched", searched);
    cr_expect_leq(terminator_compares() - before, 2 * MEBIBYTE);
    cr_expect_leq(copied, MEBIBYTE, "%zu bytes are copied", copied);
    end_talk(talk);
}

Test(chat_long, lines_of_one_byte_cost_what_they_are_long)
{
    expect_linear(&(struct talk){ .line = true });
    expect_linear(&(struct talk){ .bytes = "\n" });
}

Test(chat_long, collected_lines_of_one_byte_cost_what_they_are_long)
{
    expect_linear(&(struct talk){ .line = true, .collector = true, .unasked = true, .found = check_line });
    cr_expect_leq(sends, LINES / EVENT + 1, "%llu calls of send", (unsigned long long)sends);
    expect_linear(&(struct talk){ .bytes = "\n", .collector = true, .unasked = true, .found = check_line });
}

static int suspend(struct talk *talk)
{
    confab_chat_suspend(talk->chat);
    return 0;
}

Test(chat_long, a_rest_after_each_line_costs_no_copy_of_what_waits)
{
    struct talk talk = { .line = true, .found = suspend };

    receive_lines(&talk, LINES / 8);
    cr_expect_leq(recvs, MEBIBYTE / 8 / READ + 1);
    cr_expect_leq(searched, MEBIBYTE / 8 * 2);
    cr_expect_leq(copied, MEBIBYTE / 8, "%zu bytes are copied", copied);
    end_talk(&talk);
}

static int count_two(struct talk *talk)
{
    return confab_chat_set_terminator_count(talk->chat, 2);
}

Test(chat_long, counts_of_two_bytes_cost_what_they_are_long)
{
    struct talk talk = { .count = 2, .found = count_two };

    receive_lines(&talk, LINES);
    cr_expect_leq(turns, LINES / EVENT + 1);
    cr_expect_leq(recvs, MEBIBYTE / READ + 1);
    cr_expect_leq(copied, MEBIBYTE, "%zu bytes are copied", copied);
    end_talk(&talk);
}

/* -- a message of more than 4 GiB -- */

static const uint64_t gib4 = UINT64_C(1) << 32;
static uint64_t received; /* of the message: 64 bits also where size_t is 32 */

static uint64_t count_left(struct talk *talk)
{
    uint64_t n = 0;

    cr_assert_eq(confab_chat_get_terminator(talk->chat, NULL, &n), CONFAB_TERMINATOR_COUNT);
    return n;
}

static int count_received(struct talk *talk, const char *data, size_t len)
{
    if (talk->founds > 0) {
        talk->mute = false;
        talk_note_bytes(talk, data, len);
        return 0;
    }
    received += len;
    cr_assert_leq(received, gib4 + 10);
    return 0;
}

static int line_after_count(struct talk *talk)
{
    if (talk->founds > 1)
        return 0;
    cr_assert_eq(received, gib4 + 10, "%llu bytes", (unsigned long long)received);
    return confab_chat_set_terminator_line(talk->chat);
}

Test(chat_long, count_over_4_gib_ends_at_its_very_byte)
{
    struct talk talk = { .count = gib4 + 10, .collect = count_received, .found = line_after_count };

    open_talk(&talk);
    left = gib4 - 100;
    test_send(talk.peer, "!", 1);
    while (left > 0) {
        cr_assert_eq(count_left(&talk), gib4 + 10 - received);
        talk_turn(&talk);
    }
    cr_assert_eq(talk.founds, 0);
    cr_assert_eq(count_left(&talk), 110);
    left = 110;
    tail = "line\n";
    while (talk.founds < 2)
        talk_turn(&talk);
    talk_expect(&talk, "line|");
    end_talk(&talk);
}
