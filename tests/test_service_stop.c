/* Stopping a service. */
#include "core/reactor.h"
#include "service_support.h"
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(test_service_stop, .init = served_setup, .fini = served_teardown);

static int64_t clock_now(void)
{
    return confab_reactor_now(served.reactor);
}

/* -- Stop -------------------------------------------------------------------------------------- */

Test(test_service_stop, stop_is_called_by_the_loop_and_not_before)
{
    serve();
    confab_service_stop(served.service, -1);
    cr_assert_eq(served.stops, 0);
    cr_assert_not(confab_service_stopped(served.service));
    confab_reactor_run_once(served.reactor, 0);
    cr_assert_eq(served.stops, 1);
    cr_assert(confab_service_stopped(served.service));
    cr_assert_null(confab_service_reactor(served.service));
}

Test(test_service_stop, run_does_not_end_before_stop_was_called)
{
    serve();
    listen_anywhere();
    confab_service_stop(served.service, -1);
    cr_assert_eq(confab_reactor_run(served.reactor), 0);
    cr_assert_eq(served.stops, 1);
}

Test(test_service_stop, service_without_listeners_does_not_keep_run_going)
{
    serve();
    cr_assert_eq(confab_reactor_run(served.reactor), 0);
    cr_assert_eq(served.stops, 0);
}

Test(test_service_stop, drain_leaves_no_timer_behind)
{
    int peer;
    int64_t began;

    serve_peers(&peer, 1);
    began = clock_now();
    confab_service_stop(served.service, 60 * CONFAB_SECOND);
    cr_assert_eq(confab_reactor_run(served.reactor), 0);
    cr_assert_eq(served.stops, 1);
    cr_assert_lt(clock_now() - began, 30 * CONFAB_SECOND);
}

Test(test_service_stop, listeners_close_when_it_stops)
{
    test_needs_descriptors();
    confab_listener *listener;
    char address[128];
    struct sockaddr_storage sa;
    int peer, fd;
    socklen_t len = sizeof sa;

    served.plan.keeps_open = true;
    serve();
    cr_assert_eq(confab_service_listen(served.service, &listener, "0", NULL, NULL), 0);
    snprintf(address, sizeof address, "%s", confab_listener_address(listener));
    peer = test_connect(address);
    until_inbound(1);
    cr_assert_eq(getpeername(peer, (struct sockaddr *)&sa, &len), 0);
    confab_service_stop(served.service, -1);
    run_quiet(served.reactor);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(connect(fd, (struct sockaddr *)&sa, len), -1);
    cr_assert_eq(errno, ECONNREFUSED);
    cr_assert_eq(confab_service_listen(served.service, NULL, "0", NULL, NULL), -ESHUTDOWN);
    confab_service_stop(served.service, 0);
    until_stopped();
}

Test(test_service_stop, each_inbound_chat_gets_handle_shutdown_and_sees_the_drain)
{
    int peers[2];
    char byte;

    serve_peers(peers, 2);
    confab_service_stop(served.service, -1);
    cr_assert_str_eq(served.trace, "config_complete ready start ");
    until_stopped();
    cr_assert(served.draining_seen);
    cr_assert_str_eq(served.trace, "config_complete ready start shutdown shutdown stop ");
    cr_assert_eq(served.reason, CONFAB_REASON_DONE);
    cr_assert_eq(test_recv(peers[0], &byte, 1), -1);
}

static bool draining_before;

static int ask_draining(confab_chat *chat)
{
    draining_before |= confab_chat_draining(chat);
    return confab_chat_puts(chat, "seen\n");
}

Test(test_service_stop, chat_is_not_draining_before_a_stop)
{
    int peer;

    served.plan.on_line = ask_draining;
    serve_peers(&peer, 1);
    test_send(peer, "x\n", 2);
    run_quiet(served.reactor);
    test_expect(peer, "seen\n");
    cr_assert_not(draining_before);
}

Test(test_service_stop, stop_waits_for_the_last_inbound_chat)
{
    int peers[2];

    served.plan.keeps_open = true;
    serve_peers(peers, 2);
    confab_service_stop(served.service, -1);
    run_quiet(served.reactor);
    test_close(peers[0]);
    until_inbound(1);
    run_quiet(served.reactor);
    cr_assert_eq(served.stops, 0);
    test_send(peers[1], "still here\n", 11);
    run_quiet(served.reactor);
    test_expect(peers[1], "still here\n");
    test_close(peers[1]);
    until_stopped();
}

Test(test_service_stop, what_is_left_after_the_drain_is_closed_with_stop)
{
    int peer;
    int64_t began;

    served.plan.keeps_open = true;
    serve_peers(&peer, 1);
    began = clock_now();
    confab_service_stop(served.service, 30 * CONFAB_MILLISECOND);
    until_stopped();
    cr_assert_geq(clock_now() - began, 30 * CONFAB_MILLISECOND);
    cr_assert_eq(served.reason, CONFAB_REASON_STOP);
    cr_assert_str_eq(served.trace, "config_complete ready start shutdown stop ");
}

