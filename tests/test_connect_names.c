/* test_connect_names.c: connecting to names: looked up off the loop's thread,
 * address after address.  Names are made up (names.h), and so is what becomes of
 * an attempt: see stubbed_connect. */
#include "core/address.h"
#include "core/resolve.h"
#include "names.h"
#include "support.h"

#include "stub_io.h"
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BACKLOG_FILL = 4 };

static const int64_t delay = 250 * CONFAB_MILLISECOND; /* between attempts */

/* What the hooks of a chat saw. */
struct end {
    confab_chat *chat;
    confab_id id;
    int connects, messages, closed, error, timeouts;
    enum confab_reason reason;
    char message[64], text[1024], peer[128];
};

static struct end client, server, other;
static confab_reactor *reactor;
static confab_listener *listener;
static char port[8];
static char tried[1024];
static int attempts[16], attempts_made; /* the descriptors that were tried to be connected */
static int sockets;                     /* that were made */
static int threads;                     /* before the test */
static int full = -1;                   /* a listener that answers nobody */
static struct sockaddr_in full_address;

/* -- A network that does what the address says ----------------------------- */

/* 192.0.2.x and 2001:db8::x cannot be reached, 198.51.100.x is refused, 203.0.113.x never answers. */
static int stubbed_connect(void *state, int fd, const struct sockaddr *address, socklen_t len)
{
    char text[ADDRESS_TEXT];
    size_t at = strlen(tried);

    attempts[attempts_made++ % 16] = fd;

    address_format(address, len, text);
    *strrchr(text, ':') = '\0';
    snprintf(tried + at, sizeof tried - at, "%s%s", at ? " " : "", text);
    if (!strncmp(text, "192.0.2.", 8) || !strncmp(text, "[2001:db8::", 11))
        return -ENETUNREACH;
    if (!strncmp(text, "198.51.100.", 11))
        return -ECONNREFUSED;
    if (!strncmp(text, "203.0.113.", 10))
        return stubbed.connect(state, fd, (struct sockaddr *)&full_address, sizeof full_address);
    return stubbed.connect(state, fd, address, len);
}

/* So that there need be no IPv6 here. */
static int stubbed_socket(void *state, int domain, int type, int protocol)
{
    sockets++;
    return stubbed.socket(state, domain == AF_INET6 ? AF_INET : domain, type, protocol);
}

/* A listener whose backlog is full: connects to it stay on their way. */
static void make_full(void)
{
    socklen_t len = sizeof full_address;

    full_address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    full = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(bind(full, (struct sockaddr *)&full_address, sizeof full_address), 0);
    cr_assert_eq(getsockname(full, (struct sockaddr *)&full_address, &len), 0);
    cr_assert_eq(listen(full, 0), 0);
    for (int i = 0; i < BACKLOG_FILL; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(fd, (struct sockaddr *)&full_address, sizeof full_address);
    }
}

/* -- Both ends --------------------------------------------------------------- */

static int handle_connect(confab_chat *chat)
{
    struct end *end = confab_chat_data(chat);

    end->chat = chat;
    end->connects++;
    confab_chat_peer(chat, end->peer);
    cr_assert_eq(confab_chat_find(confab_chat_reactor(chat), confab_chat_id(chat)), chat);
    return confab_chat_set_terminator_line(chat);
}

static int found_terminator(confab_chat *chat)
{
    struct end *end = confab_chat_data(chat);

    end->messages++;
    snprintf(end->message, sizeof end->message, "%s", confab_chat_message(chat, NULL));
    return 0;
}

static int handle_timeout(confab_chat *chat, enum confab_timeout which)
{
    struct end *end = confab_chat_data(chat);

    end->timeouts += which == CONFAB_TIMEOUT_CONNECT;
    return 0;
}

static void handle_close(confab_chat *chat, enum confab_reason reason)
{
    struct end *end = confab_chat_data(chat);

    end->closed++;
    end->reason = reason;
    end->error = confab_chat_error(chat);
    cr_assert_eq(confab_chat_error_text(chat, end->text, sizeof end->text), end->text);
    if (end->id)
        cr_assert_eq(confab_chat_id(chat), end->id, "its name has changed");
    cr_assert_null(confab_chat_find(confab_chat_reactor(chat), confab_chat_id(chat)));
    end->chat = NULL;
}

