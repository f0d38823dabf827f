/* test_alloc.c: where memory runs out, at whatever allocation, nothing crashes,
 * nothing is lost, and what has a release is released once. */
#include "alloc_support.h"
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    TURNS = 30,        /* of one session: more than it needs */
    REFERENCES = 12,   /* that one hook pushes: more than the library can take on without memory */
    ALLOCATIONS = 5000 /* a session makes fewer */
};

/* What one session gave away and what became of it. */
struct session {
    confab_reactor *reactor;
    confab_chat *chat, *second;
    int pushed, released, files[2];
    int pushing, early; /* a push is being called; releases that ran meanwhile */
    int opened, closed, timers;
    confab_id timer;
    char reply[65536];
};

static struct session *session_of(confab_chat *chat)
{
    return confab_chat_data(chat);
}

static void release(void *owner)
{
    struct session *session = owner;

    session->released++;
    session->early += session->pushing;
}

static int handle_connect(confab_chat *chat)
{
    return confab_chat_set_terminator(chat, "<end>", 5);
}

static void tick(confab_chat *chat, void *data)
{
    (void)chat;
    ((struct session *)data)->timers++;
}

/* Pushes one of each kind; a failure of one does not keep the next from being pushed. */
static void push_all_kinds(confab_chat *chat, struct session *session)
{
    void *producer;

    session->pushing = 1;
    confab_chat_puts(chat, "short");
    confab_chat_printf(chat, "%700d", 7);
    confab_chat_push(chat, session->reply, sizeof session->reply);
    for (int i = 0; i < REFERENCES; i++) {
        session->pushed++;
        confab_chat_push_reference(chat, session->reply, 1000, release, session);
    }
    confab_chat_push_buffer(chat, confab_buffer_new("buffer", 6));
    session->files[0] = test_file("file", 4);
    confab_chat_push_file(chat, session->files[0], 0, -1);
    session->files[1] = test_file("file", 4);
    producer = confab_file_producer_new(session->files[1], 0, -1, 0);
    if (producer)
        confab_chat_push_with_producer(chat, &confab_file_producer_ops, producer);
    producer = confab_simple_producer_new(session->reply, 2000, 0, release, session);
    if (producer) {
        session->pushed++;
        confab_chat_push_with_producer(chat, &confab_simple_producer_ops, producer);
    }
    session->pushing = 0;
}

static int found_terminator(confab_chat *chat)
{
    struct session *session = session_of(chat);
    struct confab_chat_options options = { .size = sizeof options, .max_message = 1 << 20 };
    size_t len;

    if (!confab_chat_message(chat, &len))
        return -ENOMEM;
    confab_buffer_unref(confab_chat_take_message(chat));
    push_all_kinds(chat, session);
    confab_chat_set_options(chat, &options);
    confab_chat_set_timeout(chat, CONFAB_TIMEOUT_IDLE, CONFAB_SECOND);
    confab_chat_call_later(chat, 0, tick, session);
    if (session->second)
        confab_chat_pace(chat, session->second);
    /* What follows waits in memory until the resume, which the peer's next bytes find done. */
    confab_chat_suspend(chat);
    return confab_chat_set_terminator(chat, "<another end>", 13);
}

static void handle_close(confab_chat *chat, enum confab_reason reason)
{
    struct session *session = session_of(chat);

    (void)reason;
    session->closed++;
    session->chat = session->chat == chat ? NULL : session->chat;
    session->second = session->second == chat ? NULL : session->second;
}

static const struct confab_chat_ops ops = { .size = sizeof ops,
                                            .session_size = 100,
                                            .handle_connect = handle_connect,
                                            .collect_incoming_data = confab_chat_collect,
                                            .found_terminator = found_terminator,
                                            .handle_close = handle_close };

static void count(confab_reactor *reactor, void *data)
{
    (void)reactor;
    ((struct session *)data)->timers++;
}

