/* The chats of a service: its listeners, its limits, walking over them, and what is logged of them. */
#include "service_support.h"
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHATS_MAX = 8 };

TestSuite(test_service_chats, .init = served_setup, .fini = served_teardown);

/* -- Its chats ------------------------------------------------------------------------ */

Test(test_service_chats, listen_serves_the_plugins_own_hooks)
{
    int peer;

    serve_peers(&peer, 1);
    test_send(peer, "hello\n", 6);
    run_quiet(served.reactor);
    test_expect(peer, "hello\n");
    test_close(peer);
    until_chats(0);
    cr_assert_eq(served.reason, CONFAB_REASON_PEER_CLOSED);
}

Test(test_service_chats, listening_needs_a_reactor)
{
    confab_listener *listener = (confab_listener *)&listener;

    cr_assert_eq(confab_service_listen(served.service, &listener, "0", NULL, NULL), -ESHUTDOWN);
    cr_assert_null(listener);
    cr_assert_null(confab_service_connect(served.service, "127.0.0.1:1", &served_ops, NULL));
}

Test(test_service_chats, address_that_is_none_is_refused)
{
    confab_listener *listener;

    serve();
    cr_assert_eq(confab_service_listen(served.service, &listener, "no address", NULL, NULL), -EINVAL);
    cr_assert_null(listener);
}

Test(test_service_chats, listening_descriptor_can_be_adopted)
{
    test_needs_descriptors();
    confab_listener *listener;
    int fd = socket(AF_INET, SOCK_STREAM, 0), peer;

    serve();
    cr_assert_eq(listen(fd, 4), 0); /* on a port that the kernel chooses, of every interface */
    cr_assert_eq(confab_service_listener_adopt(served.service, &listener, fd, NULL, NULL), 0);
    peer = test_connect(confab_listener_address(listener));
    until_inbound(1);
    test_send(peer, "hello\n", 6);
    run_quiet(served.reactor);
    test_expect(peer, "hello\n");
    test_close(peer);
}

Test(test_service_chats, descriptor_is_closed_where_it_cannot_be_adopted)
{
    int before = test_open_fds(), fd;

    serve();
    before = test_open_fds();
    fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_lt(confab_service_listener_adopt(served.service, NULL, fd, NULL, NULL), 0);
    confab_service_stop(served.service, -1);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(listen(fd, 4), 0);
    cr_assert_eq(confab_service_listener_adopt(served.service, NULL, fd, NULL, NULL), -ESHUTDOWN);
    cr_assert_eq(test_open_fds(), before);
}

Test(test_service_chats, descriptor_is_closed_where_the_service_has_no_reactor_yet)
{
    int before = test_open_fds(), fd = socket(AF_INET, SOCK_STREAM, 0);

    cr_assert_eq(confab_service_listener_adopt(served.service, NULL, fd, NULL, NULL), -ESHUTDOWN);
    cr_assert_eq(test_open_fds(), before);
}

Test(test_service_chats, inbound_counts_what_was_accepted_and_chats_all)
{
    const char *address;

    serve();
    address = listen_anywhere();
    cr_assert_not_null(confab_service_connect(served.service, address, &served_ops, NULL));
    until_inbound(1);
    cr_assert_eq(confab_service_chats(served.service), 2);
}

Test(test_service_chats, no_more_than_max_connections_are_admitted)
{
    const char *address;
    int peers[3];
    char byte;

    set("max-connections", "2");
    serve();
    address = listen_anywhere();
    for (int i = 0; i < 3; i++)
        peers[i] = test_connect(address);
    until_inbound(2);
    run_quiet(served.reactor);
    cr_assert_eq(confab_service_inbound(served.service), 2);
    cr_assert_lt(test_recv(peers[2], &byte, 1), 0);
    test_send(peers[0], "hello\n", 6);
    run_quiet(served.reactor);
    test_expect(peers[0], "hello\n");
    /* One that ends makes room. */
    test_close(peers[0]);
    until_inbound(1);
    cr_assert_geq(test_connect(address), 0);
    until_inbound(2);
}

Test(test_service_chats, limits_of_the_service_bind_its_chats)
{
    int peer;

    set("max-message", "10");
    serve_peers(&peer, 1);
    test_send(peer, "0123456789x\n", 12);
    until_chats(0);
    cr_assert_eq(served.reason, CONFAB_REASON_TOO_LONG);
}

Test(test_service_chats, limits_of_a_listener_go_over_those_of_the_service)
{
    const struct confab_chat_options wider = { .size = sizeof wider, .max_message = 20 };
    confab_listener *listener;
    int peer;

    set("max-message", "10");
    serve();
    cr_assert_eq(confab_service_listen(served.service, &listener, "0", NULL, &wider), 0);
    peer = test_connect(confab_listener_address(listener));
    test_send(peer, "0123456789x\n", 12);
    until_inbound(1);
    run_quiet(served.reactor);
    test_expect(peer, "0123456789x\n");
}

