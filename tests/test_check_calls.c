/* The functions that a plugin calls, replaced in the plugin alone: whatever it was built with. */
#include "check_support.h"
#include "support.h"
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE = 128 };

TestSuite(test_check_calls, .fini = checked_teardown);

static const char *const builds[] = { "calls", "calls_no_plt", "calls_lazy", "calls_gcc", "calls_clang" };
enum { BUILDS = sizeof builds / sizeof builds[0] };

/* Each build of the plugin that there is: not every machine has both compilers. */
static bool load(int build)
{
    char path[CHECKED_ROOM];

    checked_teardown();
    if (build > 2 && access(checked_path(builds[build], path), R_OK) < 0)
        return false;
    checked_load(builds[build]);
    return true;
}

/* What the plugin is told to do, once. */
static const char *run(const char *verb, const char *object)
{
    char line[LINE];

    snprintf(line, sizeof line, "%s%s\r\n", verb, object);
    return checked_run(line, NULL);
}

/* -- Memory ------------------------------------------------------------------------------------------ */

static const char *const makers[] = { "malloc",         "calloc", "realloc", "reallocarray", "aligned_alloc",
                                      "posix_memalign", "strdup", "strndup", "asprintf",     "vasprintf" };
enum { MAKERS = sizeof makers / sizeof makers[0] };

Test(test_check_calls, block_that_is_left_is_told_of_by_each_function_in_each_build)
{
    char words[LINE];

    for (int build = 0; build < BUILDS; build++) {
        for (int i = 0; load(build) && i < MAKERS; i++) {
            snprintf(words, sizeof words, "40 bytes are left, allocated by %s in found_terminator",
                     makers[i]);
            checked_holds(run("keep ", makers[i]), words);
            cr_assert_str_eq(checked.said, "made\r\n");
        }
    }
}

Test(test_check_calls, block_that_is_freed_is_not_told_of)
{
    for (int build = 0; build < BUILDS; build++) {
        for (int i = 0; load(build) && i < MAKERS; i++) {
            cr_assert_null(run("free ", makers[i]), "%s: %s", makers[i], watch_complaint(checked.watch));
            cr_assert_str_eq(checked.said, "made\r\n");
        }
    }
}

Test(test_check_calls, line_that_libc_has_allocated_is_counted_too)
{
    checked_load("calls");
    checked_holds(run("keep ", "getline"), "bytes are left, allocated by get"); /* or getdelim, by a header */
    cr_assert_null(run("free ", "getline"));
}

/* All the others are the reactor's, and as many in each run. */
Test(test_check_calls, each_function_that_allocates_can_be_made_to_fail)
{
    checked_load("calls");
    for (int i = 0; i < MAKERS; i++) {
        bool failed = false;
        run("free ", makers[i]);
        uint64_t count = watch_allocations(checked.watch);
        for (uint64_t fail = 1; fail <= count && !failed; fail++) {
            char line[LINE];
            snprintf(line, sizeof line, "free %s\r\n", makers[i]);
            checked_begin(fail);
            checked_say(line);
            checked_end();
            cr_assert_null(watch_complaint(checked.watch), "%s", watch_complaint(checked.watch));
            failed = strcmp(checked.said, "no memory\r\n") == 0;
        }
        cr_assert(failed, "%s never failed", makers[i]);
    }
}

Test(test_check_calls, memory_of_a_plugin_in_c_plus_plus_is_counted)
{
    char path[CHECKED_ROOM];

    if (access(checked_path("calls_cpp", path), R_OK) < 0)
        cr_skip_test("there is no compiler of C++");
    checked_load("calls_cpp");
    checked_holds(run("keep", ""), "40 bytes are left, allocated by new[] in found_terminator");
    cr_assert_null(run("free", ""), "%s", watch_complaint(checked.watch));
    cr_assert_str_eq(checked.said, "xx\r\n");
}

/* -- What is given to be called later ---------------------------------------------------------------- */