static const struct confab_chat_ops ops = { .size = sizeof ops,
                                            .handle_connect = handle_connect,
                                            .collect_incoming_data = confab_chat_collect,
                                            .found_terminator = found_terminator,
                                            .handle_timeout = handle_timeout,
                                            .handle_close = handle_close };

static void *no_work(void *data)
{
    return data;
}

static void set_up(void)
{
    pthread_t thread;
    struct confab_chat_options options = { .size = sizeof options, .data = &server };

    /* ThreadSanitizer starts one of its own along with the first. */
    cr_assert_eq(pthread_create(&thread, NULL, no_work, NULL), 0);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    threads = test_threads();
    reactor = test_reactor();
    cr_assert_eq(confab_listen(&listener, reactor, "127.0.0.1:0", &ops, &options), 0);
    snprintf(port, sizeof port, "%s", strrchr(confab_listener_address(listener), ':') + 1);
    stub_io(reactor);
    stub.connect = stubbed_connect;
    stub.socket = stubbed_socket;
}

static void tear_down(void)
{
    names_hold(false);
    test_reactor_free(reactor);
    cr_assert_null(client.chat);
    if (full >= 0)
        close(full);
    test_threads_until(threads); /* also those that were left behind */
}

/* Connects to a name and the port that is listened on. */
static void start_end(const char *name, struct end *end)
{
    struct confab_chat_options options = { .size = sizeof options, .data = end };
    char address[300];

    snprintf(address, sizeof address, "%s:%s", name, port);
    end->chat = confab_connect(reactor, address, &ops, &options);
    cr_assert_not_null(end->chat);
    cr_assert_eq(end->connects + end->closed, 0, "a hook was called inside the call");
    end->id = confab_chat_id(end->chat);
    cr_assert_neq(end->id, 0);
    cr_assert_eq(confab_chat_find(reactor, end->id), end->chat);
}

static void start(const char *name)
{
    start_end(name, &client);
}

static void fails(const char *name, int error)
{
    start(name);
    run_until_set(reactor, &client.closed);
    cr_assert_eq(client.connects, 0);
    cr_assert_eq(client.reason, CONFAB_REASON_CONNECT);
    cr_assert_eq(client.error, error, "%s", strerror(client.error));
}

static void talks(void)
{
    run_until_set(reactor, &client.connects);
    run_until_set(reactor, &server.connects);
    cr_assert_eq(confab_chat_id(client.chat), client.id);
    cr_assert_eq(confab_chat_puts(client.chat, "hello\n"), 0);
    cr_assert_eq(confab_chat_puts(server.chat, "welcome\n"), 0);
    run_until_set(reactor, &client.messages);
    run_until_set(reactor, &server.messages);
    cr_assert_str_eq(server.message, "hello");
    cr_assert_str_eq(client.message, "welcome");
    cr_assert_str_eq(client.peer, confab_listener_address(listener));
    cr_assert_eq(client.connects, 1);
}

/* Turns the loop until this is what was tried. */
static bool has_tried(void *data)
{
    return !strcmp(tried, data);
}

#define NAMES_TEST(name) Test(connect_names, name, .init = set_up, .fini = tear_down)

/* -- Names ------------------------------------------------------------------- */

NAMES_TEST(a_name_is_connected_to_and_both_ends_talk)
{
    names_add("host.example", "127.0.0.1");
    start("host.example");
    cr_assert_eq(confab_chat_state(client.chat), CONFAB_STATE_CONNECTING);
    cr_assert_eq(confab_chat_fd(client.chat), -1);
    talks();
    cr_assert_geq(confab_chat_fd(client.chat), 0);
}

NAMES_TEST(the_loop_goes_on_while_a_name_is_looked_up)
{
    struct confab_chat_options options = { .size = sizeof options, .data = &client };
    struct end slow = { 0 };

    names_add("slow.example", "127.0.0.1");
    names_hold(true);
    start_end("slow.example", &slow);
    names_wait(1);
    client.chat = confab_connect(reactor, confab_listener_address(listener), &ops, &options);
    client.id = confab_chat_id(client.chat);
    talks();
    cr_assert_eq(confab_chat_state(slow.chat), CONFAB_STATE_CONNECTING);
    confab_chat_close(slow.chat);
    run_quiet(reactor);
}

NAMES_TEST(a_name_that_there_is_not_is_EHOSTUNREACH_and_said_so)
{
    char text[200];

    fails("none.example", EHOSTUNREACH);
    snprintf(text, sizeof text, "\"none.example:%s\": %s", port, gai_strerror(EAI_NONAME));
    cr_assert_str_eq(client.text, text);
}

