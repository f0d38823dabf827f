/* Plugins that were built with the headers of an earlier ABI, tests/old_plugins: they load, and all they do is right. */
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROOM = 1024 };

static confab_module *module;
static confab_service *service;
static confab_reactor *reactor;
static confab_listener *listener;

static int load(const char *name, char error[ROOM])
{
    const char *folder = getenv("CONFAB_TEST_OLD_PLUGINS");
    char path[ROOM];

    cr_assert_not_null(folder, "CONFAB_TEST_OLD_PLUGINS is not set");
    snprintf(path, sizeof path, "%s/%s.so", folder, name);
    return confab_module_load(&module, path, NULL, error, ROOM);
}

/* A service of that plugin; options in pairs, a key of "" is a bare word, NULL ends them. */
static void make(const char *name, const char *const *options)
{
    char error[ROOM];

    cr_assert_eq(load(name, error), 0, "%s", error);
    cr_assert_eq(confab_service_new(&service, module, NULL, error, sizeof error), 0, "%s", error);
    for (; options && *options; options += 2) {
        const char *key = **options ? *options : NULL;
        cr_assert_eq(confab_service_option(service, key, options[1], error, sizeof error), 0, "%s", error);
    }
}

static void begin(void)
{
    char error[ROOM];

    reactor = test_reactor();
    cr_assert_eq(confab_service_ready(service, error, sizeof error), 0, "%s", error);
    cr_assert_eq(confab_service_start(service, reactor, error, sizeof error), 0, "%s", error);
    cr_assert_eq(confab_service_listen(service, &listener, "127.0.0.1:0", NULL, NULL), 0);
}

#define OPTIONS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void serve_everything(void)
{
    make("everything", OPTIONS("path", "/dev/null"));
    begin();
}

static int connect_peer(void)
{
    return test_connect(confab_listener_address(listener));
}

static void say(int peer, const char *text)
{
    test_send(peer, text, strlen(text));
}

static void expect(int peer, const char *text)
{
    test_expect_bytes(reactor, peer, text, strlen(text));
}

static bool ended(void *data)
{
    char byte;

    return test_recv(*(int *)data, &byte, 1) == -1;
}

static int64_t counter(unsigned index)
{
    int64_t value;

    cr_assert_eq(confab_service_counter(service, index, &value), 0);
    return value;
}

static bool stopped(void *data)
{
    return confab_service_stopped(data);
}

static void teardown(void)
{
    if (reactor)
        test_reactor_free(reactor);
    if (service)
        cr_assert_eq(confab_service_free(service), 0);
    if (module)
        cr_assert_eq(confab_module_unload(module), 0);
    reactor = NULL, service = NULL, module = NULL;
}

TestSuite(test_old_plugins, .fini = teardown);

/* -- ABI 1.0 --------------------------------------------------------------------------- */

/* Its counters. */
enum { CONFIGURED, READY, STARTED, LOADED, TICKS, STOPPED, CLOSED, POSTED };

static bool ticked(void *data)
{
    (void)data;
    return counter(TICKS) > 1 && counter(LOADED) > 0 && counter(POSTED) > 0;
}

Test(test_old_plugins, hooks_of_a_service_are_called_in_their_order)
{
    serve_everything();
    cr_assert_eq(counter(CONFIGURED), 1);
    cr_assert_eq(counter(READY), 2);
    cr_assert_eq(counter(STARTED), 3);
    run_until(reactor, ticked, NULL);
    cr_assert_eq(counter(LOADED), 4);
    cr_assert_eq(counter(POSTED), 1);
    confab_service_stop(service, 0);
    run_until(reactor, stopped, service);
    cr_assert_eq(counter(STOPPED), 5);
}

Test(test_old_plugins, options_of_each_type_have_their_defaults)
{
    int peer;

    serve_everything();
    peer = connect_peer();
    say(peer, "options\n");
    expect(peer, "none -3 65536 250000000 no green  \r\n");
    test_close(peer);
}

Test(test_old_plugins, options_of_each_type_are_set)
{
    int peer;

    make("everything", OPTIONS("text", "a text", "integer", "10", "size", "1M", "duration", "2s", "flag",
                               "yes", "path", ".", "colour", "blue", "address", "example.org:80", "secret",
                               "hidden", "word", "one", "", "two"));
    begin();
    peer = connect_peer();
    say(peer, "options\n");
    expect(peer, "a text 10 1048576 2000000000 yes blue example.org:80 hidden one two\r\n");
    test_close(peer);
}

