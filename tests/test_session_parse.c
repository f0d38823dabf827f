/* test_session_parse.c: what each line of a session file is read as, and that it is written back as the same. */
#include "tests/session_support.h"
#include "tests/support.h"

#include <errno.h>
#include <stdio.h>

static void expect_step(const struct session *session, size_t i, enum step_kind kind, const char *connection,
                        unsigned line)
{
    cr_assert_lt(i, session->step_count);
    const struct session_step *step = &session->steps[i];
    cr_expect_eq(step->kind, kind, "step %zu: %s", i, step_sign(step->kind));
    cr_expect_eq(step->line, line, "step %zu: line %u", i, step->line);
    cr_expect_str_eq(session->connections[step->connection].name, connection, "step %zu", i);
}

Test(session_parse, reads_each_step_of_the_only_connection)
{
    struct session *session =
        session_of("> \"a\"\n< \"b\"\n<? \"c\"\n<* \"d\"\n<~ /e/\nstall\ngo\nwait 30s\neof\nclosed\n");
    static const enum step_kind kinds[] = { STEP_SEND,  STEP_EXPECT, STEP_OPTIONAL, STEP_UNTIL, STEP_MATCH,
                                            STEP_STALL, STEP_GO,     STEP_WAIT,     STEP_EOF,   STEP_CLOSED };

    cr_expect_eq(session->step_count, 10);
    for (unsigned i = 0; i < 10; i++) {
        expect_step(session, i, kinds[i], "", i + 2);
        cr_expect_eq(session->steps[i].group, 0);
        if (i < 4)
            cr_expect(text_is(&session->steps[i].text, (const char[]){ (char)('a' + i) }, 1), "step %u", i);
    }
    cr_expect_eq(session->steps[7].wait, 30000000000);
    cr_assert_eq(session->connection_count, 1);
    cr_expect(session->connections[0].ended && !session->connections[0].server);
    session_free(session);
}

Test(session_parse, reads_steps_of_connections_with_names)
{
    struct session *session = session_of(
        "a: > \"1\"\nb-2.c: stall\nb-2.c: go\na: reset\nc connect\nd connect \"10.1.1.1:5\"\nc:eof");

    expect_step(session, 0, STEP_SEND, "a", 2);
    expect_step(session, 1, STEP_STALL, "b-2.c", 3);
    expect_step(session, 2, STEP_GO, "b-2.c", 4);
    expect_step(session, 3, STEP_RESET, "a", 5);
    expect_step(session, 4, STEP_CONNECT, "c", 6);
    cr_expect_eq(session->steps[4].text.count, 0);
    expect_step(session, 5, STEP_CONNECT, "d", 7);
    cr_expect(text_is(&session->steps[5].text, "10.1.1.1:5", 10));
    expect_step(session, 6, STEP_EOF, "c", 8);
    cr_expect_eq(session->connection_count, 4);
    cr_expect(session->connections[0].ended && !session->connections[1].ended &&
              session->connections[2].ended && !session->connections[3].ended);
    session_free(session);
}

Test(session_parse, reads_servers_and_what_they_accept)
{
    struct session *session =
        session_of("server up 10.0.0.1:0\nserver down \"unix:/a b\"\n"
                   "up accept\nup: < \"x\"\ndown accept first\ndown accept second\nfirst: > \"y\"");

    cr_assert_eq(session->server_count, 2);
    cr_expect_str_eq(session->servers[1].name, "down");
    cr_expect(text_is(&session->servers[0].value, "10.0.0.1:0", 10));
    cr_expect(text_is(&session->servers[1].value, "unix:/a b", 9));
    cr_expect_eq(session->servers[1].line, 3);
    expect_step(session, 0, STEP_ACCEPT, "up", 4);
    expect_step(session, 1, STEP_EXPECT, "up", 5);
    expect_step(session, 2, STEP_ACCEPT, "first", 6);
    expect_step(session, 3, STEP_ACCEPT, "second", 7);
    cr_expect_eq(session->steps[0].server, 0);
    cr_expect_eq(session->steps[2].server, 1);
    cr_expect_eq(session->steps[3].server, 1);
    for (int i = 0; i < 3; i++)
        cr_expect(session->connections[i].server);
    session_free(session);
}

