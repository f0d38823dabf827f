/* test_chat_log.c: what is logged of a chat: how it came and how it went, and a plugin's mistake. */
#include "support.h"
#include <confab/chat.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINES = 16, ROOM = 256, PEERS = 3 };

static struct {
    enum confab_level level;
    confab_id chat;
    char peer[ROOM], text[ROOM];
} logged[LINES];
static int lines;

static void keep(void *data, const struct confab_log_line *line)
{
    (void)data;
    cr_assert_lt(lines, LINES);
    logged[lines].level = line->level;
    logged[lines].chat = line->chat;
    snprintf(logged[lines].peer, ROOM, "%s", line->peer ? line->peer : "");
    snprintf(logged[lines].text, ROOM, "%s", line->text);
    lines++;
}

static confab_reactor *reactor;
static confab_id served;

static int open_line(confab_chat *chat)
{
    served = confab_chat_id(chat);
    return confab_chat_set_terminator_line(chat);
}

static int answer(confab_chat *chat)
{
    return confab_chat_puts(chat, "answer\n");
}

static const struct confab_chat_ops ops = { .size = sizeof ops,
                                            .handle_connect = open_line,
                                            .collect_incoming_data = confab_chat_collect,
                                            .found_terminator = answer };

static const char *listen_with(const struct confab_chat_ops *with)
{
    confab_listener *listener;

    reactor = test_reactor();
    cr_assert_eq(confab_listen(&listener, reactor, "127.0.0.1:0", with, NULL), 0);
    return confab_listener_address(listener);
}

/* The next line of one chat, from *at on, begins with this. */
static void cr_line(int *at, confab_id chat, const char *begin)
{
    while (*at < lines && logged[*at].chat != chat)
        ++*at;
    cr_assert_lt(*at, lines, "no line \"%s...\"", begin);
    cr_assert_eq(logged[*at].level, CONFAB_DEBUG);
    cr_assert_eq(strncmp(logged[*at].text, begin, strlen(begin)), 0, "%s", logged[*at].text);
    cr_assert_eq(strncmp(logged[*at].peer, "127.0.0.1:", 10), 0, "peer %s", logged[*at].peer);
    ++*at;
}

static bool all_logged(void *data)
{
    return lines >= *(int *)data;
}

Test(chat_log, debug_tells_of_each_connection_how_it_came_and_how_it_went)
{
    const char *address = listen_with(&ops);
    confab_chat *chat = confab_connect(reactor, address, &ops, NULL);
    confab_id asking;
    int at = 0, all = 4;

    confab_log_set(keep, NULL, CONFAB_DEBUG);
    cr_assert_not_null(chat);
    asking = confab_chat_id(chat);
    confab_chat_puts(chat, "question\n");
    confab_chat_close_when_done(chat);
    run_until(reactor, all_logged, &all);
    cr_line(&at, asking, "connected");
    cr_line(&at, asking, "closed: done; 0 bytes in, 9 out, 0 messages");
    at = 0;
    cr_line(&at, served, "accepted");
    cr_line(&at, served, "closed: peer-closed; 9 bytes in, 7 out, 1 messages");
    cr_assert_eq(lines, 4);
    test_reactor_free(reactor);
}

Test(chat_log, debug_tells_why_a_connection_did_not_come_about)
{
    char address[ROOM], expected[2 * ROOM], *text = logged[0].text;
    int all = 1;

    reactor = test_reactor();
    confab_log_set(keep, NULL, CONFAB_DEBUG);
    snprintf(address, sizeof address, "unix:%s/none", test_folder());
    cr_assert_not_null(confab_connect(reactor, address, &ops, NULL));
    run_until(reactor, all_logged, &all);
    snprintf(expected, sizeof expected, "closed: connect: %s: No such file or directory;", address);
    cr_assert_eq(strncmp(text, expected, strlen(expected)), 0, "%s", text);
    test_reactor_free(reactor);
    cr_assert_eq(lines, 1);
}

/* -- A hook that is missing ---------------------------------------------------- */

static int refused;

static int set_one_anyway(confab_chat *chat)
{
    int error = confab_chat_set_terminator_line(chat);

    refused += error == -EINVAL;
    cr_assert_eq(confab_chat_set_terminator(chat, ";", 1), -EINVAL);
    cr_assert_eq(confab_chat_set_terminator_count(chat, 1), -EINVAL);
    return error;
}

static bool all_refused(void *data)
{
    (void)data;
    return refused == PEERS;
}

Test(chat_log, terminator_without_found_terminator_is_refused_and_told_once_for_all_connections)
{
    static const struct confab_chat_ops none = { .size = sizeof none,
                                                 .handle_connect = set_one_anyway,
                                                 .collect_incoming_data = confab_chat_collect };
    const char *address = listen_with(&none);
    int peers[PEERS];

    confab_log_set(keep, NULL, CONFAB_INFO);
    for (int i = 0; i < PEERS; i++)
        peers[i] = test_connect(address);
    run_until(reactor, all_refused, NULL);
    cr_assert_eq(lines, 1, "%d lines", lines);
    cr_assert_eq(logged[0].level, CONFAB_ERROR);
    cr_assert_not_null(strstr(logged[0].text, "found_terminator"));
    for (int i = 0; i < PEERS; i++)
        test_close(peers[i]);
    test_reactor_free(reactor);
}
