/* test_producers_inner.c: what a producer that holds another one passes on:
 * "not now", errors, and what the inner one does to the chat.  Each test goes
 * through composite, globbing, hooked,
 * escaping, throttled and deferred. */
#include "chat_support.h"
#include "script.h"
#include "support.h"

static void not_told(void *data, uint64_t bytes, bool whole)
{
    (void)data, (void)bytes, (void)whole;
}

static void *put_into_composite(const struct confab_producer_ops *ops, void *self)
{
    void *composite = confab_composite_producer_new();

    if (confab_composite_producer_add(composite, ops, self) == 0)
        return composite;
    confab_composite_producer_ops.release(composite);
    return NULL;
}

static void *put_into_globbing(const struct confab_producer_ops *ops, void *self)
{
    return confab_globbing_producer_new(ops, self, 0);
}

static void *put_into_hooked(const struct confab_producer_ops *ops, void *self)
{
    return confab_hooked_producer_new(ops, self, not_told, NULL);
}

static void *put_into_escaping(const struct confab_producer_ops *ops, void *self)
{
    return confab_escaping_producer_new(ops, self, "#", "", 0);
}

static void *put_into_throttled(const struct confab_producer_ops *ops, void *self)
{
    return confab_throttled_producer_new(ops, self, 1000);
}

static void *put_into_deferred(const struct confab_producer_ops *ops, void *self)
{
    void *deferred = confab_deferred_producer_new();

    if (confab_deferred_producer_set(deferred, ops, self) == 0 && ops)
        return deferred;
    confab_deferred_producer_ops.release(deferred);
    return NULL;
}

static const struct outer {
    const char *name;
    const struct confab_producer_ops *ops;
    void *(*put_into)(const struct confab_producer_ops *ops, void *self);
} outers[] = { { "composite", &confab_composite_producer_ops, put_into_composite },
               { "globbing", &confab_globbing_producer_ops, put_into_globbing },
               { "hooked", &confab_hooked_producer_ops, put_into_hooked },
               { "escaping", &confab_escaping_producer_ops, put_into_escaping },
               { "throttled", &confab_throttled_producer_ops, put_into_throttled },
               { "deferred", &confab_deferred_producer_ops, put_into_deferred } };

static void each_outer(void (*test)(const struct outer *outer))
{
    for (size_t i = 0; i < sizeof outers / sizeof *outers; i++)
        test(&outers[i]);
}

static void open_and_push(struct talk *talk, const struct outer *outer, struct script *script)
{
    talk_open(talk);
    void *self = outer->put_into(&script_ops, script);
    cr_assert_not_null(self, "%s", outer->name);
    cr_assert_eq(confab_chat_push_with_producer(talk->chat, outer->ops, self), 0);
    cr_assert_eq(script->asked, 0, "%s: asked inside the call", outer->name);
}

static void resume(struct talk *talk)
{
    confab_chat_resume_output(talk->chat);
    run_quiet(talk->reactor);
}

static void wait_first(const struct outer *outer)
{
    static const struct step steps[] = { { .answer = -EAGAIN }, { .text = "later" } };
    struct script script = SCRIPT(steps);
    struct talk talk = { 0 };

    open_and_push(&talk, outer, &script);
    confab_chat_puts(talk.chat, " behind");
    run_quiet(talk.reactor);
    cr_assert_eq(script.asked, 1, "%s: asked %d times", outer->name, script.asked);
    test_expect(talk.peer, "");
    resume(&talk);
    test_expect(talk.peer, "later behind");
    cr_assert_eq(script.released, 1, "%s", outer->name);
    talk_end(&talk);
}

Test(producers_inner, not_now_is_passed_on_until_output_is_resumed)
{
    each_outer(wait_first);
}

static void wait_half_way(const struct outer *outer)
{
    /* Twice: globbing asks once more when what it had has left. */
    static const struct step steps[] = {
        { .text = "one" }, { .answer = -EAGAIN }, { .answer = -EAGAIN }, { .text = "two" }
    };
    struct script script = SCRIPT(steps);
    struct talk talk = { 0 };

    open_and_push(&talk, outer, &script);
    confab_chat_puts(talk.chat, " behind");
    run_quiet(talk.reactor);
    test_expect(talk.peer, "one");
    resume(&talk);
    resume(&talk);
    test_expect(talk.peer, "two behind");
    cr_assert_eq(script.released, 1, "%s", outer->name);
    talk_end(&talk);
}

Test(producers_inner, what_came_before_not_now_leaves_first)
{
    each_outer(wait_half_way);
}

static void resume_while_asked(const struct outer *outer)
{
    static const struct step steps[] = { { .answer = -EAGAIN, .act = confab_chat_resume_output },
                                         { .text = "later" } };
    struct script script = SCRIPT(steps);
    struct talk talk = { 0 };

    open_and_push(&talk, outer, &script);
    run_quiet(talk.reactor);
    test_expect(talk.peer, "later");
    cr_assert_eq(script.released, 1, "%s", outer->name);
    talk_end(&talk);
}

