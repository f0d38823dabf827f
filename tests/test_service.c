/* A service: its plugin's hooks, its chats, and how it stops. */
#include "core/log.h"
#include "core/module.h"
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROOM = 2048, TRACE = 1024, PEERS = 8, FILLER = 1 << 20 };

/* -- A plugin that writes down what it is called with --------------------------- */

struct state {
    char *text;
    int64_t number;
    char bytes[64];
};

static const struct confab_option options[] = {
    CONFAB_OPTION(struct state, text, STRING, "text", .fallback = ""),
    CONFAB_OPTION(struct state, number, INTEGER, "number", .flags = CONFAB_OPTION_POSITIONAL),
    CONFAB_OPTIONS_END,
};

static const char *const counters[] = { "lines", "bytes", NULL };

static confab_module *module;
static confab_service *service;
static confab_reactor *reactor;
static char trace[TRACE], error[ROOM];
static int stops, closes;         /* how often each was called */
static enum confab_reason reason; /* of the last handle_close */
static bool draining_seen;

/* What a hook of the plugin is to do. */
static struct {
    bool config_fails, ready_fails, ready_fails_silently, start_fails, start_listens;
    bool keeps_open; /* handle_shutdown does not close */
    int (*on_line)(confab_chat *chat);
    void (*on_close)(confab_chat *chat);
} plan;

static void note(const char *text)
{
    snprintf(trace + strlen(trace), sizeof trace - strlen(trace), "%s ", text);
}

static int handle_connect(confab_chat *chat)
{
    return confab_chat_set_terminator_line(chat);
}

static int found_terminator(confab_chat *chat)
{
    size_t len;
    const char *line = confab_chat_message(chat, &len);

    confab_service_count(confab_chat_service(chat), 0, 1);
    confab_service_count(confab_chat_service(chat), 1, (int64_t)len);
    if (plan.on_line)
        return plan.on_line(chat);
    confab_chat_push(chat, line, len);
    return confab_chat_push(chat, "\n", 1);
}

static int handle_shutdown(confab_chat *chat)
{
    note("shutdown");
    draining_seen = confab_chat_draining(chat);
    if (!plan.keeps_open)
        confab_chat_close_when_done(chat);
    return 0;
}

static void handle_close(confab_chat *chat, enum confab_reason why)
{
    closes++;
    reason = why;
    if (plan.on_close)
        plan.on_close(chat);
}

static const struct confab_chat_ops chat_ops = { .size = sizeof chat_ops,
                                                 .handle_connect = handle_connect,
                                                 .collect_incoming_data = confab_chat_collect,
                                                 .found_terminator = found_terminator,
                                                 .handle_shutdown = handle_shutdown,
                                                 .handle_close = handle_close };

static int config_complete(confab_service *s)
{
    note("config_complete");
    return plan.config_fails ? confab_service_error(s, "%s does not go with %d", "text", 7) : 0;
}

static int ready(confab_service *s)
{
    note("ready");
    if (plan.ready_fails_silently)
        return -3;
    return plan.ready_fails ? confab_service_error(s, "cannot open\nthe table") : 0;
}

static int start(confab_service *s, confab_reactor *r)
{
    note("start");
    cr_assert_eq(confab_service_reactor(s), r);
    if (plan.start_listens) {
        confab_listener *listener;
        cr_assert_eq(confab_service_listen(s, &listener, "0", NULL, NULL), 0);
        cr_assert_not_null(confab_service_connect(s, confab_listener_address(listener), &chat_ops, NULL));
    }
    return plan.start_fails ? confab_service_error(s, "no room in this worker") : 0;
}

static void stop(confab_service *s)
{
    note("stop");
    stops++;
    cr_assert_eq(confab_service_reactor(s), reactor);
    cr_assert_eq(confab_service_chats(s), 0);
    cr_assert_not(confab_service_stopped(s));
}

static void free_hook(confab_service *s)
{
    (void)s;
    note("free");
}

