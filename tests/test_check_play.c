/* test_check_play.c: a session as `confab check` plays it: its steps, and what is said where they do not hold. */
#include "play_support.h"
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void open_played(void)
{
    played_open("played");
}

TestSuite(check_play, .init = open_played, .fini = played_close, .timeout = 120);

static void holds(const char *lines)
{
    cr_assert(played_solo(lines), "line %u: %s: expected %s, got %s", played.finding.line,
              played.finding.what, played.finding.expected, played.finding.got);
}

static void fails(const char *lines, unsigned line, const char *what)
{
    cr_assert_not(played_solo(lines));
    played_says(what);
    cr_assert_eq(played.finding.line, line, "it says line %u", played.finding.line);
}

/* -- Expecting ------------------------------------------------------------------------------- */

Test(check_play, what_is_expected_holds)
{
    holds("> \"a\\r\\nb\\n\"\n< \"a\\r\\n\"\n<? \"never\"\n<* \"b\"\n< \"\\r\\n\"\n");
}

Test(check_play, a_reply_that_differs_is_told_with_both_the_line_and_the_hook)
{
    fails("> \"hello\\n\"\n< \"hallo\\r\\n\"\n", 3, "the reply differs");
    cr_assert_str_eq(played.finding.expected, "\"hallo\\r\\n\"");
    cr_assert_str_eq(played.finding.got, "\"hello\\r\\n\"");
    cr_assert_str_eq(played.finding.hook, "found_terminator");
    cr_assert_str_eq(played.finding.session, "session 1");
    cr_assert_str_eq(played.finding.seed, "1.0.solo.0");
}

Test(check_play, of_long_texts_the_place_where_they_differ_is_told)
{
    fails("> \"a\" * 1000 \"b\\n\"\n< \"a\" * 1001 \"\\r\\n\"\n", 3, "the reply differs");
    cr_assert(strstr(played.finding.expected, "from byte 960 on: \"aaaa"), "it says: %s",
              played.finding.expected);
    cr_assert(strstr(played.finding.got, "aaab\\r\\n\""), "it says: %s", played.finding.got);
}

Test(check_play, a_reply_that_stops_short_is_called_so)
{
    fails("> \"a\\n\"\n< \"a\\r\\nb\\r\\n\"\n", 3, "the reply stops short");
}

Test(check_play, no_reply_is_called_so)
{
    fails("> \"a\"\n< \"a\\r\\n\"\n", 3, "no reply comes");
    cr_assert_str_eq(played.finding.got, "\"\"");
}

Test(check_play, a_reply_that_the_connections_end_cuts_off_is_called_so)
{
    fails("plugin played fault=closes\n> \"a\\n\"\n< \"a\\r\\nb\\r\\n\"\n", 4,
          "the connection ends before the whole reply has come");
}

Test(check_play, bytes_that_nothing_expects_fail)
{
    fails("> \"a\\nb\\n\"\n< \"a\\r\\n\"\n", 3, "bytes come that nothing expects");
    cr_assert_str_eq(played.finding.got, "\"b\\r\\n\"");
}

Test(check_play, of_a_recording_that_was_cut_off_more_may_come)
{
    holds("> \"a\\nb\\n\"\n< \"a\\r\\n\"\ntruncated\n");
    fails("> \"a\\nb\\n\"\n< \"b\"\ntruncated\n", 3, "the reply differs");
}

Test(check_play, each_step_is_a_barrier)
{
    fails("plugin played fault=splits\n> \"hello\"\n> \"\\r\\n\"\n< \"hello\\r\\n\"\n", 5,
          "the reply differs");
}

Test(check_play, no_time_passes_where_the_session_does_not_wait)
{
    fails("plugin played fault=late\n> \"a\\n\"\n< \"late\\r\\n\"\n", 4, "no reply comes");
}

Test(check_play, time_passes_where_the_session_waits)
{
    holds("plugin played fault=late\n> \"a\\n\"\nwait 2s\n< \"late\\r\\n\"\n");
}

Test(check_play, what_was_captured_is_sent_again)
{
    holds("plugin played fault=numbers\n> \"\\n\"\n<~ /number (?<n>[0-9]+)/\n> \"\\n\"\n<~ /number .*/\n");
    holds("> \"id 77\\n\"\n<~ /id (?<n>[0-9]+)/\n> \"${n}\\n\"\n< \"77\\r\\n\"\n");
}

Test(check_play, what_a_mask_covers_may_differ)
{
    holds("plugin played fault=numbers\nmask /[0-9]+/ NUMBER\n> \"\\n\"\n< \"number NUMBER\\r\\n\"\n");
}

/* -- Connections ------------------------------------------------------------------------------- */

Test(check_play, a_connection_that_is_closed_holds_closed_and_another_does_not)
{
    holds("plugin played fault=closes\n> \"a\\n\"\n< \"a\\r\\n\"\nclosed\n");
    fails("> \"a\\n\"\n< \"a\\r\\n\"\nclosed\n", 4, "the connection stays open");
}

