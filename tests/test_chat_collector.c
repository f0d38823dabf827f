/* The library's collector: messages that arrive in one piece and in many, what
 * a plugin may do with one, and what it is left with afterwards. */
#include "chat_support.h"
#include "core/reactor.h"
#include "support.h"
#include <criterion/criterion.h>
#include <ctype.h>
#include <string.h>

/* -- the message -- */

Test(test_chat_collector, message_is_whole_however_it_arrived)
{
    talk_every_cut(&(struct talk){ .collector = true, .bytes = "\r\n" }, "one\r\n\r\nt\rwo\r\r\nthree\r\n",
                   "one||t\\rwo\\r|three|");
    talk_every_cut(&(struct talk){ .collector = true, .bytes = "aab" }, "xaaabaabcaaaab", "xa||caa|");
}

static int not_copied(struct talk *talk)
{
    const struct confab_reactor *reactor = talk->reactor;
    const char *message = confab_chat_message(talk->chat, NULL);

    cr_assert(message >= reactor->buffer && message < reactor->buffer + reactor->read_buffer);
    return 0;
}

Test(test_chat_collector, message_that_arrived_in_one_piece_is_not_copied)
{
    struct talk talk = { .collector = true, .line = true, .found = not_copied };

    talk_open(&talk);
    talk_say(&talk, "one\ntwo\n");
    talk_expect(&talk, "one|two|");
    talk_end(&talk);
}

static int collect_by_hand(struct talk *talk, const char *data, size_t len)
{
    return confab_chat_collect(talk->chat, data, len);
}

Test(test_chat_collector, message_that_a_plugin_handed_on_in_one_piece_is_not_copied)
{
    struct talk talk = { .line = true, .collect = collect_by_hand, .found = not_copied };

    talk_open(&talk);
    talk_say(&talk, "one\ntwo\n");
    talk_expect(&talk, "one|two|");
    talk_end(&talk);
}

static int nul_behind(struct talk *talk)
{
    size_t len;
    const char *message = confab_chat_message(talk->chat, &len);

    cr_assert_eq(message[len], '\0');
    cr_assert_eq(strlen(message), len);
    return 0;
}

Test(test_chat_collector, message_has_a_nul_behind_it)
{
    talk_every_cut(&(struct talk){ .collector = true, .line = true, .found = nul_behind }, "one\n\nthree\r\n",
                   "one||three|");
}

static int scribble(struct talk *talk)
{
    size_t len;
    char *message = confab_chat_message(talk->chat, &len);

    memset(message, '#', len);
    cr_assert_eq(confab_chat_message(talk->chat, NULL), message);
    return 0;
}

Test(test_chat_collector, message_may_be_written_to)
{
    talk_every_cut(&(struct talk){ .collector = true, .line = true, .found = scribble }, "one\ntwo\nthree\n",
                   "one|two|three|");
}

static int count_again(struct talk *talk)
{
    nul_behind(talk);
    return confab_chat_set_terminator_count(talk->chat, 3);
}

Test(test_chat_collector, nul_behind_a_count_does_not_disturb_the_next_byte)
{
    talk_every_cut(&(struct talk){ .collector = true, .count = 2, .found = count_again }, "abcdefghijk",
                   "ab|cde|fgh|ijk|");
}

static int count_after_nul(struct talk *talk)
{
    size_t len;
    char *message = confab_chat_message(talk->chat, &len);

    memset(message, '#', len);
    return talk->founds == 1 ? confab_chat_set_terminator_line(talk->chat) : 0;
}

Test(test_chat_collector, nul_behind_a_count_does_not_hide_a_terminator)
{
    talk_every_cut(&(struct talk){ .collector = true, .count = 2, .found = count_after_nul }, "ab\ncd\n",
                   "ab||cd|");
}

