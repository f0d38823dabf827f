/* Three phases follow each other once all is set up:
 *
 *   serve    until the first SIGTERM, SIGINT or SIGQUIT, which starts a drain
 *   drain    until the service has stopped; a second signal closes what is left
 *   linger   until the last bytes have reached their peers, for LINGER_SECONDS at the most
 */
#include "hosting.h"

#include "command.h"
#include "listening.h"
#include "plugin_path.h"
#include "record.h"

#include <confab/host.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    LINGER_SECONDS = 3,   /* the library's own takes one; a plugin's forgotten timer would take for ever */
    KEY_BYTES = 64,       /* of an option's name and its NUL */
    COUNTERS_BYTES = 2048 /* of all counters as text: more than the log takes, which marks its cut */
};

struct hosting {
    const struct hosting_wish *wish;
    confab_module *module;
    confab_service *service;
    confab_reactor *reactor;
    struct recorder *recorder; /* NULL: nothing is recorded */
    bool started;
    unsigned ends; /* signals that asked for the end */
    char error[COMMAND_ERROR];
};

/* -- What signals do, on the loop ----------------------------------------- */

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

static void end_asked(confab_reactor *reactor, void *data)
{
    struct hosting *hosting = data;
    if (hosting->ends++ == 0) {
        size_t count = confab_service_inbound(hosting->service);
        confab_service_log(hosting->service, CONFAB_INFO, "asked to end: draining, %zu connection%s", count,
                           plural(count));
        confab_service_stop(hosting->service, -1);
    } else {
        size_t count = confab_service_chats(hosting->service);
        confab_service_log(hosting->service, CONFAB_WARNING,
                           "asked to end again: closing %zu connection%s at once", count, plural(count));
        confab_service_stop(hosting->service, 0);
    }
    confab_reactor_stop(reactor); /* ends the phase of serving, or of lingering */
}

static void reload_asked(confab_reactor *reactor, void *data)
{
    (void)reactor;
    const struct hosting *hosting = data;
    confab_service_log(hosting->service, CONFAB_INFO, "SIGHUP: nothing to reload, goes on as it is");
}

static void linger_over(confab_reactor *reactor, void *data)
{
    (void)data;
    confab_reactor_stop(reactor);
}

static int take_signals(struct hosting *hosting)
{
    static const struct {
        int signo;
        confab_call *call;
    } table[] = {
        { SIGTERM, end_asked },   { SIGINT, end_asked },    { SIGQUIT, end_asked },
        { SIGHUP, reload_asked }, { SIGALRM, linger_over },
    };
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        int error = confab_reactor_signal(hosting->reactor, table[i].signo, table[i].call, hosting);
        if (error)
            return failure(hosting->wish->command, "cannot handle signal %d: %s", table[i].signo,
                           strerror(-error));
    }
    return EXIT_SUCCESS;
}

/* -- Setting up: each prints what is wrong and returns the exit status ------ */

static int load(struct hosting *hosting)
{
    const struct hosting_wish *wish = hosting->wish;
    char *path = plugin_path_new(wish->program);
    if (!path)
        return failure(wish->command, "out of memory");
    int error =
        confab_module_load(&hosting->module, wish->plugin, path, hosting->error, sizeof(hosting->error));
    free(path);
    if (!error)
        error = confab_service_new(&hosting->service, hosting->module, NULL, hosting->error,
                                   sizeof(hosting->error));
    return error ? failure(wish->command, "%s", hosting->error) : EXIT_SUCCESS;
}

/* How long the KEY of KEY=VALUE is; 0: a bare word.  A path with a "=" in it is a bare word. */
static size_t key_length(const char *word)
{
    size_t len = strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
    return word[len] == '=' ? len : 0;
}

static int set_words(struct hosting *hosting)
{
    const struct hosting_wish *wish = hosting->wish;
    for (int i = 0; i < wish->word_count; i++) {
        const char *word = wish->words[i];
        char key[KEY_BYTES];
        size_t len = key_length(word);
        if (len >= sizeof(key))
            return usage_error(wish->command, "no option has a name of %zu bytes: \"%s\"", len, word);
        memcpy(key, word, len);
        key[len] = '\0';
        int error = confab_service_option(hosting->service, len ? key : NULL, len ? word + len + 1 : word,
                                          hosting->error, sizeof(hosting->error));
        if (error)
            return usage_error(wish->command, "%s", hosting->error);
    }
    return EXIT_SUCCESS;
}

static int set_options(struct hosting *hosting)
{
    int status = set_words(hosting);
    if (!status && confab_service_ready(hosting->service, hosting->error, sizeof(hosting->error)) < 0)
        status = failure(hosting->wish->command, "%s", hosting->error);
    return status;
}

