/* test_chat_hooks.c: closing, discarding and suspending in each place where a chat runs
 * somebody's code: every hook, a producer, a release, a timer, a post.
 *
 * The table says what is called then.  In a trace "(one)" is collect_incoming_data, "|"
 * found_terminator, "!" where it was done; the rest are the names of the places. */
#include "core/chat.h"
#include "stub_io.h"
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum place {
    CONNECT,
    COLLECT,
    FOUND,
    AT_EOF,
    DRAIN,
    SENT,
    TIMED_OUT,
    TOO_LONG,
    SHUTDOWN,
    EXPT,
    CLOSE,
    MORE,
    RELEASE,
    TIMER,
    POST,
    PLACES
};

enum { MUCH = 8 << 20, TRACE = 512 };

/* A chat, its peer, and what is done where. */
struct scene {
    confab_reactor *reactor;
    confab_chat *chat;
    int peer;
    enum place place;
    void (*act)(confab_chat *chat);
    bool acted;
    int closes, asked;
    enum confab_reason reason;
    char trace[TRACE];
    char heard[TRACE]; /* what the peer got, but for zeros */
};

static void note(struct scene *scene, const char *text)
{
    size_t len = strlen(scene->trace);

    cr_assert_lt(len + strlen(text), sizeof scene->trace, "%s", scene->trace);
    strcpy(scene->trace + len, text);
}

/* Notes that this place was come to, and does there the first time what is to be done. */
static struct scene *come_to(struct scene *scene, enum place place, const char *name)
{
    note(scene, name);
    cr_assert_leq(scene->closes, place == CLOSE || place == RELEASE, "after handle_close: %s", scene->trace);
    if (place == scene->place && scene->act && !scene->acted) {
        scene->acted = true;
        scene->act(scene->chat);
        note(scene, "!");
    }
    return scene;
}

static struct scene *scene_of(confab_chat *chat)
{
    return confab_chat_data(chat);
}

/* -- the places -- */

static int handle_connect(confab_chat *chat)
{
    scene_of(chat)->chat = chat;
    cr_assert_eq(confab_chat_set_terminator_line(chat), 0);
    come_to(scene_of(chat), CONNECT, scene_of(chat)->place == CONNECT ? "<connect>" : "");
    return 0;
}

static int collect(confab_chat *chat, const char *data, size_t len)
{
    char text[32];

    snprintf(text, sizeof text, "(%.*s)", (int)len, data);
    come_to(scene_of(chat), COLLECT, text);
    return 0;
}

static int found_terminator(confab_chat *chat)
{
    come_to(scene_of(chat), FOUND, "|");
    return 0;
}

static int handle_eof(confab_chat *chat)
{
    come_to(scene_of(chat), AT_EOF, "<eof>");
    return 0;
}

static int handle_drain(confab_chat *chat)
{
    come_to(scene_of(chat), DRAIN, "<drain>");
    return 0;
}

static int handle_sent(confab_chat *chat)
{
    come_to(scene_of(chat), SENT, "<sent>");
    return 0;
}

static int handle_timeout(confab_chat *chat, enum confab_timeout which)
{
    cr_assert_eq(which, CONFAB_TIMEOUT_IDLE);
    come_to(scene_of(chat), TIMED_OUT, "<timeout>");
    return 0;
}

static int handle_too_long(confab_chat *chat)
{
    confab_chat_skip_message(chat);
    come_to(scene_of(chat), TOO_LONG, "<long>");
    return 0;
}

static int handle_shutdown(confab_chat *chat)
{
    come_to(scene_of(chat), SHUTDOWN, "<shutdown>");
    return 0;
}

static int handle_expt(confab_chat *chat)
{
    char byte;

    cr_assert_eq(recv(confab_chat_fd(chat), &byte, 1, MSG_OOB), 1);
    come_to(scene_of(chat), EXPT, "<expt>");
    return 0;
}

static void handle_close(confab_chat *chat, enum confab_reason reason)
{
    struct scene *scene = scene_of(chat);

    scene->reason = reason;
    scene->closes++;
    come_to(scene, CLOSE, "<close>");
    scene->chat = NULL;
}