Test(session_parse, reads_the_plugin_with_its_options)
{
    struct session *session =
        session_of("plugin files root=${TMP}/www name=\"a b\" \\\n\tempty= name=2 x=a#b # no more\n");
    struct variables variables = { .first = NULL };

    cr_assert_eq(variables_set(&variables, "TMP", "/tmp/1", 6), 0);
    cr_expect_str_eq(session->plugin, "files");
    cr_expect_eq(session->plugin_line, 2);
    cr_assert_eq(session->option_count, 5);
    cr_expect_str_eq(session->options[0].name, "root");
    struct bytes root = expanded(&session->options[0].value, &variables);
    cr_expect_str_eq(root.at, "/tmp/1/www");
    bytes_free(&root);
    cr_expect_str_eq(session->options[1].name, "name");
    cr_expect(text_is(&session->options[1].value, "a b", 3));
    cr_expect_str_eq(session->options[2].name, "empty");
    cr_expect(text_is(&session->options[2].value, "", 0));
    cr_expect(text_is(&session->options[3].value, "2", 1));
    cr_expect(text_is(&session->options[4].value, "a#b", 3));
    variables_free(&variables);
    session_free(session);
}

Test(session_parse, reads_what_else_a_header_has)
{
    struct session *session = session_of("isolated\nfile a/b.txt \"x\" * 3\nfile \"c d\" \"\"\n"
                                         "began 2026-11-21T16:52:03Z\npeer \"unix:/x y\"\n");

    cr_expect(session->isolated && session->recorded && !session->truncated);
    cr_assert_eq(session->file_count, 2);
    cr_expect_str_eq(session->files[0].name, "a/b.txt");
    cr_expect(text_is(&session->files[0].value, "xxx", 3));
    cr_expect_str_eq(session->files[1].name, "c d");
    cr_expect(text_is(&session->files[1].value, "", 0));
    cr_expect_eq(session->began, INT64_C(1795279923000000000));
    cr_expect_str_eq(session->peer, "unix:/x y");
    session_free(session);
    session = session_of("\n");
    cr_expect(!session->isolated && !session->recorded && !session->plugin && !session->masks);
    session_free(session);
}

Test(session_parse, a_recording_may_say_at_its_end_that_it_goes_on)
{
    struct session *session = session_of("> \"x\"\ntruncated\n");

    cr_expect(session->truncated && session->recorded);
    session_free(session);
    session = session_of("truncated\n> \"x\"\n");
    cr_expect(session->truncated);
    session_free(session);
}

Test(session_parse, numbers_groups_of_what_happens_together)
{
    struct session *session = session_of("a: > \"0\"\ntogether\n  a: > \"1\"\n  b: < \"2\"\nend\na: < \"3\"\n"
                                         "together # again\nb: <* \"4\"\nend\n");
    static const unsigned groups[] = { 0, 1, 1, 0, 2 };

    cr_assert_eq(session->step_count, 5);
    for (size_t i = 0; i < 5; i++)
        cr_expect_eq(session->steps[i].group, groups[i], "step %zu", i);
    session_free(session);
}

Test(session_parse, passes_over_comments_and_blanks)
{
    static const char text[] =
        "# first\r\n\r\n  confab-session 1 # here\r\n\t\r\n\t> \"#a\" # b \"\r\n#c\r\n < \"x\"#\"";
    struct session *session;
    char error[256];

    cr_expect_eq(session_parse(&session, "test", text, strlen(text), error, sizeof error), -EINVAL);
    cr_expect_eq(session_parse(&session, "test", text, strlen(text) - 2, error, sizeof error), 0, "%s",
                 error);
    cr_assert_eq(session->step_count, 2);
    cr_expect(text_is(&session->steps[0].text, "#a", 2));
    cr_expect_eq(session->steps[1].line, 7);
    session_free(session);
}

Test(session_parse, a_file_need_not_end_with_a_newline_and_may_hold_nothing_but_its_first_line)
{
    struct session *session;
    char error[256];

    cr_expect_eq(session_parse(&session, "test", "confab-session 1", 16, error, sizeof error), 0, "%s",
                 error);
    cr_expect_eq(session->step_count, 0);
    cr_expect_str_eq(session->name, "test");
    session_free(session);
}

