/* The watch of `confab check`: a run's hooks and their order, what is left of it, what ends the process. */
#include "check_support.h"
#include "support.h"
#include "watched.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SANITIZED = true };
#else
enum { SANITIZED = false };
#endif

TestSuite(test_check_watch, .fini = checked_teardown);

/* Runs it once, with these lines; it complains with these words, in this hook. */
static void complains(const char *plugin, const char *first, const char *second, const char *words,
                      const char *hook)
{
    checked_load(plugin);
    checked_holds(checked_run(first, second), words);
    cr_assert_str_eq(watch_complaint_hook(checked.watch), hook, "%s", watch_complaint_hook(checked.watch));
}

/* It crashes, in a fork, and that is told with these words. */
static void crashes(const char *plugin, const char *first, const char *second, const char *words,
                    const char *hook)
{
    const char *complaint;

    checked_not_under_valgrind();
    checked_load(plugin);
    checked_holds(checked_fork(first, second, 0, &complaint), words);
    cr_assert_str_eq(checked.board->crash.hook, hook, "%s", checked.board->crash.hook);
}

/* -- What is right ------------------------------------------------------------------------------ */

Test(test_check_watch, good_plugin_gives_no_complaint_and_its_answers)
{
    checked_load("line");
    for (int i = 0; i < 3; i++) {
        cr_assert_null(checked_run("hello\r\nwor", "ld\r\n"), "%s", watch_complaint(checked.watch));
        cr_assert_str_eq(checked.said, "hello\r\nworld\r\n");
    }
}

Test(test_check_watch, plugin_with_a_collector_of_its_own_gives_its_answers)
{
    checked_load("echo");
    cr_assert_null(checked_run("ECHO 5\nhel", "loECHO 2\nab"), "%s", watch_complaint(checked.watch));
    cr_assert_str_eq(checked.said, "helloab");
}

Test(test_check_watch, plugin_under_watch_tells_of_itself_what_it_told_before)
{
    const struct confab_plugin *plugin;

    checked_load("echo");
    plugin = confab_module_plugin(watch_module(checked.watch));
    cr_assert_str_eq(plugin->name, "echo");
    cr_assert_str_eq(plugin->options[0].name, "max-length");
    cr_assert_str_eq(plugin->counters[0], "replies");
    cr_assert_null(plugin->chat->handle_eof, "an absent hook is absent");
    cr_assert_not_null(plugin->chat->handle_too_long);
}

Test(test_check_watch, collector_of_the_library_stays_the_library_s)
{
    checked_load("line");
    cr_assert_eq(confab_module_plugin(watch_module(checked.watch))->chat->collect_incoming_data,
                 confab_chat_collect);
}

Test(test_check_watch, second_watch_in_a_process_is_refused)
{
    struct watch *second = (struct watch *)&second;
    char path[CHECKED_ROOM], error[CHECKED_ROOM] = "";

    checked_load("line");
    cr_assert_eq(watch_new(&second, checked_path("echo", path), NULL, checked.board, error, sizeof error),
                 -EBUSY);
    cr_assert_null(second);
    checked_holds(error, "another plugin is watched");
    cr_assert_null(checked_run("a\r\n", NULL));
}

Test(test_check_watch, plugin_that_cannot_be_loaded_is_told_of_in_the_words_of_the_loader)
{
    struct watch *watch = (struct watch *)&watch;
    static struct board board;
    char error[CHECKED_ROOM] = "";

    cr_assert_eq(watch_new(&watch, "/nowhere/absent.so", NULL, &board, error, sizeof error), -ENOENT);
    cr_assert_null(watch);
    checked_holds(error, "/nowhere/absent.so");
}

/* -- Hooks ------------------------------------------------------------------------------------------ */

