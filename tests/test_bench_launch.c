/* Servers and workers of `confab bench`: started, kept and ended, and the words for what goes wrong. */
#include "support.h"
#include "tools/bench/ask.h"
#include "tools/bench/keep.h"
#include "tools/bench/pin.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SOME_CALLS = 1000, PATIENCE = 20000 /* milliseconds */ };
#define SHORT (50 * CONFAB_MILLISECOND)

static struct bench bench;
static struct contender contender;
static struct server server;
static struct sample sample;

static void setup(void)
{
    bench = (struct bench){ .server_cpu = -1, .load_cpu = -1 };
    contender = (struct contender){ .name = "launched",
                                    .kind = CONTENDER_PEER,
                                    .program = getenv("CONFAB_TEST_LAUNCHED") };
    cr_assert_not_null(contender.program, "CONFAB_TEST_LAUNCHED is not set");
    sample_clear(&sample);
}

static void teardown(void)
{
    server_stop(&server, &sample);
    sample_clear(&sample);
}

TestSuite(test_bench_launch, .init = setup, .fini = teardown);

static bool start(const char *what, const char *word)
{
    const char *const words[] = { word, NULL };
    return server_start(&bench, &contender, what, words, &server, &sample);
}

static void starts(const char *what, const char *word)
{
    cr_assert(start(what, word), "%s", sample.why);
}

/* Is not started, for this reason. */
static void fails(const char *what, const char *word, const char *why)
{
    char all[BENCH_WHY];

    cr_assert_not(start(what, word));
    snprintf(all, sizeof all, "%s: %s", keep_name(contender.program, (char[KEEP_NAME]){ 0 }), why);
    cr_assert_str_eq(sample.why, all);
    cr_assert_null(server.kept);
}

/* A pipe with a name: what ends when nobody holds it any more. */
static const char *held(int *fd)
{
    static char path[256];

    snprintf(path, sizeof path, "%s/held", test_folder());
    cr_assert_eq(mkfifo(path, 0600), 0);
    *fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    cr_assert_geq(*fd, 0);
    return path;
}

static void is_let_go(int fd)
{
    struct pollfd ready = { .fd = fd, .events = POLLIN };

    cr_assert_eq(poll(&ready, 1, PATIENCE), 1);
    close(fd);
}

/* -- Servers ----------------------------------------------------------------------------------- */

Test(test_bench_launch, server_that_listens_is_told_of_and_ends_when_it_is_stopped)
{
    starts("listens", NULL);
    cr_assert_str_eq(server.address, "127.0.0.1:4711");
    cr_assert_eq(server.port, 4711);
    cr_assert_null((void *)(uintptr_t)server.calls);
    pid_t pid = server.pid;
    cr_assert_eq(kill(pid, 0), 0);
    server_stop(&server, &sample);
    cr_assert_str_empty(sample.why);
    cr_assert_eq(kill(pid, 0), -1);
    server_stop(&server, &sample);
}

Test(test_bench_launch, server_that_is_stopped_may_take_its_leave)
{
    char bytes[8] = "";
    int fd;

    starts("holds", held(&fd));
    server_stop(&server, &sample);
    cr_assert_eq(read(fd, bytes, sizeof bytes), 3);
    cr_assert_str_eq(bytes, "bye");
    close(fd);
}

Test(test_bench_launch, host_serves)
{
    contender.kind = CONTENDER_HOST;
    contender.program = getenv("CONFAB_TEST_HOST");
    contender.backend = "poll";
    starts("line", NULL);
    cr_assert_gt(server.port, 0);
    int fd = test_connect(server.address);
    test_send(fd, "ping\r\n", 6);
    struct pollfd ready = { .fd = fd, .events = POLLIN };
    cr_assert_eq(poll(&ready, 1, PATIENCE), 1);
    test_expect(fd, "ping\r\n");
    close(fd);
    server_stop(&server, &sample);
    cr_assert_str_empty(sample.why);
}

Test(test_bench_launch, server_that_ends_before_it_listens_is_told_of_with_its_last_line)
{
    fails("dies", NULL, "ended with exit status 3 before it listened: then out of luck");
}

Test(test_bench_launch, server_that_is_killed_before_it_listens_is_told_of)
{
    fails("crashes", NULL, "was killed by signal 9 (Killed) before it listened: about to crash");
}