Test(session_parse, steps_that_can_be_behind_an_ending_are_taken)
{
    session_free(session_of("> \"a\"\neof\n< \"b\"\nclosed\n"));
    session_free(session_of("> \"a\"\neof\nreset\n"));
    session_free(session_of("> \"a\"\nclosed\n> \"b\"\neof\n"));
    session_free(session_of("stall\nreset\nwait 1s\n"));
}

/* -- Files ------------------------------------------------------------------------ */

Test(session_parse, reads_a_file)
{
    struct session *session;
    char error[512], path[512];

    snprintf(path, sizeof path, "%s/one.session", test_folder());
    FILE *file = fopen(path, "w");

    cr_assert(file && fputs("confab-session 1\n> \"x\"\n", file) >= 0 && fclose(file) == 0);
    int open = test_open_fds();
    cr_expect_eq(session_read(&session, path, error, sizeof error), 0, "%s", error);
    cr_expect_eq(test_open_fds(), open);
    cr_expect_str_eq(session->name, path);
    cr_expect_eq(session->step_count, 1);
    session_free(session);
}

Test(session_parse, tells_of_a_file_that_cannot_be_read)
{
    struct session *session;
    char error[512];

    cr_expect_eq(session_read(&session, "/nowhere/x.session", error, sizeof error), -ENOENT);
    cr_expect_str_eq(
        error, "/nowhere/x.session: cannot be read: No such file or directory, expected a session file");
    cr_expect_null(session);
    cr_expect_eq(session_read(&session, "/", error, sizeof error), -EISDIR);
    cr_expect_str_eq(error, "/: cannot be read: Is a directory, expected a session file");
}

/* -- And back --------------------------------------------------------------------------- */

static void prints_as(const char *lines, const char *wanted)
{
    struct session *session = session_of(lines), *again;
    struct bytes first = { .at = NULL }, second = { .at = NULL };
    char error[512];

    cr_assert_eq(session_print(session, &first), 0);
    if (wanted)
        cr_expect_str_eq(first.at, wanted);
    cr_assert_eq(session_parse(&again, "again", first.at, first.len, error, sizeof error), 0, "%s", error);
    cr_assert_eq(session_print(again, &second), 0);
    cr_expect_str_eq(second.at, first.at);
    cr_expect_eq(again->step_count, session->step_count);
    for (size_t i = 0; i < session->step_count && i < again->step_count; i++) {
        cr_expect_eq(again->steps[i].kind, session->steps[i].kind);
        cr_expect_eq(again->steps[i].group, session->steps[i].group);
    }
    bytes_free(&second);
    bytes_free(&first);
    session_free(again);
    session_free(session);
}

Test(session_parse, prints_header_masks_groups_and_steps)
{
    prints_as(
        "truncated\nserver up 10.0.0.1:0\nfile \"a b\" \"x\"\nmask /[^x]\\/b/ W\nmask /c/ V\nisolated\n"
        "peer 1:2\nbegan 2026-11-21T16:52:03Z\nplugin p a=1 b=\"c d\" e=${up}\n"
        "a connect\nup accept\nup accept other\ntogether\na: > \"1\"\nup: < \"2\"\nend\ntogether\n"
        "a:<~ /x\\/(?<y>z)/\nend\nwait 90s\nb connect \"1.2.3.4:5\"\nb: "
        "stall\nb:go\nb:eof\nb:closed\na:reset\n"
        "up: <? \"\"\nup: <* \"${y}\" * 2 \"\\x00\\$\"\n",
        "confab-session 1\nplugin p a=1 b=\"c d\" e=\"${up}\"\nbegan 2026-11-21T16:52:03.000000000Z\npeer "
        "1:2\n"
        "isolated\nmask /[^x]\\/b/ W\nmask /c/ V\nfile \"a b\" \"x\"\nserver up 10.0.0.1:0\n\n"
        "a connect\nup accept\nup accept other\ntogether\n    a: > \"1\"\n    up: < \"2\"\nend\ntogether\n"
        "    a: <~ /x\\/(?<y>z)/\nend\nwait 90s\nb connect \"1.2.3.4:5\"\nb: stall\nb: go\nb: eof\nb: "
        "closed\n"
        "a: reset\nup: <? \"\"\nup: <* \"${y}\" * 2 \"\\x00\\$\"\ntruncated\n");
}