static const struct confab_chat_ops ops = { .size = sizeof ops,
                                            .handle_connect = handle_connect,
                                            .collect_incoming_data = collect,
                                            .found_terminator = found_terminator,
                                            .handle_eof = handle_eof,
                                            .handle_drain = handle_drain,
                                            .handle_sent = handle_sent,
                                            .handle_timeout = handle_timeout,
                                            .handle_too_long = handle_too_long,
                                            .handle_shutdown = handle_shutdown,
                                            .handle_expt = handle_expt,
                                            .handle_close = handle_close };

static ssize_t more(void *self, confab_chat *chat, size_t want, const char **bytes)
{
    struct scene *scene = come_to(self, MORE, "<more>");

    (void)chat, (void)want;
    *bytes = "made";
    return scene->asked++ ? 0 : 4;
}

static void released(void *scene)
{
    come_to(scene, RELEASE, "<release>");
}

static const struct confab_producer_ops producer = { .size = sizeof producer,
                                                     .more = more,
                                                     .release = released };

static void timer(confab_chat *chat, void *scene)
{
    (void)chat;
    come_to(scene, TIMER, "<timer>");
}

static void post(confab_reactor *reactor, void *scene)
{
    (void)reactor;
    come_to(scene, POST, "<post>");
}

/* -- how each is brought about -- */

static void say(struct scene *scene, const char *text)
{
    test_send_some(scene->peer, text, strlen(text));
}

static void hear(struct scene *scene)
{
    static char bytes[65536];
    size_t len = strlen(scene->heard);
    ssize_t n;

    while ((n = test_recv(scene->peer, bytes, sizeof bytes)) > 0)
        for (ssize_t i = 0; i < n; i++)
            if (bytes[i] && len + 1 < sizeof scene->heard)
                scene->heard[len++] = bytes[i];
}

static void bring_two_lines(struct scene *scene)
{
    say(scene, "one\ntwo\n");
}

static void bring_eof(struct scene *scene)
{
    say(scene, "one\ntwo");
    test_shutdown(scene->peer);
}

static void bring_drain(struct scene *scene)
{
    static const char zeros[MUCH];
    struct confab_chat_stats stats = { .size = sizeof stats };

    cr_assert_eq(confab_chat_push_reference(scene->chat, zeros, sizeof zeros, NULL, NULL), 0);
    run_quiet(scene->reactor);
    say(scene, "one\n");
    run_quiet(scene->reactor);
    cr_assert_str_eq(scene->trace, "", "it is read in spite of its output: %s", scene->trace);
    for (int i = 0; i < 10000 && stats.bytes_out < sizeof zeros && !scene->closes; i++) {
        hear(scene);
        confab_reactor_run_once(scene->reactor, CONFAB_MILLISECOND);
        if (scene->chat)
            confab_chat_get_stats(scene->chat, &stats);
    }
}

static void bring_sent(struct scene *scene)
{
    cr_assert_eq(confab_chat_puts(scene->chat, "pushed"), 0);
}

static void bring_timeout(struct scene *scene)
{
    (void)scene;
    stub_pass(6 * CONFAB_MINUTE);
}

static void bring_too_long(struct scene *scene)
{
    say(scene, "too long a line\ntwo\n");
}

static void bring_shutdown(struct scene *scene)
{
    chat_stop(scene->chat);
}

/* In one event with what can be read behind it. */
static void bring_expt(struct scene *scene)
{
    cr_assert_eq(send(scene->peer, "!", 1, MSG_OOB), 1);
    say(scene, "one\ntwo\n");
}

static void bring_close(struct scene *scene)
{
    say(scene, "one\n");
    confab_chat_close(scene->chat);
}

static void bring_more(struct scene *scene)
{
    cr_assert_eq(confab_chat_push_with_producer(scene->chat, &producer, scene), 0);
}

static void bring_release(struct scene *scene)
{
    cr_assert_eq(confab_chat_push_reference(scene->chat, "pushed", 6, released, scene), 0);
}

static void bring_timer(struct scene *scene)
{
    cr_assert_neq(confab_chat_call_later(scene->chat, CONFAB_SECOND, timer, scene), 0);
    stub_pass(CONFAB_SECOND);
}

static void bring_post(struct scene *scene)
{
    cr_assert_eq(confab_reactor_post(scene->reactor, post, scene), 0);
}

