/* hosting.h: one service in one process, from loading its plugin to the last byte. */
#ifndef CONFAB_TOOLS_HOSTING_H
#define CONFAB_TOOLS_HOSTING_H

#include <stdint.h>

/* What the command line asked for; checked as far as it can be without the plugin. */
struct hosting_wish {
    const char *command; /* for messages */
    const char *program; /* the host's argv[0] */
    const char *plugin;
    const char **words; /* KEY=VALUE, or a bare word */
    int word_count;
    const char **listen; /* addresses; none: the plugin's default port on loopback */
    int listen_count;
    const char *backend; /* NULL: none was asked for */
    const char *record;  /* a folder for recordings; NULL: nothing is recorded */
    uint64_t record_limit;
};

/* Serves until a signal ends it.  Returns the exit status; what went wrong
 * before it served has been printed, what went wrong later logged. */
int hosting_run(const struct hosting_wish *wish);

/* Whether its plugin takes the words: nothing is served, and neither config_complete nor ready is called.  Returns the exit
 * status; what is wrong has been printed, as hosting_run does. */
int hosting_check(const struct hosting_wish *wish);

#endif
