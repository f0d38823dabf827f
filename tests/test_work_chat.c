/* test_work_chat.c: what a chat does while work of its own is out: its reading rests, its output goes on, and whatever
 * becomes of it meanwhile, the done of each job finds it as it should. */
#include "chat_support.h"
#include "core/chat.h"
#include "service_support.h"
#include "support.h"
#include "work_support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "stub_io.h"

enum { LARGE = 4 << 20 };

/* The first message starts the errand that is the talk's data. */
static int work_at_first(struct talk *talk)
{
    return errand_start(talk->reactor, talk->chat, talk->data);
}

static int found_work(struct talk *talk)
{
    return talk->founds == 1 ? work_at_first(talk) : 0;
}

static int collect_work(struct talk *talk, const char *data, size_t len)
{
    (void)data, (void)len;
    return talk->collects == 1 ? work_at_first(talk) : 0;
}

/* Lets the job go, and turns the loop until it is done, and quiet. */
static void let_go(struct talk *talk, struct errand *errand)
{
    gate_open(errand->gate);
    run_until_set(talk->reactor, &errand->told);
    run_quiet(talk->reactor);
}

static void answer(confab_chat *chat, struct errand *errand)
{
    (void)errand;
    cr_assert_eq(confab_chat_puts(chat, "reply"), 0);
}

Test(work_chat, messages_behind_the_one_that_started_it_wait_until_it_is_done)
{
    struct gate gate = GATE;
    struct errand errand = { .gate = &gate };
    struct talk talk = { .line = true, .found = found_work, .data = &errand };

    talk_open(&talk);
    talk_say(&talk, "one\ntwo\n");
    talk_say(&talk, "three\n");
    talk_expect(&talk, "one|");
    let_go(&talk, &errand);
    talk_expect(&talk, "one|two|three|");
    cr_assert_eq(errand.owner, talk.chat);
    talk_end(&talk);
}

Test(work_chat, asked_for_in_collect_the_terminator_behind_it_waits_too)
{
    struct gate gate = GATE;
    struct errand errand = { .gate = &gate };
    struct talk talk = { .line = true, .collect = collect_work, .data = &errand };

    talk_open(&talk);
    talk_say(&talk, "one\ntwo\n");
    talk_expect(&talk, "one");
    let_go(&talk, &errand);
    talk_expect(&talk, "one|two|");
    talk_end(&talk);
}

Test(work_chat, what_done_pushes_leaves_in_the_same_turn)
{
    struct gate gate = GATE;
    struct errand errand = { .gate = &gate, .then = answer };
    struct talk talk = { .line = true, .found = found_work, .data = &errand };

    talk_open(&talk);
    talk_say(&talk, "one\n");
    gate_open(&gate);
    run_until_set(talk.reactor, &errand.told);
    test_expect(talk.peer, "reply");
    talk_end(&talk);
}

Test(work_chat, asked_for_in_handle_connect_nothing_is_delivered_before_it_is_done)
{
    struct gate gate = GATE;
    struct errand errand = { .gate = &gate };
    struct talk talk = { .line = true, .connect = work_at_first, .data = &errand };

    talk_open(&talk);
    talk_say(&talk, "one\n");
    talk_expect(&talk, "");
    let_go(&talk, &errand);
    talk_expect(&talk, "one|");
    talk_end(&talk);
}

/* -- What done may do ------------------------------------------------------- */

static void close_it(confab_chat *chat, struct errand *errand)
{
    (void)errand;
    confab_chat_close(chat);
}

Test(work_chat, a_done_that_closes_its_chat_leaves_the_others_without_an_owner)
{
    struct gate gate = GATE;
    struct errand held = { 0 }, errand = { .gate = &gate, .then = close_it };
    struct talk talk = { .line = true, .found = found_work, .data = &errand };

    talk_open(&talk);
    talk_say(&talk, "one\ntwo\n");
    cr_assert_eq(errand_start(talk.reactor, talk.chat, &held), 0);
    gate_open(&gate);
    run_until_set(talk.reactor, &held.told);
    cr_assert_eq(errand.told, 1);
    cr_assert_null(held.owner);
    cr_assert_eq(held.got, -ECANCELED);
    cr_assert_eq(held.runs, 0);
    talk_expect(&talk, "one|<close>");
    talk_end(&talk);
}

static void suspend_it(confab_chat *chat, struct errand *errand)
{
    (void)errand;
    confab_chat_suspend(chat);
}