Test(test_check_watch, hook_that_ran_last_is_on_the_board)
{
    uint64_t beats;

    checked_load("line");
    checked_begin(0);
    cr_assert_str_eq(checked.board->hook, "handle_connect");
    beats = checked.board->beats;
    checked_say("hello\r\n");
    cr_assert_str_eq(checked.board->hook, "found_terminator");
    cr_assert_gt(checked.board->beats, beats);
    cr_assert_not(checked.board->in_hook);
    cr_assert_str_eq(watch_last_hook(checked.watch), "found_terminator");
    checked_end();
    cr_assert_str_eq(checked.board->hook, "free");
}

Test(test_check_watch, chat_is_open_from_its_first_hook_to_handle_close)
{
    checked_load("line");
    checked_begin(0);
    cr_assert_eq(watch_open_chats(checked.watch), 1);
    checked_say("hello\r\n");
    cr_assert_eq(watch_open_chats(checked.watch), 1);
    confab_sim_reset(checked.end);
    checked.end = NULL;
    confab_sim_settle(checked.sim);
    cr_assert_eq(watch_open_chats(checked.watch), 0, "though the plugin has no handle_close");
    checked_end();
}

/* The library keeps to the order, so its part is played here. */
Test(test_check_watch, hook_after_handle_close_is_complained_of)
{
    const struct confab_chat_ops *ops;
    confab_chat *chat;
    confab_id cursor = 0;

    checked_load("line");
    checked_begin(0);
    ops = confab_module_plugin(watch_module(checked.watch))->chat;
    chat = confab_service_next(checked.service, NULL, &cursor);
    ops->handle_close(chat, CONFAB_REASON_CLOSED);
    ops->handle_connect(chat);
    checked_holds(watch_complaint(checked.watch), "handle_connect was called after the chat's handle_close");
    checked_end();
}

Test(test_check_watch, handle_connect_twice_is_complained_of)
{
    confab_chat *chat;
    confab_id cursor = 0;

    checked_load("line");
    checked_begin(0);
    chat = confab_service_next(checked.service, NULL, &cursor);
    confab_module_plugin(watch_module(checked.watch))->chat->handle_connect(chat);
    checked_holds(watch_complaint(checked.watch), "handle_connect was called twice");
    checked_end();
}

Test(test_check_watch, stop_with_a_chat_that_is_open_is_complained_of)
{
    checked_load("line");
    checked_begin(0);
    confab_module_plugin(watch_module(checked.watch))->stop(checked.service);
    checked_holds(watch_complaint(checked.watch), "stop was called before 1 of its chats had closed");
    checked_end();
}

Test(test_check_watch, hook_after_free_is_complained_of)
{
    checked_load("line");
    checked_begin(0);
    confab_module_plugin(watch_module(checked.watch))->free(checked.service);
    checked_say("hello\r\n");
    checked_holds(watch_complaint(checked.watch), "found_terminator was called after free");
    checked_end();
}

Test(test_check_watch, chat_that_never_had_its_handle_close_is_complained_of)
{
    checked_load("line");
    checked_begin(0);
    cr_assert_eq(watch_open_chats(checked.watch), 1);
    watch_end(checked.watch);
    checked_holds(watch_complaint(checked.watch), "1 of its chats ended without their handle_close");
    checked_end();
}

Test(test_check_watch, first_complaint_of_a_run_stays_and_is_gone_with_it)
{
    checked_load("line");
    checked_begin(0);
    cr_assert_null(watch_complaint(checked.watch));
    watch_complain(checked.watch, "the %s", "first");
    watch_complain(checked.watch, "the second");
    cr_assert_str_eq(watch_complaint(checked.watch), "the first");
    cr_assert_str_eq(watch_complaint_hook(checked.watch), "handle_connect");
    checked_end();
    cr_assert_null(checked_run("a\r\n", NULL));
}

/* -- Memory ------------------------------------------------------------------------------------------- */

Test(test_check_watch, allocations_are_the_same_each_time_and_the_memory_is_given_back)
{
    uint64_t first;

    checked_load("line");
    checked_run("hello\r\n", NULL);
    first = watch_allocations(checked.watch);
    cr_assert_gt(first, 0);
    checked_begin(0);
    checked_say("hello\r\n");
    cr_assert_gt(watch_reactor_bytes(checked.watch), 0);
    checked_end();
    cr_assert_eq(watch_allocations(checked.watch), first);
    cr_assert_eq(watch_reactor_bytes(checked.watch), 0);
    cr_assert_eq(watch_plugin_bytes(checked.watch), 0);
}

