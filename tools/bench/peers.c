/* peers.c: looking for peers, and asking each for its version. */
#include "tools/bench/peers.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

/* Set by the build: from the host's folder to that of an installed host's peers. */
#ifndef CONFAB_PEERS_FROM_HOST
#define CONFAB_PEERS_FROM_HOST "../libexec/confab/peers"
#endif

enum { PATIENCE = 2000 }; /* milliseconds */

static const char prefix[] = "confab-bench-";

/* -- Their versions ------------------------------------------------------------------- */

static int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* All that comes until the other end closes, as far as there is room.  false: it did not close in time. */
static bool read_all(int fd, char *text, size_t room)
{
    const int64_t until = now() + PATIENCE;
    size_t len = 0;
    char byte;

    for (int64_t left = PATIENCE; left > 0; left = until - now()) {
        struct pollfd entry = { .fd = fd, .events = POLLIN };
        if (poll(&entry, 1, (int)left) <= 0)
            continue;
        ssize_t got = len + 1 < room ? read(fd, text + len, room - len - 1) : read(fd, &byte, 1);
        if (got < 0 && errno != EINTR)
            return false;
        if (got == 0) {
            text[len] = '\0';
            return true;
        }
        if (got > 0 && len + 1 < room)
            len += (size_t)got;
    }
    return false;
}

static int start(const char *program, int output, pid_t *pid)
{
    char *const words[] = { (char *)(uintptr_t)program, (char *)(uintptr_t) "--version", NULL };
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);

    if (error)
        return -error;
    error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (!error)
        error = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    if (!error)
        error = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (!error)
        error = posix_spawn(pid, program, &actions, NULL, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    return -error;
}

/* false: it does not tell. */
static bool ask(const char *program, char *version, size_t room)
{
    int pair[2], status = 0;
    pid_t pid;

    if (pipe(pair) < 0)
        return false;
    fcntl(pair[0], F_SETFD, FD_CLOEXEC);
    fcntl(pair[1], F_SETFD, FD_CLOEXEC);
    int error = start(program, pair[1], &pid);
    close(pair[1]);
    bool told = !error && read_all(pair[0], version, room);
    close(pair[0]);
    if (error)
        return false;
    if (!told)
        kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    version[strcspn(version, "\r\n")] = '\0';
    return told && status == 0 && *version;
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
    if (!ask(text->program, text->version, sizeof text->version))
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
