/* peers.c: looking for peers, and asking each for its version. */
#include "tools/bench/peers.h"
#include "tools/bench/ask.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Set by the build: from the host's folder to that of an installed host's peers. */
#ifndef CONFAB_PEERS_FROM_HOST
#define CONFAB_PEERS_FROM_HOST "../libexec/confab/peers"
#endif

enum { PATIENCE = 2 }; /* seconds */

static const char prefix[] = "confab-bench-";

/* -- Their versions ------------------------------------------------------------------- */

/* false: it does not tell. */
static bool ask_version(const char *program, char *version, size_t room)
{
    const char *const words[] = { program, "--version", NULL };
    int status = ask(words, PATIENCE, version, room);

    version[strcspn(version, "\r\n")] = '\0';
    return status == 0 && *version;
}

/* -- Where they are ---------------------------------------------------------------------- */

static bool is_known(const struct peers *peers, const char *name)
{
    for (size_t i = 0; i < peers->count; i++)
        if (!strcmp(peers->texts[i].name, name))
            return true;
    return false;
}

/* Takes up a file, if it is a peer. */
static void look_at(struct peers *peers, const char *folder, const char *file)
{
    const char *name = file + sizeof prefix - 1;
    struct peer_text *text = &peers->texts[peers->count];

    if (strncmp(file, prefix, sizeof prefix - 1) || !*name || strlen(name) >= sizeof text->name ||
        is_known(peers, name))
        return;
    int len = snprintf(text->program, sizeof text->program, "%s/%s", folder, file);
    if (len < 0 || (size_t)len >= sizeof text->program || access(text->program, X_OK) < 0)
        return;
    snprintf(text->name, sizeof text->name, "%s", name);
    if (!ask_version(text->program, text->version, sizeof text->version))
        text->version[0] = '\0';
    peers->count++;
}

static void look_in(struct peers *peers, const char *folder)
{
    DIR *files = opendir(folder);
    const struct dirent *file;

    while (files && peers->count < PEERS_MAX && (file = readdir(files)))
        look_at(peers, folder, file->d_name);
    if (files)
        closedir(files);
}

static int by_name(const void *a, const void *b)
{
    const struct peer_text *x = a, *y = b;

    return strcmp(x->name, y->name);
}

void peers_find(const char *host, struct peers *peers)
{
    static const char *const beside[] = { "peers", CONFAB_PEERS_FROM_HOST };
    const char *given = getenv("CONFAB_BENCH_PEERS"), *slash = strrchr(host, '/');
    char folder[4096];

    peers->count = 0;
    if (given && *given)
        look_in(peers, given);
    for (size_t i = 0; i < sizeof beside / sizeof beside[0]; i++) {
        int len = snprintf(folder, sizeof folder, "%.*s/%s", slash ? (int)(slash - host) : 1,
                           slash ? host : ".", beside[i]);
        if (len > 0 && (size_t)len < sizeof folder)
            look_in(peers, folder);
    }
    qsort(peers->texts, peers->count, sizeof peers->texts[0], by_name);
    for (size_t i = 0; i < peers->count; i++) {
        const struct peer_text *text = &peers->texts[i];
        peers->contenders[i] = (struct contender){ .name = text->name,
                                                   .kind = CONTENDER_PEER,
                                                   .program = text->program,
                                                   .version = *text->version ? text->version : NULL };
    }
}
