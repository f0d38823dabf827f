/* What `confab bench` knows of another process: its time, its context switches, its memory. */
#include "tools/bench/launch.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { NAPS = 100, MEMORY = 8 << 20 };

/* A process that does what it is told, a byte each, and answers with its clock when that is done. */
static struct {
    pid_t pid;
    int tell[2], answer[2];
} child;

static double own_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void burn(void)
{
    for (double end = own_clock() + 30e6; own_clock() < end;)
        continue;
}

/* Not so short that one may be over before it falls asleep. */
static void nap(void)
{
    for (int i = 0; i < NAPS; i++)
        nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
}

static void grow(void)
{
    volatile char *at = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
    for (size_t i = 0; i < MEMORY; i += 1024)
        at[i] = 1;
}

static _Noreturn void obey(void)
{
    char what;

    close(child.tell[1]);
    while (read(child.tell[0], &what, 1) == 1) {
        if (what == 'b')
            burn();
        else if (what == 'n')
            nap();
        else if (what == 'g')
            grow();
        double now = own_clock();
        if (write(child.answer[1], &now, sizeof now) != sizeof now)
            break;
    }
    _exit(0);
}

static void setup(void)
{
    cr_assert_eq(pipe(child.tell), 0);
    cr_assert_eq(pipe(child.answer), 0);
    child.pid = fork();
    if (child.pid == 0)
        obey();
}

static void teardown(void)
{
    close(child.tell[1]);
    cr_assert_eq(waitpid(child.pid, NULL, 0), child.pid);
    close(child.tell[0]);
    close(child.answer[0]);
    close(child.answer[1]);
}

TestSuite(test_bench_usage, .init = setup, .fini = teardown);

/* What its clock says when it has done that. */
static double told(char what)
{
    double clock;

    cr_assert_eq(write(child.tell[1], &what, 1), 1);
    cr_assert_eq(read(child.answer[0], &clock, sizeof clock), (ssize_t)sizeof clock);
    return clock;
}

static struct usage usage(void)
{
    struct usage usage;
    int error = usage_read(child.pid, &usage);

    if (error == -ENOSYS)
        cr_skip_test("the system does not tell");
    cr_assert_eq(error, 0);
    return usage;
}

Test(test_bench_usage, time_is_that_of_its_own_clock)
{
    double before = 0;
    for (int i = 0; i < 10; i++)
        before = told('b');
    double read = usage().cpu;
    double after = told('b');

    cr_assert_leq(before, read);
    cr_assert_leq(read, after);
    cr_assert_leq(after, usage().cpu);
}

Test(test_bench_usage, sides_of_the_kernel_are_told_apart)
{
    struct usage before = usage();
    if (isnan(before.user))
        cr_skip_test("the system does not tell");
    for (int i = 0; i < 10; i++)
        told('b');
    struct usage after = usage();

    /* 300 ms, most of it outside of the kernel or in it, as the clock is read: in ticks. */
    double sum = after.user - before.user + after.system - before.system;
    cr_assert_geq(sum, 250e6);
    cr_assert_leq(sum, after.cpu - before.cpu + 50e6);
}

Test(test_bench_usage, each_sleep_is_a_context_switch)
{
    struct usage before = usage();
    if (isnan(before.switches))
        cr_skip_test("the system does not tell");
    told('n');
    cr_assert_geq(usage().switches - before.switches, NAPS);
}

Test(test_bench_usage, memory_is_in_bytes_and_is_what_was_written_to)
{
    told('g'); /* what else it writes to for the first time is behind it */
    struct usage before = usage();
    if (isnan(before.memory))
        cr_skip_test("the system does not tell");
    told('g');
    struct usage after = usage();

    cr_assert_geq(after.memory - before.memory, MEMORY);
    cr_assert_leq(after.memory - before.memory,
                  8.0 * MEMORY); /* a sanitizer has its own, of the same size or more */
}

Test(test_bench_usage, process_that_is_gone_is_an_error)
{
    struct usage none;
    pid_t pid = fork();

    if (pid == 0)
        _exit(0);
    cr_assert_eq(waitpid(pid, NULL, 0), pid);
    cr_assert_lt(usage_read(pid, &none), 0);
    cr_assert(isnan(none.cpu));
}

static const struct usage earlier = { .cpu = 1e9, .user = 1e9, .system = 0, .switches = 10, .memory = 7 };
static struct sample sample;

static void used(struct usage later, double count)
{
    sample_clear(&sample);
    usage_figures(&earlier, &later, count, &sample);
}

Test(test_bench_usage, figures_are_for_each_and_the_sides_share_the_exact_time)
{
    /* 300 ms as ticks see it, 400 ms in truth. */
    used((struct usage){ .cpu = 1.4e9, .user = 1.1e9, .system = 0.2e9, .switches = 30 }, 1000);
    cr_assert_float_eq(sample.figure[FIGURE_CPU], 400e3, 1);
    cr_assert_float_eq(sample.figure[FIGURE_USER], 400e3 / 3, 1);
    cr_assert_float_eq(sample.figure[FIGURE_SYSTEM], 800e3 / 3, 1);
    cr_assert_float_eq(sample.figure[FIGURE_SWITCHES], 0.02, 1e-9);
}

Test(test_bench_usage, figures_that_are_not_known_are_none)
{
    used((struct usage){ .cpu = 1.4e9, .user = NAN, .system = NAN, .switches = 5 }, 1000);
    cr_assert_float_eq(sample.figure[FIGURE_CPU], 400e3, 1);
    cr_assert(isnan(sample.figure[FIGURE_USER]));
    cr_assert(isnan(sample.figure[FIGURE_SYSTEM]));
    cr_assert(isnan(sample.figure[FIGURE_SWITCHES]));
    used((struct usage){ .cpu = 1.4e9, .user = 1e9, .system = 0, .switches = 10 }, 1000);
    cr_assert(isnan(sample.figure[FIGURE_USER]));
    used((struct usage){ .cpu = 1.4e9, .user = 2e9, .system = 1, .switches = 11 }, 0);
    cr_assert(isnan(sample.figure[FIGURE_CPU]));
}