static const struct confab_plugin plugin = { .magic = CONFAB_PLUGIN_MAGIC,
                                             .size = sizeof plugin,
                                             .option_size = sizeof(struct confab_option),
                                             .abi_major = CONFAB_ABI_MAJOR,
                                             .abi_minor = CONFAB_ABI_MINOR,
                                             .name = "tested",
                                             .chat = &chat_ops,
                                             .options = options,
                                             .service_size = sizeof(struct state),
                                             .config_complete = config_complete,
                                             .ready = ready,
                                             .start = start,
                                             .stop = stop,
                                             .free = free_hook,
                                             .counters = counters };

/* -- What the tests share --------------------------------------------------------- */

static void setup(void)
{
    cr_assert_eq(confab_module_from_plugin(&module, &plugin, error, sizeof error), 0, "%s", error);
    cr_assert_eq(confab_service_new(&service, module, NULL, error, sizeof error), 0, "%s", error);
    reactor = test_reactor();
}

/* Frees what there is; the service has to be through with its reactor by then. */
static void teardown(void)
{
    if (reactor)
        test_reactor_free(reactor);
    reactor = NULL;
    if (service)
        cr_assert_eq(confab_service_free(service), 0);
    cr_assert_eq(confab_module_unload(module), 0);
}

TestSuite(test_service, .init = setup, .fini = teardown);

static void set(const char *key, const char *value)
{
    cr_assert_eq(confab_service_option(service, key, value, error, sizeof error), 0, "%s", error);
}

static int make_ready(void)
{
    return confab_service_ready(service, error, sizeof error);
}

static int make_start(void)
{
    return confab_service_start(service, reactor, error, sizeof error);
}

static void serve(void)
{
    cr_assert_eq(make_ready(), 0, "%s", error);
    cr_assert_eq(make_start(), 0, "%s", error);
}

/* Serves on a socket of its own; valid until that is closed. */
static const char *listen_anywhere(void)
{
    confab_listener *listener;

    cr_assert_eq(confab_service_listen(service, &listener, "0", NULL, NULL), 0);
    return confab_listener_address(listener);
}

static size_t wanted;

static bool has_inbound(void *data)
{
    (void)data;
    return confab_service_inbound(service) == wanted;
}

static bool has_chats(void *data)
{
    (void)data;
    return confab_service_chats(service) == wanted;
}

static void until_inbound(size_t n)
{
    wanted = n;
    run_until(reactor, has_inbound, NULL);
}

static void until_chats(size_t n)
{
    wanted = n;
    run_until(reactor, has_chats, NULL);
}

/* Serves with n connections from outside. */
static void serve_peers(int peers[], size_t n)
{
    const char *address;

    serve();
    address = listen_anywhere();
    for (size_t i = 0; i < n; i++)
        peers[i] = test_connect(address);
    until_inbound(n);
    run_quiet(reactor);
}

static void until_stopped(void)
{
    run_until_set(reactor, &stops);
    cr_assert(confab_service_stopped(service));
}

static int64_t clock_now(void)
{
    return confab_reactor_now(reactor);
}

/* -- Its life ------------------------------------------------------------------------ */

Test(test_service, hooks_are_called_in_order_and_once)
{
    serve();
    confab_service_stop(service, -1);
    until_stopped();
    cr_assert_eq(confab_service_free(service), 0);
    service = NULL;
    cr_assert_str_eq(trace, "config_complete ready start stop free ");
}

Test(test_service, state_is_zeroed_and_is_the_services_own)
{
    static const struct state zero;
    confab_service *other;

    cr_assert_eq(memcmp(confab_service_state(service), &zero, sizeof zero), 0);
    cr_assert_eq(confab_service_new(&other, module, "other", error, sizeof error), 0);
    cr_assert_neq(confab_service_state(other), confab_service_state(service));
    cr_assert_str_eq(confab_service_name(other), "other");
    cr_assert_str_eq(confab_service_name(service), "tested");
    cr_assert_eq(confab_service_free(other), 0);
}

Test(test_service, worker_has_the_number_that_the_host_gave)
{
    cr_assert_eq(confab_service_worker(service), 0);
    confab_service_set_worker(service, 3);
    cr_assert_eq(confab_service_worker(service), 3);
}