Test(test_service_stop, drain_timeout_is_an_option)
{
    int peer;

    served.plan.keeps_open = true;
    set("drain-timeout", "30ms");
    serve_peers(&peer, 1);
    confab_service_stop(served.service, -1);
    until_stopped();
    cr_assert_eq(served.reason, CONFAB_REASON_STOP);
}

static void set_flag(confab_reactor *reactor, void *flag)
{
    (void)reactor;
    *(int *)flag = 1;
}

Test(test_service_stop, drain_timeout_of_zero_waits_for_as_long_as_it_takes)
{
    int peer, passed = 0;

    served.plan.keeps_open = true;
    set("drain-timeout", "0");
    serve_peers(&peer, 1);
    confab_service_stop(served.service, -1);
    confab_call_later(served.reactor, 20 * CONFAB_MILLISECOND, set_flag, &passed);
    run_until_set(served.reactor, &passed);
    run_quiet(served.reactor);
    cr_assert_eq(served.closes, 0);
    test_close(peer);
    until_stopped();
    cr_assert_eq(served.reason, CONFAB_REASON_PEER_CLOSED);
}

Test(test_service_stop, drain_of_zero_closes_at_once_without_handle_shutdown)
{
    int peer;

    served.plan.keeps_open = true;
    serve_peers(&peer, 1);
    confab_service_stop(served.service, 0);
    cr_assert_eq(served.closes, 0);
    confab_reactor_run_once(served.reactor, 0);
    cr_assert_eq(served.stops, 1);
    cr_assert_eq(served.reason, CONFAB_REASON_STOP);
    cr_assert_str_eq(served.trace, "config_complete ready start stop ");
}

/* -- What lingers ------------------------------------------------------------------------------- */

static int on_its_way; /* bytes of ours that the kernel is said to hold still */

static int say_unsent(void *state, int fd)
{
    (void)state, (void)fd;
    return on_its_way;
}

static int answer_and_close(confab_chat *chat)
{
    int error = confab_chat_puts(chat, "bye\n");

    confab_chat_close_when_done(chat);
    return error;
}

static char stop_line[128]; /* the last line that tells of a stop */

static void keep_stop_line(void *data, const struct confab_log_line *line)
{
    (void)data;
    if (!strncmp(line->text, "stop: ", 6))
        snprintf(stop_line, sizeof stop_line, "%s", line->text);
}

/* Stops a service whose n connections linger, with so many bytes each on their way. */
static void stop_lingering(size_t n, int unsent)
{
    const struct confab_io *before = served.reactor->io;
    struct confab_io io = *before;
    int peers[2];

    io.unsent = say_unsent;
    served.reactor->io = &io;
    served.plan.on_line = answer_and_close;
    on_its_way = unsent;
    confab_log_set(keep_stop_line, NULL, CONFAB_INFO);
    serve_peers(peers, n);
    for (size_t i = 0; i < n; i++) {
        test_send(peers[i], "x\n", 2);
        run_quiet(served.reactor);
    }
    cr_assert_eq(served.closes, (int)n);
    cr_assert_eq(confab_service_inbound(served.service), n, "nothing lingers");
    confab_service_stop(served.service, 0);
    until_stopped();
    confab_log_set(NULL, NULL, CONFAB_INFO);
    served.reactor->io = before;
    for (size_t i = 0; i < n; i++)
        test_close(peers[i]);
}

Test(test_service_stop, connections_that_are_cut_with_bytes_on_their_way_are_told_of)
{
    stop_lingering(2, 1);
    cr_assert_str_eq(stop_line, "stop: 2 connections were closed that had not ended");
}

Test(test_service_stop, a_connection_that_only_waits_for_its_peers_end_is_not_told_of)
{
    stop_lingering(1, 0);
    cr_assert_str_eq(stop_line, "");
}

/* -- Stopped twice ------------------------------------------------------------------------------- */

Test(test_service_stop, second_stop_shortens_the_drain)
{
    int peer;

    served.plan.keeps_open = true;
    serve_peers(&peer, 1);
    confab_service_stop(served.service, 60 * CONFAB_SECOND);
    run_quiet(served.reactor);
    confab_service_stop(served.service, 5 * CONFAB_MILLISECOND);
    until_stopped();
    cr_assert_eq(served.reason, CONFAB_REASON_STOP);
    cr_assert_str_eq(served.trace, "config_complete ready start shutdown stop ");
}

