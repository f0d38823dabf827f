/* listener_support.h: a listener whose chats are counted, and the lines that it logs. */
#ifndef CONFAB_TESTS_LISTENER_SUPPORT_H
#define CONFAB_TESTS_LISTENER_SUPPORT_H

#include "core/listener.h"
#include "support.h"
#include <confab/chat.h>
#include <confab/host.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What the chats of a test told; one test a process. */
static int opened, ended;
static confab_chat *last_chat;
static char last_peer[128];
static void (*on_connect)(confab_chat *);

/* What was logged. */
static int lines;
static char last_line[256];

static inline int chat_opened(confab_chat *chat)
{
    opened++;
    last_chat = chat;
    confab_chat_peer(chat, last_peer);
    if (on_connect)
        on_connect(chat);
    return 0;
}

/* Answers with what it got. */
static inline int chat_echo(confab_chat *chat, const char *data, size_t len)
{
    return confab_chat_push(chat, data, len);
}

static inline int chat_found(confab_chat *chat)
{
    (void)chat;
    return 0;
}

static inline void chat_ended(confab_chat *chat, enum confab_reason reason)
{
    (void)chat, (void)reason;
    ended++;
}

static const struct confab_chat_ops echoing = { .size = sizeof echoing,
                                                .handle_connect = chat_opened,
                                                .collect_incoming_data = chat_echo,
                                                .found_terminator = chat_found,
                                                .handle_close = chat_ended };

static inline void keep_line(void *data, const struct confab_log_line *line)
{
    (void)data;
    lines++;
    snprintf(last_line, sizeof last_line, "%s", line->text);
}

static inline confab_listener *listen_on(confab_reactor *reactor, const char *address)
{
    confab_listener *listener = NULL;
    int error = confab_listen(&listener, reactor, address, &echoing, NULL);

    cr_assert_eq(error, 0, "%s: %s", address, strerror(-error));
    return listener;
}

/* Whether this machine has IPv6 at all. */
static inline bool has_six(confab_reactor *reactor)
{
    confab_listener *listener;
    bool has = confab_listen(&listener, reactor, "[::1]:0", &echoing, NULL) == 0;

    if (has)
        confab_listener_close(listener);
    return has;
}

#endif