Test(test_check_calls, block_that_was_given_away_is_told_of_with_who_got_it)
{
    static const char *const takers[] = { "confab_chat_push_reference", "confab_chat_call_later",
                                          "confab_call_later", "confab_reactor_post", "confab_work" };
    char words[LINE];

    for (int build = 0; build < BUILDS; build++) {
        for (size_t i = 0; load(build) && i < sizeof takers / sizeof takers[0]; i++) {
            checked_begin(0);
            snprintf(words, sizeof words, "give %s\r\n", takers[i]);
            checked_say(words);
            confab_sim_advance(checked.sim, CONFAB_SECOND);
            checked_end();
            snprintf(words, sizeof words, "40 bytes are left, allocated in found_terminator, given to %s",
                     takers[i]);
            checked_holds(watch_complaint(checked.watch), words);
        }
    }
}

Test(test_check_calls, what_is_called_later_is_on_the_board)
{
    static const struct {
        const char *line, *hook;
    } given[] = { { "give confab_chat_push_reference\r\n", "release of a reference" },
                  { "give confab_chat_call_later\r\n", "a timer" },
                  { "give confab_call_later\r\n", "a timer" },
                  { "give confab_reactor_post\r\n", "a posted call" },
                  { "give confab_work\r\n", "done of a job" } };

    checked_load("calls");
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
        checked_begin(0);
        checked_say(given[i].line);
        confab_sim_advance(checked.sim, CONFAB_SECOND);
        cr_assert_str_eq(watch_last_hook(checked.watch), given[i].hook, "%s", watch_last_hook(checked.watch));
        checked_end();
    }
}

Test(test_check_calls, job_may_sleep_which_takes_no_time)
{
    checked_load("calls");
    cr_assert_null(run("work", ""), "%s", watch_complaint(checked.watch));
    cr_assert_str_eq(checked.said, "slept\r\n");
}

static void *nothing(void *data)
{
    return data;
}

Test(test_check_calls, hook_may_wait_while_there_are_no_connections)
{
    pthread_t thread;

    /* From the first one on ThreadSanitizer has one of its own, which is not the plugin's. */
    cr_assert_eq(pthread_create(&thread, NULL, nothing, NULL), 0);
    pthread_join(thread, NULL);
    checked_load("waits_aside");
    cr_assert_null(checked_run("well?\r\n", NULL), "%s", watch_complaint(checked.watch));
    cr_assert_str_eq(checked.said, "yes\r\n");
}

/* -- What waits, what ends -------------------------------------------------------------------------------- */

Test(test_check_calls, each_call_that_waits_is_told_of_in_each_build)
{
    static const char *const waits[] = {
        "sleep",  "usleep", "nanosleep",   "clock_nanosleep", "poll",
        "select", "system", "getaddrinfo", "gethostbyname",   "pthread_join"
    };
    char words[LINE];

    for (int build = 0; build < BUILDS; build++) {
        for (size_t i = 0; load(build) && i < sizeof waits / sizeof waits[0]; i++) {
            snprintf(words, sizeof words, "blocks: called %s(", waits[i]);
            checked_holds(run("wait ", waits[i]), words);
            cr_assert_str_eq(checked.said, "waited 0\r\n");
        }
    }
}

Test(test_check_calls, poll_that_does_not_wait_is_not_told_of)
{
    checked_load("calls");
    cr_assert_null(run("wait ", "poll at once"), "%s", watch_complaint(checked.watch));
}

Test(test_check_calls, each_call_that_ends_the_process_is_told_of_in_each_build)
{
    static const char *const ends[] = { "exit", "_exit", "quick_exit", "abort" };
    char line[LINE], words[LINE];
    const char *complaint;

    checked_not_under_valgrind();
    for (int build = 0; build < BUILDS; build++) {
        for (size_t i = 0; load(build) && i < sizeof ends / sizeof ends[0]; i++) {
            snprintf(line, sizeof line, "end %s\r\n", ends[i]);
            snprintf(words, sizeof words, "called %s(", ends[i]);
            checked_holds(checked_fork(line, NULL, 0, &complaint), words);
            cr_assert_str_eq(checked.board->crash.hook, "found_terminator");
        }
    }
}

