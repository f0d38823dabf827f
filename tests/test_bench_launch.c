/* Servers of `confab bench`: started, kept and ended, with what and where; and the words for what goes wrong. */
#include "launch_support.h"
#include "tools/bench/pin.h"
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

TestSuite(test_bench_launch, .init = setup, .fini = teardown);

/* Is not started, for this reason. */
static void fails(const char *what, const char *word, const char *why)
{
    char all[BENCH_WHY];

    cr_assert_not(start(what, word));
    snprintf(all, sizeof all, "%s: %s", keep_name(contender.program, (char[KEEP_NAME]){ 0 }), why);
    cr_assert_str_eq(sample.why, all);
    cr_assert_null(server.kept);
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
