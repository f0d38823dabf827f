/* What a peer says has one meaning, wherever the stream is cut: recorded
 * sessions, in one piece, with one cut, with two, and byte by byte, give the
 * same messages, the same hooks in the same order and the same output. */
#include "chat_support.h"
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { OUTPUT = 4096, ERROR = 512 };

/* A recorded session: a peer's input, what the hooks are to see of it, what is to come back. */
struct session {
    struct talk model;
    const char *input, *trace, *output;
};

/* Says the input in pieces that end at `ends`; each is one read. */
static void play(struct talk *talk, const char *input, const size_t *ends, size_t pieces)
{
    size_t at = 0;

    for (size_t i = 0; i < pieces; i++) {
        test_send_some(talk->peer, input + at, ends[i] - at);
        run_quiet(talk->reactor);
        at = ends[i];
    }
    test_shutdown(talk->peer);
    run_quiet(talk->reactor);
}

static void receive(int fd, char output[OUTPUT])
{
    ssize_t n = test_recv(fd, output, OUTPUT - 1);

    output[n > 0 ? n : 0] = '\0';
}

static void check(const struct session *session, confab_reactor *reactor, const size_t *ends, size_t pieces)
{
    static struct talk talk;
    char output[OUTPUT];

    talk = session->model;
    talk.reactor = reactor;
    talk_open(&talk);
    run_quiet(reactor);
    play(&talk, session->input, ends, pieces);
    receive(talk.peer, output);
    cr_assert_str_eq(talk.trace, session->trace, "%zu pieces, %zu first: %s", pieces, ends[0], talk.trace);
    cr_assert_str_eq(output, session->output, "%zu pieces, %zu first: %s", pieces, ends[0], output);
    talk_end(&talk);
}

/* Calls say(data, ends, pieces) for every way to cut len bytes that this file tries. */
static void every_split(size_t len, void (*say)(void *data, const size_t *ends, size_t pieces), void *data)
{
    size_t bytes[256];

    cr_assert_leq(len, sizeof bytes / sizeof bytes[0]);
    say(data, &len, 1);
    for (size_t first = 1; first < len; first++) {
        say(data, (size_t[]){ first, len }, 2);
        for (size_t second = first + 1; second < len; second++)
            say(data, (size_t[]){ first, second, len }, 3);
    }
    for (size_t i = 0; i < len; i++)
        bytes[i] = i + 1;
    say(data, bytes, len);
}

struct run {
    const struct session *session;
    confab_reactor *reactor;
};

static void say_to_talk(void *data, const size_t *ends, size_t pieces)
{
    struct run *run = data;

    check(run->session, run->reactor, ends, pieces);
}

static void check_every_split(const struct session *session)
{
    struct run run = { session, test_reactor() };

    every_split(strlen(session->input), say_to_talk, &run);
    test_reactor_free(run.reactor);
}

/* -- a line protocol: answers each line with the same line, until "quit" -- */

static int answer_line(struct talk *talk)
{
    size_t len;
    const char *line = confab_chat_message(talk->chat, &len);

    confab_chat_push(talk->chat, line, len);
    confab_chat_puts(talk->chat, "\r\n");
    if (strcmp(line, "quit") == 0)
        confab_chat_close_when_done(talk->chat);
    return 0;
}

static int collect_by_hand(struct talk *talk, const char *data, size_t len)
{
    return confab_chat_collect(talk->chat, data, len);
}

Test(test_split, line_protocol)
{
    check_every_split(
        &(struct session){ .model = { .line = true, .collect = collect_by_hand, .found = answer_line },
                           .input = "one\r\n\r\ntwo\n\rthr\ree\r\r\n\nno end\r",
                           .trace = "one||two|\\rthr\\ree\\r||no end\\r<eof><close>",
                           .output = "one\r\n\r\ntwo\r\n\rthr\ree\r\r\n\r\n" });
}

Test(test_split, line_protocol_that_closes_in_the_middle)
{
    check_every_split(
        &(struct session){ .model = { .bytes = "\r\n", .collector = true, .found = answer_line },
                           .input = "one\r\nt\rwo\r\nquit\r\nquit\r\nthree\r\n",
                           .trace = "one|t\\rwo|quit|<close>",
                           .output = "one\r\nt\rwo\r\nquit\r\n" });
}

/* -- an echo protocol -- */

static int echo(struct talk *talk, const char *data, size_t len)
{
    return confab_chat_push(talk->chat, data, len);
}

Test(test_split, echo_protocol)
{
    check_every_split(&(struct session){ .model = { .collect = echo },
                                         .input = "anything\r\n at all, \001 and no end",
                                         .trace = "anything\\r\\n at all, \\x01 and no end<eof><close>",
                                         .output = "anything\r\n at all, \001 and no end" });
}

/* -- a mail protocol: lines, and after DATA a text up to a line that is a dot -- */

static int mail_found(struct talk *talk)
{
    const char *message = confab_chat_message(talk->chat, NULL);
    bool *text = talk->data;

    if (*text) {
        *text = false;
        confab_chat_printf(talk->chat, "got %s\n", message);
        return confab_chat_set_terminator(talk->chat, "\r\n", 2);
    }
    if (strcmp(message, "DATA") == 0) {
        *text = true;
        return confab_chat_set_terminator_after(talk->chat, "\r\n.\r\n", 5, 2);
    }
    return confab_chat_puts(talk->chat, "ok\n");
}

Test(test_split, mail_protocol)
{
    static bool text;

    check_every_split(&(struct session){
        .model = { .bytes = "\r\n", .collector = true, .found = mail_found, .data = &text },
        .input = "A\r\nDATA\r\n.\r\nDATA\r\n.a\r\n..\r\n\r\n.\r\nB\r\n",
        .trace = "A|DATA||DATA|\\r\\n.a\\r\\n..\\r\\n|B|<eof><close>",
        .output = "ok\ngot \ngot \r\n.a\r\n..\r\n\nok\n" });
}

