/* The one log of the process: what reaches a sink, and in which form. */
#include "core/log.h"
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROOM = 2048, THREADS = 4, LINES = 500 };

/* What the sink got last. */
static struct {
    int lines;
    size_t size;
    enum confab_level level;
    confab_id chat;
    char service[ROOM], peer[ROOM], text[ROOM];
} last;

static void keep(char *out, const char *text)
{
    snprintf(out, ROOM, "%s", text ? text : "(none)");
}

static void sink(void *data, const struct confab_log_line *line)
{
    cr_assert_eq(data, &last);
    last.lines++;
    last.size = line->size;
    last.level = line->level;
    last.chat = line->chat;
    keep(last.service, line->service);
    keep(last.peer, line->peer);
    keep(last.text, line->text);
}

static void setup(void)
{
    confab_log_set(sink, &last, CONFAB_DEBUG);
}

TestSuite(test_log, .init = setup);

/* The text of a line as a sink gets it. */
static const char *shown(const char *text)
{
    log_line(CONFAB_INFO, NULL, 0, NULL, "%s", text);
    return last.text;
}

/* -- Lines -------------------------------------------------------------------- */

Test(test_log, line_has_what_it_was_given)
{
    log_line(CONFAB_ERROR, "echo", 42, "127.0.0.1:80", "%d of %s", 3, "four");
    cr_assert_eq(last.size, sizeof(struct confab_log_line));
    cr_assert_eq(last.level, CONFAB_ERROR);
    cr_assert_str_eq(last.service, "echo");
    cr_assert_eq(last.chat, 42);
    cr_assert_str_eq(last.peer, "127.0.0.1:80");
    cr_assert_str_eq(last.text, "3 of four");
}

Test(test_log, line_of_the_library_has_no_service_nor_peer)
{
    log_line(CONFAB_INFO, NULL, 0, NULL, "text");
    cr_assert_str_eq(last.service, "(none)");
    cr_assert_str_eq(last.peer, "(none)");
    cr_assert_eq(last.chat, 0);
}

Test(test_log, line_under_the_level_is_not_made)
{
    confab_log_set(sink, &last, CONFAB_WARNING);
    log_line(CONFAB_INFO, NULL, 0, NULL, "text");
    cr_assert_eq(last.lines, 0);
    cr_assert_not(log_wanted(CONFAB_INFO));
    log_line(CONFAB_WARNING, NULL, 0, NULL, "text");
    cr_assert_eq(last.lines, 1);
    cr_assert(log_wanted(CONFAB_WARNING));
}

static void sink_that_fails(void *data, const struct confab_log_line *line)
{
    (void)data, (void)line;
    errno = ENOSPC;
}

Test(test_log, errno_is_kept)
{
    confab_log_set(sink_that_fails, NULL, CONFAB_DEBUG);
    errno = EXDEV;
    log_line(CONFAB_INFO, NULL, 0, NULL, "text");
    cr_assert_eq(errno, EXDEV);
}

Test(test_log, levels_have_names)
{
    cr_assert_str_eq(confab_level_name(CONFAB_DEBUG), "debug");
    cr_assert_str_eq(confab_level_name(CONFAB_INFO), "info");
    cr_assert_str_eq(confab_level_name(CONFAB_WARNING), "warning");
    cr_assert_str_eq(confab_level_name(CONFAB_ERROR), "error");
    cr_assert_str_eq(confab_level_name((enum confab_level)9), "unknown");
}

/* -- Text that is fit to be read -------------------------------------------------- */

Test(test_log, newline_at_the_end_is_dropped)
{
    cr_assert_str_eq(shown("text\n"), "text");
}

Test(test_log, controls_are_escaped)
{
    cr_assert_str_eq(shown("a\nb\tc\033[2J\x7f"), "a\\x0ab\\x09c\\x1b[2J\\x7f");
}

Test(test_log, well_formed_utf8_is_shown)
{
    static const char text[] = "\xc2\xa0 \xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x8d \xf4\x8f\xbf\xbd";

    cr_assert_str_eq(shown(text), text);
}

