/* resolve.c: getaddrinfo(3), which blocks, in a thread of the pool for names.
 *
 * Nobody can end a getaddrinfo that waits for a server that does not answer.  So
 * one that is not wanted any more is left to itself: while the reactor lives the
 * loop frees it when it is done, afterwards its thread does. */
#include "core/resolve.h"
#include "core/pool.h"
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>

struct resolving {
    struct job job;
    struct pool *pool;
    void (*done)(void *data, const struct resolved *); /* NULL: cancelled */
    void *data;
    char host[HOST_TEXT], port[PORT_TEXT];
    struct addrinfo *list;
    int result, error; /* getaddrinfo's, and its errno */

    /* Where the backend has names of its own, and the pool no threads. */
    confab_reactor *reactor; /* NULL: else */
    struct sockaddr_storage *found;
    int found_count; /* or -errno */
};

static void free_resolving(struct job *job)
{
    struct resolving *resolving = (struct resolving *)job;

    if (resolving->list)
        freeaddrinfo(resolving->list);
    free(resolving->found);
    free(resolving);
}

static void ask_backend(struct resolving *resolving)
{
    const confab_reactor *reactor = resolving->reactor;
    uint16_t port = (uint16_t)strtoul(resolving->port, NULL, 10);

    resolving->found = malloc(RESOLVED_MAX * sizeof *resolving->found);
    resolving->found_count = !resolving->found ? -ENOMEM
                                               : reactor->io->resolve(reactor->state, resolving->host, port,
                                                                      resolving->found, RESOLVED_MAX);
}

/* In a thread: touches nothing but its own. */
static void look_up(struct job *job)
{
    struct resolving *resolving = (struct resolving *)job;
    struct addrinfo hints = { .ai_family = AF_UNSPEC,
                              .ai_socktype = SOCK_STREAM,
                              .ai_flags = AI_NUMERICSERV };

    if (resolving->reactor) {
        ask_backend(resolving);
        return;
    }
    resolving->result = getaddrinfo(resolving->host, resolving->port, &hints, &resolving->list);
    resolving->error = errno;
    if (resolving->result)
        resolving->list = NULL;
}

static int error_of(const struct resolving *resolving)
{
    switch (resolving->result) {
    case EAI_AGAIN:
        return -EAGAIN;
    case EAI_MEMORY:
        return -ENOMEM;
    case EAI_SYSTEM:
        return resolving->error ? -resolving->error : -EIO;
    default:
        return -EHOSTUNREACH;
    }
}

void resolve_interleave(struct address *address, unsigned count)
{
    for (unsigned i = 1; i < count; i++) {
        sa_family_t before = address[i - 1].sa.ss_family;
        unsigned k = i;

        while (k < count && address[k].sa.ss_family == before)
            k++;
        if (k == count)
            return; /* the rest is of one family */
        struct address next = address[k];
        memmove(&address[i + 1], &address[i], (k - i) * sizeof *address);
        address[i] = next;
    }
}

static void take_list(struct resolved *resolved, const struct addrinfo *list)
{
    for (; list && resolved->count < RESOLVED_MAX; list = list->ai_next) {
        struct address *address = &resolved->address[resolved->count];

        if ((list->ai_family != AF_INET && list->ai_family != AF_INET6) ||
            list->ai_addrlen > sizeof address->sa)
            continue;
        memcpy(&address->sa, list->ai_addr, list->ai_addrlen);
        address->len = list->ai_addrlen;
        resolved->count++;
    }
    resolve_interleave(resolved->address, resolved->count);
}

static void take_found(struct resolved *resolved, const struct resolving *resolving)
{
    for (int i = 0; i < resolving->found_count; i++) {
        struct address *address = &resolved->address[resolved->count++];

        address->sa = resolving->found[i];
        address->len = resolving->found[i].ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                                                 : sizeof(struct sockaddr_in);
    }
    resolve_interleave(resolved->address, resolved->count);
}

static void looked_up(struct job *job, bool ran)
{
    struct resolving *resolving = (struct resolving *)job;
    struct resolved resolved = { 0 };

    if (resolving->done && !ran) {
        resolved.error = -ECANCELED;
        resolved.why = "the look-up was broken off";
    } else if (resolving->done && resolving->reactor && resolving->found_count < 0) {
        resolved.error = resolving->found_count;
        resolved.why = resolved.error == -EHOSTUNREACH ? "nobody has that name" : strerror(-resolved.error);
    } else if (resolving->done && resolving->reactor) {
        take_found(&resolved, resolving);
    } else if (resolving->done && resolving->result) {
        resolved.error = error_of(resolving);
        resolved.why =
            resolving->result == EAI_SYSTEM ? strerror(-resolved.error) : gai_strerror(resolving->result);
    } else if (resolving->done) {
        take_list(&resolved, resolving->list);
        if (resolved.count == 0) {
            resolved.error = -EHOSTUNREACH;
            resolved.why = "the name has no address";
        }
    }
    if (resolving->done)
        resolving->done(resolving->data, &resolved);
    free_resolving(job);
}

struct resolving *resolve_start(confab_reactor *reactor, const char *host, const char *port,
                                void (*done)(void *data, const struct resolved *), void *data, int *error)
{
    struct pool *pool = reactor_names_pool(reactor);
    /* Not of the reactor's memory: it may outlive the reactor. */
    struct resolving *resolving = pool ? malloc(sizeof *resolving) : NULL;

    *error = resolving ? 0 : -ENOMEM;
    if (!resolving)
        return NULL;
    *resolving = (struct resolving){ .job = { .run = look_up, .done = looked_up, .drop = free_resolving },
                                     .pool = pool,
                                     .done = done,
                                     .data = data,
                                     .reactor = reactor->io->resolve ? reactor : NULL };
    memcpy(resolving->host, host, strlen(host) + 1);
    memcpy(resolving->port, port, strlen(port) + 1);
    *error = pool_submit(pool, &resolving->job);
    if (*error == 0)
        return resolving;
    free(resolving);
    return NULL;
}

void resolve_cancel(struct resolving *resolving)
{
    if (pool_cancel(resolving->pool, &resolving->job))
        free_resolving(&resolving->job);
    else
        resolving->done = NULL;
}
