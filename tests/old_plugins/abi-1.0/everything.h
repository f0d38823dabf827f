/* everything.h: what the files of the plugin share. */
#ifndef CONFAB_OLD_EVERYTHING_H
#define CONFAB_OLD_EVERYTHING_H

#include <confab/plugin.h>

enum counter { CONFIGURED, READY, STARTED, LOADED, TICKS, STOPPED, CLOSED, POSTED };
extern const char *const counters[];

/* Of the service: its options, and what it has done so far. */
struct state {
    char *text, *path, *address, *secret;
    int64_t integer, duration;
    uint64_t size;
    bool flag;
    int colour;
    struct confab_strings words;

    int64_t steps; /* hooks of the service that were called: each counts with its place among them */
    confab_id ticks;
    const void *functions;
};

/* Of a connection. */
struct session {
    bool body; /* what arrives is no command */
    int sent, drained;
};

/* CONFAB_PLUGIN defines it at the end; a hook that names it wants it before. */
extern __attribute__((visibility("default"))) const struct confab_plugin confab_plugin_entry;

struct state *state_of(confab_chat *chat);

/* everything_service.c: the hooks of the service */
int config_complete(confab_service *service);
int ready(confab_service *service);
int start(confab_service *service, confab_reactor *reactor);
void stop(confab_service *service);
void free_state(confab_service *service);

/* everything_output.c: commands that answer by more than a line, or later */
int say_later(confab_chat *chat, const char *rest);
int produce(confab_chat *chat, const char *rest);
int send_file(confab_chat *chat, const char *rest);
int work(confab_chat *chat, const char *rest);
int reach_other(confab_chat *chat, const char *rest);
int say_name(confab_chat *chat, const char *rest);

/* everything_functions.c: the address of each function of then; loading the plugin looks every one up */
extern void (*const functions[])(void);

#endif