Test(work_chat, a_done_that_suspends_its_chat_keeps_it_resting)
{
    struct gate gate = GATE;
    struct errand errand = { .gate = &gate, .then = suspend_it };
    struct talk talk = { .line = true, .found = found_work, .data = &errand };

    talk_open(&talk);
    talk_say(&talk, "one\ntwo\n");
    let_go(&talk, &errand);
    talk_expect(&talk, "one|");
    confab_chat_resume(talk.chat);
    run_quiet(talk.reactor);
    talk_expect(&talk, "one|two|");
    talk_end(&talk);
}

Test(work_chat, resumed_while_work_is_out_it_still_rests)
{
    struct gate gate = GATE;
    struct errand errand = { .gate = &gate };
    struct talk talk = { .line = true, .found = found_work, .data = &errand };

    talk_open(&talk);
    talk_say(&talk, "one\ntwo\n");
    confab_chat_suspend(talk.chat);
    confab_chat_resume(talk.chat);
    run_quiet(talk.reactor);
    talk_expect(&talk, "one|");
    let_go(&talk, &errand);
    talk_expect(&talk, "one|two|");
    talk_end(&talk);
}

static void count_three(confab_chat *chat, struct errand *errand)
{
    (void)errand;
    cr_assert_eq(confab_chat_set_terminator_count(chat, 3), 0);
}

Test(work_chat, a_terminator_that_done_sets_rules_what_waited)
{
    struct gate gate = GATE;
    struct errand errand = { .gate = &gate, .then = count_three };
    struct talk talk = { .line = true, .found = found_work, .data = &errand };

    talk_open(&talk);
    talk_say(&talk, "one\ntwofour");
    let_go(&talk, &errand);
    talk_expect(&talk, "one|two|four");
    talk_end(&talk);
}

static void chain(confab_chat *chat, struct errand *errand)
{
    cr_assert_eq(errand_start(confab_chat_reactor(chat), chat, errand->next), 0);
}

Test(work_chat, work_that_done_asks_for_keeps_it_resting)
{
    struct gate first = GATE, second = GATE;
    struct errand next = { .gate = &second }, errand = { .gate = &first, .then = chain, .next = &next };
    struct talk talk = { .line = true, .found = found_work, .data = &errand };

    talk_open(&talk);
    talk_say(&talk, "one\ntwo\n");
    let_go(&talk, &errand);
    talk_expect(&talk, "one|");
    let_go(&talk, &next);
    talk_expect(&talk, "one|two|");
    cr_assert_eq(next.owner, talk.chat);
    talk_end(&talk);
}

/* -- What may happen meanwhile ------------------------------------------------ */

Test(work_chat, the_end_of_input_is_found_after_it)
{
    struct gate gate = GATE;
    struct errand errand = { .gate = &gate, .then = answer };
    struct talk talk = { .line = true, .found = found_work, .data = &errand };

    talk_open(&talk);
    talk_send(&talk, "one\ntwo\n");
    talk_say_eof(&talk);
    talk_expect(&talk, "one|");
    let_go(&talk, &errand);
    talk_expect(&talk, "one|two|<eof><close>");
    test_expect(talk.peer, "reply");
    talk_end(&talk);
}

static void cannot_push(confab_chat *chat, struct errand *errand)
{
    (void)errand;
    cr_assert_not_null(chat);
    cr_assert_eq(confab_chat_state(chat), CONFAB_STATE_DRAINING);
    cr_assert_eq(confab_chat_puts(chat, "reply"), -EPIPE);
}

Test(work_chat, done_gets_a_chat_that_drains_as_long_as_that_lives)
{
    struct gate gate = GATE;
    struct errand errand = { .gate = &gate, .then = cannot_push }, next = { .gate = &gate };
    struct talk talk = { .line = true, .found = found_work, .data = &errand };
    char *bytes = test_pattern(LARGE);

    talk_open(&talk);
    talk_say(&talk, "one\n");
    cr_assert_eq(errand_start(talk.reactor, talk.chat, &next), 0);
    cr_assert_eq(confab_chat_push(talk.chat, bytes, LARGE), 0);
    confab_chat_close_when_done(talk.chat);
    run_quiet(talk.reactor);
    gate_open(&gate);
    run_until_set(talk.reactor, &errand.told);
    test_expect_bytes(talk.reactor, talk.peer, bytes, LARGE);
    run_until_set(talk.reactor, &next.told);
    talk_expect(&talk, "one|<close>");
    free(bytes);
    talk_end(&talk);
}