Test(producers_inner, one_that_is_resumed_before_it_has_said_not_now_is_asked_again)
{
    each_outer(resume_while_asked);
}

static void fail_half_way(const struct outer *outer)
{
    static const struct step steps[] = { { .text = "part" }, { .answer = -ENODATA } };
    struct script script = SCRIPT(steps);
    struct talk talk = { 0 };

    open_and_push(&talk, outer, &script);
    confab_chat_puts(talk.chat, "never sent");
    run_quiet(talk.reactor);
    test_expect(talk.peer, "part");
    cr_assert_eq(talk.reason, CONFAB_REASON_HOOK, "%s", outer->name);
    cr_assert_eq(talk.error, ENODATA, "%s: %s", outer->name, strerror(talk.error));
    cr_assert_eq(script.asked, 2, "%s", outer->name);
    cr_assert_eq(script.released, 1, "%s", outer->name);
    talk_end(&talk);
}

Test(producers_inner, an_error_is_passed_on_behind_the_bytes_before_it)
{
    each_outer(fail_half_way);
}

/* It does something to its chat: what it gives then is dropped, and it is asked for no more. */
static void drop_inside(const struct outer *outer, void (*act)(confab_chat *chat), bool closes)
{
    const struct step steps[] = { { .text = "sent" },
                                  { .answer = -EAGAIN },
                                  { .text = "not sent", .act = act },
                                  { .text = "not asked for" } };
    struct script script = SCRIPT(steps), behind = { 0 };
    struct talk talk = { 0 };

    open_and_push(&talk, outer, &script);
    cr_assert_eq(confab_chat_push_with_producer(talk.chat, &script_ops, &behind), 0);
    confab_reactor_run_once(talk.reactor, 0);
    if (script.asked == 2)
        resume(&talk);
    run_quiet(talk.reactor);
    test_expect(talk.peer, "sent");
    cr_assert_eq(script.asked, 3, "%s: asked %d times", outer->name, script.asked);
    cr_assert_eq(script.released, 1, "%s", outer->name);
    cr_assert_eq(behind.asked, 0, "%s", outer->name);
    cr_assert_eq(behind.released, 1, "%s", outer->name);
    cr_assert_eq(talk.closes, closes, "%s", outer->name);
    if (!closes) {
        confab_chat_puts(talk.chat, "goes on");
        run_quiet(talk.reactor);
        test_expect(talk.peer, "goes on");
    }
    talk_end(&talk);
}

static void close_inside(const struct outer *outer)
{
    drop_inside(outer, confab_chat_close, true);
}

Test(producers_inner, one_that_closes_its_chat_is_asked_no_more)
{
    each_outer(close_inside);
}

static void discard_inside(const struct outer *outer)
{
    drop_inside(outer, confab_chat_discard_buffers, false);
}

Test(producers_inner, one_that_drops_the_output_is_asked_no_more)
{
    each_outer(discard_inside);
}

static void push_plus(confab_chat *chat)
{
    confab_chat_puts(chat, "+");
}

static void push_inside(const struct outer *outer)
{
    static const struct step steps[] = { { .text = "a", .act = push_plus },
                                         { .text = "b", .act = push_plus },
                                         { .answer = 0, .act = push_plus } };
    struct script script = SCRIPT(steps);
    struct talk talk = { 0 };

    open_and_push(&talk, outer, &script);
    run_quiet(talk.reactor);
    test_expect(talk.peer, "ab+++");
    cr_assert_eq(script.released, 1, "%s", outer->name);
    talk_end(&talk);
}

Test(producers_inner, one_may_push_and_that_goes_behind_it)
{
    each_outer(push_inside);
}

static void take_unusable(const struct outer *outer)
{
    struct script script = { 0 };

    cr_assert_null(outer->put_into(&script_ops, NULL), "%s", outer->name);
    cr_assert_null(outer->put_into(NULL, &script), "%s", outer->name);
    cr_assert_null(outer->put_into(&script_ops_too_small, &script), "%s", outer->name);
    cr_assert_eq(script.released, 0, "%s: released by what its size does not hold", outer->name);
    cr_assert_null(outer->put_into(&script_ops_without_more, &script), "%s", outer->name);
    cr_assert_eq(script.released, 1, "%s", outer->name);
}

Test(producers_inner, one_that_cannot_be_used_is_refused_and_released_where_it_can_be)
{
    each_outer(take_unusable);
}

static void without_release(const struct outer *outer)
{
    static const struct confab_producer_ops ops = { .size = sizeof ops, .more = script_more };
    static const struct step steps[] = { { .text = "text" } };
    struct script script = SCRIPT(steps);
    struct talk talk = { 0 };

    talk_open(&talk);
    cr_assert_eq(confab_chat_push_with_producer(talk.chat, outer->ops, outer->put_into(&ops, &script)), 0);
    run_quiet(talk.reactor);
    test_expect(talk.peer, "text");
    talk_end(&talk);
    free(script.piece);
}

Test(producers_inner, one_may_have_no_release)
{
    each_outer(without_release);
}
