/* The watch of `confab check`: hooks that wait, and those that only came to run late. */
#include "check_support.h"
#include "watched.h"
#include <criterion/criterion.h>
#include <signal.h>

TestSuite(test_check_waits, .fini = checked_teardown);

Test(test_check_waits, hook_that_sleeps_is_told_of_and_sleeps_for_no_time)
{
    watched_calls_needed();
    checked_load("blocks");
    checked_holds(checked_run("guess\r\n", NULL),
                  "blocks: called sleep(3) in found_terminator; a hook that waits holds");
    cr_assert_str_eq(checked.said, "password: wrong\r\npassword: ");
}

Test(test_check_waits, hook_that_waits_by_other_means_is_told_of_with_its_time)
{
    if (!watch_counts_waits())
        cr_skip_test("the system does not tell whether a thread has waited");
    checked_load("blocks_quietly");
    checked_holds(checked_run("guess\r\n", NULL), "blocks: found_terminator did not return for ");
    checked_holds(watch_complaint(checked.watch), " ms, in which it waited");
}

/* A hook that began long ago, and has waited once since then. */
static struct watch_frame waited(void)
{
    struct watch_frame frame = { .began = watch_clock() - CONFAB_MINUTE, .usage = watch_usage() };

    checked_load("line");
    checked_begin(0);
    frame.usage.waits--;
    return frame;
}

/* Whether it is told of, in the end.  It never is where the thread has had to wait for a page of a file meanwhile, as our
 * own may on a busy machine: so we look again until there was none. */
static void is_told(struct watch_frame *frame, bool told)
{
    do {
        frame->usage.pages = watch_usage().pages;
        watch_check_waited(checked.watch, frame);
    } while (frame->usage.pages != watch_usage().pages);
    cr_assert_eq(watch_complaint(checked.watch) != NULL, told);
    checked_end();
}

Test(test_check_waits, hook_that_waited_is_told_of)
{
    struct watch_frame frame = waited();

    is_told(&frame, true);
}

Test(test_check_waits, hook_that_ran_all_the_time_is_not_said_to_have_waited)
{
    struct watch_frame frame = waited();

    frame.usage.ran -= 2 * CONFAB_MINUTE;
    is_told(&frame, false);
}

Test(test_check_waits, hook_that_stood_in_line_for_a_processor_is_not_said_to_have_waited)
{
    struct watch_frame frame = waited();

    checked.watch->delayed -= 2 * CONFAB_MINUTE;
    is_told(&frame, false);
}

Test(test_check_waits, hook_in_which_the_process_was_stopped_is_not_said_to_have_waited)
{
    struct watch_frame frame = waited();

    raise(SIGCONT);
    is_told(&frame, false);
}