Test(test_bench_launch, server_that_never_listens_is_given_up)
{
    char why[BENCH_WHY];

    cr_assert_not(server_start_within(&bench, &contender, "never_listens", NULL, SHORT, &server, &sample));
    snprintf(why, sizeof why, "%s: did not listen within 0.05 s",
             keep_name(contender.program, (char[KEEP_NAME]){ 0 }));
    cr_assert_eq(strncmp(sample.why, why, strlen(why)), 0, "%s", sample.why);
}

Test(test_bench_launch, server_that_closes_its_output_is_not_waited_for)
{
    fails("closes_output", NULL, "closed its standard output before it listened: thinking");
}

Test(test_bench_launch, server_that_prints_something_else_is_refused)
{
    static const char *const garbage[] = { "Hello, world",
                                           "listening",
                                           "listening ",
                                           "listening 127.0.0.1",
                                           "listening x 127.0.0.1:",
                                           "listening x 127.0.0.1:0",
                                           "listening x 127.0.0.1:-1",
                                           "listening x 127.0.0.1:65536",
                                           "listening x 127.0.0.1:80x",
                                           "listening x 10.0.0.1:80",
                                           "listens x 127.0.0.1:80" };
    char why[BENCH_WHY];

    for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
        cr_assert_not(start("prints", garbage[i]), "%s", garbage[i]);
        snprintf(why, sizeof why, ": wrote \"%s\", where \"listening NAME 127.0.0.1:PORT\" was expected",
                 garbage[i]);
        cr_assert_not_null(strstr(sample.why, why), "%s", sample.why);
    }
}

Test(test_bench_launch, line_without_an_end_is_not_read_for_ever)
{
    fails("prints_for_ever", NULL,
          "wrote more than 511 bytes, where \"listening NAME 127.0.0.1:PORT\" was expected");
}

Test(test_bench_launch, program_that_is_not_there_is_told_of)
{
    contender.program = "/nowhere/server";
    fails("listens", NULL, "cannot be run (No such file or directory)");
}

Test(test_bench_launch, server_that_ignores_to_be_told_is_killed)
{
    starts("stubborn", NULL);
    pid_t pid = server.pid;
    server_stop(&server, &sample);
    cr_assert_str_empty(sample.why);
    cr_assert_eq(kill(pid, 0), -1);
}

Test(test_bench_launch, server_that_ends_while_it_is_measured_fails_the_sample)
{
    char path[256];

    snprintf(path, sizeof path, "%s/end", test_folder());
    starts("ends_early", path);
    sample.taken = true;
    close(open(path, O_WRONLY | O_CREAT, 0600));
    while (!keep_ended(server.kept))
        keep_wait(server.kept, CONFAB_SECOND);
    server_stop(&server, &sample);
    cr_assert_not(sample.taken);
    cr_assert_str_eq(sample.why, "the server ended with exit status 4 while it was measured: had enough");
}

Test(test_bench_launch, server_that_talks_never_waits_for_us_and_its_last_words_are_kept)
{
    starts("talks", NULL);
    while (!keep_ended(server.kept))
        keep_wait(server.kept, 0);
    server_stop(&server, &sample);
    cr_assert_str_eq(sample.why, "the server ended with exit status 5 while it was measured: all said");
}

Test(test_bench_launch, what_a_server_leaves_behind_ends_with_it)
{
    int fd;

    starts("leaves", held(&fd));
    server_stop(&server, &sample);
    is_let_go(fd);
}

/* What the test kills: starts a server, and says so.  It leaves an heir, who has all of its descriptors until the test
 * lets go of it. */
static _Noreturn void be_killed(const char *path, int say, const int release[2])
{
    char byte;
    bool started = start("leaves", path);

    close(release[1]);
    if (fork() == 0)
        _exit(read(release[0], &byte, 1) != 0);
    if (write(say, started ? "y" : "n", 1) != 1)
        _exit(1);
    for (;;)
        pause();
}

Test(test_bench_launch, nothing_is_left_when_we_are_killed)
{
    int fd, line[2], release[2];
    char byte;
    const char *path = held(&fd);

    cr_assert_eq(pipe(line), 0);
    cr_assert_eq(pipe(release), 0);
    pid_t pid = fork();
    if (pid == 0)
        be_killed(path, line[1], release);
    cr_assert_eq(read(line[0], &byte, 1), 1);
    cr_assert_eq(byte, 'y');
    kill(pid, SIGKILL);
    cr_assert_eq(waitpid(pid, NULL, 0), pid);
    is_let_go(fd);
    for (int i = 0; i < 2; i++) {
        close(line[i]);
        close(release[i]);
    }
}

