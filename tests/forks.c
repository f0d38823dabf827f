/* forks.c: runs a suite of Criterion with a fork for each test.
 *
 * Criterion starts the program anew for each test.  Under valgrind that costs a
 * second, most of a run, and under ThreadSanitizer Criterion does not start at all.
 * This, preloaded (see run_suite), takes the place of its main and of what a test
 * calls, and gives the same last line.  A time-out of a single test is not looked at. */
#include <criterion/criterion.h>
#include <criterion/internal/ordered-set.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PASSED = 0, FAILED = 1, SKIPPED = 77 };

struct item {
    struct criterion_suite suite;
    struct criterion_test test;
};

/* All of them.  Criterion's own set, which valgrind takes for lost, is freed before they run. */
static struct item *items;
static size_t count;

/* In the child: what runs. */
static const struct item *now;
static jmp_buf end_of_test;
static int result = FAILED;

static void call(void (*function)(void))
{
    if (function)
        function();
}

/* -- What a test calls, in place of Criterion's own ------------------------- */

void criterion_internal_test_setup(void)
{
    if (now->suite.data)
        call(now->suite.data->init);
    call(now->test.data->init);
}

void criterion_internal_test_main(void (*function)(void))
{
    result = PASSED;
    if (setjmp(end_of_test) == 0)
        function();
}

void criterion_internal_test_teardown(void)
{
    call(now->test.data->fini);
    if (now->suite.data)
        call(now->suite.data->fini);
}

void criterion_send_assert(struct criterion_assert_stats *stats)
{
    if (stats->passed)
        return;
    result = FAILED;
    fprintf(stderr, "[----] %s:%u: Assertion Failed\n[----]   %s\n", stats->file, stats->line,
            stats->message);
}

void criterion_abort_test(void)
{
    longjmp(end_of_test, 1);
}

void criterion_continue_test(void)
{
}

void criterion_skip_test(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("[----]   ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    result = SKIPPED;
    longjmp(end_of_test, 1);
}

/* -- Running them ------------------------------------------------------------- */

static void list_items(void)
{
    struct criterion_test_set *set = criterion_initialize();

    items = calloc(set->tests + 1, sizeof *items);
    if (!items)
        abort();
    FOREACH_SET(struct criterion_suite_set * suite, set->suites)
    {
        FOREACH_SET(struct criterion_test * test, suite->tests)
        items[count++] = (struct item){ .suite = suite->suite, .test = *test };
    }
    criterion_finalize(set);
}

static int run_in_fork(const struct item *item)
{
    const struct criterion_test_extra_data *data = item->test.data;
    int status;

    if (data->disabled || (item->suite.data && item->suite.data->disabled))
        return SKIPPED;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        now = item;
        item->test.test();
        exit(result);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) {
        perror("forks");
        return FAILED;
    }
    if (WIFSIGNALED(status)) {
        fprintf(stderr, "[----] signal %d (%s)\n", WTERMSIG(status), strsignal(WTERMSIG(status)));
        return WTERMSIG(status) == data->signal ? PASSED : FAILED;
    }
    if (WEXITSTATUS(status) == SKIPPED)
        return SKIPPED;
    return WEXITSTATUS(status) == data->exit_code && !data->signal ? PASSED : FAILED;
}

__attribute__((visibility("default"))) int main(void)
{
    static const char *const words[] = { [PASSED] = "PASS", [FAILED] = "FAIL", [SKIPPED] = "SKIP" };
    int passed = 0, failed = 0;

    list_items();
    for (size_t i = 0; i < count; i++) {
        const struct criterion_test *test = &items[i].test;
        fprintf(stderr, "[RUN ] %s::%s\n", test->category, test->name);
        int ended = run_in_fork(&items[i]);
        fprintf(stderr, "[%s] %s::%s\n", words[ended], test->category, test->name);
        passed += ended == PASSED;
        failed += ended == FAILED;
    }
    free(items);
    fprintf(stderr, "[====] Synthesis: Tested: %d | Passing: %d | Failing: %d | Crashing: 0 \n",
            passed + failed, passed, failed);
    return failed ? FAILED : PASSED;
}