Test(test_check_watch, each_allocation_can_be_made_to_fail_and_a_good_plugin_lives_with_it)
{
    uint64_t count, failed = 0;

    checked_load("line");
    checked_run("hello\r\n", NULL);
    count = watch_allocations(checked.watch);
    for (uint64_t i = 1; i <= count; i++) {
        checked_begin(i);
        checked_say("hello\r\n");
        checked_end();
        cr_assert_null(watch_complaint(checked.watch), "%s", watch_complaint(checked.watch));
        cr_assert_geq(watch_allocations(checked.watch), i);
        failed += strcmp(checked.said, "hello\r\n") != 0;
    }
    cr_assert_gt(failed, 0);
}

Test(test_check_watch, memory_of_the_plugin_is_told_from_the_reactor_s)
{
    watched_calls_needed();
    checked_load("grows");
    checked_begin(0);
    size_t none = watch_plugin_bytes(checked.watch);
    checked_say("hello\r\n");
    size_t one = watch_plugin_bytes(checked.watch);
    checked_say("hello\r\n");
    cr_assert_eq(none, 0);
    cr_assert_eq(one, sizeof(void *) + sizeof "hello");
    cr_assert_eq(watch_plugin_bytes(checked.watch), 2 * one);
    checked_end();
    cr_assert_null(watch_complaint(checked.watch), "%s", watch_complaint(checked.watch));
}

Test(test_check_watch, session_that_leaks_is_told_of_with_the_hook_that_allocated_it)
{
    watched_calls_needed();
    complains("session_leak", "ann\r\n", "fine day\r\n",
              "4 bytes are left, allocated by strndup in found_terminator, and nothing has freed them",
              "free");
}

Test(test_check_watch, producer_that_is_not_freed_is_told_of_with_what_it_was_given_to)
{
    watched_calls_needed();
    complains("producer_kept", "2\r\n", NULL,
              "bytes are left, allocated in found_terminator, given to confab_chat_push_with_producer: its "
              "release does not free them",
              "free");
    cr_assert_str_eq(checked.said, "2\r\n1\r\n");
}

Test(test_check_watch, several_blocks_that_are_left_are_told_of_together)
{
    watched_calls_needed();
    complains("producer_kept", "2\r\n1\r\n", NULL, "; and 40 bytes in 1 more block", "free");
}

Test(test_check_watch, buffer_that_is_not_given_back_is_told_of)
{
    watched_calls_needed();
    complains(
        "buffer_kept", "hello\r\n", NULL,
        "a confab_buffer of 5 bytes, from confab_chat_take_message in found_terminator, was not given back",
        "free");
    cr_assert_str_eq(checked.said, "hello\r\n");
}

Test(test_check_watch, buffer_that_is_given_back_more_often_than_it_was_owned_is_told_of)
{
    complains("buffer_given_away", "hello\r\nagain\r\n", NULL,
              "confab_buffer_unref of a confab_buffer that is not the plugin's any more (5 bytes, from "
              "confab_chat_take_message in found_terminator)",
              "handle_close");
    cr_assert_str_eq(checked.said, "noted\r\nhello\r\n");
    checked_holds(checked_run("hello\r\nagain\r\nagain\r\n", NULL),
                  "confab_chat_push_buffer of a confab_buffer that is not the plugin's any more");
}

Test(test_check_watch, memory_of_the_reactor_that_is_left_is_told_of)
{
    checked_load("line");
    watch_begin(checked.watch, 0);
    void *left = watch_alloc(checked.watch, NULL, 100);
    left = watch_alloc(checked.watch, left, 200);
    cr_assert_eq(watch_reactor_bytes(checked.watch), 200);
    watch_end(checked.watch);
    checked_holds(watch_complaint(checked.watch), "200 bytes of the reactor are left in 1 block");
    cr_assert_null(watch_alloc(checked.watch, left, 0));
    cr_assert_eq(watch_reactor_bytes(checked.watch), 0);
}

