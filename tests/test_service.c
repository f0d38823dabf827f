/* A service from being made to being freed: which of its plugin's hooks are called, and when. */
#include "service_support.h"
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(test_service, .init = served_setup, .fini = served_teardown);

/* -- Its life ------------------------------------------------------------------------ */

Test(test_service, hooks_are_called_in_order_and_once)
{
    serve();
    confab_service_stop(served.service, -1);
    until_stopped();
    cr_assert_eq(confab_service_free(served.service), 0);
    served.service = NULL;
    cr_assert_str_eq(served.trace, "config_complete ready start stop free ");
}

Test(test_service, state_is_zeroed_and_is_the_services_own)
{
    static const struct served_state zero;
    confab_service *other;

    cr_assert_eq(memcmp(confab_service_state(served.service), &zero, sizeof zero), 0);
    cr_assert_eq(confab_service_new(&other, served.module, "other", served.error, sizeof served.error), 0);
    cr_assert_neq(confab_service_state(other), confab_service_state(served.service));
    cr_assert_str_eq(confab_service_name(other), "other");
    cr_assert_str_eq(confab_service_name(served.service), "tested");
    cr_assert_eq(confab_service_free(other), 0);
}

Test(test_service, worker_has_the_number_that_the_host_gave)
{
    cr_assert_eq(confab_service_worker(served.service), 0);
    confab_service_set_worker(served.service, 3);
    cr_assert_eq(confab_service_worker(served.service), 3);
}

Test(test_service, option_that_is_wrong_calls_no_hook)
{
    cr_assert_eq(confab_service_option(served.service, "number", "x", served.error, sizeof served.error),
                 -EINVAL);
    cr_assert_eq(confab_service_free(served.service), 0);
    served.service = NULL;
    cr_assert_str_eq(served.trace, "");
}

Test(test_service, config_complete_that_refuses_is_the_last_before_free)
{
    served.plan.config_fails = true;
    cr_assert_eq(make_ready(), -EINVAL);
    cr_assert_str_eq(served.error, "tested: text does not go with 7");
    cr_assert_eq(make_start(), -EINVAL);
    cr_assert_eq(confab_service_free(served.service), 0);
    served.service = NULL;
    cr_assert_str_eq(served.trace, "config_complete free ");
}

Test(test_service, ready_that_refuses_is_told_in_its_own_words)
{
    served.plan.ready_fails = true;
    cr_assert_eq(make_ready(), -EINVAL);
    cr_assert_str_eq(served.error, "tested: cannot open?the table");
    cr_assert_eq(confab_service_free(served.service), 0);
    served.service = NULL;
    cr_assert_str_eq(served.trace, "config_complete ready free ");
}

Test(test_service, hook_that_refuses_without_words_is_named)
{
    served.plan.ready_fails_silently = true;
    cr_assert_eq(make_ready(), -EINVAL);
    cr_assert_str_eq(served.error, "tested: the plugin's ready returned -3 and does not say why");
}

Test(test_service, start_that_refuses_has_no_stop)
{
    served.plan.start_fails = true;
    cr_assert_eq(make_ready(), 0);
    cr_assert_eq(make_start(), -EINVAL);
    cr_assert_str_eq(served.error, "tested: no room in this worker");
    cr_assert_null(confab_service_reactor(served.service));
    cr_assert_eq(confab_service_free(served.service), 0);
    served.service = NULL;
    cr_assert_str_eq(served.trace, "config_complete ready start free ");
}

Test(test_service, what_a_start_that_refuses_had_made_is_closed)
{
    served.plan.start_fails = served.plan.start_listens = true;
    cr_assert_eq(make_ready(), 0);
    cr_assert_eq(make_start(), -EINVAL);
    cr_assert_eq(confab_service_free(served.service), -EBUSY);
    until_chats(0);
    cr_assert_eq(served.closes, 1);
    cr_assert_eq(served.reason, CONFAB_REASON_STOP);
    cr_assert_null(confab_service_reactor(served.service));
    cr_assert_eq(confab_service_free(served.service), 0);
    served.service = NULL;
}

Test(test_service, ready_and_start_are_called_once)
{
    cr_assert_eq(make_start(), -EINVAL);
    cr_assert_eq(make_ready(), 0);
    cr_assert_eq(make_ready(), -EBUSY);
    cr_assert_eq(make_start(), 0);
    cr_assert_eq(make_start(), -EINVAL);
    cr_assert_str_eq(served.trace, "config_complete ready start ");
}

/* -- Its end ---------------------------------------------------------------------------------------- */

Test(test_service, free_waits_until_it_has_stopped)
{
    int peer;

    serve();
    cr_assert_eq(confab_service_free(served.service), -EBUSY);
    listen_anywhere();
    cr_assert_eq(confab_service_free(served.service), -EBUSY);
    peer = test_connect(listen_anywhere());
    until_inbound(1);
    cr_assert_eq(confab_service_free(served.service), -EBUSY);
    confab_service_stop(served.service, 0);
    cr_assert_eq(confab_service_free(served.service), -EBUSY);
    until_stopped();
    cr_assert_eq(confab_service_free(served.service), 0);
    served.service = NULL;
    test_close(peer);
}

Test(test_service, free_waits_for_the_stop_hook_though_nothing_else_lives)
{
    serve();
    confab_service_stop(served.service, -1);
    cr_assert_eq(confab_service_free(served.service), -EBUSY);
    until_stopped();
}

Test(test_service, reactor_that_is_freed_stops_its_services)
{
    int peer;

    serve_peers(&peer, 1);
    cr_assert_eq(confab_reactor_free(served.reactor), 0);
    cr_assert_eq(served.stops, 1);
    cr_assert_eq(served.closes, 1);
    cr_assert(confab_service_stopped(served.service));
    cr_assert_null(confab_service_reactor(served.service));
    served.reactor = NULL;
    cr_assert_eq(count_chats(NULL), 0);
}

Test(test_service, reactor_that_is_freed_during_a_drain_ends_it)
{
    int peer;

    served.plan.keeps_open = true;
    serve_peers(&peer, 1);
    confab_service_stop(served.service, -1);
    run_quiet(served.reactor);
    cr_assert_eq(confab_reactor_free(served.reactor), 0);
    served.reactor = NULL;
    cr_assert_eq(served.stops, 1);
    cr_assert_eq(served.closes, 1);
}

Test(test_service, reactor_that_is_freed_right_after_stop_still_calls_it)
{
    serve();
    confab_service_stop(served.service, -1);
    cr_assert_eq(confab_reactor_free(served.reactor), 0);
    served.reactor = NULL;
    cr_assert_eq(served.stops, 1);
}

Test(test_service, close_all_does_not_stop_a_service)
{
    int peer;

    serve_peers(&peer, 1);
    confab_reactor_close_all(served.reactor);
    until_chats(0);
    run_quiet(served.reactor);
    cr_assert_eq(served.stops, 0);
    cr_assert_geq(test_connect(listen_anywhere()), 0);
    until_inbound(1);
}