Test(check_play, an_end_of_the_far_end_is_its_end)
{
    holds("> \"a\\n\"\n< \"a\\r\\n\"\neof\nclosed\n");
    holds("plugin played fault=last-words\n> \"a\\n\"\neof\n< \"a\\r\\nbye\\r\\n\"\nclosed\n");
    holds("> \"a\\n\"\n< \"a\\r\\n\"\nreset\n");
}

Test(check_play, a_reset_loses_the_last_answers_of_what_was_recorded)
{
    fails("> \"a\\n\"\nreset\n", 3, "bytes come that nothing expects");
    holds("peer 127.0.0.1:7\n> \"a\\n\"\nreset\n");
}

Test(check_play, one_that_stalls_reads_when_it_goes_on)
{
    holds("> \"a\\n\"\nstall\n> \"b\\n\"\ngo\n< \"a\\r\\nb\\r\\n\"\n");
    fails("stall\n> \"b\\n\"\n< \"b\\r\\n\"\n", 4, "no reply comes");
}

Test(check_play, replies_of_several_together_may_come_in_any_order)
{
    holds("together\na: > \"1\\n\"\nb: > \"2\\n\"\na: > \"3\\n\"\na: < \"3\\r\\n\"\na: < \"1\\r\\n\"\n"
          "b: < \"2\\r\\n\"\nend\n");
    fails("together\na: > \"1\\n\"\nb: > \"2\\n\"\na: < \"1\\r\\n\"\nb: < \"1\\r\\n\"\nend\n", 6,
          "the reply differs");
}

Test(check_play, a_server_of_the_session_is_connected_to)
{
    static const char asks[] = "plugin played fault=calls server=${db}\nserver db 10.2.2.2:99\n"
                               "a: > \"what\\n\"\ndb accept s\ns: < \"what\\r\\n\"\ns: > \"that\\n\"\n"
                               "a: < \"that\\r\\n\"\ns: closed\n";

    holds(asks);
}

Test(check_play, a_server_with_a_name_is_found_by_it)
{
    holds("plugin played fault=calls server=${db}\nserver db db.example:99\n"
          "a: > \"what\\n\"\ndb accept s\ns: < \"what\\r\\n\"\ns: > \"that\\n\"\na: < \"that\\r\\n\"\ns: "
          "closed\n");
}

Test(check_play, a_plugin_that_does_not_connect_is_told_so)
{
    fails("server db 10.2.2.2:99\na: > \"what\\n\"\na: < \"what\\r\\n\"\ndb accept s\n", 5,
          "the plugin has not connected to db");
}

/* -- The service --------------------------------------------------------------------------------- */

Test(check_play, an_option_that_is_refused_is_a_failure_with_its_words)
{
    cr_assert_not(played_solo("plugin played frob=1\n> \"a\\n\"\n"));
    cr_assert(strstr(played.finding.what, "frob"), "it says: %s", played.finding.what);
}

Test(check_play, a_ready_that_fails_is_a_failure_with_its_words)
{
    cr_assert_not(played_solo("plugin played fault=not-ready\n> \"a\\n\"\n"));
    cr_assert(strstr(played.finding.what, "there is no such thing"), "it says: %s", played.finding.what);
}

Test(check_play, the_command_line_has_the_last_word)
{
    played_word("fault=hello");
    holds("plugin played fault=not-ready\n< \"hello\\r\\n\"\n> \"a\\n\"\n< \"a\\r\\n\"\n");
}

Test(check_play, a_loop_that_never_rests_is_told)
{
    fails("plugin played fault=never-rests\n> \"a\\n\"\n", 3,
          "does not come to rest: the loop has something to do again and again, while no time passes");
}

Test(check_play, a_chat_that_outlives_its_peer_for_ever_is_told)
{
    fails("plugin played fault=never-resumes\n> \"a\\n\"\n< \"a\\r\\n\"\n", 4,
          "a connection stays open for ever: the far end has closed it, and 20 minutes later handle_close "
          "has not "
          "been called");
}

/* -- The folder --------------------------------------------------------------------------------------- */

static unsigned entries(const char *path)
{
    DIR *folder = opendir(path);
    unsigned n = 0;

    cr_assert_not_null(folder);
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder))
        n += entry->d_name[0] != '.';
    closedir(folder);
    return n;
}

Test(check_files, files_of_a_session_are_there_and_gone_afterwards, .init = NULL, .fini = played_close)
{
    char folder[] = "/tmp/confab-test-XXXXXX";

    cr_assert_not_null(mkdtemp(folder));
    setenv("TMPDIR", folder, 1);
    played_open("files");
    played_session(
        "plugin files root=${TMP}\nfile a/b/c.txt \"12345\"\n> \"GET /a/b/c.txt HTTP/1.0\\r\\n\\r\\n\"\n"
        "<* \"\\r\\n\\r\\n12345\"\nclosed\n");
    played_measure(true);
    cr_assert_eq(played_all(0, KIND_ONE_CUT), 0);
    cr_assert_eq(entries(folder), 0);
    cr_assert_eq(rmdir(folder), 0);
}
