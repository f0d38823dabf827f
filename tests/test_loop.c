/* test_loop.c: what an embedder does with the loop: turns by number, dispatchers and chats in one reactor, ending
 * it from a handler, closing all whatever the handlers do. */
#include "dispatcher_support.h"
#include <confab/chat.h>
#include <confab/host.h>
#include <pthread.h>

TestSuite(loop, .timeout = 60);

enum { TURNS = 5, CHANNELS = 6 };

/* -- Chats that answer with what they got -------------------------------- */

struct end {
    int connects, closed;
    void (*on_close)(confab_chat *);
    bool stops; /* the reactor, as soon as something has arrived */
};

static int handle_connect(confab_chat *chat)
{
    struct end *end = confab_chat_data(chat);

    end->connects++;
    return 0;
}

static int echo(confab_chat *chat, const char *data, size_t len)
{
    struct end *end = confab_chat_data(chat);

    if (end->stops)
        confab_reactor_stop(confab_chat_reactor(chat));
    return confab_chat_push(chat, data, len);
}

static void handle_close(confab_chat *chat, enum confab_reason reason)
{
    struct end *end = confab_chat_data(chat);

    (void)reason;
    end->closed++;
    if (end->on_close)
        end->on_close(chat);
}

static confab_chat *echo_on(confab_reactor *reactor, int fd, struct end *end)
{
    static const struct confab_chat_ops ops = { .size = sizeof ops,
                                                .handle_connect = handle_connect,
                                                .collect_incoming_data = echo,
                                                .handle_close = handle_close };
    struct confab_chat_options options = { .size = sizeof options, .data = end };
    confab_chat *chat = confab_chat_new(reactor, fd, &ops, &options);

    cr_assert_not_null(chat);
    return chat;
}

/* -- Turns and the end of run -------------------------------------------- */

static void post_again(confab_reactor *reactor, void *calls)
{
    if (!reactor)
        return;
    ++*(int *)calls;
    cr_assert_eq(confab_reactor_post(reactor, post_again, calls), 0);
}

Test(loop, runs_as_many_turns_as_it_is_told_to)
{
    confab_reactor *reactor = test_reactor();
    int calls = 0;

    post_again(reactor, &calls); /* one call a turn from now on */
    for (int i = 0; i < TURNS; i++)
        cr_assert_eq(confab_reactor_run_once(reactor, -1), 1);
    cr_expect_eq(calls, 1 + TURNS);
    test_reactor_free(reactor);
}

static void stop_it(confab_dispatcher *d, enum told told)
{
    if (told == READ)
        confab_reactor_stop(confab_dispatcher_reactor(d));
}

Test(loop, a_dispatchers_handler_ends_run_and_the_next_run_goes_on)
{
    struct pair pair = { .seen.also = stop_it };

    pair_open(&pair);
    test_send(pair.far, "1", 1);
    cr_expect_eq(confab_reactor_run(pair.reactor), 0);
    cr_expect_str_eq(pair.seen.order, "R");
    test_send(pair.far, "2", 1);
    cr_expect_eq(confab_reactor_run(pair.reactor), 0);
    cr_expect_str_eq(pair.seen.order, "RR");
    pair_close(&pair);
}

Test(loop, a_chats_hook_ends_run_and_what_it_pushed_has_left)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { .stops = true };
    int fds[2];

    test_pair(fds);
    echo_on(reactor, fds[0], &end);
    test_send(fds[1], "and out", 7);
    cr_expect_eq(confab_reactor_run(reactor), 0);
    test_expect(fds[1], "and out");
    cr_expect_eq(end.closed, 0);
    close(fds[1]);
    test_reactor_free(reactor);
}

/* -- Dispatchers and chats together -------------------------------------- */

static struct end served;

static int serve(confab_dispatcher *d, int fd, const struct sockaddr *peer, socklen_t len)
{
    (void)peer, (void)len;
    echo_on(confab_dispatcher_reactor(d), fd, &served);
    return 0;
}

static void say_hello(confab_dispatcher *d, enum told told)
{
    if (told == CONNECT)
        cr_expect_eq(confab_dispatcher_send(d, "hello", 5), 5);
    if (told == READ)
        confab_dispatcher_close(d);
}