static int ask_twice(struct talk *talk)
{
    size_t first_len, second_len;
    char *first = confab_chat_message(talk->chat, &first_len);
    char *second = confab_chat_message(talk->chat, &second_len);

    cr_assert_eq(first, second);
    cr_assert_eq(first_len, second_len);
    return 0;
}

Test(test_chat_collector, message_asked_for_twice_is_the_same)
{
    talk_every_cut(&(struct talk){ .collector = true, .line = true, .found = ask_twice }, "one\n\ntwo\n",
                   "one||two|");
}

Test(test_chat_collector, message_may_be_longer_than_a_read)
{
    static char bytes[200000];
    struct talk talk = { .collector = true, .line = true, .mute = true, .options.in_buffer_size = 1000 };
    size_t sent = 0;

    memset(bytes, 'x', sizeof bytes);
    bytes[sizeof bytes - 1] = '\n';
    talk_open(&talk);
    while (!talk.founds) {
        sent += test_send_some(talk.peer, bytes + sent, sizeof bytes - sent);
        talk_turn(&talk);
    }
    cr_assert_eq(talk.collected, sizeof bytes - 1);
    talk_say(&talk, "next\n");
    cr_assert_eq(talk.collected, sizeof bytes - 1 + 4);
    talk_end(&talk);
}

static int close_and_look(struct talk *talk)
{
    confab_chat_close(talk->chat);
    cr_assert_not_null(confab_chat_message(talk->chat, NULL));
    return 0;
}

Test(test_chat_collector, message_of_a_chat_closed_in_the_hook_can_be_asked_for)
{
    struct talk talk = { .collector = true, .line = true, .found = close_and_look };

    talk_open(&talk);
    talk_say(&talk, "one\ntwo\n");
    talk_expect(&talk, "one|<close>");
    talk_end(&talk);
}

static int suspend(struct talk *talk)
{
    confab_chat_suspend(talk->chat);
    return nul_behind(talk);
}

Test(test_chat_collector, messages_that_waited_are_whole)
{
    struct talk talk = { .collector = true, .line = true, .found = suspend };

    talk_open(&talk);
    talk_say(&talk, "one\ntwo\nthree\nfo");
    for (int i = 0; i < 3; i++) {
        confab_chat_resume(talk.chat);
        run_quiet(talk.reactor);
    }
    talk_say(&talk, "ur\n");
    talk_expect(&talk, "one|two|three|four|");
    talk_end(&talk);
}

static int rest_then_discard(struct talk *talk)
{
    if (talk->founds == 1)
        confab_chat_suspend(talk->chat);
    else
        confab_chat_discard_buffers(talk->chat);
    return 0;
}

Test(test_chat_collector, message_may_be_dropped_with_all_that_waited)
{
    struct talk talk = { .collector = true, .line = true, .found = rest_then_discard };

    talk_open(&talk);
    talk_say(&talk, "one\ntwo\nthree\n");
    confab_chat_resume(talk.chat);
    run_quiet(talk.reactor);
    talk_say(&talk, "four\n");
    talk_expect(&talk, "one|two|four|");
    talk_end(&talk);
}

/* -- take_message -- */

static int take(struct talk *talk)
{
    confab_buffer **kept = talk->data;
    size_t len;

    kept[talk->founds - 1] = confab_chat_take_message(talk->chat);
    cr_assert_not_null(kept[talk->founds - 1]);
    cr_assert_str_eq(confab_chat_message(talk->chat, &len), "");
    cr_assert_eq(len, 0);
    return 0;
}

static void expect_kept(confab_buffer *buffer, const char *text)
{
    cr_assert_eq(confab_buffer_size(buffer), strlen(text));
    cr_assert_str_eq(confab_buffer_data(buffer), text);
    confab_buffer_unref(buffer);
}

Test(test_chat_collector, taken_message_outlives_the_chat)
{
    confab_buffer *kept[3];
    struct talk talk = { .collector = true, .line = true, .unasked = true, .found = take, .data = kept };

    talk_open(&talk);
    talk_say(&talk, "one\nt");
    talk_say(&talk, "wo\n\n");
    talk_expect(&talk, "|||");
    talk_end(&talk);
    expect_kept(kept[0], "one");
    expect_kept(kept[1], "two");
    expect_kept(kept[2], "");
}

