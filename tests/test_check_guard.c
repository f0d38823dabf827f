/* The watch's guard: what a hook may look at, and what it is told of where it looks at more. */
#include "check_support.h"
#include "support.h"
#include "tools/check/watch.h"
#include "watched.h"
#include <criterion/criterion.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { BYTES = 200000 };

static struct guard *guard;
static sigjmp_buf back;
static const void *volatile touched;

static void caught(int signo, siginfo_t *info, void *context)
{
    (void)signo, (void)context;
    touched = info->si_addr;
    siglongjmp(back, 1);
}

static void setup(void)
{
    struct sigaction action = { .sa_sigaction = caught, .sa_flags = SA_SIGINFO };

    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    cr_assert_eq(guard_new(&guard), 0);
}

static void teardown(void)
{
    guard_free(guard);
}

TestSuite(test_check_guard, .init = setup, .fini = teardown);

/* One that steps where it may not. */
#define GUARD_TEST(name)              \
    static void name(void);           \
    Test(test_check_guard, name)      \
    {                                 \
        checked_not_under_valgrind(); \
        name();                       \
    }                                 \
    static void name(void)

static bool readable(const char *at)
{
    volatile char byte;

    if (sigsetjmp(back, 1))
        return false;
    byte = *(const volatile char *)at;
    (void)byte;
    return true;
}

/* Reading there crashes, and that is told in these words. */
static void crashes(const char *at, const char *words)
{
    char told[WATCH_TEXT] = "";
    struct words text = { told, sizeof told };

    cr_assert_not(readable(at), "it can be read, and \"%s\" was expected", words);
    cr_assert_eq(touched, at);
    cr_assert(guard_tell(guard, at, &text));
    checked_holds(told, words);
}

static char *data(const char *bytes, size_t len)
{
    char *copy = guard_copy(guard, bytes, len, GUARD_DATA, NULL);

    cr_assert_not_null(copy);
    cr_assert_arr_eq(copy, bytes, len);
    return copy;
}

static const char old_data[] =
    "used collected data of an earlier call after the hook had returned (it was of 5 bytes)";

GUARD_TEST(data_ends_at_a_closed_page_then_begins_behind_one_and_so_on)
{
    for (int i = 0; i < 300; i++) {
        char *copy = data("hello", 5);
        if (i % 2 == 0)
            crashes(copy + 5, "read past the end of the data (5 bytes)");
        else
            crashes(copy - 1, "read before the beginning of the data (5 bytes)");
        guard_close(guard);
    }
}

GUARD_TEST(begin_starts_with_data_that_ends_at_a_closed_page)
{
    data("hello", 5);
    guard_close(guard);
    guard_begin(guard);
    char *copy = data("hello", 5);
    crashes(copy + 5, "read past the end");
    guard_close(guard);
}

GUARD_TEST(data_is_closed_when_the_hook_has_returned)
{
    char *first = data("hello", 5), *second;

    guard_close(guard);
    second = data("later", 5);
    crashes(first, old_data);
    crashes(first + 4, old_data);
    cr_assert(readable(second));
    guard_close(guard);
    crashes(second, old_data);
}

GUARD_TEST(data_stays_closed_for_at_least_64_calls_of_its_kind)
{
    char *last[2 * 64]; /* the kinds take turns */
    const int kept = sizeof last / sizeof last[0];

    for (int i = 0; i < 4 * kept; i++) {
        last[i % kept] = data("hello", 5);
        guard_close(guard);
        for (int k = 0; k < kept && k <= i; k++)
            cr_assert_not(readable(last[k]));
    }
}

GUARD_TEST(data_of_each_size_is_whole_and_guarded)
{
    static const size_t sizes[] = { 1, 15, 4095, 4096, 4097, 8192, 65536, BYTES };
    char *bytes = test_pattern(BYTES);

    for (size_t i = 0; i < 4 * sizeof sizes / sizeof sizes[0]; i++) {
        size_t n = sizes[i % (sizeof sizes / sizeof sizes[0])];
        guard_begin(guard);
        char *copy = data(bytes, n);
        crashes(copy + n, "read past the end of the data");
        guard_close(guard);
        crashes(copy, "used collected data of an earlier call");
        crashes(copy + n - 1, "used collected data of an earlier call");
    }
    free(bytes);
}

GUARD_TEST(data_that_is_larger_than_the_ring_is_guarded_by_itself)
{
    const size_t n = 64 * 65536 + 3;
    char *bytes = test_pattern(n), *copy = data(bytes, n);

    crashes(copy + n, "read past the end of the data");
    guard_close(guard);
    crashes(copy + n / 2, "used collected data of an earlier call");
    free(bytes);
}

