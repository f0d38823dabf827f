/* The watch of `confab check`: hooks, their order, memory, what is left. */
#include "check_support.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

TestSuite(test_check_watch, .fini = checked_teardown);

Test(test_check_watch, good_plugin_gives_no_complaint_and_its_answers)
{
    checked_load("line");
    cr_assert_null(checked_run("hello\r\nwor", "ld\r\n"), "%s", watch_complaint(checked.watch));
    cr_assert_str_eq(checked.said, "hello\r\nworld\r\n");
}