Test(test_bench_launch, server_does_not_outlive_who_keeps_it)
{
    int fd;

    if (access("/proc/self/task", F_OK) < 0)
        cr_skip_test("only Linux is known to have /proc/self/task, and something for this");
    starts("holds", held(&fd));
    kill(server.kept->keeper, SIGKILL);
    is_let_go(fd);
    server_stop(&server, &sample);
    cr_assert_str_eq(sample.why, "the server was lost with the process that kept it while it was measured");
}

Test(test_bench_launch, run_that_is_to_end_waits_for_no_server)
{
    volatile sig_atomic_t stop = SIGINT;

    bench.stop = &stop;
    cr_assert_not(start("never_listens", NULL));
    cr_assert_not_null(strstr(sample.why, ": not waited for: stopped by signal 2"), "%s", sample.why);
    worker_run(&bench, &contender, "never_listens", NULL, &sample);
    cr_assert_not_null(strstr(sample.why, ": not waited for: stopped by signal 2"), "%s", sample.why);
}

Test(test_bench_launch, no_descriptor_is_left)
{
    int before = test_open_fds();

    starts("listens", NULL);
    server_stop(&server, &sample);
    start("dies", NULL);
    worker_run(&bench, &contender, "works", NULL, &sample);
    cr_assert_eq(test_open_fds(), before);
}

/* -- What they are started with ----------------------------------------------------------------- */

/* Starts it; what it was started with is in text. */
static void started_with(enum contender_kind kind, const char *backend, char *text, size_t room)
{
    char path[256];
    static const char *const words[] = { "one", "two=3", NULL };

    snprintf(path, sizeof path, "%s/told", test_folder());
    setenv("CONFAB_TEST_TELL", path, 1);
    contender.kind = kind;
    contender.backend = backend;
    cr_assert(server_start(&bench, &contender, "line", words, &server, &sample), "%s", sample.why);
    server_stop(&server, &sample);
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file);
    text[fread(text, 1, room - 1, file)] = '\0';
    fclose(file);
}

Test(test_bench_launch, each_kind_of_contender_is_called_in_its_way)
{
    static const struct {
        enum contender_kind kind;
        const char *line;
    } table[] = {
        { CONTENDER_HOST, "serve -b poll -l 127.0.0.1:0 --log-level warning -- line one two=3\n" },
        { CONTENDER_BARE, "bench --part bare line one two=3\n" },
        { CONTENDER_PEER, "line one two=3\n" },
    };
    static char text[65536];

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        started_with(table[i].kind, "poll", text, sizeof text);
        cr_assert_eq(strncmp(text, table[i].line, strlen(table[i].line)), 0, "%.80s", text);
    }
}

Test(test_bench_launch, environment_is_ours_but_for_the_backend)
{
    static char text[65536];

    setenv("CONFAB_BACKEND", "poll", 1);
    setenv("CONFAB_PLUGIN_PATH", "/somewhere", 1);
    setenv("LC_ALL", "C", 1);
    started_with(CONTENDER_PEER, NULL, text, sizeof text);
    cr_assert_null(strstr(text, "CONFAB_BACKEND"));
    cr_assert_not_null(strstr(text, "\nCONFAB_PLUGIN_PATH=/somewhere\n"));
    cr_assert_not_null(strstr(text, "\nLC_ALL=C\n"));
}

/* LeakSanitizer would make a traced one fail. */
Test(test_bench_launch, server_whose_calls_are_counted_is_not_looked_at_for_leaks)
{
    static char text[65536];

    setenv("ASAN_OPTIONS", "verbosity=0", 1);
    started_with(CONTENDER_PEER, NULL, text, sizeof text);
    cr_assert_not_null(strstr(text, "\nASAN_OPTIONS=verbosity=0\n"));
    bench.counting = true;
    started_with(CONTENDER_PEER, NULL, text, sizeof text);
    cr_assert_not_null(strstr(text, "\nASAN_OPTIONS=verbosity=0:detect_leaks=0\n"));
    cr_assert_null(strstr(text, "\nASAN_OPTIONS=verbosity=0\n"));
}

/* -- System calls ---------------------------------------------------------------------------------- */

/* A process that waits in a system call, which has been counted then. */
static bool sleeps(pid_t pid)
{
    char path[64], text[512];

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    const char *behind = strrchr(text, ')');
    return behind && behind[2] == 'S';
}