Test(test_old_plugins, options_are_bound_as_the_table_of_then_has_it)
{
    char error[ROOM];

    make("everything", NULL);
    cr_assert_eq(confab_service_option(service, "integer", "11", error, sizeof error), -ERANGE);
    cr_assert_eq(confab_service_option(service, "colour", "black", error, sizeof error), -EINVAL);
    cr_assert_eq(confab_service_ready(service, error, sizeof error), -EINVAL);
    cr_assert_not_null(strstr(error, "path"), "%s", error);
}

Test(test_old_plugins, words_of_config_complete_are_shown)
{
    char error[ROOM];

    make("everything", OPTIONS("path", ".", "text", "wrong"));
    cr_assert_lt(confab_service_ready(service, error, sizeof error), 0);
    cr_assert_not_null(strstr(error, "text is \"wrong\""), "%s", error);
}

Test(test_old_plugins, messages_end_at_lines_bytes_and_counts)
{
    int peer;

    serve_everything();
    peer = connect_peer();
    say(peer, "body 5\nab\ncdmark xyz\nyzmark xyz\nbefore xyzbody 0\nbody x\n");
    expect(peer, "5: ab\ncd\r\n0: \r\n8: xbefore \r\n0: \r\nno number\r\n");
    test_close(peer);
}

Test(test_old_plugins, figures_and_names_are_told)
{
    int peer;

    serve_everything();
    peer = connect_peer();
    say(peer, "name\n");
    expect(peer, "everything\r\n");
    say(peer, "facts\n");
    expect(peer, "everything 2 1 stop 1 1 0 me\r\n");
    test_close(peer);
}

Test(test_old_plugins, one_line_is_told_to_all)
{
    int peers[2];

    serve_everything();
    peers[0] = connect_peer();
    peers[1] = connect_peer();
    run_quiet(reactor);
    say(peers[1], "all who listen\n");
    expect(peers[0], "who listen\r\n");
    expect(peers[1], "who listen\r\n");
    test_close(peers[0]);
    test_close(peers[1]);
}

Test(test_old_plugins, timers_and_jobs_answer_in_their_turn)
{
    int peer;

    serve_everything();
    peer = connect_peer();
    say(peer, "later\nwork 40\nname\n");
    expect(peer, "later\r\n42\r\neverything\r\n");
    test_close(peer);
}

Test(test_old_plugins, producers_of_then_produce)
{
    int peer;

    serve_everything();
    peer = connect_peer();
    say(peer, "produce\n");
    expect(
        peer,
        "simple scanning lines\r\nlist globbing hooked 7\r\nchunked\r\n0\r\n\r\nescaping throttled own own "
        "deferred output\r\n");
    test_close(peer);
}

Test(test_old_plugins, files_are_sent)
{
    char path[ROOM];
    int peer, fd;

    snprintf(path, sizeof path, "%s/file", test_folder());
    fd = open(path, O_WRONLY | O_CREAT, 0600);
    cr_assert_eq(write(fd, "0123456789", 10), 10);
    close(fd);
    make("everything", OPTIONS("path", path));
    begin();
    peer = connect_peer();
    say(peer, "file\n");
    expect(peer, "01234567890123");
    test_close(peer);
}

Test(test_old_plugins, another_service_is_connected_to)
{
    char line[ROOM];
    int peer;

    serve_everything();
    peer = connect_peer();
    snprintf(line, sizeof line, "reach %s\n", confab_listener_address(listener));
    say(peer, line);
    expect(peer, "done: everything\r\n");
    test_close(peer);
}

Test(test_old_plugins, message_that_is_too_long_is_skipped)
{
    char *line = malloc(5000);
    int peer;

    memset(line, 'x', 4998);
    memcpy(line + 4998, "\n", 2);
    serve_everything();
    peer = connect_peer();
    say(peer, line);
    say(peer, "name\n");
    expect(peer, "too long\r\neverything\r\n");
    test_close(peer);
    free(line);
}