Test(test_service_stop, second_stop_with_zero_ends_the_drain)
{
    int peer;

    served.plan.keeps_open = true;
    serve_peers(&peer, 1);
    confab_service_stop(served.service, 60 * CONFAB_SECOND);
    run_quiet(served.reactor);
    confab_service_stop(served.service, 0);
    confab_reactor_run_once(served.reactor, 0);
    cr_assert_eq(served.stops, 1);
}

Test(test_service_stop, second_stop_does_not_lengthen_the_drain)
{
    int peer;
    int64_t began;

    served.plan.keeps_open = true;
    serve_peers(&peer, 1);
    began = clock_now();
    confab_service_stop(served.service, 20 * CONFAB_MILLISECOND);
    confab_service_stop(served.service, 60 * CONFAB_SECOND);
    confab_service_stop(served.service, -1);
    until_stopped();
    cr_assert_lt(clock_now() - began, 10 * CONFAB_SECOND);
}

Test(test_service_stop, stop_after_the_stop_does_nothing)
{
    serve();
    confab_service_stop(served.service, -1);
    until_stopped();
    confab_service_stop(served.service, 0);
    run_quiet(served.reactor);
    cr_assert_eq(served.stops, 1);
}

Test(test_service_stop, stop_before_the_start_does_nothing)
{
    confab_service_stop(served.service, 0);
    serve();
    run_quiet(served.reactor);
    cr_assert_eq(served.stops, 0);
}

static int stop_in_hook(confab_chat *chat)
{
    confab_service_stop(confab_chat_service(chat), -1);
    cr_assert_eq(served.stops, 0);
    return confab_chat_puts(chat, "bye\n");
}

Test(test_service_stop, stop_may_be_called_in_a_hook)
{
    int peer;

    served.plan.on_line = stop_in_hook;
    serve_peers(&peer, 1);
    test_send(peer, "x\n", 2);
    until_stopped();
    test_expect(peer, "bye\n");
}

/* -- Chats that it connected ------------------------------------------------------------------- */

Test(test_service_stop, outbound_chats_do_not_hold_a_stop_up)
{
    test_needs_descriptors();
    int listener, far;

    serve();
    far = connect_outbound(&listener);
    run_quiet(served.reactor);
    confab_service_stop(served.service, -1);
    cr_assert_eq(served.closes, 0);
    until_stopped();
    cr_assert_eq(served.closes, 1);
    cr_assert_eq(served.reason, CONFAB_REASON_STOP);
    cr_assert_str_eq(served.trace, "config_complete ready start stop ");
    test_close(far);
    test_close(listener);
}

Test(test_service_stop, outbound_chats_live_until_the_last_inbound_one_has_closed)
{
    test_needs_descriptors();
    int peer, listener, far;

    served.plan.keeps_open = true;
    serve_peers(&peer, 1);
    far = connect_outbound(&listener);
    confab_service_stop(served.service, -1);
    run_quiet(served.reactor);
    cr_assert_eq(confab_service_chats(served.service), 2);
    /* What goes on may need one more. */
    close(connect_outbound(&listener));
    run_quiet(served.reactor);
    test_close(peer);
    until_stopped();
    cr_assert_str_eq(served.trace, "config_complete ready start shutdown stop ");
    test_close(far);
    test_close(listener);
}

static bool connected_late;

static void connect_again(confab_chat *chat)
{
    if (confab_service_connect(confab_chat_service(chat), "127.0.0.1:1", &served_ops, NULL))
        connected_late = true;
}

Test(test_service_stop, outbound_chat_that_a_stop_closes_cannot_be_replaced)
{
    test_needs_descriptors();
    int listener, far;

    serve();
    far = connect_outbound(&listener);
    run_quiet(served.reactor);
    served.plan.on_close = connect_again;
    confab_service_stop(served.service, -1);
    until_stopped();
    cr_assert_not(connected_late);
    cr_assert_eq(served.closes, 1);
    test_close(far);
    test_close(listener);
}

Test(test_service_stop, outbound_chat_made_as_the_last_inbound_one_closes_is_closed_too)
{
    int peer;

    serve_peers(&peer, 1);
    served.plan.on_close = connect_again;
    confab_service_stop(served.service, 0);
    until_stopped();
    cr_assert(connected_late);
    cr_assert_eq(served.closes, 2);
}

Test(test_service_stop, freeing_its_reactor_closes_chats_that_have_no_descriptor_yet)
{
    serve();
    for (int i = 0; i < 3; i++)
        cr_assert_not_null(confab_service_connect(served.service, "localhost:1", &served_ops, NULL));
    test_reactor_free(served.reactor);
    served.reactor = NULL;
    cr_assert_eq(served.closes, 3);
    cr_assert_eq(served.reason, CONFAB_REASON_STOP);
    cr_assert(confab_service_stopped(served.service));
}
