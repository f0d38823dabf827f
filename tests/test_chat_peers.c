/* test_chat_peers.c: what peers do that no client has a reason to do. */
#include "support.h"
#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SHORT (25 * CONFAB_MILLISECOND)

struct end {
    confab_chat *chat;
    int peer, messages, closed;
    enum confab_reason reason;
};

static int handle_connect(confab_chat *chat)
{
    return confab_chat_set_terminator_line(chat);
}

static int answer(confab_chat *chat)
{
    ((struct end *)confab_chat_data(chat))->messages++;
    return confab_chat_puts(chat, "answer\n");
}

static void handle_close(confab_chat *chat, enum confab_reason reason)
{
    struct end *end = confab_chat_data(chat);

    end->closed++;
    end->reason = reason;
}

static const struct confab_chat_ops ops = { .size = sizeof ops,
                                            .handle_connect = handle_connect,
                                            .collect_incoming_data = confab_chat_collect,
                                            .found_terminator = answer,
                                            .handle_close = handle_close };

static void open_end(struct end *end, confab_reactor *reactor, int64_t message_time)
{
    struct confab_chat_options options = { .size = sizeof options, .data = end };
    int pair[2];

    options.timeout[CONFAB_TIMEOUT_MESSAGE] = message_time;
    test_pair(pair);
    end->peer = pair[1];
    end->chat = confab_chat_new(reactor, pair[0], &ops, &options);
    cr_assert_not_null(end->chat);
    run_quiet(reactor);
}

static void set(confab_reactor *reactor, void *flag)
{
    (void)reactor;
    *(int *)flag = 1;
}

Test(chat_peers, a_message_that_is_only_a_held_cr_has_its_whole_time)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    int later = 0;

    open_end(&end, reactor, 4 * SHORT);
    test_send(end.peer, "x\r\n", 3);
    run_quiet(reactor);
    confab_call_later(reactor, 3 * SHORT, set, &later);
    run_until_set(reactor, &later);
    int64_t sent = test_clock();
    test_send(end.peer, "\r", 1);
    run_until_set(reactor, &end.closed);
    cr_assert_eq(end.reason, CONFAB_REASON_TIMEOUT);
    cr_assert_geq(test_clock() - sent, 4 * SHORT, "early");
    test_reactor_free(reactor);
}

/* It sends more messages than one event may tell of, and takes no answer. */
Test(chat_peers, one_that_takes_no_answers_is_closed_once_its_messages_are_delivered)
{
    test_needs_descriptors();
    enum { MESSAGES = 65 };
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };

    open_end(&end, reactor, CONFAB_OFF);
    cr_assert_eq(shutdown(end.peer, SHUT_RD), 0);
    for (int i = 0; i < MESSAGES; i++)
        test_send(end.peer, "x\n", 2);
    run_until_set(reactor, &end.closed);
    cr_assert_eq(end.reason, CONFAB_REASON_RESET);
    cr_assert_eq(end.messages, MESSAGES);
    test_reactor_free(reactor);
}