/* Before the service starts: its plugin may listen there. */
static int record(struct hosting *hosting)
{
    const struct hosting_wish *wish = hosting->wish;
    if (!hosting->recorder)
        return EXIT_SUCCESS;
    int error = recorder_attach(hosting->recorder, hosting->service, confab_module_plugin(hosting->module),
                                wish->words, wish->word_count);
    return error ? failure(wish->command, "--record: %s", strerror(-error)) : EXIT_SUCCESS;
}

/* Each connection takes a descriptor, and the soft limit is often 1,024. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit); /* where it is refused, what there was goes on to hold */
    }
}

static int start(struct hosting *hosting)
{
    const struct hosting_wish *wish = hosting->wish;
    const struct confab_reactor_options options = { .size = sizeof(options), .backend = wish->backend };
    raise_descriptor_limit();
    int error = confab_reactor_new(&hosting->reactor, &options);
    if (error) {
        const char *name = wish->backend ? wish->backend : getenv("CONFAB_BACKEND");
        return failure(wish->command, "cannot open the backend \"%s\": %s; see 'confab backends'",
                       name && *name ? name : confab_backend_name(0), strerror(-error));
    }
    int status = take_signals(hosting);
    if (status)
        return status;
    if (confab_service_start(hosting->service, hosting->reactor, hosting->error, sizeof(hosting->error)) < 0)
        return failure(wish->command, "%s", hosting->error);
    hosting->started = true;
    return EXIT_SUCCESS;
}

/* -- Serving, and the end --------------------------------------------------- */

/* Turns the loop until the service has stopped. */
static int drain(struct hosting *hosting)
{
    int result = 0;
    while (result >= 0 && !confab_service_stopped(hosting->service))
        result = confab_reactor_run_once(hosting->reactor, -1);
    return result < 0 ? result : 0;
}

/* With the plugin's own counters, if it has any: "stopped: replies 12, refused 0". */
static void log_stopped(struct hosting *hosting)
{
    const char *const *names = confab_module_plugin(hosting->module)->counters;
    char text[COUNTERS_BYTES] = "";
    size_t used = 0;
    int64_t value;
    for (unsigned i = 0; used < sizeof(text) && confab_service_counter(hosting->service, i, &value) == 0;
         i++) {
        int n = snprintf(text + used, sizeof(text) - used, "%s%s %" PRId64, i ? ", " : ": ", names[i], value);
        used += n > 0 ? (size_t)n : 0;
    }
    confab_service_log(hosting->service, CONFAB_INFO, "stopped%s", text);
}

static int serve(struct hosting *hosting)
{
    confab_service_log(hosting->service, CONFAB_INFO, "serving %s with %s",
                       confab_module_path(hosting->module), confab_reactor_backend(hosting->reactor));
    int error = confab_reactor_run(hosting->reactor);
    if (!error && hosting->ends == 0)
        confab_service_stop(hosting->service, -1); /* the plugin stopped the loop */
    if (!error)
        error = drain(hosting);
    if (!error) {
        alarm(LINGER_SECONDS);
        error = confab_reactor_run(hosting->reactor);
        alarm(0);
    }
    if (!error) {
        log_stopped(hosting);
        return EXIT_SUCCESS;
    }
    confab_service_log(hosting->service, CONFAB_ERROR, "the loop failed: %s", strerror(-error));
    return EXIT_FAILURE;
}

/* Freeing the reactor gives signals back what they did before: one more
 * impatient SIGTERM would then turn a clean end into a killed one. */
static void hold_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGQUIT);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

/* Takes apart what there is, in the reverse order. */
static void close_all(struct hosting *hosting)
{
    if (hosting->started && !confab_service_stopped(hosting->service)) {
        confab_service_stop(hosting->service, 0); /* so that the plugin's stop is called */
        drain(hosting);
    }
    hold_signals();
    if (hosting->reactor)
        confab_reactor_free(hosting->reactor);
    if (hosting->service)
        confab_service_free(hosting->service);
    if (hosting->module)
        confab_module_unload(hosting->module);
    recorder_free(hosting->recorder);
}

int hosting_check(const struct hosting_wish *wish)
{
    struct hosting hosting = { .wish = wish };
    int status = load(&hosting);
    if (!status)
        status = set_words(&hosting);
    if (hosting.service)
        confab_service_free(hosting.service);
    if (hosting.module)
        confab_module_unload(hosting.module);
    return status;
}

int hosting_run(const struct hosting_wish *wish)
{
    struct hosting hosting = { .wish = wish };
    int status = EXIT_SUCCESS;
    if (wish->record && recorder_open(&hosting.recorder, wish->record, wish->record_limit, hosting.error,
                                      sizeof(hosting.error)) < 0)
        status = failure(wish->command, "--record: %s", hosting.error);
    if (!status)
        status = load(&hosting);
    if (!status)
        status = set_options(&hosting);
    if (!status)
        status = record(&hosting);
    if (!status)
        status = start(&hosting);
    if (!status)
        status = listening_start(wish, hosting.service, confab_module_plugin(hosting.module)->default_port);
    if (!status)
        status = serve(&hosting);
    close_all(&hosting);
    return status;
}