Test(test_check_watch, plugin_that_does_not_look_at_what_malloc_says_crashes_and_that_is_told)
{
    const char *complaint, *crash = NULL;

    watched_calls_needed();
    checked_not_under_valgrind();
    checked_load("ignores_malloc_failure");
    cr_assert_null(checked_run("hello\r\n", NULL));
    cr_assert_str_eq(checked.said, "olleh\r\n");
    uint64_t count = watch_allocations(checked.watch);
    for (uint64_t i = 1; i <= count && !crash; i++)
        crash = checked_fork("hello\r\n", NULL, i, &complaint);
    checked_holds(crash, "crashed: SIGSEGV at address 0x");
    checked_holds(crash, ", after malloc of 7 bytes in found_terminator had failed");
}

/* It is libc that finds it, and AddressSanitizer in its place. */
Test(test_check_watch, block_that_is_freed_twice_is_told_of)
{
    watched_calls_needed();
    if (SANITIZED)
        cr_skip_test("a sanitizer reports it");
    crashes("freed_twice", "one\r\n", "forget\r\n",
            "freed twice: 4 bytes that were allocated by strndup in found_terminator", "handle_close");
}

/* -- Data ------------------------------------------------------------------------------------------------ */

/* Else what a case finds would follow from the cases before it. */
Test(test_check_watch, data_of_each_run_lies_at_the_same_ends_of_pages)
{
    checked_load("line");
    for (int run = 0; run < 2; run++) {
        watch_begin(checked.watch, 0);
        const char *copy = guard_copy(checked.watch->guard, "odd", 3, GUARD_DATA, NULL);
        cr_assert_eq((uintptr_t)(copy + 3) % (uintptr_t)sysconf(_SC_PAGESIZE), 0, "the first in its run");
        guard_close(checked.watch->guard);
        watch_end(checked.watch);
    }
}

/* -- Descriptors and threads ------------------------------------------------------------------------------ */

Test(test_check_watch, descriptor_that_is_left_is_told_of_with_its_file)
{
    complains("descriptor_leak", "/nowhere\r\n/dev/null\r\n", NULL, "a descriptor is left open: ", "free");
    checked_holds(watch_complaint(checked.watch), ", to /dev/null");
    cr_assert_null(checked_run("/nowhere\r\n", NULL), "what was left before the run is not its");
}

Test(test_check_watch, thread_that_is_left_is_told_of)
{
    if (test_threads() == 0)
        cr_skip_test("the system does not tell how many threads there are");
    checked_not_under_valgrind();
    complains("calls", "thread\r\n", NULL, " left", "free");
    checked_holds(watch_complaint(checked.watch), "thread"); /* ThreadSanitizer has one more */
}

/* -- What ends the process ------------------------------------------------------------------------------------- */

Test(test_check_watch, plugin_that_exits_is_told_of)
{
    watched_calls_needed();
    crashes("exits", "hello\r\n", "quit\r\n", "called exit(3)", "found_terminator");
}

Test(test_check_watch, crash_is_told_of_with_signal_address_hook_and_step)
{
    const struct finding *crash;

    crashes("crashes_on_empty", "one\r\n", "\r\n", "crashed: SIGSEGV at address 0x0", "found_terminator");
    crash = &checked.board->crash;
    cr_assert_eq(crash->severity, CHECK_FAILURE);
    cr_assert_str_eq(crash->seed, checked_seed);
    cr_assert_str_eq(crash->session, checked_session);
    cr_assert_eq(crash->line, CHECKED_LINE);
}

Test(test_check_watch, run_that_ends_well_leaves_no_crash_on_the_board)
{
    const char *complaint;

    checked_load("crashes_on_empty");
    cr_assert_null(checked_fork("one two\r\n", NULL, 0, &complaint));
    cr_assert_str_eq(complaint, "");
}