Test(test_service, option_that_is_wrong_calls_no_hook)
{
    cr_assert_eq(confab_service_option(service, "number", "x", error, sizeof error), -EINVAL);
    cr_assert_eq(confab_service_free(service), 0);
    service = NULL;
    cr_assert_str_eq(trace, "");
}

Test(test_service, config_complete_that_refuses_is_the_last_before_free)
{
    plan.config_fails = true;
    cr_assert_eq(make_ready(), -EINVAL);
    cr_assert_str_eq(error, "tested: text does not go with 7");
    cr_assert_eq(make_start(), -EINVAL);
    cr_assert_eq(confab_service_free(service), 0);
    service = NULL;
    cr_assert_str_eq(trace, "config_complete free ");
}

Test(test_service, ready_that_refuses_is_told_in_its_own_words)
{
    plan.ready_fails = true;
    cr_assert_eq(make_ready(), -EINVAL);
    cr_assert_str_eq(error, "tested: cannot open?the table");
    cr_assert_eq(confab_service_free(service), 0);
    service = NULL;
    cr_assert_str_eq(trace, "config_complete ready free ");
}

Test(test_service, hook_that_refuses_without_words_is_named)
{
    plan.ready_fails_silently = true;
    cr_assert_eq(make_ready(), -EINVAL);
    cr_assert_str_eq(error, "tested: the plugin's ready returned -3 and does not say why");
}

Test(test_service, start_that_refuses_has_no_stop)
{
    plan.start_fails = true;
    cr_assert_eq(make_ready(), 0);
    cr_assert_eq(make_start(), -EINVAL);
    cr_assert_str_eq(error, "tested: no room in this worker");
    cr_assert_eq(confab_service_free(service), 0);
    service = NULL;
    cr_assert_str_eq(trace, "config_complete ready start free ");
}

Test(test_service, what_a_start_that_refuses_had_made_is_closed)
{
    plan.start_fails = plan.start_listens = true;
    cr_assert_eq(make_ready(), 0);
    cr_assert_eq(make_start(), -EINVAL);
    cr_assert_eq(confab_service_free(service), -EBUSY);
    until_chats(0);
    cr_assert_eq(closes, 1);
    cr_assert_eq(reason, CONFAB_REASON_STOP);
    cr_assert_null(confab_service_reactor(service));
    cr_assert_eq(confab_service_free(service), 0);
    service = NULL;
}

Test(test_service, ready_and_start_are_called_once)
{
    cr_assert_eq(make_start(), -EINVAL);
    cr_assert_eq(make_ready(), 0);
    cr_assert_eq(make_ready(), -EBUSY);
    cr_assert_eq(make_start(), 0);
    cr_assert_eq(make_start(), -EINVAL);
    cr_assert_str_eq(trace, "config_complete ready start ");
}

/* -- Its chats ------------------------------------------------------------------------ */

Test(test_service, listen_serves_the_plugins_own_hooks)
{
    int peer;

    serve_peers(&peer, 1);
    test_send(peer, "hello\n", 6);
    run_quiet(reactor);
    test_expect(peer, "hello\n");
    close(peer);
    until_chats(0);
    cr_assert_eq(reason, CONFAB_REASON_PEER_CLOSED);
}

Test(test_service, listening_needs_a_reactor)
{
    confab_listener *listener = (confab_listener *)&listener;

    cr_assert_eq(confab_service_listen(service, &listener, "0", NULL, NULL), -ESHUTDOWN);
    cr_assert_null(listener);
    cr_assert_null(confab_service_connect(service, "127.0.0.1:1", &chat_ops, NULL));
}

Test(test_service, address_that_is_none_is_refused)
{
    confab_listener *listener;

    serve();
    cr_assert_eq(confab_service_listen(service, &listener, "no address", NULL, NULL), -EINVAL);
    cr_assert_null(listener);
}

