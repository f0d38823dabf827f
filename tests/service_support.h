/* service_support.h: one service of a plugin that writes down what it is called with. */
#ifndef CONFAB_TESTS_SERVICE_SUPPORT_H
#define CONFAB_TESTS_SERVICE_SUPPORT_H

#include <confab/host.h>
#include <stdbool.h>
#include <stddef.h>

enum { SERVED_WORDS = 2048, SERVED_TRACE = 1024 };

/* The test's service: made by served_setup, not ready yet. */
extern struct served {
    confab_module *module;
    confab_service *service; /* NULL once the test has freed it */
    confab_reactor *reactor; /* likewise */

    char trace
        [SERVED_TRACE]; /* the hooks of the service, and "shutdown" for each handle_shutdown, a blank behind each */
    char error[SERVED_WORDS];  /* the words of the last call that failed */
    int stops, closes;         /* calls of stop and of handle_close */
    enum confab_reason reason; /* of the last handle_close */
    bool draining_seen;        /* what confab_chat_draining said in the last handle_shutdown */

    /* What the hooks are to do: else they succeed, and a chat answers each line with the same line. */
    struct {
        bool config_fails, ready_fails, ready_fails_silently, start_fails, start_listens;
        bool keeps_open; /* handle_shutdown does not close */
        int (*on_line)(confab_chat *chat);
        void (*on_close)(confab_chat *chat);
    } plan;
} served;

/* The plugin's hooks of a chat, and the state of its service. */
extern const struct confab_chat_ops served_ops;
struct served_state {
    char *text;
    int64_t number;
    char bytes[64];
};

/* For TestSuite.  The teardown frees what there is: the service must be through
 * with its reactor by then. */
void served_setup(void);
void served_teardown(void);

/* confab_service_option, which must succeed; _ready; _start. */
void set(const char *key, const char *value);
int make_ready(void);
int make_start(void);

/* Both, which must succeed. */
void serve(void);

/* Serves on a socket of its own; the address is valid until that is closed. */
const char *listen_anywhere(void);

/* Serves with n connections from outside. */
void serve_peers(int peers[], size_t n);

/* Connects the service to a listening socket of the test, *listener: the test's end. */
int connect_outbound(int *listener);

/* Turns the loop until there are n chats, of those that were accepted or of all;
 * until stop was called. */
void until_inbound(size_t n);
void until_chats(size_t n);
void until_stopped(void);

/* How many chats confab_service_next gives. */
size_t count_chats(const struct confab_chat_ops *ops);

#endif