/* LeakSanitizer fails in what is traced. */
static void look_for_no_leaks(void)
{
    const char *options = getenv("ASAN_OPTIONS");
    char more[4096];

    snprintf(more, sizeof more, "%s%sdetect_leaks=0", options ? options : "", options ? ":" : "");
    setenv("ASAN_OPTIONS", more, 1);
}

/* How many system calls a server has made when it waits for its end; skips the test where they cannot be counted. */
static uint64_t calls_of(const char *what, int count)
{
    char word[16];

    snprintf(word, sizeof word, "%d", count);
    bench.counting = true;
    look_for_no_leaks();
    starts(what, word);
    if (!server.calls) {
        cr_assert_eq(bench.warning_count, 1);
        server_stop(&server, &sample);
        cr_skip_test("system calls of another process cannot be counted here");
    }
    while (!sleeps(server.pid))
        keep_wait(server.kept, CONFAB_MILLISECOND);
    uint64_t calls = *server.calls;
    server_stop(&server, &sample);
    cr_assert_str_empty(sample.why);
    return calls;
}

Test(test_bench_launch, system_calls_are_counted_exactly)
{
    uint64_t none = calls_of("counts", 0);

    cr_assert_eq(calls_of("counts", SOME_CALLS), none + SOME_CALLS);
}

/* A call more in the process that becomes the server. */
Test(test_bench_launch, system_calls_before_the_server_is_executed_are_not_counted)
{
    int load_cpu;
    uint64_t calls = calls_of("counts", 0);

    pin_choose(&bench.server_cpu, &load_cpu);
    cr_assert_eq(calls_of("counts", 0), calls);
}

/* Whether it has to wait for its thread is chance. */
Test(test_bench_launch, system_calls_of_threads_and_children_are_counted)
{
    uint64_t none = calls_of("counts_aside", 0), some = calls_of("counts_aside", SOME_CALLS);

    cr_assert_geq(some + 4, none + 2 * SOME_CALLS);
    cr_assert_leq(some, none + 2 * SOME_CALLS + 4);
}

/* -- Workers ---------------------------------------------------------------------------------------- */

static void works(const char *what, const char *first, const char *second)
{
    const char *const words[] = { first, second, NULL };

    worker_run(&bench, &contender, what, words, &sample);
}

Test(test_bench_launch, figures_of_a_worker_are_put_into_the_sample)
{
    works("works", "event_ns 12.5", "cpu_ns 7e3");
    cr_assert(sample.taken, "%s", sample.why);
    cr_assert_eq(sample.figure[FIGURE_EVENT], 12.5);
    cr_assert_eq(sample.figure[FIGURE_CPU], 7000);
    cr_assert(isnan(sample.figure[FIGURE_RATE]));
}

Test(test_bench_launch, worker_that_prints_something_else_is_refused)
{
    static const char *const garbage[] = { "event_ns -1",  "event 1",      "event_ns",
                                           "event_ns ",    "event_ns x",   "event_ns 1x",
                                           "event_ns nan", "event_ns inf", "event_nss 1" };
    char why[BENCH_WHY];

    for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
        works("works", "cpu_ns 1", garbage[i]);
        snprintf(why, sizeof why, ": wrote \"%s\", where a figure was expected", garbage[i]);
        cr_assert_not_null(strstr(sample.why, why), "%s: %s", garbage[i], sample.why);
        cr_assert_not(sample.taken);
    }
}

Test(test_bench_launch, worker_that_prints_nothing_is_refused)
{
    works("works", NULL, NULL);
    cr_assert_not(sample.taken);
    cr_assert_not_null(strstr(sample.why, ": wrote \"\", where a figure was expected"), "%s", sample.why);
}

Test(test_bench_launch, worker_that_fails_is_told_of_with_its_last_line)
{
    works("works_in_vain", "cpu_ns 1", NULL);
    cr_assert_not(sample.taken);
    cr_assert_not_null(
        strstr(sample.why, ": ended with exit status 1 before it had measured: nothing to measure"), "%s",
        sample.why);
}

Test(test_bench_launch, worker_that_prints_for_ever_is_ended)
{
    works("prints_for_ever", NULL, NULL);
    cr_assert_not_null(strstr(sample.why, ": wrote more than 16383 bytes, where figures were expected"), "%s",
                       sample.why);
}

