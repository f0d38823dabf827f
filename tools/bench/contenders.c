/* contenders.c: who is measured. */
#include "tools/bench/contenders.h"
#include "tools/command.h"
#include <confab/reactor.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int refuse(char why[BENCH_WHY], const char *format, ...) CONFAB_PRINTF(2, 3);

static int refuse(char why[BENCH_WHY], const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(why, BENCH_WHY, format, list);
    va_end(list);
    return -EINVAL;
}

static int add(struct report *report, const struct contender *contender, char why[BENCH_WHY])
{
    if (report->contender_count == BENCH_CONTENDERS)
        return refuse(why, "expected %d contenders at the most", BENCH_CONTENDERS);
    report->contenders[report->contender_count++] = *contender;
    return 0;
}

/* -- Hosts ------------------------------------------------------------------------------ */

/* 0, or the -errno that opening it gave. */
static int try_backend(const char *name)
{
    const struct confab_reactor_options wish = { .size = sizeof wish, .backend = name };
    confab_reactor *reactor;
    int error = confab_reactor_new(&reactor, &wish);
    if (!error)
        confab_reactor_free(reactor);
    return error;
}

/* A name that somebody gave, by what it was given. */
static int check_backend(const char *by, const char *wanted, char why[BENCH_WHY])
{
    struct names known = { .used = 0 };
    const char *name;
    for (size_t i = 0; (name = confab_backend_name(i)); i++) {
        if (backend_is_simulated(name))
            continue;
        names_add(&known, "", name);
        if (strcmp(wanted, name) != 0)
            continue;
        int error = try_backend(name);
        return error ? refuse(why, "%s: %s cannot be used here: %s", by, name, strerror(-error)) : 0;
    }
    if (backend_is_simulated(wanted))
        return refuse(why, "%s: \"%s\" is simulated: nothing to measure; expected one of %s", by, wanted,
                      known.text);
    return refuse(why, "%s: no backend \"%.60s\": expected one of %s", by, wanted, known.text);
}

/* All that work, the one that `serve` would take first. */
static int all_backends(struct contenders_wish *wish, char why[BENCH_WHY])
{
    const char *first = getenv("CONFAB_BACKEND"), *name;
    if (first && *first) {
        if (check_backend("CONFAB_BACKEND", first, why))
            return -EINVAL;
        wish->backends[wish->backend_count++] = first;
    }
    for (size_t i = 0; (name = confab_backend_name(i)) && wish->backend_count < BENCH_CONTENDERS; i++)
        if (!backend_is_simulated(name) && !(first && strcmp(first, name) == 0) && try_backend(name) == 0)
            wish->backends[wish->backend_count++] = name;
    return 0;
}

static int check_backends(const struct contenders_wish *wish, char why[BENCH_WHY])
{
    for (size_t i = 0; i < wish->backend_count; i++) {
        if (check_backend("--backend", wish->backends[i], why))
            return -EINVAL;
        for (size_t k = 0; k < i; k++)
            if (strcmp(wish->backends[i], wish->backends[k]) == 0)
                return refuse(why, "--backend: %s is given twice", wish->backends[i]);
    }
    return 0;
}

static int add_hosts(struct contenders_wish *wish, struct report *report, char why[BENCH_WHY])
{
    const struct against *against = &wish->against;
    int error = wish->backend_count > 0 ? check_backends(wish, why) : all_backends(wish, why);
    for (size_t i = 0; i < wish->backend_count && !error; i++) {
        const char *backend = wish->backends[i];
        struct contender host = { .name = backend, .kind = CONTENDER_HOST, .program = wish->program };
        host.backend = backend;
        host.version = CONFAB_VERSION;
        error = add(report, &host, why);
        if (error || !against->program)
            continue;
        if (!against_has(against, backend))
            return refuse(why, "--against: that build has no %s, or it does not work here", backend);
        snprintf(wish->old_names[i], sizeof wish->old_names[i], "old %s", backend);
        host.name = wish->old_names[i];
        host.program = against->program;
        host.version = against->version;
        host.old = true;
        host.lacks = against->lacks;
        error = add(report, &host, why);
    }
    return error;
}

/* -- Peers ------------------------------------------------------------------------------- */

static int add_named(const char *name, const struct peers *built, struct report *report, char why[BENCH_WHY])
{
    struct names known = { .used = 0 };
    for (size_t i = 0; i < built->count; i++) {
        if (strcmp(built->contenders[i].name, name) == 0)
            return add(report, &built->contenders[i], why);
        names_add(&known, "", built->contenders[i].name);
    }
    if (built->count == 0)
        return refuse(why, "--peer: no peers were built: that takes -DCONFAB_BENCH_PEERS=ON");
    return refuse(why, "--peer: no peer \"%.60s\": expected none, or one of %s", name, known.text);
}

/* (Beside an old build nobody asks for them: each host is looked at beside its old self.) */
static int add_peers(struct contenders_wish *wish, struct report *report, char why[BENCH_WHY])
{
    bool asked = wish->peer_count > 0;
    int error = 0;
    if (!asked && (wish->hosts_only || wish->against.program))
        return 0;
    if (wish->peer_count == 1 && strcmp(wish->peers[0], "none") == 0)
        return 0;
    if (wish->hosts_only)
        return refuse(why, "--peer: cannot be measured with --plugin: it serves no plugins");
    peers_find(wish->program, &wish->built);
    for (size_t i = 0; i < wish->built.count && !asked && !error; i++)
        error = add(report, &wish->built.contenders[i], why);
    for (size_t i = 0; i < wish->peer_count && !error; i++) {
        if (strcmp(wish->peers[i], "none") == 0)
            return refuse(why, "--peer: none cannot be given beside another");
        for (size_t k = 0; k < i; k++)
            if (strcmp(wish->peers[i], wish->peers[k]) == 0)
                return refuse(why, "--peer: %s is given twice", wish->peers[i]);
        error = add_named(wish->peers[i], &wish->built, report, why);
    }
    return error;
}

int contenders_choose(struct contenders_wish *wish, struct report *report, char why[BENCH_WHY])
{
    const struct contender bare = {
        .name = "bare", .kind = CONTENDER_BARE, .program = wish->program, .version = CONFAB_VERSION
    };
    int error = wish->hosts_only ? 0 : add(report, &bare, why);
    report->subject = report->contender_count;
    if (!error)
        error = add_hosts(wish, report, why);
    return error ? error : add_peers(wish, report, why);
}