Test(loop, a_dispatcher_accepts_chats_that_talk_with_dispatchers_until_none_is_left)
{
    static const struct confab_dispatcher_ops serving = { .size = sizeof serving, .handle_accepted = serve };
    confab_reactor *reactor = test_reactor();
    confab_dispatcher *l = confab_dispatcher_new(reactor, &serving, NULL);
    struct seen client[CHANNELS] = { 0 };
    char text[128];

    cr_assert_eq(confab_dispatcher_create_socket(l, AF_INET, SOCK_STREAM), 0);
    cr_assert_eq(confab_dispatcher_bind(l, "127.0.0.1:0"), 0);
    cr_assert_eq(confab_dispatcher_listen(l, CHANNELS), 0);
    confab_dispatcher_address(l, text);
    for (int i = 0; i < CHANNELS; i++) {
        client[i].also = say_hello;
        cr_assert_eq(confab_dispatcher_connect(with_socket(reactor, AF_INET, SOCK_STREAM, &client[i]), text),
                     0);
    }
    while (served.closed < CHANNELS)
        cr_assert_geq(confab_reactor_run_once(reactor, 10 * CONFAB_SECOND), 1);
    confab_dispatcher_close(l);
    cr_expect_eq(confab_reactor_run(reactor), 0, "until it is empty");
    for (int i = 0; i < CHANNELS; i++) {
        cr_expect_str_eq(client[i].bytes, "hello");
        cr_expect_str_eq(client[i].order, "CR.");
    }
    cr_expect_eq(served.connects, CHANNELS);
    cr_expect_eq(served.closed, CHANNELS);
    test_reactor_free(reactor);
}

/* -- close_all ----------------------------------------------------------- */

struct crowd {
    confab_reactor *reactor;
    struct seen seen[CHANNELS];
    struct end end[CHANNELS];
    confab_dispatcher *d[CHANNELS];
    confab_chat *chat[CHANNELS];
    int far[2 * CHANNELS];
};

static void crowd_open(struct crowd *crowd)
{
    int fds[2];

    crowd->reactor = test_reactor();
    for (int i = 0; i < CHANNELS; i++) {
        test_pair(fds);
        crowd->d[i] = adopted(crowd->reactor, fds[0], &crowd->seen[i]);
        crowd->far[2 * i] = fds[1];
        test_pair(fds);
        crowd->chat[i] = echo_on(crowd->reactor, fds[0], &crowd->end[i]);
        crowd->far[2 * i + 1] = fds[1];
    }
    run_quiet(crowd->reactor);
}

/* close_all has been called: nothing is left, and each was told once. */
static void crowd_end(struct crowd *crowd)
{
    char byte;

    run_quiet(crowd->reactor);
    for (int i = 0; i < CHANNELS; i++) {
        cr_assert_str_eq(crowd->seen[i].order, ".", "dispatcher %d: %s", i, crowd->seen[i].order);
        cr_assert_eq(crowd->end[i].closed, 1, "chat %d: %d", i, crowd->end[i].closed);
    }
    for (int i = 0; i < 2 * CHANNELS; i++) {
        cr_expect_eq(test_recv(crowd->far[i], &byte, 1), -1, "descriptor %d was not closed", i);
        test_close(crowd->far[i]);
    }
    cr_expect_eq(confab_reactor_run(crowd->reactor), 0, "nothing is left");
    test_reactor_free(crowd->reactor);
}

static void close_again(confab_dispatcher *d, enum told told)
{
    if (told != CLOSE)
        return;
    confab_dispatcher_close(d);
    confab_reactor_close_all(confab_dispatcher_reactor(d));
    cr_expect_eq(confab_dispatcher_send(d, "x", 1), -EPIPE);
}

static void chat_close_again(confab_chat *chat)
{
    confab_chat_close(chat);
    confab_chat_abort(chat);
    confab_reactor_close_all(confab_chat_reactor(chat));
    cr_expect_eq(confab_chat_puts(chat, "x"), -EPIPE);
}

Test(loop, close_all_goes_on_past_handlers_that_misbehave)
{
    static struct crowd crowd;

    crowd_open(&crowd);
    for (int i = 0; i < CHANNELS; i++) {
        crowd.seen[i].also = close_again;
        crowd.seen[i].fail_in = 1u << CLOSE | 1u << ERROR;
        crowd.end[i].on_close = chat_close_again;
    }
    confab_reactor_close_all(crowd.reactor);
    crowd_end(&crowd);
}