Test(test_old_plugins, silence_is_told_and_kept)
{
    int peer;

    make("everything", OPTIONS("path", ".", "idle-timeout", "100ms"));
    begin();
    peer = connect_peer();
    expect(peer, "idle\r\n");
    say(peer, "name\n");
    expect(peer, "everything\r\n");
    test_close(peer);
}

Test(test_old_plugins, end_of_input_and_close_are_told)
{
    int peer;

    serve_everything();
    peer = connect_peer();
    run_quiet(reactor);
    test_shutdown(peer);
    expect(peer, "end\r\n");
    run_until(reactor, ended, &peer);
    test_close(peer);
    peer = connect_peer();
    say(peer, "quit\nname\n");
    expect(peer, "bye\r\n");
    run_until(reactor, ended, &peer);
    test_close(peer);
    run_quiet(reactor);
    cr_assert_eq(counter(CLOSED), 2);
}

Test(test_old_plugins, stop_is_told_to_each_chat)
{
    int peer;

    serve_everything();
    peer = connect_peer();
    run_quiet(reactor);
    confab_service_stop(service, CONFAB_MINUTE);
    expect(peer, "stops\r\n");
    run_until(reactor, ended, &peer);
    test_close(peer);
    run_until(reactor, stopped, service);
}

/* -- Fewer fields ------------------------------------------------------------------------ */

Test(test_old_plugins, plugin_with_fewer_fields_talks)
{
    int peer;

    make("fewer", OPTIONS("word", "entry"));
    begin();
    peer = connect_peer();
    say(peer, "one\ntwo\n");
    expect(peer, "entry 1: one\r\nentry 2: two\r\n");
    test_shutdown(peer);
    run_until(reactor, ended, &peer);
    test_close(peer);
}

/* handle_close and handle_shutdown, and the service's hooks. */
Test(test_old_plugins, hooks_that_a_plugin_lacks_are_not_called)
{
    int peer;

    make("fewer", OPTIONS("first", "7"));
    begin();
    peer = connect_peer();
    say(peer, "one\nhalf");
    expect(peer, "line 7: one\r\n");
    confab_service_stop(service, CONFAB_MINUTE);
    say(peer, " a line\n");
    expect(peer, "line 8: half a line\r\n");
    run_until(reactor, ended, &peer);
    test_close(peer);
    run_until(reactor, stopped, service);
}

Test(test_old_plugins, fields_that_a_plugin_lacks_are_zero)
{
    int64_t value;

    make("fewer", NULL);
    const struct confab_plugin *plugin = confab_module_plugin(module);
    cr_assert_null(plugin->counters);
    cr_assert_null(plugin->examples);
    cr_assert_null(plugin->chat->handle_expt);
    cr_assert_null(plugin->chat->handle_close);
    cr_assert_eq(plugin->options[1].flags, 0);
    cr_assert_null(plugin->options[1].help);
    cr_assert_str_eq(plugin->options[1].fallback, "1");
    cr_assert_eq(plugin->default_port, 7011);
    cr_assert_eq(confab_service_counter(service, 0, &value), -ENOENT);
}

/* -- Too new ------------------------------------------------------------------------------- */

#define TEXT_OF(number) #number
#define NUMBER(number)  TEXT_OF(number)
#define THIS_HOST                                                                                     \
    "too new: this host runs " NUMBER(CONFAB_ABI_MAJOR) ".0 to " NUMBER(CONFAB_ABI_MAJOR) "." NUMBER( \
        CONFAB_ABI_MINOR)

static void refuse(const char *name, const char *wanted)
{
    char error[ROOM];

    cr_assert_eq(load(name, error), -EPROTONOSUPPORT);
    cr_assert_null(module);
    cr_assert_not_null(strstr(error, wanted), "%s is not in: %s", wanted, error);
    cr_assert_not_null(strstr(error, THIS_HOST), "%s is not in: %s", THIS_HOST, error);
}

Test(test_old_plugins, newer_minor_is_refused_with_both_numbers)
{
    refuse("newer_minor", "ABI 1.999, ");
}

/* Where a name is expected it has a number: it must not be looked at. */
Test(test_old_plugins, newer_major_is_refused_with_both_numbers)
{
    refuse("newer_major", "ABI 2.0, ");
}
