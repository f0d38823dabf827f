/* reactors.c: reactors in threads of their own share nothing: two talk to each other over chats,
 * each with its timers and its free lists, while others come and go. */
#include "check.h"
#include <confab/chat.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

enum { PAIRS = 2, LINES = 2000, SHORT_LIVED = 200 };

/* One side of a conversation, of one thread. */
struct side {
    confab_reactor *reactor;
    confab_chat *chat;
    bool begins;
    int lines, closed, ticks;
    confab_id ticking;
};

static struct side *side_of(confab_chat *chat)
{
    return confab_chat_data(chat);
}

static int handle_connect(confab_chat *chat)
{
    int error = confab_chat_set_terminator_line(chat);

    if (error == 0 && side_of(chat)->begins)
        error = confab_chat_puts(chat, "line 0\n");
    return error;
}

static int found_terminator(confab_chat *chat)
{
    struct side *side = side_of(chat);
    char expected[32];

    snprintf(expected, sizeof expected, "line %d", side->lines);
    check(strcmp(confab_chat_message(chat, NULL), expected) == 0, "the line that is due");
    if (++side->lines == LINES && side->begins) {
        confab_chat_close_when_done(chat);
        return 0;
    }
    return confab_chat_printf(chat, "line %d\n", side->begins ? side->lines : side->lines - 1);
}

static void handle_close(confab_chat *chat, enum confab_reason reason)
{
    struct side *side = side_of(chat);

    check(reason == (side->begins ? CONFAB_REASON_DONE : CONFAB_REASON_PEER_CLOSED), "a clean end");
    side->closed++;
    check(confab_call_cancel(side->reactor, side->ticking) == 0, "the timer lives");
}

static const struct confab_chat_ops ops = { .size = sizeof ops,
                                            .handle_connect = handle_connect,
                                            .collect_incoming_data = confab_chat_collect,
                                            .found_terminator = found_terminator,
                                            .handle_close = handle_close };

static void tick(confab_reactor *reactor, void *data)
{
    struct side *side = data;

    check(reactor == side->reactor, "a timer is called with its own reactor");
    side->ticks++;
}

static void *converse(void *data)
{
    struct side *side = data;

    side->ticking = confab_call_every(side->reactor, CONFAB_MILLISECOND, tick, side);
    check(side->ticking != 0, "a timer");
    check(confab_reactor_run(side->reactor) == 0, "run ends with the last chat and timer");
    check(side->lines == LINES && side->closed == 1, "the whole conversation was held");
    check(confab_reactor_free(side->reactor) == 0, "the reactor is freed");
    return NULL;
}

static void *come_and_go(void *data)
{
    (void)data;
    for (int i = 0; i < SHORT_LIVED; i++) {
        confab_reactor *reactor;
        check(confab_reactor_new(&reactor, NULL) == 0, "a reactor");
        check(confab_reactor_run_once(reactor, 0) == 0, "an empty turn");
        check(confab_reactor_free(reactor) == 0, "the reactor is freed");
    }
    return NULL;
}

static void open_pair(struct side side[2])
{
    int fd[2];

    check(socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0, "a pair of sockets");
    for (int i = 0; i < 2; i++) {
        struct confab_chat_options options = { .size = sizeof options, .data = &side[i] };
        side[i] = (struct side){ .begins = i == 0 };
        check(confab_reactor_new(&side[i].reactor, NULL) == 0, "a reactor");
        side[i].chat = confab_chat_new(side[i].reactor, fd[i], &ops, &options);
        check(side[i].chat != NULL, "a chat");
    }
}

int main(void)
{
    struct side side[PAIRS][2];
    pthread_t thread[PAIRS][2], other;

    for (int i = 0; i < PAIRS; i++)
        open_pair(side[i]);
    for (int i = 0; i < PAIRS; i++)
        for (int k = 0; k < 2; k++)
            thread[i][k] = thread_start(converse, &side[i][k]);
    other = thread_start(come_and_go, NULL);
    for (int i = 0; i < PAIRS; i++)
        for (int k = 0; k < 2; k++)
            thread_join(thread[i][k]);
    thread_join(other);
    return 0;
}
