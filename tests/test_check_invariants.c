/* test_check_invariants.c: runs that only the invariants are asked of. */
#include "play_support.h"
#include "watched.h"
#include <criterion/criterion.h>
#include <string.h>

static void open_played(void)
{
    played_open("played");
}

TestSuite(check_invariants, .init = open_played, .fini = played_close, .timeout = 300);

static void says_something(const char *what)
{
    cr_assert(strstr(played.finding.what, what), "it says: %s", played.finding.what);
}

Test(check_invariants, a_plugin_that_is_right_keeps_them)
{
    static const enum kind kinds[] = { KIND_STOP,         KIND_TIME_OUT,      KIND_ALLOCATION,
                                       KIND_RANDOM_BYTES, KIND_NO_TERMINATOR, KIND_NEVER_READS,
                                       KIND_GROWTH };

    played_session("> \"hello\\n\"\n< \"hello\\r\\n\"\n> \"x\" * 300 \"\\n\"\n< \"x\" * 300 \"\\r\\n\"\n");
    played_silence();
    played_measure(true);
    for (unsigned session = 0; session < 2; session++)
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
            cr_assert(played.checker.board->measures[session].count[kinds[i]] > 0 ||
                      (session == 1 && kinds[i] == KIND_NEVER_READS));
            cr_assert_eq(played_all(session, kinds[i]), 0, "%s", played.finding.what);
        }
}

Test(check_invariants, one_who_says_nothing_is_greeted_and_that_is_no_failure)
{
    played_word("fault=hello");
    played_silence();
    played_measure(true);
    cr_assert_eq(played_all(0, KIND_SOLO), 0);
    cr_assert_eq(played_all(0, KIND_STOP), 0);
    cr_assert_eq(played_all(0, KIND_RANDOM_BYTES), 0, "%s", played.finding.what);
}

Test(check_invariants, random_bytes_find_a_chat_that_is_never_read_again)
{
    played_word("fault=never-resumes");
    played_silence();
    played_measure(true);
    cr_assert_gt(played_all(0, KIND_RANDOM_BYTES), 0);
    says_something("a connection stays open for ever");
    says_something(" when random bytes are sent");
}

Test(check_invariants, a_message_without_an_end_that_is_kept_is_told_with_its_size)
{
    watched_calls_needed();
    played_word("fault=hoards");
    played_silence();
    played_measure(true);
    cr_assert_eq(played_all(0, KIND_NO_TERMINATOR), 3);
    says_something(" bytes after 4 MiB of a message without an end: grows without bound");
    says_something("holds 4,194,304");
}

Test(check_invariants, a_message_without_an_end_may_be_as_long_as_the_service_says)
{
    played_word("fault=hoards-lines");
    played_word("max-message=4M");
    played_silence();
    played_measure(true);
    cr_assert_eq(played_all(0, KIND_NO_TERMINATOR), 0, "%s", played.finding.what);
}

Test(check_invariants, replies_without_bound_that_nobody_reads_are_told)
{
    played_session("plugin played fault=piles-up\n> \"a\\n\"\n<* \"\\x00\" * 65536\n");
    played_measure(true);
    cr_assert_gt(played_all(0, KIND_NEVER_READS), 0);
    says_something(" bytes of replies that nobody reads: grows without bound");
}

static const char pours[] = "plugin played fault=pours\n> \"a\\n\"\n<* \"\\x00\" * 1048576\n";

Test(check_invariants, replies_that_wait_for_a_reader_without_memory_may_be_of_any_size)
{
    played_session(pours);
    played_measure(true);
    cr_assert_eq(played_all(0, KIND_NEVER_READS), 0, "%s", played.finding.what);
}

Test(check_invariants, nonsense_may_be_answered_with_any_amount)
{
    played_session(pours);
    played_measure(true);
    cr_assert_eq(played_all(0, KIND_RANDOM_BYTES), 0, "%s", played.finding.what);
}

Test(check_invariants, what_grows_with_every_connection_is_told_with_its_size)
{
    watched_calls_needed();
    played_session("plugin played fault=keeps-all\n> \"four\\n\"\n< \"four\\r\\n\"\n");
    played_measure(true);
    cr_assert_eq(played_all(0, KIND_GROWTH), 2);
    says_something(" bytes more each time that the session is played: grows without bound");
    cr_assert(played.finding.hook[0] == '\0' && played.finding.line == 0);
    cr_assert(played_run(0, KIND_SOLO, 0)); /* the service frees it at its end */
    cr_assert_not(played_run(0, KIND_GROWTH, 1));
    says_something(" bytes more each time that the same is said on a connection: grows without bound");
}

Test(check_invariants, a_reply_may_take_the_time_that_the_session_waits_for_it)
{
    played_session("plugin played fault=trickles\n> \"a\\n\"\nwait 10s\n< \"0123456789\"\n");
    played_measure(true);
    cr_assert_eq(played_all(0, KIND_GROWTH), 0, "%s", played.finding.what);
}

Test(check_invariants, requests_that_have_piled_up_may_each_take_their_time)
{
    played_session("plugin played fault=ponders\n> \"a\\n\"\nwait 4s\n< \"well\\r\\n\"\n");
    played_measure(true);
    cr_assert_eq(played_all(0, KIND_NEVER_READS), 0, "%s", played.finding.what);
}

Test(check_invariants, what_grows_up_to_a_bound_is_right)
{
    played_session("plugin played fault=fills\n> \"four\\n\"\n< \"four\\r\\n\"\n");
    played_measure(true);
    cr_assert_eq(played_all(0, KIND_GROWTH), 0, "%s", played.finding.what);
}