NAMES_TEST(a_look_up_that_fails_for_now_is_EAGAIN)
{
    names_fail("later.example", EAI_AGAIN);
    fails("later.example", EAGAIN);
}

NAMES_TEST(a_look_up_that_fails_for_want_of_something_tells_the_systems_error)
{
    char text[200];

    names_fail("system.example", EAI_SYSTEM);
    fails("system.example", EACCES);
    snprintf(text, sizeof text, "\"system.example:%s\": %s", port, strerror(EACCES));
    cr_assert_str_eq(client.text, text);
}

NAMES_TEST(what_is_pushed_while_it_is_looked_up_leaves_once_connected)
{
    names_add("host.example", "127.0.0.1");
    start("host.example");
    cr_assert_eq(confab_chat_puts(client.chat, "early\n"), 0);
    run_until_set(reactor, &server.messages);
    cr_assert_str_eq(server.message, "early");
}

NAMES_TEST(close_when_done_while_it_is_looked_up_sends_first)
{
    names_add("host.example", "127.0.0.1");
    start("host.example");
    confab_chat_puts(client.chat, "early\n");
    confab_chat_close_when_done(client.chat);
    run_until_set(reactor, &client.closed);
    run_until_set(reactor, &server.messages);
    cr_assert_eq(client.reason, CONFAB_REASON_DONE);
    cr_assert_str_eq(server.message, "early");
}

/* -- Address after address ----------------------------------------------------- */

NAMES_TEST(the_next_address_is_tried_when_one_fails)
{
    names_add("host.example", "198.51.100.1");
    names_add("host.example", "192.0.2.1");
    names_add("host.example", "127.0.0.1");
    start("host.example");
    talks();
    cr_assert_str_eq(tried, "198.51.100.1 192.0.2.1 127.0.0.1");
}

NAMES_TEST(the_families_take_turns_the_first_ones_first)
{
    names_add("host.example", "2001:db8::1");
    names_add("host.example", "2001:db8::2");
    names_add("host.example", "2001:db8::3");
    names_add("host.example", "192.0.2.1");
    names_add("host.example", "192.0.2.2");
    fails("host.example", ENETUNREACH);
    cr_assert_str_eq(tried, "[2001:db8::1] 192.0.2.1 [2001:db8::2] 192.0.2.2 [2001:db8::3]");
}

NAMES_TEST(the_error_tells_each_address_that_failed)
{
    char text[400];

    names_add("host.example", "2001:db8::1");
    names_add("host.example", "198.51.100.1");
    fails("host.example", ECONNREFUSED);
    snprintf(text, sizeof text, "[2001:db8::1]:%s: %s; 198.51.100.1:%s: %s", port, strerror(ENETUNREACH),
             port, strerror(ECONNREFUSED));
    cr_assert_str_eq(client.text, text);
}

NAMES_TEST(one_that_does_not_answer_is_not_waited_for_longer_than_the_delay)
{
    int before;

    make_full();
    names_add("host.example", "203.0.113.1");
    names_add("host.example", "127.0.0.1");
    before = test_open_fds();
    start("host.example");
    run_until(reactor, has_tried, "203.0.113.1");
    stub_pass(delay - 10 * CONFAB_MILLISECOND);
    cr_assert_str_eq(tried, "203.0.113.1", "the next one was tried too early");
    stub_pass(10 * CONFAB_MILLISECOND);
    cr_assert_str_eq(tried, "203.0.113.1 127.0.0.1");
    talks();
    cr_assert_eq(test_open_fds(), before + 2, "the attempt that lost is still open");
}

NAMES_TEST(a_failure_starts_the_next_one_and_the_delay_anew)
{
    make_full();
    names_add("host.example", "203.0.113.1");
    names_add("host.example", "203.0.113.2");
    names_add("host.example", "198.51.100.1");
    names_add("host.example", "203.0.113.3");
    names_add("host.example", "203.0.113.4");
    start("host.example");
    run_until(reactor, has_tried, "203.0.113.1");
    stub_pass(delay);
    cr_assert_str_eq(tried, "203.0.113.1 203.0.113.2");
    stub_pass(delay);
    cr_assert_str_eq(tried, "203.0.113.1 203.0.113.2 198.51.100.1 203.0.113.3");
    stub_pass(delay);
    cr_assert_str_eq(tried, "203.0.113.1 203.0.113.2 198.51.100.1 203.0.113.3 203.0.113.4");
}