/* Turns without sleeping; takes what arrives. */
static void turns(struct session *session, int peer)
{
    static char bytes[65536];

    for (int i = 0; i < TURNS; i++) {
        int n = confab_reactor_run_once(session->reactor, 0);
        cr_assert(n >= 0 || n == -ENOMEM, "run_once: %s", strerror(-n));
        while (recv(peer, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
            continue;
    }
}

static void talk(struct session *session, int peer)
{
    static char text[20000];

    memset(text, 'x', sizeof text);
    test_send_some(peer, text, 10);
    turns(session, peer);
    test_send_some(peer, text, sizeof text);
    test_send_some(peer, "<end>behind it<another", 22);
    turns(session, peer);
    if (session->chat)
        confab_chat_resume(session->chat);
    test_send_some(peer, " end>rest", 9);
    turns(session, peer);
}

static void open_all(struct session *session, int fd, const char *address)
{
    struct confab_chat_options options = { .size = sizeof options, .data = session };
    confab_listener *listener = NULL;
    int error;

    session->chat = confab_chat_new(session->reactor, fd, &ops, &options);
    session->opened += session->chat != NULL;
    error = confab_listen(&listener, session->reactor, address, &ops, &options);

    cr_assert(error == 0 || error == -ENOMEM, "listen: %s", strerror(-error));
    session->second = confab_connect(session->reactor, address, &ops, &options);
    session->opened += session->second != NULL;
    if (session->second)
        confab_chat_puts(session->second, "hello<end>");
    session->timer = confab_call_every(session->reactor, 0, count, session);
    confab_reactor_post(session->reactor, count, session);
}

static void drop_log(void *data, const struct confab_log_line *line)
{
    (void)data, (void)line;
}

static void cr_file_closed(int fd)
{
    struct stat st;

    cr_assert(fd == 0 || (fstat(fd, &st) < 0 && errno == EBADF), "file %d is still open", fd);
}

/* One session with this failure; returns whether it came to it. */
static bool run_session(long fail_at, bool for_ever)
{
    struct meter meter = { .fail_at = fail_at, .for_ever = for_ever };
    struct confab_reactor_options options = { .size = sizeof options,
                                              .alloc = metered,
                                              .alloc_data = &meter };
    static struct session session;
    char address[300];
    int pair[2], before = test_open_fds();

    confab_log_set(drop_log, NULL, CONFAB_ERROR);
    session = (struct session){ 0 };
    snprintf(address, sizeof address, "unix:%s/s", test_folder());
    int error = test_reactor_new(&session.reactor, &options);
    if (!error) {
        test_pair(pair);
        open_all(&session, pair[0], address);
        talk(&session, pair[1]);
        cr_assert_eq(confab_reactor_free(session.reactor), 0);
        test_close(pair[1]);
    }
    cr_assert(error == 0 || error == -ENOMEM, "new: %s", strerror(-error));
    cr_assert_eq(meter.out, 0, "allocation %ld fails: %ld blocks are lost", fail_at, meter.out);
    cr_assert_geq(session.closed, session.opened, "allocation %ld fails: a chat was not told", fail_at);
    cr_assert_eq(session.released, session.pushed, "allocation %ld fails: %d of %d released", fail_at,
                 session.released, session.pushed);
    cr_assert(for_ever || session.early == 0, "allocation %ld fails: released inside the call", fail_at);
    cr_assert_eq(test_open_fds(), before, "allocation %ld fails: descriptors are left", fail_at);
    cr_file_closed(session.files[0]);
    cr_file_closed(session.files[1]);
    return meter.failed > 0;
}

Test(alloc, a_session_without_failure_does_all_of_it)
{
    cr_assert_not(run_session(-1, false));
}

Test(alloc, each_allocation_may_fail_once)
{
    long n = 0;

    while (n < ALLOCATIONS && run_session(n, false))
        n++;
    cr_assert_gt(n, 20, "the session allocates next to nothing");
    cr_assert_lt(n, ALLOCATIONS);
}

Test(alloc, memory_may_run_out_for_good_at_each_allocation)
{
    long n = 0;

    while (n < ALLOCATIONS && run_session(n, true))
        n++;
    cr_assert_gt(n, 20, "the session allocates next to nothing");
}

Test(alloc, calls_say_that_memory_ran_out)
{
    struct meter meter = { .fail_at = -1 };
    struct confab_reactor_options options = { .size = sizeof options,
                                              .alloc = metered,
                                              .alloc_data = &meter };
    confab_reactor *reactor;

    cr_assert_eq(test_reactor_new(&reactor, &options), 0);
    meter.fail_at = meter.calls;
    meter.for_ever = true;
    cr_assert_eq(confab_call_later(reactor, 0, count, NULL), 0);
    cr_assert_null(confab_connect(reactor, "127.0.0.1:1", &ops, NULL));
    cr_assert_eq(confab_reactor_free(reactor), 0);
    cr_assert_eq(meter.out, 0);
    cr_assert_eq(test_reactor_new(&reactor, &options), -ENOMEM);
}