Test(test_service, listening_descriptor_can_be_adopted)
{
    confab_listener *listener;
    int fd = socket(AF_INET, SOCK_STREAM, 0), peer;

    serve();
    cr_assert_eq(listen(fd, 4), 0); /* on a port that the kernel chooses, of every interface */
    cr_assert_eq(confab_service_listener_adopt(service, &listener, fd, NULL, NULL), 0);
    peer = test_connect(confab_listener_address(listener));
    until_inbound(1);
    test_send(peer, "hello\n", 6);
    run_quiet(reactor);
    test_expect(peer, "hello\n");
    close(peer);
}

Test(test_service, descriptor_is_closed_where_it_cannot_be_adopted)
{
    int before = test_open_fds(), fd;

    serve();
    before = test_open_fds();
    fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_lt(confab_service_listener_adopt(service, NULL, fd, NULL, NULL), 0);
    confab_service_stop(service, -1);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(listen(fd, 4), 0);
    cr_assert_eq(confab_service_listener_adopt(service, NULL, fd, NULL, NULL), -ESHUTDOWN);
    cr_assert_eq(test_open_fds(), before);
}

Test(test_service, inbound_counts_what_was_accepted_and_chats_all)
{
    const char *address;

    serve();
    address = listen_anywhere();
    cr_assert_not_null(confab_service_connect(service, address, &chat_ops, NULL));
    until_inbound(1);
    cr_assert_eq(confab_service_chats(service), 2);
}

Test(test_service, no_more_than_max_connections_are_admitted)
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
    run_quiet(reactor);
    cr_assert_eq(confab_service_inbound(service), 2);
    cr_assert_lt(test_recv(peers[2], &byte, 1), 0);
    test_send(peers[0], "hello\n", 6);
    run_quiet(reactor);
    test_expect(peers[0], "hello\n");
    /* One that ends makes room. */
    close(peers[0]);
    until_inbound(1);
    cr_assert_geq(test_connect(address), 0);
    until_inbound(2);
}

Test(test_service, limits_of_the_service_bind_its_chats)
{
    int peer;

    set("max-message", "10");
    serve_peers(&peer, 1);
    test_send(peer, "0123456789x\n", 12);
    until_chats(0);
    cr_assert_eq(reason, CONFAB_REASON_TOO_LONG);
}

Test(test_service, limits_of_a_listener_go_over_those_of_the_service)
{
    const struct confab_chat_options wider = { .size = sizeof wider, .max_message = 20 };
    confab_listener *listener;
    int peer;

    set("max-message", "10");
    serve();
    cr_assert_eq(confab_service_listen(service, &listener, "0", NULL, &wider), 0);
    peer = test_connect(confab_listener_address(listener));
    test_send(peer, "0123456789x\n", 12);
    until_inbound(1);
    run_quiet(reactor);
    test_expect(peer, "0123456789x\n");
}

Test(test_service, counters_add_up)
{
    int64_t value;
    int peer;

    serve_peers(&peer, 1);
    test_send(peer, "one\nthree\n", 10);
    run_quiet(reactor);
    cr_assert_eq(confab_service_counter(service, 0, &value), 0);
    cr_assert_eq(value, 2);
    cr_assert_eq(confab_service_counter(service, 1, &value), 0);
    cr_assert_eq(value, 8);
    confab_service_count(service, 2, 1);
    cr_assert_eq(confab_service_counter(service, 2, &value), -ENOENT);
}

/* -- Walking over them ------------------------------------------------------------------- */

static const struct confab_chat_ops other_ops = { .size = sizeof other_ops,
                                                  .collect_incoming_data = confab_chat_collect };

static size_t count_chats(const struct confab_chat_ops *ops)
{
    confab_id cursor = 0;
    size_t n = 0;

    while (confab_service_next(service, ops, &cursor))
        n++;
    cr_assert_null(confab_service_next(service, ops, &cursor));
    return n;
}

Test(test_service, next_gives_every_chat_once)
{
    int peers[3];

    serve_peers(peers, 3);
    cr_assert_eq(count_chats(NULL), 3);
    close(peers[1]);
    until_chats(2);
    cr_assert_eq(count_chats(NULL), 2);
}

Test(test_service, next_without_a_reactor_gives_none)
{
    cr_assert_eq(count_chats(NULL), 0);
}