/* What is called up to the place; and from there on where nothing is done in it; where the chat is
 * closed there; by close_when_done; where its buffers are discarded; where it is suspended;
 * and when it is resumed.  "late" arrives after all but the last. */
static const struct row {
    void (*bring)(struct scene *scene);
    const char *before, *plain, *closed, *done, *discarded, *suspended, *resumed;
} rows[PLACES] = {
    [CONNECT] = { bring_two_lines, "<connect>", "(one)|(two)|(late)|", "<close>", "<close>",
                  "(one)|(two)|(late)|", "<sent>", "(one)|(two)|(late)|" },
    [COLLECT] = { bring_two_lines, "(one)", "|(two)|(late)|", "<close>", "<close>", "(late)|", "<sent>",
                  "|(two)|(late)|" },
    [FOUND] = { bring_two_lines, "(one)|", "(two)|(late)|", "<close>", "<close>", "(late)|", "<sent>",
                "(two)|(late)|" },
    [AT_EOF] = { bring_eof, "(one)|(two)<eof>", "", "<close>", "<close>", "", "<sent>", "" },
    [DRAIN] = { bring_drain, "<drain>", "<sent>(one)|(late)|", "<close>", "<close>", "<sent>(one)|(late)|",
                "<sent>", "(one)|(late)|" },
    [SENT] = { bring_sent, "<sent>", "(late)|", "<close>", "<close>", "(late)|", "<sent>", "(late)|" },
    [TIMED_OUT] = { bring_timeout, "<timeout>", "(late)|", "<close>", "<close>", "(late)|", "<sent>",
                    "(late)|" },
    [TOO_LONG] = { bring_too_long, "(too long a)<long>", "(two)|(late)|", "<close>", "<close>", "(late)|",
                   "<sent>", "(two)|(late)|" },
    [SHUTDOWN] = { bring_shutdown, "<shutdown>", "(late)|", "<close>", "<close>", "(late)|", "<sent>",
                   "(late)|" },
    [EXPT] = { bring_expt, "<expt>", "(one)|(two)|(late)|", "<close>", "<close>", "(one)|(two)|(late)|",
               "<sent>", "(one)|(two)|(late)|" },
    [CLOSE] = { bring_close, "<close>", "", "", "", "", "", "" },
    [MORE] = { bring_more, "<more>", "<more><sent><release>(late)|", "<release><close>",
               "<more><release><close>", "<release>(late)|", "<more><sent><release>", "(late)|" },
    [RELEASE] = { bring_release, "<sent><release>", "(late)|", "<close>", "<close>", "(late)|", "<sent>",
                  "(late)|" },
    [TIMER] = { bring_timer, "<timer>", "(late)|", "<close>", "<close>", "(late)|", "<sent>", "(late)|" },
    [POST] = { bring_post, "<post>", "(late)|", "<close>", "<close>", "(late)|", "<sent>", "(late)|" },
};

/* -- what is done there -- */

static void do_close(confab_chat *chat)
{
    (void)confab_chat_puts(chat, "dropped");
    confab_chat_close(chat);
}

static void do_abort(confab_chat *chat)
{
    (void)confab_chat_puts(chat, "dropped");
    confab_chat_abort(chat);
}

static void do_close_when_done(confab_chat *chat)
{
    (void)confab_chat_puts(chat, "kept");
    confab_chat_close_when_done(chat);
}

static void do_discard(confab_chat *chat)
{
    (void)confab_chat_puts(chat, "dropped");
    confab_chat_discard_buffers(chat);
}

static void do_suspend(confab_chat *chat)
{
    (void)confab_chat_puts(chat, "kept");
    confab_chat_suspend(chat);
}

static void open_scene(struct scene *scene)
{
    struct confab_chat_options options = {
        .size = sizeof options, .low = 100, .high = 1000, .max_message = 10, .data = scene
    };
    int pair[2];

    options.timeout[CONFAB_TIMEOUT_WRITE] = CONFAB_OFF;
    scene->reactor = test_reactor();
    stub_io(scene->reactor);
    test_tcp_pair(pair);
    scene->peer = pair[1];
    cr_assert_not_null(confab_chat_new(scene->reactor, pair[0], &ops, &options));
    if (scene->place != CONNECT)
        run_quiet(scene->reactor);
}

