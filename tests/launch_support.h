/* launch_support.h: a bench, and `launched`, which it starts as a server or a worker, for each test anew. */
#ifndef CONFAB_TESTS_LAUNCH_SUPPORT_H
#define CONFAB_TESTS_LAUNCH_SUPPORT_H

#include "support.h"
#include "tools/bench/keep.h"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATIENCE = 20000 /* milliseconds */ };
#define SHORT (50 * CONFAB_MILLISECOND)

static struct bench bench;
static struct contender contender;
static struct server server;
static struct sample sample;

/* .init and .fini of a suite. */
static inline void setup(void)
{
    bench = (struct bench){ .server_cpu = -1, .load_cpu = -1 };
    contender = (struct contender){ .name = "launched",
                                    .kind = CONTENDER_PEER,
                                    .program = getenv("CONFAB_TEST_LAUNCHED") };
    cr_assert_not_null(contender.program, "CONFAB_TEST_LAUNCHED is not set");
    /* run_suite has forks.so there, which brings a sanitizer's library along: `launched` can do without, and its system
     * calls are counted. */
    unsetenv("LD_PRELOAD");
    sample_clear(&sample);
}

static inline void teardown(void)
{
    server_stop(&server, &sample);
    sample_clear(&sample);
}

static inline bool start(const char *what, const char *word)
{
    const char *const words[] = { word, NULL };
    return server_start(&bench, &contender, what, words, &server, &sample);
}

static inline void starts(const char *what, const char *word)
{
    cr_assert(start(what, word), "%s", sample.why);
}

/* A pipe with a name: what ends when nobody holds it any more. */
static inline const char *held(int *fd)
{
    static char path[256];

    snprintf(path, sizeof path, "%s/held", test_folder());
    cr_assert_eq(mkfifo(path, 0600), 0);
    *fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    cr_assert_geq(*fd, 0);
    return path;
}

static inline void is_let_go(int fd)
{
    struct pollfd ready = { .fd = fd, .events = POLLIN };

    cr_assert_eq(poll(&ready, 1, PATIENCE), 1);
    close(fd);
}

#endif
