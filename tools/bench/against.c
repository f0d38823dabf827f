/* against.c: another build of confab: whether it is one, and what it can do. */
#include "tools/bench/against.h"
#include "tools/bench/ask.h"
#include "tools/printable.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECONDS = 10 };

static int refuse(char why[BENCH_WHY], int error, const char *path, const char *words)
{
    char clean[PRINTABLE_ROOM];
    snprintf(why, BENCH_WHY, "%.110s: %.140s", printable_copy(clean, path), words);
    return error;
}

static int find(struct against *against, const char *path, char why[BENCH_WHY])
{
    struct stat info;
    against->program = realpath(path, NULL);
    if (!against->program || stat(against->program, &info) < 0)
        return refuse(why, -errno, path, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return refuse(why, -EACCES, path, "expected a program");
    if (access(against->program, X_OK) < 0)
        return refuse(why, -errno, path, "cannot be executed");
    return 0;
}

static int ask_version(struct against *against, const char *path, char why[BENCH_WHY])
{
    const char *words[] = { against->program, "--version", NULL };
    char said[256], clean[PRINTABLE_ROOM], text[BENCH_WHY];
    int status = ask(words, SECONDS, said, sizeof said);
    said[strcspn(said, "\n")] = '\0';
    if (status == 0 && sscanf(said, "confab %63s", against->version) == 1)
        return 0;
    if (status == -ETIMEDOUT)
        return refuse(why, status, path, "is no confab: it does not answer to --version");
    snprintf(text, sizeof text, "is no confab: expected \"confab VERSION\" from --version, but got \"%.60s\"",
             printable_copy(clean, said));
    return refuse(why, -ENOEXEC, path, text);
}

int against_ask(struct against *against, const char *path, char why[BENCH_WHY])
{
    int error = find(against, path, why);
    if (!error)
        error = ask_version(against, path, why);
    if (error)
        return error;
    const char *backends[] = { against->program, "backends", NULL };
    const char *parts[] = { against->program, "bench", "--part", "list", NULL };
    const char *plugin[] = { against->program, "info", "bench", NULL };
    char said[256];
    if (ask(backends, SECONDS, against->backends, sizeof against->backends) != 0)
        return refuse(why, -ENOEXEC, path, "is no confab that can be measured: `backends` fails");
    if (ask(parts, SECONDS, said, sizeof said) != 0)
        against->lacks |= NEEDS_WORKERS;
    if (ask(plugin, SECONDS, said, sizeof said) != 0)
        against->lacks |= NEEDS_PLUGIN;
    return 0;
}

void against_free(struct against *against)
{
    free(against->program);
    against->program = NULL;
}

bool against_has(const struct against *against, const char *backend)
{
    size_t len = strlen(backend);
    for (const char *line = against->backends; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        const char *end = line + strcspn(line, "\n"), *bad = strstr(line, "not usable");
        if (strncmp(line, backend, len) == 0 && line[len] == ' ')
            return !bad || bad > end;
    }
    return false;
}
