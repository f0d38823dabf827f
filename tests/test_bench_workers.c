/* Workers of `confab bench`, and programs that it asks: run to their end, and what they print is read. */
#include "launch_support.h"
#include "tools/bench/ask.h"
#include <errno.h>
#include <math.h>
#include <string.h>

TestSuite(test_bench_workers, .init = setup, .fini = teardown);

/* -- Workers ---------------------------------------------------------------------------------------- */

static void works(const char *what, const char *first, const char *second)
{
    const char *const words[] = { first, second, NULL };

    worker_run(&bench, &contender, what, words, &sample);
}

Test(test_bench_workers, figures_of_a_worker_are_put_into_the_sample)
{
    works("works", "event_ns 12.5", "cpu_ns 7e3");
    cr_assert(sample.taken, "%s", sample.why);
    cr_assert_eq(sample.figure[FIGURE_EVENT], 12.5);
    cr_assert_eq(sample.figure[FIGURE_CPU], 7000);
    cr_assert(isnan(sample.figure[FIGURE_RATE]));
}

Test(test_bench_workers, worker_that_prints_something_else_is_refused)
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

Test(test_bench_workers, worker_that_prints_nothing_is_refused)
{
    works("works", NULL, NULL);
    cr_assert_not(sample.taken);
    cr_assert_not_null(strstr(sample.why, ": wrote \"\", where a figure was expected"), "%s", sample.why);
}

Test(test_bench_workers, worker_that_fails_is_told_of_with_its_last_line)
{
    works("works_in_vain", "cpu_ns 1", NULL);
    cr_assert_not(sample.taken);
    cr_assert_not_null(
        strstr(sample.why, ": ended with exit status 1 before it had measured: nothing to measure"), "%s",
        sample.why);
}

Test(test_bench_workers, worker_that_prints_for_ever_is_ended)
{
    works("prints_for_ever", NULL, NULL);
    cr_assert_not_null(strstr(sample.why, ": wrote more than 16383 bytes, where figures were expected"), "%s",
                       sample.why);
}

Test(test_bench_workers, worker_that_does_not_end_is_given_up)
{
    worker_run_within(&bench, &contender, "closes_output", NULL, SHORT, &sample);
    cr_assert_not_null(strstr(sample.why, ": did not end within 0.05 s"), "%s", sample.why);
}

/* -- Programs that are asked ---------------------------------------------------------------------- */

Test(test_bench_workers, program_that_is_asked_says_it_and_its_status)
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

Test(test_bench_workers, program_that_is_asked_and_does_not_end_is_ended_with_what_it_has_begun)
{
    int fd;
    const char *const words[] = { contender.program, "leaves", held(&fd), NULL };
    const char *const silent[] = { contender.program, "closes_output", NULL };
    char said[64];

    cr_assert_eq(ask(words, 1, said, sizeof said), -ETIMEDOUT);
    is_let_go(fd);
    cr_assert_eq(ask(silent, 0, said, sizeof said), -ETIMEDOUT);
}
