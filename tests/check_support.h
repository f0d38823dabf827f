/* check_support.h: a plugin under the watch of `confab check`, and runs of it in a simulated network. */
#ifndef CONFAB_TESTS_CHECK_SUPPORT_H
#define CONFAB_TESTS_CHECK_SUPPORT_H

#include "tools/check/check.h"
#include <stdlib.h>

enum {
    CHECKED_ROOM = 1024,
    CHECKED_LINE = 7 /* of the step that runs, in checked_fork */
};

/* The test's plugin. */
extern struct checked {
    struct watch *watch;
    struct board *board; /* shared with what the test forks */
    confab_sim *sim;     /* of the run; NULL: none */
    confab_service *service;
    confab_listener *listener;
    confab_sim_end *end;     /* NULL: none, or the test has given it up */
    char said[CHECKED_ROOM]; /* what the plugin's side said so far */
    size_t said_len;
} checked;

/* The path of a plugin: of the tests' bad ones, or of the project's. */
const char *checked_path(const char *name, char path[CHECKED_ROOM]);

/* Loads it under a watch: for the setup of a test.  checked_teardown frees what there is. */
void checked_load(const char *name);
void checked_teardown(void);

/* A run, with one connection: begins it; says something and runs until quiet, each piece in a read of its own; ends it. */
void checked_begin(uint64_t fail_at);
void checked_say(const char *text);
void checked_end(void);

/* A whole one; NULL, or what the watch complained of. */
const char *checked_run(const char *first, const char *second);

/* Where the board says to be in checked_fork. */
extern const char checked_seed[], checked_session[];

/* The same in a fork, where it may crash: what the board was told of that; NULL: it came to its end, and then
 * *complaint is the watch's, or "". */
const char *checked_fork(const char *first, const char *second, uint64_t fail_at, const char **complaint);

/* Skips a test of what valgrind would report: a crash, an end of the process, a thread that is left. */
void checked_not_under_valgrind(void);

/* Fails the test unless this text holds the words. */
void checked_holds(const char *text, const char *words);

#endif