Test(session_parse, prints_long_texts_in_several_lines)
{
    prints_as("> \"GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n\"\n",
              "confab-session 1\n\n> \"GET / HTTP/1.1\\r\\n\" \\\n  \"Host: x\\r\\n\" \\\n  \"\\r\\n\"\n");
    prints_as("> \""
              "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123"
              "456789\"\n",
              "confab-session 1\n\n> "
              "\"012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
              "0123456\" \\\n  \"789\"\n");
    prints_as("> \"                                                                                          "
              "          "
              "                    \" * 2\n",
              NULL);
    prints_as("plugin p a=\"x\" * 3 "
              "b=\"0123456789012345678901234567890123456789012345678901234567890123456789012345678901 "
              "234567890123456789\" c=\"${d}${e}\\n\\n\"\n",
              NULL);
}

Test(session_parse, prints_a_long_repeated_text_as_the_same_bytes)
{
    struct bytes line = { .at = NULL }, printed = { .at = NULL };
    char all[600], error[256];

    for (size_t i = 0; i < sizeof all; i++)
        all[i] = i % 3 ? ' ' : (char)i;
    cr_assert_eq(bytes_add(&line, "> \"a\" ", 6), 0);
    cr_assert_eq(bytes_quote(&line, all, sizeof all), 0);
    cr_assert_eq(bytes_add(&line, "* 3 \"b\"", 7), 0);
    struct session *session = session_of(line.at), *again;
    cr_assert_eq(session_print(session, &printed), 0);
    cr_assert_eq(session_parse(&again, "again", printed.at, printed.len, error, sizeof error), 0, "%s",
                 error);
    struct bytes one = expanded(&session->steps[0].text, NULL), two = expanded(&again->steps[0].text, NULL);
    cr_expect_eq(one.len, 2 + 3 * sizeof all);
    cr_expect(two.len == one.len && memcmp(one.at, two.at, one.len) == 0);
    bytes_free(&two);
    bytes_free(&one);
    bytes_free(&printed);
    bytes_free(&line);
    session_free(again);
    session_free(session);
}

/* -- Made by others ------------------------------------------------------------------------- */

Test(session_parse, a_session_can_be_made_without_a_file)
{
    struct session *session = session_new("made");
    struct bytes printed = { .at = NULL };

    cr_assert_not_null(session);
    cr_expect_eq(session_add_connection(session, "a"), 0);
    cr_expect_eq(session_add_connection(session, "b"), 1);
    cr_expect_eq(session_add_connection(session, "a"), 0);
    cr_expect_eq(session_add_connection(session, ""), -EINVAL);
    cr_expect_eq(session_add_connection(session, "a b"), -EINVAL);
    cr_expect_eq(session_find_connection(session, "b"), 1);
    cr_expect_eq(session_find_connection(session, "c"), -ENOENT);
    cr_assert_not_null(session_add(session, STEP_SEND, 0, "x\n", 2));
    cr_assert_not_null(session_add(session, STEP_EOF, 1, NULL, 0));
    struct session_step *wait = session_add(session, STEP_WAIT, 0, NULL, 0);
    cr_assert_not_null(wait);
    wait->wait = 1000000;
    cr_expect(!session->connections[0].ended && session->connections[1].ended);
    cr_assert_eq(session_print(session, &printed), 0);
    cr_expect_str_eq(printed.at, "confab-session 1\n\na: > \"x\\n\"\nb: eof\nwait 1ms\n");
    bytes_free(&printed);
    session_free(session);
}

Test(session_parse, a_session_has_bounds)
{
    struct session *session = session_new("made");
    char name[16];

    cr_assert_not_null(session);
    for (int i = 0; i < SESSION_CONNECTIONS_MAX; i++) {
        snprintf(name, sizeof name, "c%d", i);
        cr_assert_eq(session_add_connection(session, name), i);
    }
    cr_expect_eq(session_add_connection(session, "more"), -EMFILE);
    for (int i = 0; i < SESSION_STEPS_MAX; i++)
        cr_assert_not_null(session_add(session, STEP_SEND, 0, NULL, 0));
    cr_expect_null(session_add(session, STEP_SEND, 0, NULL, 0));
    session_free(session);
    session_free(NULL);
}
