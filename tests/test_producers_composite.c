/* test_producers_composite.c: one producer after the other. */
#include "chat_support.h"
#include "script.h"
#include "support.h"

static void add(void *composite, struct script *script)
{
    cr_assert_eq(confab_composite_producer_add(composite, &script_ops, script), 0);
}

static void push(struct talk *talk, void *composite)
{
    cr_assert_eq(confab_chat_push_with_producer(talk->chat, &confab_composite_producer_ops, composite), 0);
}

Test(producers_composite, asks_one_when_the_one_before_has_ended_and_was_released)
{
    static const struct step steps[] = { { .text = "1" }, { .text = "2" } },
                             waits[] = { { .answer = -EAGAIN }, { .text = "3" } };
    struct script one = SCRIPT(steps), two = SCRIPT(waits), three = SCRIPT(steps);
    void *composite = confab_composite_producer_new();
    struct talk talk = { 0 };

    add(composite, &one);
    add(composite, &two);
    add(composite, &three);
    talk_open(&talk);
    push(&talk, composite);
    run_quiet(talk.reactor);
    test_expect(talk.peer, "12");
    cr_assert_eq(one.released, 1, "what has ended waits for the others");
    cr_assert_eq(two.asked, 1);
    cr_assert_eq(three.asked, 0);
    confab_chat_resume_output(talk.chat);
    run_quiet(talk.reactor);
    test_expect(talk.peer, "312");
    cr_assert_eq(two.released, 1);
    cr_assert_eq(three.released, 1);
    talk_end(&talk);
}

Test(producers_composite, passes_over_those_that_have_nothing)
{
    static const struct step steps[] = { { .text = "text" } };
    struct script empty[4] = { { 0 } }, text = SCRIPT(steps);
    void *composite = confab_composite_producer_new();
    struct talk talk = { 0 };

    add(composite, &empty[0]);
    add(composite, &empty[1]);
    add(composite, &text);
    add(composite, &empty[2]);
    add(composite, &empty[3]);
    talk_open(&talk);
    push(&talk, composite);
    confab_chat_puts(talk.chat, ".");
    run_quiet(talk.reactor);
    test_expect(talk.peer, "text.");
    for (int i = 0; i < 4; i++)
        cr_assert_eq(empty[i].released, 1);
    talk_end(&talk);
}

Test(producers_composite, releases_those_behind_an_error_unasked)
{
    static const struct step steps[] = { { .text = "1" } }, fails[] = { { .answer = -EIO } };
    struct script one = SCRIPT(steps), two = SCRIPT(fails), three = SCRIPT(steps);
    void *composite = confab_composite_producer_new();
    struct talk talk = { 0 };

    add(composite, &one);
    add(composite, &two);
    add(composite, &three);
    talk_open(&talk);
    push(&talk, composite);
    run_quiet(talk.reactor);
    cr_assert_eq(talk.reason, CONFAB_REASON_HOOK);
    cr_assert_eq(talk.error, EIO);
    cr_assert_eq(three.asked, 0);
    cr_assert_eq(one.released + two.released + three.released, 3);
    talk_end(&talk);
}

static int whole_told;

static void note_whole(void *data, uint64_t bytes, bool whole)
{
    (void)data, (void)bytes;
    whole_told += whole ? 1 : 100;
}

/* The first one ends, and does something to the chat. */
static void end_with(void (*act)(confab_chat *chat))
{
    const struct step ends[] = { { .answer = 0, .act = act } }, steps[] = { { .text = "2" } };
    struct script one = SCRIPT(ends), two = SCRIPT(steps);
    void *composite = confab_composite_producer_new();
    struct talk talk = { 0 };

    add(composite, &one);
    add(composite, &two);
    talk_open(&talk);
    cr_assert_eq(confab_chat_push_with_producer(
                     talk.chat, &confab_hooked_producer_ops,
                     confab_hooked_producer_new(&confab_composite_producer_ops, composite, note_whole, NULL)),
                 0);
    run_quiet(talk.reactor);
    cr_assert_leq(test_recv(talk.peer, (char[8]){ 0 }, 8), 0, "something was sent");
    cr_assert_eq(two.asked, 0, "asked for what cannot be sent");
    cr_assert_eq(two.released, 1);
    cr_assert_eq(whole_told, 100, "the whole of it was not sent");
    talk_end(&talk);
}

Test(producers_composite, asks_no_further_where_one_closed_the_chat_at_its_end)
{
    end_with(confab_chat_close);
}

Test(producers_composite, asks_no_further_where_one_dropped_the_output_at_its_end)
{
    end_with(confab_chat_discard_buffers);
}

Test(producers_composite, says_why_it_does_not_take_one)
{
    void *composite = confab_composite_producer_new();
    struct script script = { 0 };

    cr_assert_eq(confab_composite_producer_add(composite, NULL, &script), -EINVAL);
    cr_assert_eq(confab_composite_producer_add(composite, &script_ops_too_small, &script), -EINVAL);
    cr_assert_eq(confab_composite_producer_add(composite, &script_ops, NULL), -ENOMEM);
    cr_assert_eq(script.released, 0);
    cr_assert_eq(confab_composite_producer_add(composite, &script_ops_without_more, &script), -EINVAL);
    cr_assert_eq(script.released, 1);
    confab_composite_producer_ops.release(composite);
    cr_assert_eq(script.released, 1);
}

Test(producers_composite, sends_the_others_where_one_was_not_taken)
{
    static const struct step steps[] = { { .text = "text" } };
    struct script one = SCRIPT(steps), refused = { 0 }, two = SCRIPT(steps);
    void *composite = confab_composite_producer_new();
    struct talk talk = { 0 };

    add(composite, &one);
    cr_assert_eq(confab_composite_producer_add(composite, &script_ops_without_more, &refused), -EINVAL);
    add(composite, &two);
    talk_open(&talk);
    push(&talk, composite);
    run_quiet(talk.reactor);
    test_expect(talk.peer, "texttext");
    talk_end(&talk);
}