/* As the backend tells it. */
static void attempt_fails(int number, int error)
{
    struct channel *channel = reactor->slots.slot[attempts[number]].channel;

    channel->ops->ready(channel, BACKEND_FAILED, error);
}

NAMES_TEST(a_late_failure_starts_the_next_one_and_the_delay_anew)
{
    make_full();
    names_add("host.example", "203.0.113.1");
    names_add("host.example", "203.0.113.2");
    names_add("host.example", "203.0.113.3");
    names_add("host.example", "203.0.113.4");
    start("host.example");
    run_until(reactor, has_tried, "203.0.113.1");
    stub_pass(delay);
    cr_assert_str_eq(tried, "203.0.113.1 203.0.113.2");
    stub_pass(delay / 2);
    attempt_fails(0, ECONNREFUSED);
    run_quiet(reactor);
    cr_assert_str_eq(tried, "203.0.113.1 203.0.113.2 203.0.113.3");
    stub_pass(delay / 2); /* the delay of the second one ends */
    cr_assert_str_eq(tried, "203.0.113.1 203.0.113.2 203.0.113.3");
    stub_pass(delay / 2);
    cr_assert_str_eq(tried, "203.0.113.1 203.0.113.2 203.0.113.3 203.0.113.4");
}

NAMES_TEST(of_very_many_addresses_only_so_many_are_used)
{
    static char ip[RESOLVED_MAX + 8][16];

    for (int i = 0; i < RESOLVED_MAX + 8; i++) {
        snprintf(ip[i], sizeof ip[i], "192.0.2.%d", i + 1);
        names_add("host.example", ip[i]);
    }
    fails("host.example", ENETUNREACH);
    cr_assert_eq(attempts_made, RESOLVED_MAX);
}

/* Closes the descriptor of an attempt; the next chat that is made is on that number. */
static void lose_attempt(int number, int pair[2])
{
    test_pair(pair);
    cr_assert_eq(dup2(pair[0], attempts[number]), attempts[number]);
    close(pair[0]);
    cr_assert_not_null(confab_chat_new(
        reactor, attempts[number], &ops,
        &(struct confab_chat_options){ .size = sizeof(struct confab_chat_options), .data = &other }));
}

NAMES_TEST(the_next_address_is_tried_when_an_attempts_descriptor_was_closed_behind_its_back)
{
    int pair[2];

    make_full();
    names_add("host.example", "203.0.113.1");
    names_add("host.example", "127.0.0.1");
    start("host.example");
    run_until(reactor, has_tried, "203.0.113.1");
    lose_attempt(0, pair);
    cr_assert_str_eq(tried, "203.0.113.1", "it was tried inside the call");
    run_quiet(reactor);
    cr_assert_str_eq(tried, "203.0.113.1 127.0.0.1");
    talks();
    cr_assert_eq(other.closed, 0);
    close(pair[1]);
}

/* The one that is left has started its next one long ago, and will start no other. */
NAMES_TEST(the_next_address_is_tried_also_where_one_of_two_attempts_was_lost)
{
    int pair[2];

    make_full();
    names_add("host.example", "203.0.113.1");
    names_add("host.example", "203.0.113.2");
    names_add("host.example", "127.0.0.1");
    start("host.example");
    run_until(reactor, has_tried, "203.0.113.1");
    stub_pass(delay);
    cr_assert_str_eq(tried, "203.0.113.1 203.0.113.2");
    lose_attempt(1, pair);
    run_quiet(reactor);
    cr_assert_str_eq(tried, "203.0.113.1 203.0.113.2 127.0.0.1");
    talks();
    close(pair[1]);
}

NAMES_TEST(localhost_is_both_loopbacks_the_one_that_listeners_have_first)
{
    confab_listener_close(listener);
    run_quiet(reactor);
    start("localhost");
    run_until_set(reactor, &client.closed);
    cr_assert_str_eq(tried, "127.0.0.1 [::1]");
    cr_assert_eq(names.calls, 0);
}

NAMES_TEST(localhost_is_connected_to)
{
    start("localhost");
    talks();
}

/* -- Time-outs ------------------------------------------------------------------ */

