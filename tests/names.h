/* names.h: names that a test makes up: takes the place of getaddrinfo(3) in the
 * program that includes it.
 *
 * A name's addresses are whatever names_add gave it, in that order.  While
 * names_hold(true) is on, look-ups wait, as for a server that does not answer. */
#ifndef CONFAB_TESTS_NAMES_H
#define CONFAB_TESTS_NAMES_H

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX = 64 };

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool hold;
    int waiting; /* look-ups that are held */
    int calls;
    unsigned count;
    struct {
        const char *name, *ip;
        int result; /* what getaddrinfo returns for it; 0: ip is one of its addresses */
    } row[NAMES_MAX];
} names = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static inline void names_add(const char *name, const char *ip)
{
    names.row[names.count].name = name;
    names.row[names.count++].ip = ip;
}

static inline void names_fail(const char *name, int result)
{
    names.row[names.count].name = name;
    names.row[names.count++].result = result;
}

static inline void names_hold(bool hold)
{
    pthread_mutex_lock(&names.lock);
    names.hold = hold;
    pthread_cond_broadcast(&names.changed);
    pthread_mutex_unlock(&names.lock);
}

/* Returns once this many look-ups are held. */
static inline void names_wait(int waiting)
{
    pthread_mutex_lock(&names.lock);
    while (names.waiting < waiting)
        pthread_cond_wait(&names.changed, &names.lock);
    pthread_mutex_unlock(&names.lock);
}

static inline struct addrinfo *names_entry(const char *ip, const char *port)
{
    struct both {
        struct addrinfo info;
        struct sockaddr_storage sa;
    } *both = calloc(1, sizeof *both);
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)) };
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = in.sin_port };

    if (inet_pton(AF_INET, ip, &in.sin_addr) == 1) {
        memcpy(&both->sa, &in, sizeof in);
        both->info.ai_addrlen = sizeof in;
    } else {
        inet_pton(AF_INET6, ip, &in6.sin6_addr);
        memcpy(&both->sa, &in6, sizeof in6);
        both->info.ai_addrlen = sizeof in6;
    }
    both->info.ai_family = both->sa.ss_family;
    both->info.ai_addr = (struct sockaddr *)&both->sa;
    return &both->info;
}

int getaddrinfo(const char *restrict node, const char *restrict service,
                const struct addrinfo *restrict hints, struct addrinfo **restrict list)
{
    struct addrinfo *first = NULL, **end = &first;
    int result = EAI_NONAME;

    (void)hints;
    pthread_mutex_lock(&names.lock);
    names.calls++;
    names.waiting++;
    pthread_cond_broadcast(&names.changed);
    while (names.hold)
        pthread_cond_wait(&names.changed, &names.lock);
    names.waiting--;
    for (unsigned i = 0; i < names.count; i++) {
        if (strcmp(names.row[i].name, node))
            continue;
        result = names.row[i].result;
        if (result)
            break;
        *end = names_entry(names.row[i].ip, service);
        end = &(*end)->ai_next;
    }
    pthread_mutex_unlock(&names.lock);
    errno = EACCES; /* what EAI_SYSTEM means */
    *list = first;
    return result;
}

void freeaddrinfo(struct addrinfo *list)
{
    for (struct addrinfo *next; list; list = next) {
        next = list->ai_next;
        free(list);
    }
}

#endif