static void expect(const struct scene *scene, const char *before, const char *after)
{
    char trace[TRACE];

    snprintf(trace, sizeof trace, "%s%s%s", before, scene->act && before[0] ? "!" : "", after);
    cr_expect_str_eq(scene->trace, trace, "place %d: %s\nwhere this was expected: %s", (int)scene->place,
                     scene->trace, trace);
}

/* Plays one row of the table up to "late"; after is what is expected behind the place. */
static void play(struct scene *scene, const char *after)
{
    open_scene(scene);
    rows[scene->place].bring(scene);
    run_quiet(scene->reactor);
    hear(scene);
    run_quiet(scene->reactor);
    say(scene, "late\n");
    run_quiet(scene->reactor);
    expect(scene, rows[scene->place].before, after);
}

static void end_scene(struct scene *scene)
{
    hear(scene);
    if (scene->chat)
        confab_chat_close(scene->chat);
    run_quiet(scene->reactor);
    cr_expect_eq(scene->closes, 1, "place %d: %d calls of handle_close", (int)scene->place, scene->closes);
    cr_expect_null(strstr(scene->heard, "dropped"), "place %d: what was dropped was sent", (int)scene->place);
    test_close(scene->peer);
    test_reactor_free(scene->reactor);
}

static enum place next_place(enum place place)
{
    place++;
    return place == EXPT && !test_tells_except() ? place + 1 : place;
}

static void closes_everywhere(void (*act)(confab_chat *))
{
    for (enum place place = 0; place < PLACES; place = next_place(place)) {
        struct scene scene = { .place = place, .act = act };

        play(&scene, rows[place].closed);
        cr_expect_eq(scene.closes, 1, "place %d: it is open", (int)place);
        cr_expect_eq(scene.reason, CONFAB_REASON_CLOSED, "place %d", (int)place);
        end_scene(&scene);
    }
}

Test(chat_hooks, each_place_is_come_to)
{
    for (enum place place = 0; place < PLACES; place = next_place(place)) {
        struct scene scene = { .place = place };

        play(&scene, rows[place].plain);
        end_scene(&scene);
    }
}

Test(chat_hooks, close_in_each_place_is_followed_by_handle_close_alone)
{
    closes_everywhere(do_close);
}

Test(chat_hooks, abort_in_each_place_is_followed_by_handle_close_alone)
{
    closes_everywhere(do_abort);
}

Test(chat_hooks, close_when_done_in_each_place_sends_and_delivers_nothing_more)
{
    for (enum place place = 0; place < PLACES; place = next_place(place)) {
        struct scene scene = { .place = place, .act = do_close_when_done };

        play(&scene, rows[place].done);
        cr_expect_eq(scene.closes, 1, "place %d: it is open", (int)place);
        cr_expect_eq(scene.reason, place == CLOSE ? CONFAB_REASON_CLOSED : CONFAB_REASON_DONE, "place %d",
                     (int)place);
        hear(&scene);
        cr_expect_eq(strstr(scene.heard, "kept") != NULL, place != CLOSE, "place %d: \"%s\" was sent",
                     (int)place, scene.heard);
        end_scene(&scene);
    }
}

Test(chat_hooks, discard_in_each_place_drops_what_was_read_and_pushed_and_goes_on)
{
    for (enum place place = 0; place < PLACES; place = next_place(place)) {
        struct scene scene = { .place = place, .act = do_discard };

        play(&scene, rows[place].discarded);
        end_scene(&scene);
    }
}

Test(chat_hooks, suspend_in_each_place_delivers_nothing_until_resumed_and_then_all)
{
    for (enum place place = 0; place < PLACES; place = next_place(place)) {
        struct scene scene = { .place = place, .act = do_suspend };

        play(&scene, rows[place].suspended);
        scene.trace[0] = '\0';
        if (scene.chat)
            confab_chat_resume(scene.chat);
        run_quiet(scene.reactor);
        expect(&scene, "", rows[place].resumed);
        hear(&scene);
        cr_expect_eq(strstr(scene.heard, "kept") != NULL, place != CLOSE, "place %d: \"%s\" was sent",
                     (int)place, scene.heard);
        end_scene(&scene);
    }
}
