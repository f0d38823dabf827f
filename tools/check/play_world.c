/* play_world.c: the service, on a reactor in a simulated network, and the servers that it may connect to. */
#include "tools/check/play.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 512, KEY_BYTES = 64 };

/* Of what was to fail: no failure of the plugin. */
static bool refused(const struct run *run)
{
    return run->schedule->kind == KIND_ALLOCATION && run->schedule->fail_at;
}

static bool cannot(struct run *run, const char *what, const char *error)
{
    if (!refused(run))
        run_fail(run, "%s%s", what, error);
    return false;
}

/* -- Options ------------------------------------------------------------------------------ */

/* How long the KEY of KEY=VALUE is; 0: a bare word. */
static size_t key_length(const char *word)
{
    size_t len = strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");

    return word[len] == '=' && len < KEY_BYTES ? len : 0;
}

/* What the command line says of that key: it has the last word. */
static const char *given(const struct request *request, const char *key)
{
    for (int i = 0; i < request->word_count; i++) {
        size_t len = key_length(request->words[i]);
        if (len > 0 && len == strlen(key) && !memcmp(request->words[i], key, len))
            return request->words[i] + len + 1;
    }
    return NULL;
}

static int set_words(struct run *run, char *error)
{
    const struct request *request = run->checker->request;
    int failed = 0;

    for (int i = 0; i < request->word_count && !failed; i++) {
        const char *word = request->words[i];
        char key[KEY_BYTES];
        size_t len = key_length(word);
        memcpy(key, word, len);
        key[len] = '\0';
        failed =
            confab_service_option(run->service, len ? key : NULL, len ? word + len + 1 : word, error, WORDS);
    }
    return failed;
}

static int set_pairs(struct run *run, const struct variables *variables, char *error)
{
    const struct session *world = run->world;
    int failed = 0;

    for (size_t i = 0; i < world->option_count && !failed; i++) {
        const struct session_pair *pair = &world->options[i];
        struct bytes value = { 0 };
        const char *missing = "";
        if (given(run->checker->request, pair->name))
            continue;
        failed = text_expand(&pair->value, variables, &value, &missing);
        if (failed) {
            snprintf(error, WORDS, "the option %s needs ${%s}, which has no value", pair->name, missing);
            run->line = pair->line;
        } else {
            failed = confab_service_option(run->service, pair->name, value.at ? value.at : "", error, WORDS);
        }
        bytes_free(&value);
    }
    return failed;
}

static uint64_t read_amount(const char *text)
{
    static const struct {
        const char *unit;
        uint64_t times;
    } units[] = {
        { "K", 1 << 10 },
        { "M", 1 << 20 },
        { "G", 1 << 30 },
        { "ms", CONFAB_MILLISECOND },
        { "s", CONFAB_SECOND },
        { "m", CONFAB_MINUTE },
        { "h", 60 * CONFAB_MINUTE },
        { "d", 24 * 60 * CONFAB_MINUTE },
    };
    char *end;
    uint64_t amount = strtoull(text, &end, 10);

    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (!strcmp(end, units[i].unit) && amount < UINT64_MAX / units[i].times)
            return amount * units[i].times;
    return amount;
}

uint64_t world_option(const struct run *run, const char *key, uint64_t fallback)
{
    const struct session *world = run->world;
    const char *text = given(run->checker->request, key);

    if (text)
        return read_amount(text);
    for (size_t i = 0; i < world->option_count; i++) {
        const struct text *value = &world->options[i].value;
        if (!strcmp(world->options[i].name, key) && value->count == 1 && value->parts[0].bytes)
            return read_amount(value->parts[0].bytes);
    }
    return fallback;
}

/* -- Servers ------------------------------------------------------------------------------- */

/* One that has a name stands at an address of ours, which the name is given. */
static int listen_by_name(struct run *run, size_t i, const char *address)
{
    const char *colon = strrchr(address, ':');
    char host[PLAY_ADDRESS_BYTES], number[32], there[64];

    if (!colon || (size_t)(colon - address) >= sizeof host)
        return -EINVAL;
    snprintf(host, sizeof host, "%.*s", (int)(colon - address), address);
    snprintf(number, sizeof number, "10.8.8.%zu", i % 250 + 1);
    snprintf(there, sizeof there, "%s%s", number, colon);
    int error = confab_sim_name(run->sim, host, number);
    return error ? error : confab_sim_listen(run->sim, there, &run->servers[i].listener);
}