Test(test_service, next_tells_hooks_apart)
{
    int peers[2];
    confab_listener *listener;

    serve_peers(peers, 2);
    cr_assert_eq(confab_service_listen(service, &listener, "0", &other_ops, NULL), 0);
    cr_assert_not_null(confab_service_connect(service, confab_listener_address(listener), &chat_ops, NULL));
    until_inbound(3);
    cr_assert_eq(count_chats(NULL), 4);
    cr_assert_eq(count_chats(&other_ops), 1);
    cr_assert_eq(count_chats(&chat_ops), 3);
    /* The module's own copy of the plugin means the same hooks. */
    cr_assert_eq(count_chats(confab_module_plugin(module)->chat), 3);
}

Test(test_service, next_leaves_out_chats_of_others)
{
    confab_service *other;
    int peer, pair[2];

    serve_peers(&peer, 1);
    test_pair(pair);
    cr_assert_not_null(confab_chat_new(reactor, pair[0], &chat_ops, NULL));
    cr_assert_eq(confab_service_new(&other, module, "other", error, sizeof error), 0);
    cr_assert_eq(count_chats(NULL), 1);
    cr_assert_eq(confab_service_free(other), 0);
    plan.on_line = NULL;
}

Test(test_service, next_goes_on_when_the_chat_before_was_closed)
{
    confab_id cursor = 0;
    confab_chat *chat;
    int peers[4];
    size_t n = 0;

    serve_peers(peers, 4);
    while ((chat = confab_service_next(service, NULL, &cursor))) {
        confab_chat_close(chat);
        n++;
    }
    cr_assert_eq(n, 4);
    until_chats(0);
}