Test(test_log, malformed_utf8_is_escaped_byte_by_byte)
{
    cr_assert_str_eq(shown("\x80 \xff"), "\\x80 \\xff");                   /* alone */
    cr_assert_str_eq(shown("\xe2\x82"), "\\xe2\\x82");                     /* cut */
    cr_assert_str_eq(shown("\xe2\x82z"), "\\xe2\\x82z");                   /* broken off */
    cr_assert_str_eq(shown("\xc0\xaf \xc1\xbf"), "\\xc0\\xaf \\xc1\\xbf"); /* overlong */
    cr_assert_str_eq(shown("\xe0\x80\xaf"), "\\xe0\\x80\\xaf");            /* overlong */
    cr_assert_str_eq(shown("\xf0\x80\x80\xaf"), "\\xf0\\x80\\x80\\xaf");   /* overlong */
    cr_assert_str_eq(shown("\xed\xa0\x80"), "\\xed\\xa0\\x80");            /* a surrogate */
    cr_assert_str_eq(shown("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");   /* too large */
    cr_assert_str_eq(shown("\xf5\x80\x80\x80"), "\\xf5\\x80\\x80\\x80");   /* too large */
}

Test(test_log, what_a_terminal_would_obey_is_escaped_though_well_formed)
{
    cr_assert_str_eq(shown("\xc2\x9b 2J"), "\\xc2\\x9b 2J");    /* a C1 control */
    cr_assert_str_eq(shown("\xe2\x80\xae"), "\\xe2\\x80\\xae"); /* right-to-left override */
    cr_assert_str_eq(shown("\xe2\x80\xa8"), "\\xe2\\x80\\xa8"); /* line separator */
    cr_assert_str_eq(shown("\xe2\x81\xa7"), "\\xe2\\x81\\xa7"); /* isolate */
}

Test(test_log, service_and_peer_are_escaped)
{
    log_line(CONFAB_INFO, "a\nb", 0, "unix:/tmp/\033x", "text");
    cr_assert_str_eq(last.service, "a\\x0ab");
    cr_assert_str_eq(last.peer, "unix:/tmp/\\x1bx");
}

/* n bytes of this text, then as many of the other. */
static const char *filled(size_t n, const char *end)
{
    static char text[8192];

    memset(text, 'x', n);
    snprintf(text + n, sizeof text - n, "%s", end);
    return text;
}

Test(test_log, line_of_1024_bytes_is_whole)
{
    cr_assert_str_eq(shown(filled(1024, "")), filled(1024, ""));
    cr_assert_str_eq(shown(filled(1024, "\n")), filled(1024, ""));
}

Test(test_log, longer_line_is_cut_and_ends_with_dots)
{
    cr_assert_str_eq(shown(filled(1025, "")), filled(1021, "..."));
    cr_assert_str_eq(shown(filled(5000, "")), filled(1021, "..."));
}

Test(test_log, line_is_not_cut_within_a_character_or_an_escape)
{
    cr_assert_str_eq(shown(filled(1019, "\xe2\x82\xac\xe2\x82\xac")), filled(1019, "..."));
    cr_assert_str_eq(shown(filled(1018, "\xe2\x82\xac\xe2\x82\xacz")), filled(1018, "\xe2\x82\xac..."));
    cr_assert_str_eq(shown(filled(1018, "\n\n\n")), filled(1018, "..."));
    cr_assert_str_eq(shown(filled(1023, "\xc3\xa9")), filled(1021, "..."));
}

/* -- The sink ----------------------------------------------------------------------- */

static void sink_that_logs(void *data, const struct confab_log_line *line)
{
    (void)line;
    ++*(int *)data;
    log_line(CONFAB_ERROR, NULL, 0, NULL, "again");
}

Test(test_log, sink_that_logs_does_not_call_itself)
{
    int calls = 0;

    confab_log_set(sink_that_logs, &calls, CONFAB_DEBUG);
    log_line(CONFAB_ERROR, NULL, 0, NULL, "text");
    log_line(CONFAB_ERROR, NULL, 0, NULL, "text");
    cr_assert_eq(calls, 2);
}

static void sink_that_leaves(void *data, const struct confab_log_line *line)
{
    (void)line;
    ++*(int *)data;
    confab_log_set(sink, &last, CONFAB_DEBUG);
}

Test(test_log, sink_may_put_another_in_its_place)
{
    int calls = 0;

    confab_log_set(sink_that_leaves, &calls, CONFAB_DEBUG);
    log_line(CONFAB_ERROR, NULL, 0, NULL, "one");
    log_line(CONFAB_ERROR, NULL, 0, NULL, "two");
    cr_assert_eq(calls, 1);
    cr_assert_str_eq(last.text, "two");
}

static void *log_many(void *data)
{
    (void)data;
    for (int i = 0; i < LINES; i++)
        log_line(CONFAB_INFO, "echo", 0, NULL, "line %d", i);
    return NULL;
}

/* Gives another thread the chance to come in while it counts. */
static void sink_that_is_slow(void *data, const struct confab_log_line *line)
{
    int lines = *(volatile int *)data;

    (void)line;
    sched_yield();
    *(volatile int *)data = lines + 1;
}

Test(test_log, threads_call_the_sink_one_at_a_time)
{
    pthread_t threads[THREADS];
    int lines = 0;

    confab_log_set(sink_that_is_slow, &lines, CONFAB_DEBUG);

    for (int i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, log_many, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(lines, THREADS * LINES);
}

/* -- Standard error ------------------------------------------------------------------- */

/* Puts a socket in the place of standard error: each write is one packet. */
static int catch_stderr(int *saved)
{
    int pair[2];

    cr_assert_eq(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
    *saved = dup(STDERR_FILENO);
    cr_assert_eq(dup2(pair[1], STDERR_FILENO), STDERR_FILENO);
    close(pair[1]);
    return pair[0];
}

static void expect_packet(int fd, const char *text)
{
    char bytes[8192];
    ssize_t n = recv(fd, bytes, sizeof bytes - 1, MSG_DONTWAIT);

    cr_assert_geq(n, 0, "nothing was written");
    bytes[n] = 0;
    cr_assert_str_eq(bytes, text);
}

Test(test_log, without_a_sink_each_line_is_one_write_to_standard_error)
{
    int saved, fd;

    confab_log_set(NULL, NULL, CONFAB_DEBUG);
    fd = catch_stderr(&saved);
    log_line(CONFAB_WARNING, "echo", 17, "127.0.0.1:80", "one\ntwo");
    log_line(CONFAB_ERROR, NULL, 0, NULL, "three");
    log_line(CONFAB_ERROR, "echo", 0, NULL, "four");
    dup2(saved, STDERR_FILENO);
    expect_packet(fd, "confab: warning: echo: 127.0.0.1:80 #17: one\\x0atwo\n");
    expect_packet(fd, "confab: error: three\n");
    expect_packet(fd, "confab: error: echo: four\n");
}

Test(test_log, without_a_sink_only_warnings_and_errors_are_written)
{
    char byte;
    int saved, fd;

    confab_log_set(NULL, NULL, CONFAB_DEBUG);
    fd = catch_stderr(&saved);
    log_line(CONFAB_DEBUG, NULL, 0, NULL, "text");
    log_line(CONFAB_INFO, NULL, 0, NULL, "text");
    dup2(saved, STDERR_FILENO);
    cr_assert_eq(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
    cr_assert_not(log_wanted(CONFAB_INFO));
    cr_assert(log_wanted(CONFAB_WARNING));
}

/* Without the setup of the others. */
Test(test_log_at_first, warnings_and_errors_are_wanted)
{
    cr_assert_not(log_wanted(CONFAB_INFO));
    cr_assert(log_wanted(CONFAB_WARNING));
}