Test(test_bench_launch, worker_that_does_not_end_is_given_up)
{
    worker_run_within(&bench, &contender, "closes_output", NULL, SHORT, &sample);
    cr_assert_not_null(strstr(sample.why, ": did not end within 0.05 s"), "%s", sample.why);
}

/* -- Programs that are asked ---------------------------------------------------------------------- */

Test(test_bench_launch, program_that_is_asked_says_it_and_its_status)
{
    const char *const words[] = { contender.program, "works", "a", "bc", NULL };
    const char *const fails[] = { contender.program, "dies", NULL };
    const char *const killed[] = { contender.program, "crashes", NULL };
    const char *const nowhere[] = { "/nowhere/program", NULL };
    char said[16], little[4];

    cr_assert_eq(ask(words, PATIENCE, said, sizeof said), 0);
    cr_assert_str_eq(said, "a\nbc\n");
    cr_assert_eq(ask(words, PATIENCE, little, sizeof little), 0);
    cr_assert_str_eq(little, "a\nb");
    cr_assert_eq(ask(fails, PATIENCE, said, sizeof said), 3);
    cr_assert_str_empty(said);
    cr_assert_eq(ask(killed, PATIENCE, said, sizeof said), -EINTR);
    cr_assert_eq(ask(nowhere, PATIENCE, said, sizeof said), 127);
}

Test(test_bench_launch, program_that_is_asked_and_does_not_end_is_ended_with_what_it_has_begun)
{
    int fd;
    const char *const words[] = { contender.program, "leaves", held(&fd), NULL };
    const char *const silent[] = { contender.program, "closes_output", NULL };
    char said[64];

    cr_assert_eq(ask(words, 1, said, sizeof said), -ETIMEDOUT);
    is_let_go(fd);
    cr_assert_eq(ask(silent, 0, said, sizeof said), -ETIMEDOUT);
}

/* -- Processors, descriptors -------------------------------------------------------------------------- */

static bool pairs(int a, int b)
{
    return a / 2 == b / 2;
}

static void chosen(const int *cpus, size_t count, int server_cpu, int load_cpu)
{
    pin_choose_of(cpus, count, pairs, &bench.server_cpu, &bench.load_cpu);
    cr_assert_eq(bench.server_cpu, server_cpu);
    cr_assert_eq(bench.load_cpu, load_cpu);
}

Test(test_bench_launch, processors_are_of_two_cores_where_there_are_two)
{
    chosen((const int[]){ 0, 1, 2, 3 }, 4, 1, 2);
    chosen((const int[]){ 4, 5, 6 }, 3, 4, 6);
    chosen((const int[]){ 0, 2, 3 }, 3, 2, 0);
    chosen((const int[]){ 0, 1 }, 2, 1, 0);
    chosen((const int[]){ 6, 7 }, 2, 6, 7);
}

Test(test_bench_launch, one_processor_is_shared_by_all)
{
    chosen((const int[]){ 3 }, 1, -1, -1);
    chosen(NULL, 0, -1, -1);
}

Test(test_bench_launch, server_is_pinned_and_we_are_not)
{
    int server_cpu, load_cpu, again, load_again;
    char path[64], line[256], expected[64];
    bool found = false;

    pin_choose(&server_cpu, &load_cpu);
    bench.server_cpu = server_cpu;
    starts("listens", NULL);
    pin_choose(&again, &load_again);
    cr_assert_eq(again, server_cpu);
    cr_assert_eq(load_again, load_cpu);
    snprintf(path, sizeof path, "/proc/%d/status", (int)server.pid);
    snprintf(expected, sizeof expected, "Cpus_allowed_list:\t%d\n", server_cpu);
    FILE *file = fopen(path, "r");
    if (!file || server_cpu < 0)
        cr_skip_test("the system does not tell, or there is one processor");
    while (!found && fgets(line, sizeof line, file))
        found = !strcmp(line, expected);
    fclose(file);
    cr_assert(found);
}

Test(test_bench_launch, limit_of_descriptors_is_raised_to_what_is_allowed)
{
    struct rlimit limit = { 0 };

    getrlimit(RLIMIT_NOFILE, &limit);
    rlim_t most = limit.rlim_max < 1 << 20 ? limit.rlim_max : 1 << 20;
    limit.rlim_cur = 64;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    cr_assert_eq(descriptors_raise(), (int64_t)most);
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    cr_assert_eq(limit.rlim_cur, most);
}
