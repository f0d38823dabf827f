/* test_bench_bare.c: the bare server of lines, which everything is measured against: what it answers is right, however
 * its clients behave. */
#include "tests/bare_support.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

Test(bench_bare, a_line_is_answered_with_the_same_line)
{
    static const char said[] = "hello\r\nLF alone\n\r\n\na \r within\r\nno end yet";
    static const char heard[] = "hello\r\nLF alone\r\n\r\n\r\na \r within\r\n";
    struct served served;

    bare_start(&served, "line", NULL, 0);
    int fd = bare_connect(&served);
    bare_say(fd, said, sizeof said - 1);
    bare_hear(fd, heard, sizeof heard - 1);
    bare_say(fd, "\n", 1);
    bare_hear(fd, "no end yet\r\n", 12);
    close(fd);
    bare_stop(&served);
}

Test(bench_bare, a_client_that_ends_its_side_is_closed)
{
    struct served served;

    bare_start(&served, "line", NULL, 0);
    int fd = bare_connect(&served);
    bare_say(fd, "a\nb", 3);
    shutdown(fd, SHUT_WR);
    bare_hear(fd, "a\r\n", 3);
    bare_hear_end(fd);
    close(fd);
    bare_stop(&served);
}

Test(bench_bare, answers_do_not_depend_on_how_lines_were_split)
{
    static const char said[] = "one\r\n\r\nthree and\r more\n\nfive\r\n";
    static const char heard[] = "one\r\n\r\nthree and\r more\r\n\r\nfive\r\n";
    const size_t len = sizeof said - 1;
    struct served served;

    bare_start(&served, "line", NULL, 0);
    for (size_t cut = 1; cut < len; cut++) {
        int fd = bare_connect(&served);
        bare_say(fd, said, cut);
        bare_settle(&served);
        bare_say(fd, said + cut, len - cut);
        bare_hear(fd, heard, sizeof heard - 1);
        close(fd);
    }

    int fd = bare_connect(&served);
    for (size_t i = 0; i < len; i++) {
        bare_say(fd, said + i, 1);
        bare_settle(&served);
    }
    bare_hear(fd, heard, sizeof heard - 1);
    close(fd);
    bare_stop(&served);
}

Test(bench_bare, a_line_of_many_reads_comes_back_whole)
{
    const size_t len = 1 << 20;
    struct served served;
    char *line = test_pattern(len);

    for (size_t i = 0; i < len; i++)
        if (line[i] == '\n' || line[i] == '\r')
            line[i] = '.';
    line[len - 2] = '\r';
    line[len - 1] = '\n';
    bare_start(&served, "line", NULL, 0);
    int fd = bare_connect(&served);
    for (int i = 0; i < 3; i++) {
        bare_say(fd, line, len);
        bare_hear(fd, line, len);
    }
    close(fd);
    free(line);
    bare_stop(&served);
}

/* Says lines of different lengths until the server takes no more, though it answers others: so its answers wait. */
static size_t fill(const struct served *served, int fd, const char *lines, size_t len)
{
    size_t said = 0;

    for (int tries = 0; tries < 2;) {
        size_t n = bare_say_some(fd, lines + said, len - said);
        said += n;
        cr_assert_lt(said, len, "it takes all, and nobody reads");
        if (n == 0)
            bare_settle(served);
        tries = n == 0 ? tries + 1 : 0;
    }
    return said;
}

static char *make_lines(size_t len)
{
    char *lines = malloc(len + 1);
    size_t end = 0, width = 1;

    for (size_t i = 0; i < len; i++) {
        bool last = i == end || i == len - 1;
        lines[i] = last ? '\n' : i == end - 1 ? '\r' : (char)('a' + i % 23);
        if (last) {
            end = i + 2 + width;
            width = width * 7 % 1009;
        }
    }
    lines[0] = 'x';
    lines[len - 2] = '\r';
    return lines;
}

Test(bench_bare, answers_that_are_not_read_wait_and_come_whole)
{
    const size_t len = 64 << 20;
    struct served served;
    char *lines = make_lines(len);

    bare_start(&served, "line", NULL, 0);
    int fd = bare_connect(&served);
    size_t said = fill(&served, fd, lines, len), whole = said;
    while (whole > 0 && lines[whole - 1] != '\n')
        whole--;
    bare_hear(fd, lines, whole);
    bare_say(fd, "\n", 1);
    bare_hear(fd, lines + whole, said - whole - (said > whole && lines[said - 1] == '\r'));
    bare_hear(fd, "\r\n", 2);
    close(fd);
    free(lines);
    bare_stop(&served);
}