NAMES_TEST(the_connect_timeout_spans_the_look_up)
{
    char text[200];

    names_hold(true);
    start("slow.example");
    names_wait(1);
    stub_pass(9 * CONFAB_SECOND);
    cr_assert_eq(client.closed, 0);
    stub_pass(CONFAB_SECOND);
    cr_assert_eq(client.closed, 1);
    cr_assert_eq(client.timeouts, 1);
    cr_assert_eq(client.reason, CONFAB_REASON_CONNECT);
    cr_assert_eq(client.error, ETIMEDOUT);
    snprintf(text, sizeof text, "\"slow.example:%s\": %s while it was looked up", port, strerror(ETIMEDOUT));
    cr_assert_str_eq(client.text, text);
}

NAMES_TEST(the_connect_timeout_spans_all_attempts_and_tells_each)
{
    struct confab_chat_options limits = { .size = sizeof limits,
                                          .timeout[CONFAB_TIMEOUT_CONNECT] =
                                              2 * delay - 20 * CONFAB_MILLISECOND };
    char text[400];
    int before = test_open_fds();

    make_full();
    before = test_open_fds();
    names_add("host.example", "192.0.2.1");
    names_add("host.example", "203.0.113.1");
    names_add("host.example", "203.0.113.2");
    names_add("host.example", "203.0.113.3");
    names_add("host.example", "203.0.113.4");
    start("host.example");
    cr_assert_eq(confab_chat_set_options(client.chat, &limits), 0);
    run_until(reactor, has_tried, "192.0.2.1 203.0.113.1");
    stub_pass(delay);
    stub_pass(delay - 50 * CONFAB_MILLISECOND);
    stub_pass(30 * CONFAB_MILLISECOND);
    run_until_set(reactor, &client.closed);
    cr_assert_eq(client.error, ETIMEDOUT);
    snprintf(text, sizeof text,
             "192.0.2.1:%s: %s; 203.0.113.1:%s: %s; 203.0.113.2:%s: %s; 203.0.113.3:%s: not tried; "
             "203.0.113.4:%s: not tried",
             port, strerror(ENETUNREACH), port, strerror(ETIMEDOUT), port, strerror(ETIMEDOUT), port, port);
    cr_assert_str_eq(client.text, text);
    cr_assert_eq(test_open_fds(), before);
}

NAMES_TEST(one_that_is_connected_has_the_other_timeouts)
{
    names_add("host.example", "127.0.0.1");
    start("host.example");
    talks();
    confab_chat_set_timeout(client.chat, CONFAB_TIMEOUT_LIFETIME, CONFAB_SECOND);
    stub_pass(CONFAB_SECOND - 10 * CONFAB_MILLISECOND);
    cr_assert_eq(client.closed, 0);
    stub_pass(10 * CONFAB_MILLISECOND);
    cr_assert_eq(client.closed, 1);
    cr_assert_eq(client.reason, CONFAB_REASON_TIMEOUT);
}

/* -- Giving up -------------------------------------------------------------------- */

NAMES_TEST(closed_while_it_is_looked_up_gets_handle_close_alone)
{
    names_add("slow.example", "127.0.0.1");
    names_hold(true);
    start("slow.example");
    names_wait(1);
    confab_chat_close(client.chat);
    run_until_set(reactor, &client.closed);
    cr_assert_eq(client.reason, CONFAB_REASON_CLOSED);
    cr_assert_str_eq(client.text, "");
    names_hold(false);
    run_quiet(reactor);
    cr_assert_eq(client.connects, 0);
    cr_assert_eq(client.closed, 1);
    cr_assert_str_eq(tried, "");
}

NAMES_TEST(closed_while_its_addresses_are_tried_leaves_no_attempt)
{
    int before;

    make_full();
    before = test_open_fds();
    names_add("host.example", "203.0.113.1");
    names_add("host.example", "203.0.113.2");
    start("host.example");
    run_until(reactor, has_tried, "203.0.113.1");
    stub_pass(delay);
    cr_assert_eq(test_open_fds(), before + 2);
    confab_chat_close(client.chat);
    run_until_set(reactor, &client.closed);
    cr_assert_eq(client.reason, CONFAB_REASON_CLOSED);
    cr_assert_eq(test_open_fds(), before);
}

/* Has one attempt under way, and another address to try. */
static void start_two(void)
{
    make_full();
    names_add("host.example", "203.0.113.1");
    names_add("host.example", "127.0.0.1");
    start("host.example");
    run_until(reactor, has_tried, "203.0.113.1");
    cr_assert_eq(sockets, 1);
}