static int open_server(struct run *run, size_t i, const char *address)
{
    struct server *server = &run->servers[i];
    int error = confab_sim_listen(run->sim, address, &server->listener);

    if (error == 0)
        address = confab_sim_listener_address(server->listener);
    else if (error == -EINVAL)
        error = listen_by_name(run, i, address);
    snprintf(server->address, sizeof server->address, "%s", address);
    return error;
}

static bool open_servers(struct run *run, struct variables *variables)
{
    const struct session *world = run->world;

    run->servers = calloc(world->server_count + 1, sizeof *run->servers);
    if (!run->servers)
        return run_no_memory(run), false;
    for (size_t i = 0; i < world->server_count; i++) {
        const struct session_pair *pair = &world->servers[i];
        const char *missing, *shown = run->servers[i].address;
        struct bytes address = { 0 };
        int error = text_expand(&pair->value, variables, &address, &missing);

        if (!error)
            error = open_server(run, i, address.at ? address.at : "");
        bytes_free(&address);
        if (!error)
            error = variables_set(variables, pair->name, shown, strlen(shown));
        if (error) {
            run->line = pair->line;
            run_fail(run, "the server %s cannot listen: %s", pair->name, strerror(-error));
            return false;
        }
    }
    return true;
}

/* -- All of it ------------------------------------------------------------------------------- */

int world_variables(const struct run *run, struct variables *variables)
{
    int error = variables_set(variables, "ADDRESS", PLAY_ADDRESS, strlen(PLAY_ADDRESS));

    if (!error && run->folder[0])
        error = variables_set(variables, "TMP", run->folder, strlen(run->folder));
    for (size_t i = 0; i < run->world->server_count && !error && run->servers; i++) {
        const char *address = run->servers[i].address;
        error = variables_set(variables, run->world->servers[i].name, address, strlen(address));
    }
    return error;
}

static bool open_service(struct run *run, const struct variables *variables)
{
    char error[WORDS] = "";

    if (confab_service_new(&run->service, watch_module(run->checker->watch), NULL, error, sizeof error) ||
        set_words(run, error) || set_pairs(run, variables, error) ||
        confab_service_ready(run->service, error, sizeof error)) {
        cannot(run, "", error);
        if (run->world->option_count == 0) /* it is no matter of the session */
            run->finding->session[0] = '\0';
        return false;
    }
    if (confab_service_start(run->service, confab_sim_reactor(run->sim), error, sizeof error))
        return cannot(run, "start: ", error);
    run->started = true;
    int failed = confab_service_listen(run->service, &run->listener, PLAY_ADDRESS, NULL, NULL);
    return failed ? cannot(run, "the service cannot listen: ", strerror(-failed)) : true;
}

bool world_open(struct run *run)
{
    const struct confab_reactor_options options = { .size = sizeof options,
                                                    .alloc = watch_alloc,
                                                    .alloc_data = run->checker->watch };
    struct variables variables = { 0 };
    bool open = false;
    int error = folder_wanted(run->world) ? folder_make(run) : 0;

    if (error) {
        run_fail(run, "cannot make a folder for ${TMP}: %s", strerror(-error));
        return false;
    }
    error = confab_sim_new(&run->sim, run->schedule->seed, NULL, &options);
    if (error)
        return cannot(run, "cannot make a simulated network: ", strerror(-error));
    if (world_variables(run, &variables))
        run_no_memory(run);
    else
        open = open_servers(run, &variables) && open_service(run, &variables);
    variables_free(&variables);
    if (open)
        confab_sim_set_faults(run->sim, &run->schedule->faults);
    return open;
}

void world_close(struct run *run)
{
    confab_sim_free(run->sim);
    if (run->service && confab_service_free(run->service))
        run_fail(run, "the service cannot be freed: something of it is still there");
    free(run->servers);
    folder_remove(run);
    run->sim = NULL;
    run->service = NULL;
    run->servers = NULL;
}
