/* test_producers_deferred.c: deferred holds a place in the output until it is set to what stands there. */
#include "producer_support.h"
#include "script.h"
#include "slow_io.h"

static void *push_deferred(struct talk *talk)
{
    void *deferred = confab_deferred_producer_new();

    talk_push(talk, &confab_deferred_producer_ops, deferred);
    return deferred;
}

Test(producers_deferred, holds_the_place_of_what_it_is_set_to)
{
    static const struct step of_first[] = { { .text = "be" }, { .text = "tween" } };
    static const struct step of_second[] = { { .text = " early" } };
    struct script first = SCRIPT(of_first), second = SCRIPT(of_second);
    struct talk talk = { 0 };

    talk_open(&talk);
    confab_chat_puts(talk.chat, "before ");
    void *asked = push_deferred(&talk), *behind = push_deferred(&talk);
    confab_chat_puts(talk.chat, " behind");
    quiet_expect(&talk, "before ");
    cr_assert_eq(confab_deferred_producer_set(behind, &script_ops, &second), 0);
    quiet_expect(&talk, "");
    cr_assert_eq(confab_deferred_producer_set(asked, &script_ops, &first), 0);
    cr_assert_eq(first.asked, 0, "asked inside the call");
    quiet_expect(&talk, "between early behind");
    cr_assert_eq(first.released, 1);
    cr_assert_eq(second.released, 1);
    talk_end(&talk);
}

Test(producers_deferred, passes_not_now_and_errors_on)
{
    static const struct step steps[] = {
        { .text = "one" }, { .answer = -EAGAIN }, { .text = "two" }, { .answer = -EIO }
    };
    struct script script = SCRIPT(steps);
    struct talk talk = { 0 };

    talk_open(&talk);
    cr_assert_eq(confab_deferred_producer_set(push_deferred(&talk), &script_ops, &script), 0);
    quiet_expect(&talk, "one");
    confab_chat_resume_output(talk.chat);
    quiet_expect(&talk, "two");
    cr_assert_eq(talk.reason, CONFAB_REASON_HOOK);
    cr_assert_eq(talk.error, EIO);
    cr_assert_eq(script.released, 1);
    talk_end(&talk);
}

Test(producers_deferred, arrives_whole_over_a_socket_that_takes_one_byte_at_a_time)
{
    struct talk talk = { .reactor = test_reactor() };
    int released = 0;

    slow_io(talk.reactor);
    talk_open(&talk);
    void *deferred = push_deferred(&talk);
    run_quiet(talk.reactor);
    cr_assert_eq(confab_deferred_producer_set(deferred, &confab_simple_producer_ops,
                                              text_in_pieces("one byte at a time", 4, &released)),
                 0);
    quiet_expect(&talk, "one byte at a time");
    cr_assert_eq(released, 1);
    talk_end(&talk);
    test_reactor_free(talk.reactor);
}

Test(producers_deferred, set_to_nothing_sends_nothing)
{
    struct talk talk = { 0 };

    talk_open(&talk);
    void *deferred = push_deferred(&talk);
    confab_chat_puts(talk.chat, "behind");
    quiet_expect(&talk, "");
    cr_assert_eq(confab_deferred_producer_set(deferred, NULL, NULL), 0);
    quiet_expect(&talk, "behind");
    talk_end(&talk);
}

/* The chat closes when it gets there, not before. */
static void cr_unusable(const struct confab_producer_ops *ops, void *inner, int error)
{
    struct talk talk = { 0 };

    talk_open(&talk);
    void *place = push_deferred(&talk), *unusable = push_deferred(&talk);
    confab_chat_puts(talk.chat, "behind");
    run_quiet(talk.reactor);
    cr_assert_eq(confab_deferred_producer_set(unusable, ops, inner), -error);
    run_quiet(talk.reactor);
    cr_assert_eq(talk.closes, 0);
    cr_assert_eq(confab_deferred_producer_set(place, NULL, NULL), 0);
    run_quiet(talk.reactor);
    cr_assert_eq(test_recv(talk.peer, (char[8]){ 0 }, 8), -1);
    cr_assert_eq(talk.reason, CONFAB_REASON_HOOK);
    cr_assert_eq(talk.error, error);
    talk_end(&talk);
}

Test(producers_deferred, set_to_what_cannot_be_used_closes_its_chat)
{
    struct script script = { 0 };

    cr_unusable(&script_ops, NULL, ENOMEM);
    cr_unusable(&script_ops_too_small, &script, EINVAL);
    cr_assert_eq(script.released, 0);
    cr_unusable(&script_ops_without_more, &script, EINVAL);
    cr_assert_eq(script.released, 1);
    cr_assert_eq(script.asked, 0);
}

static void *set_to(void *simple)
{
    void *deferred = confab_deferred_producer_new();

    cr_assert_eq(confab_deferred_producer_set(deferred, &confab_simple_producer_ops, simple), 0);
    return deferred;
}

Test(producers_deferred, releases_what_it_was_set_to_where_its_chat_leaves_it)
{
    for (int i = 0; i < LEAVINGS; i++)
        leave_half_way(&confab_deferred_producer_ops, set_to, leavings[i]);
}

static void leave_before(void (*leave)(struct talk *))
{
    struct talk talk = { 0 };
    struct script script = { 0 };

    talk_open(&talk);
    void *asked = push_deferred(&talk), *never_asked = push_deferred(&talk);
    run_quiet(talk.reactor);
    leave(&talk);
    run_quiet(talk.reactor);
    cr_assert_eq(confab_deferred_producer_set(never_asked, NULL, NULL), -EPIPE);
    talk_end(&talk);
    cr_assert_eq(confab_deferred_producer_set(asked, &script_ops, &script), -EPIPE);
    cr_assert_eq(script.released, 1);
    cr_assert_eq(script.asked, 0);
}

Test(producers_deferred, that_its_chat_has_left_cannot_be_set_and_releases_what_it_is_given)
{
    leave_before(chat_closes);
    leave_before(chat_aborts);
    leave_before(chat_discards);
}

/* What it is to send is not known yet: that the peer has ended its side is no reason not to send it. */
Test(producers_deferred, waits_on_for_a_peer_that_has_gone)
{
    static const struct step steps[] = { { .text = "nobody gets it" } };
    struct script script = SCRIPT(steps);
    struct talk talk = { 0 };

    talk_open(&talk);
    void *deferred = push_deferred(&talk);
    run_quiet(talk.reactor);
    peer_goes(&talk);
    run_quiet(talk.reactor);
    cr_assert_eq(talk.closes, 0);
    cr_assert_eq(confab_deferred_producer_set(deferred, &script_ops, &script), 0);
    run_quiet(talk.reactor);
    cr_assert_eq(talk.closes, 1);
    cr_assert_eq(script.released, 1);
    talk_end(&talk);
}