Test(test_check_calls, assertion_that_fails_is_told_of_with_its_words)
{
    const char *complaint;

    checked_not_under_valgrind();
    checked_load("calls");
    const char *words = checked_fork("end assert\r\n", NULL, 0, &complaint);
    checked_holds(words, "an assertion failed: name[0] == 'b', in ");
    checked_holds(words, "end_by"); /* clang: void end_by(const char *) */
    checked_holds(words, "calls.c:");
}

Test(test_check_calls, process_that_the_plugin_has_forked_may_end)
{
    checked_not_under_valgrind();
    for (int build = 0; build < BUILDS; build++) {
        if (!load(build))
            continue;
        run("fork", "");
        cr_assert_str_eq(checked.said, "child 0\r\n");
        cr_assert_str_eq(checked.board->crash.what, "");
    }
}

/* -- Chats and messages ---------------------------------------------------------------------------------------- */

Test(test_check_calls, chats_that_the_plugin_makes_have_their_hooks_watched)
{
    for (int build = 0; build < BUILDS; build++) {
        if (!load(build))
            continue;
        checked_begin(0);
        checked_say("guest\r\n");
        cr_assert_str_eq(watch_last_hook(checked.watch), "handle_close", "of the guest");
        cr_assert_eq(watch_open_chats(checked.watch), 1);
        checked_say("count\r\n");
        cr_assert_str_eq(checked.said, "1 own, 0 far, 1 served\r\n");
        checked_end();
        cr_assert_null(watch_complaint(checked.watch), "%s", watch_complaint(checked.watch));
    }
}

Test(test_check_calls, what_a_chat_of_its_own_listener_leaves_is_told_of_with_its_hook)
{
    for (int build = 0; build < BUILDS; build++) {
        if (!load(build))
            continue;
        checked_holds(run("guest keeps", ""), "40 bytes are left, allocated by malloc in found_terminator");
    }
}

Test(test_check_calls, message_is_the_same_twice_and_what_was_changed_of_it_is_taken)
{
    for (int build = 0; build < BUILDS; build++) {
        if (!load(build))
            continue;
        cr_assert_null(checked_run("capitals\r\ncapitals taken\r\ncapitals", " taken\r\n"), "%s",
                       watch_complaint(checked.watch));
        cr_assert_str_eq(checked.said, "CapitalsCapitals takenCapitals taken");
    }
}

/* It has the name of a function, and an address that is another one. */
Test(test_check_calls, word_that_is_not_the_function_s_address_stays)
{
    for (int build = 0; build < BUILDS; build++) {
        if (!load(build))
            continue;
        run("inside", "");
        cr_assert_str_eq(checked.said, "as it was\r\n");
    }
}

/* -- The rest of the process ------------------------------------------------------------------------------------- */

Test(test_check_calls, what_others_allocate_and_call_is_not_counted)
{
    checked_load("calls");
    checked_begin(0);
    uint64_t count = watch_allocations(checked.watch);
    void *own = malloc(100);
    cr_assert_not_null(own);
    usleep(1);
    cr_assert_eq(watch_allocations(checked.watch), count);
    cr_assert_eq(watch_plugin_bytes(checked.watch), 0);
    free(own);
    checked_end();
    cr_assert_null(watch_complaint(checked.watch));
}

Test(test_check_calls, plugin_that_was_watched_before_can_be_watched_again)
{
    for (int i = 0; i < 3; i++) {
        checked_teardown();
        checked_load("calls");
        checked_holds(run("keep ", "strdup"), "40 bytes are left, allocated by strdup");
    }
}

/* -- Processes ----------------------------------------------------------------------------------------- */

Test(test_check_calls, more_processes_than_a_run_may_start_are_refused_and_told_of)
{
    enum { MOST = 32 };
    char lines[(MOST + 1) * sizeof "fork\r\n"] = "";

    checked_not_under_valgrind();
    for (int i = 0; i < MOST; i++)
        strcat(lines, "fork\r\n");
    checked_load("calls");
    cr_assert_null(checked_run(lines, NULL), "%s", watch_complaint(checked.watch));
    strcat(lines, "fork\r\n");
    checked_holds(checked_run(lines, NULL), "has started more than 32 processes in one run");
}
