/* bare_support.h: a bare server of `confab bench` in a process of its own, and clients of it. */
#ifndef CONFAB_TESTS_BARE_SUPPORT_H
#define CONFAB_TESTS_BARE_SUPPORT_H

#include "tests/support.h"
#include <stdint.h>

struct served {
    pid_t pid;
    int output; /* its standard output */
    const char *what;
    uint16_t port;
    char address[32];
};

/* Runs `--part bare WHAT [WORD]`, with so many descriptors at the most (0: as many as there may be), and waits until it
 * listens.  It is ended with the test. */
void bare_start(struct served *served, const char *what, const char *word, int descriptors);
void bare_stop(struct served *served);

/* The exit status of one that ends by itself, with these words after WHAT. */
int bare_status(const char *what, int count, const char *const *words);

/* Waits for the end of one that was started: its exit status. */
int bare_wait(struct served *served);

int bare_connect(const struct served *served);

/* Sends all of it, waiting for room; and what there is room for. */
void bare_say(int fd, const void *bytes, size_t len);
size_t bare_say_some(int fd, const void *bytes, size_t len);

/* Receives just these bytes next; and the end of the stream, or a reset. */
void bare_hear(int fd, const void *bytes, size_t len);
void bare_hear_end(int fd);

/* What was sent until now has been read by the server: it has since taken up others' words. */
void bare_settle(const struct served *served);

#endif