Test(test_service, next_ends_when_each_chat_opens_another)
{
    const char *address;
    confab_id cursor = 0;
    size_t n = 0;

    serve();
    address = listen_anywhere();
    cr_assert_not_null(confab_service_connect(service, address, &chat_ops, NULL));
    while (n < PEERS && confab_service_next(service, NULL, &cursor)) {
        confab_service_connect(service, address, &chat_ops, NULL);
        n++;
    }
    cr_assert_geq(n, 1);
    until_inbound(n + 1);
    /* Closed ones are not given. */
    confab_reactor_close_all(reactor);
    cr_assert_eq(count_chats(NULL), 0);
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

Test(test_service, line_of_a_service_has_its_name)
{
    confab_log_set(sink, NULL, CONFAB_INFO);
    confab_service_log(service, CONFAB_DEBUG, "not wanted");
    confab_service_log(service, CONFAB_INFO, "%d lines", 3);
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

Test(test_service, line_of_a_chat_has_its_id_and_peer_and_is_escaped)
{
    int peer;

    plan.on_line = log_line_of_chat;
    confab_log_set(sink, NULL, CONFAB_INFO);
    serve_peers(&peer, 1);
    test_send(peer, "a\033b\n", 4);
    run_quiet(reactor);
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

Test(test_service, error_of_a_service_that_serves_is_logged)
{
    int peer;

    plan.on_line = fail_with_words;
    serve_peers(&peer, 1);
    confab_log_set(sink, NULL, CONFAB_INFO);
    test_send(peer, "line\n", 5);
    until_chats(0);
    cr_assert_eq(reason, CONFAB_REASON_HOOK);
    cr_assert_str_eq(logged.text, "lost the table");
    cr_assert_eq(logged.level, CONFAB_ERROR);
}

/* -- Stop -------------------------------------------------------------------------------------- */

Test(test_service, stop_is_called_by_the_loop_and_not_before)
{
    serve();
    confab_service_stop(service, -1);
    cr_assert_eq(stops, 0);
    cr_assert_not(confab_service_stopped(service));
    confab_reactor_run_once(reactor, 0);
    cr_assert_eq(stops, 1);
    cr_assert(confab_service_stopped(service));
    cr_assert_null(confab_service_reactor(service));
}

Test(test_service, run_does_not_end_before_stop_was_called)
{
    serve();
    listen_anywhere();
    confab_service_stop(service, -1);
    cr_assert_eq(confab_reactor_run(reactor), 0);
    cr_assert_eq(stops, 1);
}

Test(test_service, service_without_listeners_does_not_keep_run_going)
{
    serve();
    cr_assert_eq(confab_reactor_run(reactor), 0);
    cr_assert_eq(stops, 0);
}

Test(test_service, drain_leaves_no_timer_behind)
{
    int peer;
    int64_t began;

    serve_peers(&peer, 1);
    began = clock_now();
    confab_service_stop(service, 60 * CONFAB_SECOND);
    cr_assert_eq(confab_reactor_run(reactor), 0);
    cr_assert_eq(stops, 1);
    cr_assert_lt(clock_now() - began, 30 * CONFAB_SECOND);
}

Test(test_service, listeners_close_when_it_stops)
{
    confab_listener *listener;
    char address[128];
    struct sockaddr_storage sa;
    int peer, fd;
    socklen_t len = sizeof sa;

    plan.keeps_open = true;
    serve();
    cr_assert_eq(confab_service_listen(service, &listener, "0", NULL, NULL), 0);
    snprintf(address, sizeof address, "%s", confab_listener_address(listener));
    peer = test_connect(address);
    until_inbound(1);
    cr_assert_eq(getpeername(peer, (struct sockaddr *)&sa, &len), 0);
    confab_service_stop(service, -1);
    run_quiet(reactor);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(connect(fd, (struct sockaddr *)&sa, len), -1);
    cr_assert_eq(errno, ECONNREFUSED);
    cr_assert_eq(confab_service_listen(service, NULL, "0", NULL, NULL), -ESHUTDOWN);
    confab_service_stop(service, 0);
    until_stopped();
}

Test(test_service, each_inbound_chat_gets_handle_shutdown_and_sees_the_drain)
{
    int peers[2];
    char byte;

    serve_peers(peers, 2);
    confab_service_stop(service, -1);
    cr_assert_str_eq(trace, "config_complete ready start ");
    until_stopped();
    cr_assert(draining_seen);
    cr_assert_str_eq(trace, "config_complete ready start shutdown shutdown stop ");
    cr_assert_eq(reason, CONFAB_REASON_DONE);
    cr_assert_eq(test_recv(peers[0], &byte, 1), -1);
}

static bool draining_before;

static int ask_draining(confab_chat *chat)
{
    draining_before |= confab_chat_draining(chat);
    return confab_chat_puts(chat, "seen\n");
}

Test(test_service, chat_is_not_draining_before_a_stop)
{
    int peer;

    plan.on_line = ask_draining;
    serve_peers(&peer, 1);
    test_send(peer, "x\n", 2);
    run_quiet(reactor);
    test_expect(peer, "seen\n");
    cr_assert_not(draining_before);
}

Test(test_service, stop_waits_for_the_last_inbound_chat)
{
    int peers[2];

    plan.keeps_open = true;
    serve_peers(peers, 2);
    confab_service_stop(service, -1);
    run_quiet(reactor);
    close(peers[0]);
    until_inbound(1);
    run_quiet(reactor);
    cr_assert_eq(stops, 0);
    test_send(peers[1], "still here\n", 11);
    run_quiet(reactor);
    test_expect(peers[1], "still here\n");
    close(peers[1]);
    until_stopped();
}

Test(test_service, what_is_left_after_the_drain_is_closed_with_stop)
{
    int peer;
    int64_t began;

    plan.keeps_open = true;
    serve_peers(&peer, 1);
    began = clock_now();
    confab_service_stop(service, 30 * CONFAB_MILLISECOND);
    until_stopped();
    cr_assert_geq(clock_now() - began, 30 * CONFAB_MILLISECOND);
    cr_assert_eq(reason, CONFAB_REASON_STOP);
    cr_assert_str_eq(trace, "config_complete ready start shutdown stop ");
}

Test(test_service, drain_timeout_is_an_option)
{
    int peer;

    plan.keeps_open = true;
    set("drain-timeout", "30ms");
    serve_peers(&peer, 1);
    confab_service_stop(service, -1);
    until_stopped();
    cr_assert_eq(reason, CONFAB_REASON_STOP);
}

Test(test_service, drain_timeout_of_zero_waits_for_as_long_as_it_takes)
{
    int peer;

    plan.keeps_open = true;
    set("drain-timeout", "0");
    serve_peers(&peer, 1);
    confab_service_stop(service, -1);
    run_quiet(reactor);
    cr_assert_eq(closes, 0);
    close(peer);
    until_stopped();
    cr_assert_eq(reason, CONFAB_REASON_PEER_CLOSED);
}

Test(test_service, drain_of_zero_closes_at_once_without_handle_shutdown)
{
    int peer;

    plan.keeps_open = true;
    serve_peers(&peer, 1);
    confab_service_stop(service, 0);
    cr_assert_eq(closes, 0);
    confab_reactor_run_once(reactor, 0);
    cr_assert_eq(stops, 1);
    cr_assert_eq(reason, CONFAB_REASON_STOP);
    cr_assert_str_eq(trace, "config_complete ready start stop ");
}

Test(test_service, second_stop_shortens_the_drain)
{
    int peer;

    plan.keeps_open = true;
    serve_peers(&peer, 1);
    confab_service_stop(service, 60 * CONFAB_SECOND);
    run_quiet(reactor);
    confab_service_stop(service, 5 * CONFAB_MILLISECOND);
    until_stopped();
    cr_assert_eq(reason, CONFAB_REASON_STOP);
    cr_assert_str_eq(trace, "config_complete ready start shutdown stop ");
}

Test(test_service, second_stop_with_zero_ends_the_drain)
{
    int peer;

    plan.keeps_open = true;
    serve_peers(&peer, 1);
    confab_service_stop(service, 60 * CONFAB_SECOND);
    run_quiet(reactor);
    confab_service_stop(service, 0);
    confab_reactor_run_once(reactor, 0);
    cr_assert_eq(stops, 1);
}

Test(test_service, second_stop_does_not_lengthen_the_drain)
{
    int peer;
    int64_t began;

    plan.keeps_open = true;
    serve_peers(&peer, 1);
    began = clock_now();
    confab_service_stop(service, 20 * CONFAB_MILLISECOND);
    confab_service_stop(service, 60 * CONFAB_SECOND);
    confab_service_stop(service, -1);
    until_stopped();
    cr_assert_lt(clock_now() - began, 10 * CONFAB_SECOND);
}

Test(test_service, stop_after_the_stop_does_nothing)
{
    serve();
    confab_service_stop(service, -1);
    until_stopped();
    confab_service_stop(service, 0);
    run_quiet(reactor);
    cr_assert_eq(stops, 1);
}

Test(test_service, stop_before_the_start_does_nothing)
{
    confab_service_stop(service, 0);
    serve();
    run_quiet(reactor);
    cr_assert_eq(stops, 0);
}

static int stop_in_hook(confab_chat *chat)
{
    confab_service_stop(confab_chat_service(chat), -1);
    cr_assert_eq(stops, 0);
    return confab_chat_puts(chat, "bye\n");
}

Test(test_service, stop_may_be_called_in_a_hook)
{
    int peer;

    plan.on_line = stop_in_hook;
    serve_peers(&peer, 1);
    test_send(peer, "x\n", 2);
    until_stopped();
    test_expect(peer, "bye\n");
}

/* -- Chats that it connected ------------------------------------------------------------------- */

/* A listening socket of the test, and the service connected to it. */
static int connect_outbound(int *listener)
{
    static char address[64];
    struct sockaddr_storage sa;
    socklen_t len = sizeof sa;
    const unsigned char *port =
        (const unsigned char *)&sa + 2; /* of a sockaddr_in, in the order of the network */

    *listener = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(listen(*listener, 4), 0);
    cr_assert_eq(getsockname(*listener, (struct sockaddr *)&sa, &len), 0);
    snprintf(address, sizeof address, "127.0.0.1:%d", port[0] * 256 + port[1]);
    cr_assert_not_null(confab_service_connect(service, address, &chat_ops, NULL));
    return accept(*listener, NULL, NULL);
}

Test(test_service, outbound_chats_do_not_hold_a_stop_up)
{
    int listener, far;

    serve();
    far = connect_outbound(&listener);
    run_quiet(reactor);
    confab_service_stop(service, -1);
    cr_assert_eq(closes, 0);
    until_stopped();
    cr_assert_eq(closes, 1);
    cr_assert_eq(reason, CONFAB_REASON_STOP);
    cr_assert_str_eq(trace, "config_complete ready start stop ");
    close(far);
    close(listener);
}

Test(test_service, outbound_chats_live_until_the_last_inbound_one_has_closed)
{
    int peer, listener, far;

    plan.keeps_open = true;
    serve_peers(&peer, 1);
    far = connect_outbound(&listener);
    confab_service_stop(service, -1);
    run_quiet(reactor);
    cr_assert_eq(confab_service_chats(service), 2);
    /* What goes on may need one more. */
    close(connect_outbound(&listener));
    run_quiet(reactor);
    close(peer);
    until_stopped();
    cr_assert_str_eq(trace, "config_complete ready start shutdown stop ");
    close(far);
    close(listener);
}

static bool connected_late;

static void connect_again(confab_chat *chat)
{
    if (confab_service_connect(confab_chat_service(chat), "127.0.0.1:1", &chat_ops, NULL))
        connected_late = true;
}

Test(test_service, outbound_chat_that_a_stop_closes_cannot_be_replaced)
{
    int listener, far;

    serve();
    far = connect_outbound(&listener);
    run_quiet(reactor);
    plan.on_close = connect_again;
    confab_service_stop(service, -1);
    until_stopped();
    cr_assert_not(connected_late);
    cr_assert_eq(closes, 1);
    close(far);
    close(listener);
}

Test(test_service, outbound_chat_made_as_the_last_inbound_one_closes_is_closed_too)
{
    int peer;

    serve_peers(&peer, 1);
    plan.on_close = connect_again;
    confab_service_stop(service, 0);
    until_stopped();
    cr_assert(connected_late);
    cr_assert_eq(closes, 2);
}

/* -- Its end ---------------------------------------------------------------------------------------- */

Test(test_service, free_waits_until_it_has_stopped)
{
    int peer;

    serve();
    cr_assert_eq(confab_service_free(service), -EBUSY);
    listen_anywhere();
    cr_assert_eq(confab_service_free(service), -EBUSY);
    peer = test_connect(listen_anywhere());
    until_inbound(1);
    cr_assert_eq(confab_service_free(service), -EBUSY);
    confab_service_stop(service, 0);
    cr_assert_eq(confab_service_free(service), -EBUSY);
    until_stopped();
    cr_assert_eq(confab_service_free(service), 0);
    service = NULL;
    close(peer);
}

Test(test_service, reactor_that_is_freed_stops_its_services)
{
    int peer;

    serve_peers(&peer, 1);
    cr_assert_eq(confab_reactor_free(reactor), 0);
    cr_assert_eq(stops, 1);
    cr_assert_eq(closes, 1);
    cr_assert(confab_service_stopped(service));
    cr_assert_null(confab_service_reactor(service));
    reactor = NULL;
    cr_assert_eq(count_chats(NULL), 0);
}

Test(test_service, reactor_that_is_freed_during_a_drain_ends_it)
{
    int peer;

    plan.keeps_open = true;
    serve_peers(&peer, 1);
    confab_service_stop(service, -1);
    run_quiet(reactor);
    cr_assert_eq(confab_reactor_free(reactor), 0);
    reactor = NULL;
    cr_assert_eq(stops, 1);
    cr_assert_eq(closes, 1);
}

Test(test_service, reactor_that_is_freed_right_after_stop_still_calls_it)
{
    serve();
    confab_service_stop(service, -1);
    cr_assert_eq(confab_reactor_free(reactor), 0);
    reactor = NULL;
    cr_assert_eq(stops, 1);
}

Test(test_service, close_all_does_not_stop_a_service)
{
    int peer;

    serve_peers(&peer, 1);
    confab_reactor_close_all(reactor);
    until_chats(0);
    run_quiet(reactor);
    cr_assert_eq(stops, 0);
    cr_assert_geq(test_connect(listen_anywhere()), 0);
    until_inbound(1);
}