/* -- other collectors -- */

static int note_message(struct talk *talk)
{
    size_t len;
    const char *message = confab_chat_message(talk->chat, &len);

    cr_assert_eq(strlen(message), len);
    talk_note(talk, "(");
    talk_note(talk, message);
    talk_note(talk, ")");
    return 0;
}

Test(test_chat_collector, collect_of_a_plugin_may_call_the_collector)
{
    talk_every_cut(&(struct talk){ .bytes = "aab", .collect = collect_by_hand, .found = note_message },
                   "xaaabaabyaab", "xa|(xa)|()y|(y)");
}

static int note_second(struct talk *talk)
{
    return talk->founds == 2 ? note_message(talk) : 0;
}

Test(test_chat_collector, message_that_nobody_asked_for_is_gone)
{
    talk_every_cut(&(struct talk){ .collector = true, .unasked = true, .line = true, .found = note_second },
                   "one\ntwo\n", "||(two)");
}

static int collect_upper(struct talk *talk, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char c = (char)toupper((unsigned char)data[i]);
        int error = confab_chat_collect(talk->chat, &c, 1);

        if (error)
            return error;
    }
    return 0;
}

Test(test_chat_collector, collector_keeps_bytes_from_elsewhere)
{
    talk_every_cut(&(struct talk){ .line = true, .collect = collect_upper, .found = note_message },
                   "one\ntwo\r\n\nthree\n", "one|(ONE)two|(TWO)|()three|(THREE)");
}

static int collect_around(struct talk *talk, const char *data, size_t len)
{
    if (talk->collects != 1)
        confab_chat_collect(talk->chat, "<", 1);
    confab_chat_collect(talk->chat, data, len);
    return confab_chat_collect(talk->chat, ">", 1);
}

Test(test_chat_collector, collector_mixes_bytes_of_the_read_with_others)
{
    struct talk talk = { .line = true, .collect = collect_around, .found = note_message };

    talk_open(&talk);
    talk_say(&talk, "one\ntw");
    talk_say(&talk, "o\n");
    talk_expect(&talk, "one|(one>)two|(<tw><o>)");
    talk_end(&talk);
}

struct own {
    char bytes[64];
    size_t len;
};

static int collect_into_own(struct talk *talk, const char *data, size_t len)
{
    struct own *own = talk->data;

    cr_assert_lt(own->len + len, sizeof own->bytes);
    memcpy(own->bytes + own->len, data, len);
    own->len += len;
    return 0;
}

static int note_own(struct talk *talk)
{
    struct own *own = talk->data;

    own->bytes[own->len] = '\0';
    own->len = 0;
    talk_note(talk, own->bytes);
    talk_note(talk, ".");
    return 0;
}

Test(test_chat_collector, plugin_may_collect_into_its_own_buffer)
{
    struct own own = { .len = 0 };

    talk_every_cut(
        &(struct talk){ .line = true, .collect = collect_into_own, .found = note_own, .data = &own },
        "one\ntwo\r\n\nthree\n", "one|one.two|two.|.three|three.");
}

static int head_and_body(struct talk *talk)
{
    return talk->founds % 2 ? confab_chat_set_terminator_count(talk->chat, 4)
                            : confab_chat_set_terminator(talk->chat, "\r\n\r\n", 4);
}

Test(test_chat_collector, messages_of_changing_terminators_are_whole)
{
    talk_every_cut(&(struct talk){ .collector = true, .bytes = "\r\n\r\n", .found = head_and_body },
                   "a\r\nb\r\n\r\nbodyc\r\n\r\n\r\n\r\nd\r\n\r\n", "a\\r\\nb|body|c|\\r\\n\\r\\n|d|");
}