Test(test_service_chats, counters_add_up)
{
    int64_t value;
    int peer;

    serve_peers(&peer, 1);
    test_send(peer, "one\nthree\n", 10);
    run_quiet(served.reactor);
    cr_assert_eq(confab_service_counter(served.service, 0, &value), 0);
    cr_assert_eq(value, 2);
    cr_assert_eq(confab_service_counter(served.service, 1, &value), 0);
    cr_assert_eq(value, 8);
    confab_service_count(served.service, 2, 1);
    confab_service_count(served.service, 1u << 28, 1); /* far from any memory of ours */
    cr_assert_eq(confab_service_counter(served.service, 2, &value), -ENOENT);
}

/* -- Walking over them ------------------------------------------------------------------- */

static const struct confab_chat_ops other_ops = { .size = sizeof other_ops,
                                                  .collect_incoming_data = confab_chat_collect };

Test(test_service_chats, next_gives_every_chat_once)
{
    int peers[3];

    serve_peers(peers, 3);
    cr_assert_eq(count_chats(NULL), 3);
    test_close(peers[1]);
    until_chats(2);
    cr_assert_eq(count_chats(NULL), 2);
}

Test(test_service_chats, next_without_a_reactor_gives_none)
{
    cr_assert_eq(count_chats(NULL), 0);
}

Test(test_service_chats, next_tells_hooks_apart)
{
    int peers[2];
    confab_listener *listener;

    serve_peers(peers, 2);
    cr_assert_eq(confab_service_listen(served.service, &listener, "0", &other_ops, NULL), 0);
    cr_assert_not_null(
        confab_service_connect(served.service, confab_listener_address(listener), &served_ops, NULL));
    until_inbound(3);
    cr_assert_eq(count_chats(NULL), 4);
    cr_assert_eq(count_chats(&other_ops), 1);
    cr_assert_eq(count_chats(&served_ops), 3);
    /* The module's own copy of the plugin means the same hooks. */
    cr_assert_eq(count_chats(confab_module_plugin(served.module)->chat), 3);
}

Test(test_service_chats, next_leaves_out_chats_of_others)
{
    confab_service *other;
    confab_listener *listener;
    int peer, pair[2];

    serve_peers(&peer, 1);
    test_pair(pair);
    cr_assert_not_null(confab_chat_new(served.reactor, pair[0], &served_ops, NULL));
    cr_assert_eq(confab_service_new(&other, served.module, "other", NULL, 0), 0);
    cr_assert_eq(confab_service_ready(other, NULL, 0), 0);
    cr_assert_eq(confab_service_start(other, served.reactor, NULL, 0), 0);
    cr_assert_eq(confab_service_listen(other, &listener, "0", NULL, NULL), 0);
    cr_assert_not_null(confab_service_connect(other, confab_listener_address(listener), &served_ops, NULL));
    run_quiet(served.reactor);
    cr_assert_eq(confab_service_chats(other), 2);
    cr_assert_eq(count_chats(NULL), 1);
    /* Nor does a stop touch them. */
    confab_service_stop(served.service, 0);
    until_stopped();
    cr_assert_eq(confab_service_chats(other), 2);
    confab_service_stop(other, 0);
    run_quiet(served.reactor);
    cr_assert_eq(confab_service_free(other), 0);
}

Test(test_service_chats, next_goes_on_when_the_chat_before_was_closed)
{
    confab_id cursor = 0;
    confab_chat *chat;
    int peers[4];
    size_t n = 0;

    serve_peers(peers, 4);
    while ((chat = confab_service_next(served.service, NULL, &cursor))) {
        confab_chat_close(chat);
        n++;
    }
    cr_assert_eq(n, 4);
    until_chats(0);
}

Test(test_service_chats, next_ends_when_each_chat_opens_another)
{
    const char *address;
    confab_id cursor = 0;
    size_t n = 0;

    serve();
    address = listen_anywhere();
    cr_assert_not_null(confab_service_connect(served.service, address, &served_ops, NULL));
    while (n < CHATS_MAX && confab_service_next(served.service, NULL, &cursor)) {
        confab_service_connect(served.service, address, &served_ops, NULL);
        n++;
    }
    cr_assert_geq(n, 1);
    until_inbound(n + 1);
    /* Closed ones are not given. */
    confab_reactor_close_all(served.reactor);
    cr_assert_eq(count_chats(NULL), 0);
}

