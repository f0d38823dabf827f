/* test_session_manual.c: the whole sessions that confab-session(5) shows are read. */
#include "tests/session_support.h"

#include <stdio.h>

enum { SHOWN = 5 };

/* A line of the page as a reader sees it: \e is a backslash. */
static void add_line(struct bytes *text, const char *line)
{
    for (const char *at = line; *at; at++) {
        cr_assert_eq(bytes_add(text, at, 1), 0);
        at += at[0] == '\\' && at[1] == 'e';
    }
}

Test(session_manual, each_whole_session_of_the_page_is_read_and_reads_back)
{
    FILE *page = fopen(CONFAB_TEST_MANUAL "/confab-session.5", "r");
    struct bytes text = { .at = NULL }, printed = { .at = NULL };
    struct session *session, *again;
    char line[512], error[512];
    bool shows = false;
    int count = 0;

    cr_assert_not_null(page);
    while (fgets(line, sizeof line, page)) {
        shows = (shows && strcmp(line, ".Ed\n") != 0) || strcmp(line, "confab-session 1\n") == 0;
        if (shows)
            add_line(&text, line);
        if (shows || text.len == 0)
            continue;
        cr_assert_eq(session_parse(&session, "manual", text.at, text.len, error, sizeof error), 0, "%s\n%s",
                     error, text.at);
        cr_assert_eq(session_print(session, &printed), 0);
        cr_assert_eq(session_parse(&again, "again", printed.at, printed.len, error, sizeof error), 0, "%s",
                     error);
        cr_expect_gt(session->step_count, 3);
        session_free(again);
        session_free(session);
        bytes_free(&printed);
        bytes_free(&text);
        count++;
    }
    fclose(page);
    cr_expect_eq(count, SHOWN, "%d", count);
}
