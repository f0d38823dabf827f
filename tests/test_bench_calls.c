/* Servers of `confab bench`: their system calls are counted. */
#include "launch_support.h"
#include "tools/bench/pin.h"
#include <string.h>

enum { SOME_CALLS = 1000 };

TestSuite(test_bench_calls, .init = setup, .fini = teardown);

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

/* How many system calls a server has made when it waits for its end; skips the test where they cannot be counted. */
static uint64_t calls_of(const char *what, int count)
{
    char word[16];

    snprintf(word, sizeof word, "%d", count);
    bench.counting = true;
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

Test(test_bench_calls, system_calls_are_counted_exactly)
{
    uint64_t none = calls_of("counts", 0);

    cr_assert_eq(calls_of("counts", SOME_CALLS), none + SOME_CALLS);
}

/* A call more in the process that becomes the server. */
Test(test_bench_calls, system_calls_before_the_server_is_executed_are_not_counted)
{
    int load_cpu;
    uint64_t calls = calls_of("counts", 0);

    pin_choose(&bench.server_cpu, &load_cpu);
    cr_assert_eq(calls_of("counts", 0), calls);
}

/* Whether it has to wait for its thread is chance. */
Test(test_bench_calls, system_calls_of_threads_and_children_are_counted)
{
    uint64_t none = calls_of("counts_aside", 0), some = calls_of("counts_aside", SOME_CALLS);

    cr_assert_geq(some + 4, none + 2 * SOME_CALLS);
    cr_assert_leq(some, none + 2 * SOME_CALLS + 4);
}