static struct seen born;
static int born_far;

static void make_another(confab_dispatcher *d, enum told told)
{
    int fds[2];

    if (told != CLOSE)
        return;
    test_pair(fds);
    adopted(confab_dispatcher_reactor(d), fds[0], &born);
    born_far = fds[1];
}

Test(loop, close_all_does_not_close_what_a_handle_close_makes)
{
    static struct crowd crowd;

    crowd_open(&crowd);
    crowd.seen[0].also = make_another;
    confab_reactor_close_all(crowd.reactor);
    run_quiet(crowd.reactor);
    cr_expect_str_eq(born.order, "");
    test_send(born_far, "x", 1);
    run_until_set(crowd.reactor, &born.times[READ]);
    confab_reactor_close_all(crowd.reactor);
    crowd_end(&crowd);
    cr_expect_str_eq(born.order, "R.");
    test_close(born_far);
}

static void ignore_line(void *data, const struct confab_log_line *line)
{
    (void)data, (void)line;
}

Test(loop, close_all_goes_on_past_descriptors_that_were_closed_behind_its_back)
{
    test_needs_descriptors();
    static struct crowd crowd;

    confab_log_set(ignore_line, NULL, CONFAB_WARNING);
    crowd_open(&crowd);
    cr_assert_eq(close(confab_dispatcher_fd(crowd.d[1])), 0);
    cr_assert_eq(close(confab_chat_fd(crowd.chat[2])), 0);
    confab_reactor_close_all(crowd.reactor);
    crowd_end(&crowd);
}

/* -- Two reactors in two threads ----------------------------------------- */

/* One side of a conversation between two loops. */
struct side {
    int fd, rounds;
    pthread_t thread;
    bool good;
};

static int answer(confab_dispatcher *d)
{
    struct side *side = confab_dispatcher_data(d);
    char byte;
    ssize_t n = confab_dispatcher_recv(d, &byte, 1);

    if (n != 1)
        return (int)n;
    if (++side->rounds == 1000)
        confab_dispatcher_close(d);
    return confab_dispatcher_send(d, &byte, 1) == 1 || side->rounds == 1000 ? 0 : -EIO;
}

static void *run_dispatcher(void *data)
{
    static const struct confab_dispatcher_ops ops = { .size = sizeof ops, .handle_read = answer };
    struct side *side = data;
    confab_reactor *reactor = NULL;

    if (test_reactor_new(&reactor, NULL))
        return NULL;
    confab_dispatcher *d = confab_dispatcher_new(reactor, &ops, side);
    side->good = d && confab_dispatcher_adopt(d, side->fd) == 0 && confab_dispatcher_send(d, "x", 1) == 1 &&
                 confab_reactor_run(reactor) == 0;
    side->good = confab_reactor_free(reactor) == 0 && side->good;
    return NULL;
}

static void *run_chat(void *data)
{
    struct side *side = data;
    struct end end = { 0 };
    confab_reactor *reactor = NULL;

    if (test_reactor_new(&reactor, NULL))
        return NULL;
    echo_on(reactor, side->fd, &end);
    side->good = confab_reactor_run(reactor) == 0 && end.closed == 1;
    side->good = confab_reactor_free(reactor) == 0 && side->good;
    return NULL;
}

Test(loop, a_dispatcher_of_one_thread_talks_with_a_chat_of_another)
{
    test_needs_descriptors();
    struct side dispatcher = { 0 }, chat = { 0 };
    int fds[2];

    test_pair(fds);
    dispatcher.fd = fds[0];
    chat.fd = fds[1];
    cr_assert_eq(pthread_create(&dispatcher.thread, NULL, run_dispatcher, &dispatcher), 0);
    cr_assert_eq(pthread_create(&chat.thread, NULL, run_chat, &chat), 0);
    pthread_join(dispatcher.thread, NULL);
    pthread_join(chat.thread, NULL);
    cr_expect(dispatcher.good);
    cr_expect(chat.good);
    cr_expect_eq(dispatcher.rounds, 1000);
}