/* -- frames: a digit, then so many bytes; the loop rests after each -- */

static void resume(confab_reactor *reactor, void *data)
{
    struct talk *talk = data;

    (void)reactor;
    if (talk->chat)
        confab_chat_resume(talk->chat);
}

static int frame_found(struct talk *talk)
{
    const char *message = confab_chat_message(talk->chat, NULL);

    confab_chat_suspend(talk->chat);
    cr_assert_eq(confab_reactor_post(talk->reactor, resume, talk), 0);
    if (talk->founds % 2)
        return confab_chat_set_terminator_count(talk->chat, (uint64_t)(message[0] - '0'));
    confab_chat_printf(talk->chat, "[%s]", message);
    return confab_chat_set_terminator_count(talk->chat, 1);
}

Test(test_split, frames_with_rests_between_them)
{
    check_every_split(
        &(struct session){ .model = { .count = 1, .collector = true, .found = frame_found },
                           .input = "3abc003\r\n\n1x5hello02yz4",
                           .trace = "3|abc|0||0||3|\\r\\n\\n|1|x|5|hello|0||2|yz|4|<eof><close>",
                           .output = "[abc][][][\r\n\n][x][hello][][yz]" });
}

/* -- messages that are too long -- */

static int skip(struct talk *talk)
{
    confab_chat_skip_message(talk->chat);
    return confab_chat_puts(talk->chat, "long\r\n");
}

Test(test_split, messages_that_are_too_long)
{
    check_every_split(&(struct session){ .model = { .bytes = "aab",
                                                    .collect = collect_by_hand,
                                                    .found = answer_line,
                                                    .too_long = skip,
                                                    .options.max_message = 5 },
                                         .input = "12345aab123aaaabaaaaaab1234aaab123aaaaab",
                                         .trace = "12345|123aa|aaaa|1234a|123aa<long><eof><close>",
                                         .output = "12345\r\n123aa\r\naaaa\r\n1234a\r\nlong\r\n" });
}

/* -- what ends a session: the answers to what came before are sent, however much of it came in the same read -- */

Test(test_split, message_that_closes_for_its_length)
{
    check_every_split(&(struct session){
        .model = { .bytes = "\r\n", .collector = true, .found = answer_line, .options.max_message = 5 },
        .input = "one\r\ntwo\r\n123456\r\nfour\r\n",
        .trace = "one|two|<long><close>",
        .output = "one\r\ntwo\r\n" });
}

static int answer_line_or_fail(struct talk *talk)
{
    const char *line = confab_chat_message(talk->chat, NULL);

    return strcmp(line, "bad") == 0 ? -EPROTO : answer_line(talk);
}

Test(test_split, message_whose_hook_fails)
{
    check_every_split(
        &(struct session){ .model = { .line = true, .collector = true, .found = answer_line_or_fail },
                           .input = "one\r\ntwo\nbad\r\nfour\r\n",
                           .trace = "one|two|bad|<close>",
                           .output = "one\r\ntwo\r\n" });
}

/* -- the plugins of the project, as the host loads them -- */

struct served {
    confab_reactor *reactor;
    const char *address, *input, *output;
};

static void say_to_service(void *data, const size_t *ends, size_t pieces)
{
    struct served *served = data;
    char output[OUTPUT];
    struct talk talk = { .reactor = served->reactor, .peer = test_connect(served->address) };

    run_quiet(served->reactor);
    play(&talk, served->input, ends, pieces);
    receive(talk.peer, output);
    cr_assert_str_eq(output, served->output, "%zu pieces, %zu first: %s", pieces, ends[0], output);
    test_close(talk.peer);
    run_quiet(served->reactor);
}

static void check_plugin(const char *plugin, const char *input, const char *output)
{
    const char *path = getenv("CONFAB_TEST_PLUGINS");
    struct served served = { .input = input, .output = output };
    confab_listener *listener;
    confab_service *service;
    confab_module *module;
    char error[ERROR], address[ERROR];

    if (!path) {
        cr_skip_test("CONFAB_TEST_PLUGINS names no folder with the plugins");
        return;
    }
    served.reactor = test_reactor();
    snprintf(address, sizeof address, "unix:%s/socket", test_folder());
    cr_assert_eq(confab_module_load(&module, plugin, path, error, sizeof error), 0, "%s", error);
    cr_assert_eq(confab_service_new(&service, module, NULL, error, sizeof error), 0, "%s", error);
    cr_assert_eq(confab_service_ready(service, error, sizeof error), 0, "%s", error);
    cr_assert_eq(confab_service_start(service, served.reactor, error, sizeof error), 0, "%s", error);
    cr_assert_eq(confab_service_listen(service, &listener, address, NULL, NULL), 0);
    served.address = confab_listener_address(listener);
    every_split(strlen(input), say_to_service, &served);
    confab_service_stop(service, 0);
    run_quiet(served.reactor);
    test_reactor_free(served.reactor);
    cr_assert_eq(confab_service_free(service), 0);
    cr_assert_eq(confab_module_unload(module), 0);
}

Test(test_split, plugin_line)
{
    check_plugin("line", "one\r\n\r\ntwo\n\rthr\ree\r\r\n\nfour\n",
                 "one\r\n\r\ntwo\r\n\rthr\ree\r\r\n\r\nfour\r\n");
}

Test(test_split, plugin_echo)
{
    check_plugin("echo", "ECHO 5\nhelloECHO 0\nECHO 3\r\n\r\n\nECHO x\nECHO 1\na",
                 "hello\r\n\nERROR not a length: expected decimal digits\n");
}
