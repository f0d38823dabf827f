/* test_producers_memory.c: a producer for which there is no memory: what it was
 * given is released, and the chat that it is pushed to closes.  The producers
 * are part of this file, so that memory can be made short. */
#include "chat_support.h"
#include "script.h"
#include "support.h"

static int mallocs_left; /* that succeed */

static void *short_malloc(size_t n)
{
    return mallocs_left-- > 0 ? malloc(n) : NULL;
}

#define malloc short_malloc
#include "core/producer_buffer_list.c"
#include "core/producer_composite.c"
#include "core/producer_globbing.c"
#include "core/producer_hooked.c"
#include "core/producer_lines.c"
#include "core/producer_simple.c"
#undef malloc

static void count(void *released)
{
    ++*(int *)released;
}

static void count_not_whole(void *calls, uint64_t bytes, bool whole)
{
    cr_assert(bytes == 0 && !whole);
    ++*(int *)calls;
}

Test(producers_memory, what_was_borrowed_is_released_where_nothing_is_made)
{
    int released = 0;

    cr_assert_null(confab_simple_producer_new("abc", 3, 0, count, &released));
    cr_assert_eq(released, 1);
    cr_assert_null(confab_scanning_producer_new("abc", 3, 0, count, &released));
    cr_assert_eq(released, 2);
    cr_assert_null(confab_lines_producer_new((const char *const[]){ "abc" }, 1, count, &released));
    cr_assert_eq(released, 3);
    cr_assert_null(confab_buffer_list_producer_new(&(struct iovec){ 0 }, 1, count, &released));
    cr_assert_eq(released, 4);
}

Test(producers_memory, nothing_is_released_where_there_is_no_release)
{
    cr_assert_null(confab_scanning_producer_new("abc", 3, 0, NULL, NULL));
    cr_assert_null(confab_lines_producer_new((const char *const[]){ "abc" }, 1, NULL, NULL));
    cr_assert_null(confab_buffer_list_producer_new(&(struct iovec){ 0 }, 1, NULL, NULL));
}

Test(producers_memory, globbing_that_is_not_made_releases_inner)
{
    struct script script = { 0 };

    cr_assert_null(confab_globbing_producer_new(&script_ops, &script, 0));
    cr_assert_eq(script.released, 1);
}

Test(producers_memory, hooked_that_is_not_made_releases_inner_and_tells)
{
    struct script script = { 0 };
    int told = 0;

    cr_assert_null(confab_hooked_producer_new(&script_ops, &script, count_not_whole, &told));
    cr_assert_eq(script.released, 1);
    cr_assert_eq(told, 1);
}

Test(producers_memory, composite_without_memory_for_one_more_releases_it)
{
    struct script script[2] = { { 0 } };

    mallocs_left = 2;
    void *composite = confab_composite_producer_new();
    cr_assert_eq(confab_composite_producer_add(composite, &script_ops, &script[0]), 0);
    cr_assert_eq(confab_composite_producer_add(composite, &script_ops, &script[1]), -ENOMEM);
    cr_assert_eq(script[0].released, 0);
    cr_assert_eq(script[1].released, 1);
    confab_composite_producer_ops.release(composite);
    cr_assert_eq(script[0].released, 1);
    cr_assert_eq(script[1].released, 1);
}

Test(producers_memory, composite_that_was_not_made_releases_what_is_added)
{
    struct script script = { 0 };
    void *composite = confab_composite_producer_new();

    cr_assert_null(composite);
    mallocs_left = 1;
    cr_assert_eq(confab_composite_producer_add(composite, &script_ops, &script), -ENOMEM);
    cr_assert_eq(script.released, 1);
}

/* Whichever of the three cannot be made. */
Test(producers_memory, calls_are_nested_without_a_look_in_between)
{
    for (int n = 0; n < 3; n++) {
        struct talk talk = { 0 };
        int released = 0, told = 0;

        talk_open(&talk);
        run_quiet(talk.reactor);
        mallocs_left = n;
        cr_assert_eq(confab_chat_push_with_producer(
                         talk.chat, &confab_hooked_producer_ops,
                         confab_hooked_producer_new(
                             &confab_globbing_producer_ops,
                             confab_globbing_producer_new(
                                 &confab_scanning_producer_ops,
                                 confab_scanning_producer_new("abc", 3, 0, count, &released), 0),
                             count_not_whole, &told)),
                     -ENOMEM);
        cr_assert_eq(released, 1, "%d made: released %d times", n, released);
        cr_assert_eq(told, 1, "%d made: told %d times", n, told);
        cr_assert_eq(talk.closes, 0, "closed inside the call");
        run_quiet(talk.reactor);
        cr_assert_eq(talk.closes, 1);
        cr_assert_eq(talk.reason, CONFAB_REASON_NO_MEMORY, "%s", confab_reason_name(talk.reason));
        talk_end(&talk);
    }
}

Test(producers_memory, none_that_is_pushed_closes_with_NO_MEMORY)
{
    struct talk talk = { 0 };

    talk_open(&talk);
    run_quiet(talk.reactor);
    cr_assert_eq(confab_chat_push_with_producer(talk.chat, &script_ops, NULL), -ENOMEM);
    cr_assert_eq(confab_chat_puts(talk.chat, "text"), -ENOMEM);
    run_quiet(talk.reactor);
    cr_assert_eq(talk.reason, CONFAB_REASON_NO_MEMORY, "%s", confab_reason_name(talk.reason));
    cr_assert_eq(talk.error, ENOMEM);
    talk_end(&talk);
}

Test(producers_memory, none_that_is_pushed_with_a_bad_table_is_refused_for_the_table)
{
    struct talk talk = { 0 };

    talk_open(&talk);
    cr_assert_eq(confab_chat_push_with_producer(talk.chat, NULL, NULL), -EINVAL);
    cr_assert_eq(confab_chat_push_with_producer(talk.chat, &script_ops_too_small, NULL), -EINVAL);
    cr_assert_eq(confab_chat_push_with_producer(talk.chat, &script_ops_without_more, NULL), -EINVAL);
    run_quiet(talk.reactor);
    cr_assert_eq(talk.closes, 0);
    cr_assert_eq(confab_chat_puts(talk.chat, "goes on"), 0);
    run_quiet(talk.reactor);
    test_expect(talk.peer, "goes on");
    talk_end(&talk);
}

Test(producers_memory, none_that_is_pushed_to_a_closed_chat_changes_nothing)
{
    struct talk talk = { 0 };

    talk_open(&talk);
    confab_chat_close(talk.chat);
    cr_assert_eq(confab_chat_push_with_producer(talk.chat, &script_ops, NULL), -ENOMEM);
    run_quiet(talk.reactor);
    cr_assert_eq(talk.reason, CONFAB_REASON_CLOSED);
    talk_end(&talk);
}