GUARD_TEST(step_over_the_end_is_told_from_old_data_that_lies_there)
{
    char whole[4096];
    char *old, *copy;

    memset(whole, 'x', sizeof whole);
    old = data(whole, sizeof whole); /* fills its page */
    guard_close(guard);
    guard_begin(guard);
    copy = data("hello", 5);
    cr_assert_eq(copy + 5, old);
    crashes(copy + 5, "read past the end of the data (5 bytes)");
    crashes(old + 2000, "used collected data of an earlier call");
    guard_close(guard);
}

GUARD_TEST(message_has_a_nul_behind_it_and_then_a_closed_page)
{
    char *copy = guard_copy(guard, "hello", 5, GUARD_MESSAGE, guard);

    cr_assert_str_eq(copy, "hello");
    crashes(copy + 6, "read past the end of the message (5 bytes)");
    copy[5] = copy[0] = 'x'; /* it may be written to, the NUL too */
    guard_close(guard);
    crashes(copy, "used a message (confab_chat_message) after the hook had returned (it was of 5 bytes)");
}

GUARD_TEST(message_is_the_same_one_until_the_hook_returns)
{
    char *copy = guard_copy(guard, "hello", 5, GUARD_MESSAGE, guard);

    cr_assert_eq(guard_message(guard, guard, 5), copy);
    cr_assert_null(guard_message(guard, guard, 6), "one that has grown");
    cr_assert_null(guard_message(guard, &guard, 5), "another chat's");
    guard_drop(guard, guard);
    cr_assert_null(guard_message(guard, guard, 5), "one that was taken");
    copy = guard_copy(guard, "again", 5, GUARD_MESSAGE, guard);
    guard_close(guard);
    cr_assert_null(guard_message(guard, guard, 5), "one of an earlier hook");
}

GUARD_TEST(empty_message_is_a_nul)
{
    char *copy = guard_copy(guard, "", 0, GUARD_MESSAGE, guard);

    cr_assert_str_eq(copy, "");
    crashes(copy + 1, "read past the end of the message (0 bytes)");
    guard_close(guard);
}

GUARD_TEST(data_and_message_of_one_hook_are_both_open)
{
    char *first = data("hello", 5), *message = guard_copy(guard, "world", 5, GUARD_MESSAGE, guard);

    cr_assert(readable(first) && readable(message));
    crashes(first + 5, "read past the end of the data");
    crashes(message + 6, "read past the end of the message");
    guard_close(guard);
    cr_assert(!readable(first) && !readable(message));
}

GUARD_TEST(address_of_something_else_is_not_told_of)
{
    char told[WATCH_TEXT] = "";
    struct words text = { told, sizeof told };

    cr_assert_not(guard_tell(guard, NULL, &text));
    cr_assert_not(guard_tell(guard, &text, &text));
    cr_assert_str_eq(told, "");
}

/* -- In a plugin --------------------------------------------------------------------------------------- */

/* It crashes with these words, in this hook. */
static void plugin_crashes(const char *plugin, const char *first, const char *second, const char *words,
                           const char *hook)
{
    const char *complaint;

    checked_not_under_valgrind();
    checked_load(plugin);
    checked_holds(checked_fork(first, second, 0, &complaint), words);
    cr_assert_str_eq(checked.board->crash.hook, hook, "%s", checked.board->crash.hook);
    checked_teardown();
}

Test(test_check_guard, plugin_that_keeps_a_pointer_into_collected_data_is_told_of)
{
    plugin_crashes("keeps_pointer", "hello\r\n", NULL, old_data, "found_terminator");
}

Test(test_check_guard, plugin_that_keeps_a_pointer_to_a_message_is_told_of)
{
    watched_calls_needed();
    plugin_crashes("keeps_message", "hello\r\n", "again\r\n",
                   "used a message (confab_chat_message) after the hook", "found_terminator");
}

Test(test_check_guard, plugin_that_reads_past_its_data_is_told_of)
{
    plugin_crashes("overreads", "a b c\r\n", NULL, "read past the end of the data (5 bytes)",
                   "collect_incoming_data");
}

Test(test_check_guard, words_are_cut_where_there_is_no_more_room)
{
    char text[8];
    struct words words = { text, sizeof text };

    words_text(&words, "abc");
    words_number(&words, 1234567);
    cr_assert_str_eq(text, "abc1234");
    words_address(&words, NULL);
    cr_assert_str_eq(text, "abc1234");
}

Test(test_check_guard, numbers_and_addresses_are_written_as_by_printf)
{
    char text[64];
    struct words words = { text, sizeof text };

    words_number(&words, 0);
    words_text(&words, " ");
    words_number(&words, UINT64_MAX);
    words_text(&words, " ");
    words_address(&words, (const void *)(uintptr_t)0xabc0);
    cr_assert_str_eq(text, "0 18446744073709551615 0xabc0");
}
