/* test_posix_accept.c: what accept(2) returns for nothing, or for a connection that has gone, is nothing at all.
 * The library's own posix_io.c is here, with an accept that says what the test wants. */
#define posix_accept scripted_accept
#include "backends/posix_io.c"
#undef posix_accept

#include "listener_support.h"
#include <confab/dispatcher.h>

TestSuite(posix_accept, .timeout = 60);

enum { ENDLESS = -1 };

static int script_error, script_times; /* what it returns, and how often */
static int tries;

int posix_accept(int fd, struct sockaddr *address, socklen_t *len);

int scripted_accept(int fd, struct sockaddr *address, socklen_t *len)
{
    tries++;
    if (script_times == 0)
        return posix_accept(fd, address, len);
    if (script_times > 0)
        script_times--;
    return -script_error;
}

static const int nothing[] = { EAGAIN, ECONNABORTED, EINTR, EPROTO };

enum { NOTHINGS = sizeof nothing / sizeof nothing[0] };

/* -- Dispatchers --------------------------------------------------------- */

static int told, got = -1, errors;

static int take_one(confab_dispatcher *d)
{
    told++;
    got = confab_dispatcher_accept(d, NULL, NULL);
    return 0;
}

static int count_error(confab_dispatcher *d, int error)
{
    (void)d, (void)error;
    errors++;
    return 0;
}

static confab_dispatcher *dispatcher_that_accepts(confab_reactor *reactor, char text[128])
{
    static const struct confab_dispatcher_ops ops = { .size = sizeof ops,
                                                      .handle_accept = take_one,
                                                      .handle_error = count_error };
    confab_dispatcher *d = confab_dispatcher_new(reactor, &ops, NULL);

    cr_assert_eq(confab_dispatcher_create_socket(d, AF_INET, SOCK_STREAM), 0);
    cr_assert_eq(confab_dispatcher_bind(d, "127.0.0.1:0"), 0);
    cr_assert_eq(confab_dispatcher_listen(d, 4), 0);
    confab_dispatcher_address(d, text);
    return d;
}

Test(posix_accept, a_dispatcher_accepts_nothing_where_nothing_is_left)
{
    confab_reactor *reactor = test_reactor();
    char text[128];
    confab_dispatcher *d = dispatcher_that_accepts(reactor, text);

    for (int i = 0; i < NOTHINGS; i++) {
        script_error = nothing[i];
        script_times = ENDLESS;
        tries = 0;
        cr_expect_eq(confab_dispatcher_accept(d, NULL, NULL), -EAGAIN, "%s", strerror(nothing[i]));
        cr_expect_leq(tries, ACCEPT_PASSES, "it goes on for ever");
    }
    run_quiet(reactor);
    cr_expect_eq(told + errors, 0);
    cr_expect(confab_dispatcher_accepting(d));
    test_reactor_free(reactor);
}

Test(posix_accept, a_dispatcher_accepts_the_connection_behind_one_that_has_gone)
{
    confab_reactor *reactor = test_reactor();
    char text[128];

    dispatcher_that_accepts(reactor, text);
    for (int i = 1; i < NOTHINGS; i++) { /* behind EAGAIN there is none */
        script_error = nothing[i];
        script_times = 1;
        told = 0;
        int far = test_connect(text);
        run_until_set(reactor, &told);
        cr_expect_geq(got, 0, "%s: %s", strerror(nothing[i]), strerror(-got));
        cr_expect_eq(told, 1);
        close(got);
        close(far);
    }
    cr_expect_eq(errors, 0);
    test_reactor_free(reactor);
}

/* -- Listeners ----------------------------------------------------------- */

Test(posix_accept, a_listener_makes_no_chat_of_a_connection_that_has_gone)
{
    confab_reactor *reactor = test_reactor();
    confab_listener *listener = listen_on(reactor, "127.0.0.1:0");

    confab_log_set(keep_line, NULL, CONFAB_WARNING);
    for (int i = 0; i < NOTHINGS; i++) {
        int before = opened, far;

        script_error = nothing[i];
        script_times = ENDLESS;
        far = test_connect(confab_listener_address(listener));
        for (int turn = 0; turn < 3; turn++)
            cr_assert_geq(confab_reactor_run_once(reactor, CONFAB_SECOND), 0);
        cr_expect_eq(opened, before, "%s", strerror(nothing[i]));
        script_times = 0;
        run_quiet(reactor);
        cr_expect_eq(opened, before + 1, "%s", strerror(nothing[i]));
        close(far);
    }
    cr_expect_eq(lines, 0, "%s", last_line);
    test_reactor_free(reactor);
}