NAMES_TEST(closing_everything_tries_no_other_address)
{
    start_two();
    confab_reactor_close_all(reactor);
    cr_assert_eq(sockets, 1);
    run_quiet(reactor);
    cr_assert_eq(sockets, 1);
    cr_assert_str_eq(tried, "203.0.113.1");
    cr_assert_eq(client.closed, 1);
    cr_assert_eq(client.reason, CONFAB_REASON_CLOSED);
}

NAMES_TEST(freeing_the_reactor_tries_no_other_address)
{
    start_two();
    test_reactor_free(reactor);
    cr_assert_eq(sockets, 1);
    cr_assert_eq(client.closed, 1);
    reactor = test_reactor(); /* for tear_down */
}

NAMES_TEST(a_look_up_that_nobody_waits_for_does_not_keep_run_going)
{
    names_hold(true);
    start("slow.example");
    names_wait(1);
    confab_chat_close(client.chat);
    confab_listener_close(listener);
    cr_assert_eq(confab_reactor_run(reactor), 0);
    cr_assert_eq(client.closed, 1);
}

NAMES_TEST(a_reactor_can_be_freed_while_a_name_is_looked_up)
{
    names_hold(true);
    start("slow.example");
    names_wait(1);
    test_reactor_free(reactor);
    cr_assert_eq(client.closed, 1);
    reactor = test_reactor(); /* for tear_down */
}

NAMES_TEST(the_child_of_a_fork_has_no_look_up_and_is_told_so)
{
    int status, told[2];
    char result = 0;

    names_hold(true);
    start("slow.example");
    names_wait(1);
    cr_assert_eq(pipe(told), 0);
    pid_t pid = fork();
    if (pid == 0) {
        reactor->io = &stubbed;
        if (!confab_reactor_after_fork(reactor))
            while (!client.closed && confab_reactor_run_once(reactor, CONFAB_SECOND) >= 0)
                continue;
        result = client.reason == CONFAB_REASON_CONNECT && client.error == ECANCELED ? 'c' : 'x';
        /* Killed, not ended: valgrind would take what is left of the parent's threads for a leak. */
        while (write(told[1], &result, 1) == 1)
            pause();
        _exit(1);
    }
    cr_assert_eq(read(told[0], &result, 1), 1);
    kill(pid, SIGKILL);
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert_eq(result, 'c', "the child closed with %c", result);
    close(told[0]);
    close(told[1]);
    cr_assert_eq(client.closed, 0);
}

/* -- Memory ------------------------------------------------------------------------ */

static int allocs_to_go = -1; /* until there is no more memory; -1: there is */

static void *scarce_alloc(void *data, void *old, size_t n)
{
    (void)data;
    if (n == 0) {
        free(old);
        return NULL;
    }
    if (allocs_to_go == 0)
        return NULL;
    if (allocs_to_go > 0)
        allocs_to_go--;
    return realloc(old, n);
}

/* Connects to a name where memory ends after `allocs` allocations.  Returns whether it came about. */
static bool connects_with(int allocs)
{
    struct confab_reactor_options scarce = { .size = sizeof scarce, .alloc = scarce_alloc };
    struct confab_chat_options options = { .size = sizeof options, .data = &client };
    confab_reactor *poor;
    char address[64];

    client = (struct end){ 0 };
    snprintf(address, sizeof address, "host.example:%s", port);
    cr_assert_eq(test_reactor_new(&poor, &scarce), 0);
    allocs_to_go = allocs;
    client.chat = confab_connect(poor, address, &ops, &options);
    while (client.chat && !client.connects && !client.closed) {
        cr_assert_geq(confab_reactor_run_once(poor, CONFAB_SECOND), 0);
        run_quiet(reactor);
    }
    bool connected = client.connects > 0;
    if (client.closed)
        cr_assert_eq(client.error, ENOMEM, "%s", client.text);
    allocs_to_go = -1;
    cr_assert_eq(confab_reactor_free(poor), 0);
    cr_assert_null(client.chat);
    return connected;
}

NAMES_TEST(without_memory_it_fails_and_nothing_is_lost)
{
    int allocs = 0;

    names_add("host.example", "198.51.100.1");
    names_add("host.example", "127.0.0.1");
    while (!connects_with(allocs))
        allocs++;
    cr_assert_gt(allocs, 4, "it has allocated hardly anything");
}