Test(work_chat, close_when_done_does_not_wait_for_it)
{
    struct gate gate = GATE;
    struct errand errand = { .gate = &gate, .result = 7 };
    struct talk talk = { .line = true, .found = found_work, .data = &errand };

    talk_open(&talk);
    talk_say(&talk, "one\n");
    gate_wait(&gate, 1);
    confab_chat_close_when_done(talk.chat);
    run_until_set(talk.reactor, &talk.closes);
    gate_open(&gate);
    run_until_set(talk.reactor, &errand.told);
    cr_assert_null(errand.owner);
    cr_assert_eq(errand.got, 7);
    talk_end(&talk);
}

/* -- Time ------------------------------------------------------------------------ */

/* A talk on a clock of the test's own. */
static void open_timed(struct talk *talk, enum confab_timeout which)
{
    talk->reactor = test_reactor();
    stub_io(talk->reactor);
    talk->options.timeout[CONFAB_TIMEOUT_IDLE] = CONFAB_OFF;
    talk->options.timeout[which] = CONFAB_SECOND;
    talk_open(talk);
    run_quiet(talk->reactor);
}

static void end_timed(struct talk *talk)
{
    confab_reactor *reactor = talk->reactor;

    talk_end(talk);
    test_reactor_free(reactor);
}

Test(work_chat, the_idle_time_out_rests_and_starts_anew)
{
    struct gate gate = GATE;
    struct errand errand = { .gate = &gate };
    struct talk talk = { .line = true, .found = found_work, .data = &errand };

    talk.options.timeout[CONFAB_TIMEOUT_MESSAGE] = CONFAB_SECOND;
    open_timed(&talk, CONFAB_TIMEOUT_IDLE);
    talk_say(&talk, "one\n");
    stub_pass(10 * CONFAB_SECOND);
    stub_pass(CONFAB_SECOND * 3 / 4); /* so that the chat's timer fires soon after */
    cr_assert_eq(talk.closes, 0, "it did not rest");
    let_go(&talk, &errand);
    stub_pass(CONFAB_SECOND / 2);
    cr_assert_eq(talk.closes, 0, "it did not start anew");
    stub_pass(CONFAB_SECOND);
    cr_assert_eq(talk.reason, CONFAB_REASON_TIMEOUT);
    end_timed(&talk);
}

Test(work_chat, the_message_time_out_rests_and_starts_anew)
{
    struct gate gate = GATE;
    struct errand errand = { .gate = &gate };
    struct talk talk = { .line = true, .collect = collect_work, .data = &errand };

    open_timed(&talk, CONFAB_TIMEOUT_MESSAGE);
    talk_say(&talk, "half");
    stub_pass(10 * CONFAB_SECOND);
    stub_pass(CONFAB_SECOND * 3 / 4); /* so that the chat's timer fires soon after */
    cr_assert_eq(talk.closes, 0, "it did not rest");
    let_go(&talk, &errand);
    stub_pass(CONFAB_SECOND / 2);
    cr_assert_eq(talk.closes, 0, "it did not start anew");
    stub_pass(CONFAB_SECOND);
    cr_assert_eq(talk.reason, CONFAB_REASON_TIMEOUT);
    end_timed(&talk);
}

Test(work_chat, the_time_out_of_its_life_does_not_rest)
{
    struct gate gate = GATE;
    struct errand errand = { .gate = &gate };
    struct talk talk = { .line = true, .found = found_work, .data = &errand };

    open_timed(&talk, CONFAB_TIMEOUT_LIFETIME);
    talk_say(&talk, "one\n");
    stub_pass(2 * CONFAB_SECOND);
    cr_assert_eq(talk.reason, CONFAB_REASON_TIMEOUT);
    gate_open(&gate);
    run_until_set(talk.reactor, &errand.told);
    cr_assert_null(errand.owner);
    end_timed(&talk);
}

/* -- Its service -------------------------------------------------------------------- */

Test(work_chat, one_that_is_to_stop_answers_first)
{
    struct gate gate = GATE;
    struct errand errand = { .gate = &gate, .then = answer };
    struct talk talk = { .line = true, .found = found_work, .data = &errand };

    talk_open(&talk);
    talk_say(&talk, "one\n");
    chat_stop(talk.chat);
    run_quiet(talk.reactor);
    cr_assert_eq(talk.closes, 0, "it was closed before it could answer");
    let_go(&talk, &errand);
    test_expect(talk.peer, "reply");
    talk_expect(&talk, "one|<close>");
    cr_assert_eq(talk.reason, CONFAB_REASON_STOP);
    talk_end(&talk);
}

