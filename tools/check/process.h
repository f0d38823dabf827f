/* process.h: a process that the plugin runs in, as its parent sees it. */
#ifndef CONFAB_TOOLS_CHECK_PROCESS_H
#define CONFAB_TOOLS_CHECK_PROCESS_H

#include "tools/check/check.h"
#include <signal.h>
#include <sys/types.h>

enum {
    CASE_SECONDS = 60, /* of real time that a case may take without a hook that blocks */
    SAID = 16384       /* bytes kept of what a child writes on standard error */
};

struct child {
    const char *scratch; /* where it is to make its folders: it may end before it has removed them */
    const struct request *request;
    struct board *board;
    struct progress *progress;
    pid_t pid;
    int output;           /* its standard error; -1: it has closed it */
    const sigset_t *mask; /* its signals: ours before we have put off what ends us */
    size_t said_len;
    char said[SAID + 1];
    int status;           /* as of waitpid(2) */
    bool killed;          /* by us: it did not come to an end */
    int64_t limit;        /* all that it may take; 0: as long as it moves */
    struct finding *what; /* of shrinking: what is shrunk; NULL: it runs cases */
    uint64_t from;
};

/* Has it run its cases, or shrink `what`.  -errno: there is no process. */
int process_start(struct child *child);

/* Until it has ended, by itself or by us; of its group nothing is left then. */
void process_wait(struct child *child);

/* What is to end us waits from now on, so that no child and no folder is left; whether something of the kind has come. */
void process_put_off_ends(sigset_t *before);
bool process_interrupted(void);

#endif