/* To the listener, by a name: such a chat has no descriptor at first. */
static void connect_by_name(const char *address)
{
    char name[64];

    snprintf(name, sizeof name, "localhost:%s", strrchr(address, ':') + 1);
    cr_assert_not_null(confab_service_connect(served.service, name, &served_ops, NULL));
}

Test(test_service_chats, next_gives_those_that_connect_by_name_once_before_and_after)
{
    const char *address;
    confab_id cursor = 0;
    size_t n = 0;

    serve();
    address = listen_anywhere();
    for (int i = 0; i < 3; i++)
        connect_by_name(address);
    cr_assert_eq(count_chats(NULL), 3);
    cr_assert_not_null(confab_service_next(served.service, NULL, &cursor));
    until_inbound(3);
    run_quiet(served.reactor);
    cr_assert_eq(count_chats(NULL), 6);
    /* The walk that began before: each of the others, whatever they have become meanwhile. */
    while (confab_service_next(served.service, &served_ops, &cursor))
        n++;
    cr_assert_eq(n, 2);
}

Test(test_service_chats, next_ends_when_each_chat_connects_another_by_name)
{
    const char *address;
    confab_id cursor = 0;
    size_t n = 0;

    serve();
    address = listen_anywhere();
    connect_by_name(address);
    while (n < 100 && confab_service_next(served.service, NULL, &cursor)) {
        connect_by_name(address);
        n++;
    }
    cr_assert_lt(n, 100);
    run_quiet(served.reactor);
}

Test(test_service_chats, one_that_still_connects_by_name_is_closed_by_a_stop)
{
    serve();
    connect_by_name(listen_anywhere());
    confab_service_stop(served.service, 0);
    until_stopped();
    cr_assert_eq(served.closes, 1);
    cr_assert_eq(served.reason, CONFAB_REASON_STOP);
}

/* -- What it logs -------------------------------------------------------------------------- */

static struct {
    int lines;
    enum confab_level level;
    confab_id chat;
    char service[64], peer[128], text[1100];
} logged;

static void sink(void *data, const struct confab_log_line *line)
{
    (void)data;
    logged.lines++;
    logged.level = line->level;
    logged.chat = line->chat;
    snprintf(logged.service, sizeof logged.service, "%s", line->service ? line->service : "");
    snprintf(logged.peer, sizeof logged.peer, "%s", line->peer ? line->peer : "");
    snprintf(logged.text, sizeof logged.text, "%s", line->text);
}

Test(test_service_chats, line_of_a_service_has_its_name)
{
    confab_log_set(sink, NULL, CONFAB_INFO);
    confab_service_log(served.service, CONFAB_DEBUG, "not wanted");
    confab_service_log(served.service, CONFAB_INFO, "%d lines", 3);
    cr_assert_eq(logged.lines, 1);
    cr_assert_str_eq(logged.service, "tested");
    cr_assert_str_eq(logged.text, "3 lines");
    cr_assert_eq(logged.chat, 0);
}

static confab_id logged_id;
static char logged_peer[128];

static int log_line_of_chat(confab_chat *chat)
{
    logged_id = confab_chat_id(chat);
    confab_chat_peer(chat, logged_peer);
    confab_chat_log(chat, CONFAB_WARNING, "said %s", confab_chat_message(chat, NULL));
    return 0;
}

Test(test_service_chats, line_of_a_chat_has_its_id_and_peer_and_is_escaped)
{
    int peer;

    served.plan.on_line = log_line_of_chat;
    confab_log_set(sink, NULL, CONFAB_INFO);
    serve_peers(&peer, 1);
    test_send(peer, "a\033b\n", 4);
    run_quiet(served.reactor);
    cr_assert_eq(logged.lines, 1);
    cr_assert_eq(logged.level, CONFAB_WARNING);
    cr_assert_neq(logged.chat, 0);
    cr_assert_eq(logged.chat, logged_id);
    cr_assert_str_eq(logged.peer, logged_peer);
    cr_assert_str_eq(logged.service, "tested");
    cr_assert_str_eq(logged.text, "said a\\x1bb");
}

static int fail_with_words(confab_chat *chat)
{
    return confab_service_error(confab_chat_service(chat), "lost the table");
}

Test(test_service_chats, error_of_a_service_that_serves_is_logged)
{
    int peer;

    served.plan.on_line = fail_with_words;
    serve_peers(&peer, 1);
    confab_log_set(sink, NULL, CONFAB_INFO);
    test_send(peer, "line\n", 5);
    until_chats(0);
    cr_assert_eq(served.reason, CONFAB_REASON_HOOK);
    cr_assert_str_eq(logged.text, "lost the table");
    cr_assert_eq(logged.level, CONFAB_ERROR);
}