static int stops_when_done = -1;

static void note_stops(confab_chat *chat, struct errand *errand)
{
    (void)errand;
    cr_assert_null(chat);
    stops_when_done = served.stops;
}

static struct gate line_gate = GATE;
static struct errand of_line = { .gate = &line_gate, .then = note_stops };

static int work_on_line(confab_chat *chat)
{
    return errand_start(confab_chat_reactor(chat), chat, &of_line);
}

TestSuite(work_service, .init = served_setup, .fini = served_teardown);

Test(work_service, its_stop_comes_after_the_last_job_of_its_chats)
{
    int peer;

    served.plan.on_line = work_on_line;
    serve_peers(&peer, 1);
    test_send(peer, "one\n", 4);
    run_quiet(served.reactor);
    gate_wait(&line_gate, 1);
    confab_service_stop(served.service, 0);
    run_quiet(served.reactor);
    cr_assert_eq(served.closes, 1);
    cr_assert_eq(served.stops, 0, "the service ended under a job of its");
    cr_assert_eq(confab_service_free(served.service), -EBUSY);
    gate_open(&line_gate);
    until_stopped();
    cr_assert_eq(stops_when_done, 0);
    test_close(peer);
}

Test(work_service, its_stop_comes_after_them_also_where_its_reactor_is_freed)
{
    int peer;

    served.plan.on_line = work_on_line;
    serve_peers(&peer, 1);
    test_send(peer, "one\n", 4);
    run_quiet(served.reactor);
    gate_wait(&line_gate, 1);
    gate_open(&line_gate);
    test_reactor_free(served.reactor);
    served.reactor = NULL;
    cr_assert_eq(served.stops, 1);
    cr_assert_eq(stops_when_done, 0);
    test_close(peer);
}

/* A job that is the service's own. */
static int own_told, own_result, stops_when_told = -1;

static void own_done(int result, void *data)
{
    (void)data;
    own_told++;
    own_result = result;
    stops_when_told = served.stops;
}

Test(work_service, its_stop_comes_after_a_job_of_its_own)
{
    struct gate gate = GATE;
    struct errand errand = { .gate = &gate, .result = 7 };

    serve();
    cr_assert_eq(confab_service_work(served.service, errand_run, own_done, &errand), 0);
    gate_wait(&gate, 1);
    confab_service_stop(served.service, 0);
    run_quiet(served.reactor);
    cr_assert_eq(served.stops, 0, "the service ended under its job");
    cr_assert_eq(confab_service_free(served.service), -EBUSY);
    gate_open(&gate);
    until_stopped();
    cr_assert_eq(own_told, 1);
    cr_assert_eq(own_result, 7);
    cr_assert_eq(stops_when_told, 0);
}

Test(work_service, a_job_of_its_own_is_no_chat)
{
    struct gate gate = GATE;
    struct errand errand = { .gate = &gate };
    confab_id cursor = 0;

    serve();
    cr_assert_eq(confab_service_work(served.service, errand_run, NULL, &errand), 0);
    cr_assert_null(confab_service_next(served.service, NULL, &cursor));
    cr_assert_eq(confab_service_inbound(served.service), 0);
    gate_open(&gate);
    confab_service_stop(served.service, 0);
    until_stopped();
    cr_assert_eq(errand.runs, 1);
}

Test(work_service, its_own_jobs_are_done_where_its_reactor_is_freed)
{
    struct gate gate = GATE;
    struct errand errand = { .gate = &gate, .result = 7 };

    serve();
    cr_assert_eq(confab_service_work(served.service, errand_run, own_done, &errand), 0);
    gate_wait(&gate, 1);
    gate_open(&gate);
    test_reactor_free(served.reactor);
    served.reactor = NULL;
    cr_assert_eq(own_told, 1);
    cr_assert_eq(own_result, 7);
    cr_assert_eq(served.stops, 1);
    cr_assert_eq(stops_when_told, 0);
}

Test(work_service, it_has_no_jobs_before_its_start)
{
    struct errand errand = { 0 };

    cr_assert_eq(confab_service_work(served.service, errand_run, own_done, &errand), -ESHUTDOWN);
    cr_assert_eq(confab_service_work(served.service, NULL, own_done, &errand), -EINVAL);
    cr_assert_eq(own_told + errand.runs, 0);
}