Test(bench_bare, each_of_many_has_its_own_answers)
{
    enum { MANY = 300 };
    struct served served;
    int fds[MANY];
    char line[64];

    bare_start(&served, "line", NULL, 0);
    for (int i = 0; i < MANY; i++)
        fds[i] = bare_connect(&served);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < MANY; i++)
            bare_say(fds[i], line, (size_t)snprintf(line, sizeof line, "%d says ", i));
        bare_settle(&served);
        for (int i = MANY - 1; i >= 0; i--)
            bare_say(fds[i], line, (size_t)snprintf(line, sizeof line, "%d in round %d\r\n", i, round));
        for (int i = 0; i < MANY; i++)
            bare_hear(fds[i], line,
                      (size_t)snprintf(line, sizeof line, "%d says %d in round %d\r\n", i, i, round));
        for (int i = round; i < MANY; i += 3) { /* those that stay are none the worse */
            close(fds[i]);
            fds[i] = bare_connect(&served);
        }
    }
    for (int i = 0; i < MANY; i++)
        close(fds[i]);
    bare_stop(&served);
}

/* valgrind has a limit of its own, which a process cannot lower for good. */
static void needs_a_limit_of_descriptors(void)
{
    struct rlimit limit;
    pid_t pid = fork();
    int status = 0;

    if (pid == 0) {
        getrlimit(RLIMIT_NOFILE, &limit);
        limit.rlim_cur = limit.rlim_max = 40;
        _exit(setrlimit(RLIMIT_NOFILE, &limit) < 0);
    }
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    if (status)
        cr_skip_test("the limit of descriptors cannot be lowered");
}

/* Had it kept one descriptor of each, it would have none left. */
Test(bench_bare, connections_that_have_gone_leave_nothing)
{
    struct served served;

    needs_a_limit_of_descriptors();
    bare_start(&served, "line", NULL, 40);
    for (int i = 0; i < 100; i++) {
        int fd = bare_connect(&served);
        bare_say(fd, "half a line", 11);
        if (i % 2)
            test_reset(fd);
        else
            close(fd);
        bare_settle(&served);
    }
    bare_stop(&served);
}

/* Whether or not there is anybody any more. */
static int try_to_connect(const struct served *served)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(served->port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    cr_assert_geq(fd, 0);
    (void)!connect(fd, (struct sockaddr *)&address, sizeof address);
    return fd;
}

/* One that was measured with fewer connections than it was to have would be measured wrong. */
Test(bench_bare, without_descriptors_it_ends)
{
    struct served served;
    int fds[60];

    needs_a_limit_of_descriptors();
    bare_start(&served, "line", NULL, 40);
    for (int i = 0; i < 60; i++)
        fds[i] = try_to_connect(&served);
    cr_assert_eq(bare_wait(&served), 1);
    for (int i = 0; i < 60; i++)
        close(fds[i]);
}

Test(bench_bare, wrong_words_are_refused)
{
    static const char *const more[] = { "more" }, *const empty[] = { "terminator=" },
                             *const digit[] = { "terminator=a\\x4g" }, *const escape[] = { "terminator=\\n" },
                             *const two[] = { "terminator=a", "b" },
                             *const nowhere[] = { "file=/nowhere/at all" };
    char over[11 + 257 + 1];
    const char *const long_one[] = { over };

    snprintf(over, sizeof over, "terminator=%0257d", 0);
    cr_expect_eq(bare_status("line", 1, more), 2);
    cr_expect_eq(bare_status("lines", 0, NULL), 2);
    cr_expect_eq(bare_status("sink", 0, NULL), 2);
    cr_expect_eq(bare_status("sink", 1, more), 2);
    cr_expect_eq(bare_status("sink", 1, empty), 2);
    cr_expect_eq(bare_status("sink", 1, digit), 2);
    cr_expect_eq(bare_status("sink", 1, escape), 2);
    cr_expect_eq(bare_status("sink", 2, two), 2);
    cr_expect_eq(bare_status("sink", 1, long_one), 2);
    cr_expect_eq(bare_status("bulk", 0, NULL), 2);
    cr_expect_eq(bare_status("bulk", 1, more), 2);
    cr_expect_eq(bare_status("bulk", 1, nowhere), 1);
}
