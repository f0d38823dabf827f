/* test_bench_stream.c: the load of many bytes of `confab bench`: what it finds of servers that are right, and of those that
 * are not. */
#include "tests/fake_usage.h"
#include "tools/bench/stream.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <math.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ANSWER = 100000, LISTENS = 32 };

static struct bench bench = { .server_cpu = -1, .load_cpu = -1 };

/* -- Servers --------------------------------------------------------------------------- */

static _Noreturn void be_server(pid_t parent, int listener, void (*serve)(int fd))
{
    pid_t self = getpid();

    die_with(parent);
    setpgid(0, 0);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fork() == 0) {
            die_with(self);
            serve(fd);
            _exit(0);
        }
        close(fd);
    }
}

/* A process that does this with each connection, in a process of its own. */
static void start(struct server *server, void (*serve)(int fd))
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    pid_t parent = getpid();

    cr_assert_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(listener, LISTENS), 0);
    cr_assert_eq(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    *server = (struct server){ .port = ntohs(address.sin_port) };
    snprintf(server->address, sizeof server->address, "127.0.0.1:%d", server->port);
    server->pid = fork();
    if (server->pid == 0)
        be_server(parent, listener, serve);
    setpgid(server->pid, server->pid);
    close(listener);
}

static void stop(const struct server *server)
{
    cr_assert_eq(kill(-server->pid, SIGKILL), 0);
    cr_assert_eq(waitpid(server->pid, NULL, 0), server->pid);
}

static void answer(int fd, size_t len, size_t wrong)
{
    char *letters = malloc(ANSWER + 1), command[8];

    for (size_t i = 0; i < ANSWER + 1; i++)
        letters[i] = (char)('a' + i % 26);
    if (wrong < ANSWER)
        letters[wrong] = '?';
    while (recv(fd, command, 5, MSG_WAITALL) == 5 && send(fd, letters, len, 0) == (ssize_t)len)
        continue;
    free(letters);
}

static void answers_right(int fd)
{
    answer(fd, ANSWER, SIZE_MAX);
}

static void answers_with_a_wrong_byte(int fd)
{
    answer(fd, ANSWER, ANSWER - 1);
}

static void answers_with_a_byte_more(int fd)
{
    answer(fd, ANSWER + 1, SIZE_MAX);
}

static void closes(int fd)
{
    char command[8];

    (void)!recv(fd, command, 5, MSG_WAITALL);
    send(fd, "abc", 3, 0);
}

/* Counts messages of three bytes of which one is the terminator, and as many more as it is told. */
static void count(int fd, unsigned more)
{
    static char bytes[65536];
    unsigned long long sum = 0;
    ssize_t n;

    while ((n = recv(fd, bytes, sizeof bytes, 0)) > 0)
        sum += (unsigned long long)n;
    dprintf(fd, "%llu messages of %llu bytes\r\n", sum / 3 + more, sum / 3 * 2);
}

static void counts_right(int fd)
{
    count(fd, 0);
}

static void counts_wrong(int fd)
{
    count(fd, 1);
}

static void never_answers(int fd)
{
    (void)fd;
    pause();
}

/* -- Loads ----------------------------------------------------------------------------- */

static struct sample play(void (*serve)(int fd), const struct stream *stream)
{
    struct sample sample = { .latency = NULL };
    struct server server;

    sample_clear(&sample);
    start(&server, serve);
    stream_run(&bench, &server, stream, &sample);
    stop(&server);
    return sample;
}

static struct sample pull(void (*serve)(int fd), int connections)
{
    return play(serve, &(struct stream){ .unit = 1024,
                                         .seconds = 0.05,
                                         .command = "more\n",
                                         .answer = ANSWER,
                                         .connections = connections });
}

static struct sample push(void (*serve)(int fd))
{
    return play(
        serve, &(struct stream){
                   .unit = 1024, .seconds = 0.05, .message = "ab\n", .message_len = 3, .terminator_len = 1 });
}

static void assert_taken(struct sample *sample)
{
    cr_assert(sample->taken, "%s", sample->why);
    cr_assert_gt(sample->seconds, 0);
    cr_assert_gt(sample->figure[FIGURE_BYTES], 0);
    sample_clear(sample);
}

static void assert_failed(struct sample *sample, const char *why)
{
    cr_assert_not(sample->taken);
    cr_assert_not_null(strstr(sample->why, why), "expected '%s', found '%s'", why, sample->why);
    sample_clear(sample);
}

Test(bench_stream, letters_that_are_right_are_counted)
{
    struct sample sample = pull(answers_right, 1);

    assert_taken(&sample);
    sample = pull(answers_right, 16);
    assert_taken(&sample);
}

Test(bench_stream, a_number_of_bytes_ends_it_before_its_time)
{
    struct sample sample = play(answers_right, &(struct stream){ .unit = 1024,
                                                                 .seconds = 3600,
                                                                 .most = 3 * ANSWER,
                                                                 .command = "more\n",
                                                                 .answer = ANSWER,
                                                                 .connections = 1 });

    cr_assert_lt(sample.seconds, 60);
    assert_taken(&sample);
}

Test(bench_stream, the_load_is_the_limit_where_it_is_full_and_the_server_is_not)
{
    for (int i = 0; i < 4; i++) {
        fake_usage_full.load = i & 1;
        fake_usage_full.server = i & 2;
        struct sample sample = pull(answers_right, 1);
        cr_expect_eq(sample.load_limited, i == 1, "%d", i);
        assert_taken(&sample);
    }
    cr_expect_eq(bench.warning_count, 0, "who reports warns, of all at once");
}

Test(bench_stream, a_wrong_byte_fails)
{
    struct sample sample = pull(answers_with_a_wrong_byte, 1);

    assert_failed(&sample, "a wrong byte came");
    sample = pull(answers_with_a_wrong_byte, 3);
    assert_failed(&sample, "a wrong byte came");
}

Test(bench_stream, a_byte_that_nobody_asked_for_fails)
{
    struct sample sample = pull(answers_with_a_byte_more, 1);

    cr_assert_not(sample.taken);
    sample_clear(&sample);
}

Test(bench_stream, a_server_that_closes_fails)
{
    struct sample sample = pull(closes, 1);

    assert_failed(&sample, "the connection");
}

Test(bench_stream, messages_that_are_counted_right_are_believed)
{
    struct sample sample = push(counts_right);

    assert_taken(&sample);
}

Test(bench_stream, messages_that_are_counted_wrong_fail)
{
    struct sample sample = push(counts_wrong);

    assert_failed(&sample, "the server counted wrong: expected ");
}

Test(bench_stream, a_server_that_is_gone_fails)
{
    struct sample sample = { .latency = NULL };
    struct server server;

    sample_clear(&sample);
    start(&server, closes);
    stop(&server);
    stream_run(&bench, &server,
               &(struct stream){ .unit = 1, .seconds = 0.01, .message = "a", .message_len = 1 }, &sample);
    assert_failed(&sample, "cannot connect to 127.0.0.1:");
}

Test(bench_stream, it_ends_when_the_run_is_to_end)
{
    static const volatile sig_atomic_t told = SIGINT;
    struct sample sample;

    bench.stop = &told;
    sample = pull(never_answers, 1);
    assert_failed(&sample, "stopped");
}
