/* keep.c: our side of a program that is kept. */
#include "tools/bench/keep.h"
#include "tools/bench/keeper.h"
#include "tools/printable.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

int64_t keep_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * CONFAB_SECOND + now.tv_nsec;
}

/* -- Its beginning ------------------------------------------------------------------------- */

/* What stands behind NAME= in an entry of the environment; NULL: it is not of that name. */
static const char *value_of(const char *entry, const char *name)
{
    size_t len = strlen(name);
    return !strncmp(entry, name, len) && entry[len] == '=' ? entry + len + 1 : NULL;
}

/* LeakSanitizer cannot look at a process that is traced, says so, and lets it fail. */
static const char sanitizer[] = "ASAN_OPTIONS", no_leaks[] = "detect_leaks=0";

/* What the program's environment is: a list of its own, whose strings are not its own, but one that is behind it. */
static char **environment(bool counting)
{
    const char *options = getenv(sanitizer);
    size_t count = 0, kept = 0,
           room = sizeof sanitizer + sizeof no_leaks + (options ? strlen(options) : 0) + 1;

    while (environ[count])
        count++;
    char **list = malloc((count + 2) * sizeof *list + room);
    if (!list)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (!value_of(environ[i], "CONFAB_BACKEND") && !(counting && value_of(environ[i], sanitizer)))
            list[kept++] = environ[i];
    if (counting) {
        list[kept] = (char *)(list + count + 2);
        snprintf(list[kept++], room, "%s=%s:%s", sanitizer, options ? options : "", no_leaks);
    }
    list[kept] = NULL;
    return list;
}

static void close_pair(const int pair[2])
{
    for (int i = 0; i < 2; i++)
        if (pair[i] >= 0)
            close(pair[i]);
}

static int keep_to_ourselves(const int pair[2])
{
    for (int i = 0; i < 2; i++)
        if (fcntl(pair[i], F_SETFD, FD_CLOEXEC) < 0)
            return -errno;
    return 0;
}

/* The line, and two pipes. */
static int make_pairs(const struct keep *keep, struct keeper *keeper)
{
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, keeper->line) < 0 || pipe(keeper->output) < 0 ||
        pipe(keeper->errors) < 0)
        return -errno;
    int *const pairs[] = { keeper->line, keeper->output, keeper->errors };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        int error = keep_to_ourselves(pairs[i]);
        if (error)
            return error;
    }
    if (fcntl(keeper->errors[0], F_SETFL, O_NONBLOCK) < 0 ||
        (keep->drops && fcntl(keeper->output[1], F_SETFL, O_NONBLOCK) < 0))
        return -errno;
    return 0;
}

static int fork_keeper(struct keeper *keeper)
{
    struct kept *kept = keeper->kept;
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0)
        return -errno;
    if (pid == 0)
        keeper_run(keeper);
    setpgid(pid, pid); /* as it does: whoever comes first */
    kept->keeper = pid;
    kept->line = keeper->line[0];
    kept->output = keeper->output[0];
    keeper->line[0] = keeper->output[0] = -1;
    return 0;
}

int keep_start(const struct keep *keep, struct kept **kept)
{
    struct keeper keeper = {
        .keep = keep, .parent = getpid(), .line = { -1, -1 }, .output = { -1, -1 }, .errors = { -1, -1 }
    };
    int error = -ENOMEM;

    void *shared = mmap(NULL, sizeof **kept, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANON, -1, 0);
    keeper.environment = environment(keep->counting);
    if (!keeper.environment || shared == MAP_FAILED)
        goto done;
    keeper.kept = shared;
    error = make_pairs(keep, &keeper);
    if (!error)
        error = fork_keeper(&keeper);
    if (!error)
        *kept = keeper.kept;
done:
    close_pair(keeper.line);
    close_pair(keeper.output);
    close_pair(keeper.errors);
    free(keeper.environment);
    if (error && shared != MAP_FAILED)
        munmap(shared, sizeof **kept);
    return error;
}

/* -- While it runs, and its end ------------------------------------------------------------ */

int keep_wait(struct kept *kept, int64_t ns)
{
    struct pollfd ready[] = { { .fd = kept->output, .events = POLLIN },
                              { .fd = kept->line, .events = POLLIN } };
    int64_t milliseconds = ns > 0 ? (ns + CONFAB_MILLISECOND - 1) / CONFAB_MILLISECOND : 0;

    if (poll(ready, 2, (int)milliseconds) <= 0)
        return 0;
    if (ready[0].revents)
        return 1;
    return ready[1].revents ? -ECHILD : 0;
}

bool keep_ended(struct kept *kept)
{
    struct pollfd ready = { .fd = kept->line, .events = POLLIN };

    return kept->keeper == 0 || poll(&ready, 1, 0) > 0;
}

void keep_end(struct kept *kept)
{
    if (kept->keeper == 0)
        return;
    shutdown(kept->line, SHUT_WR);
    while (waitpid(kept->keeper, NULL, 0) < 0 && errno == EINTR)
        continue;
    kept->keeper = 0;
    kept->tail[kept->said] = '\0';
}

void keep_free(struct kept *kept)
{
    if (!kept)
        return;
    keep_end(kept);
    close(kept->line);
    if (kept->output >= 0)
        close(kept->output);
    munmap(kept, sizeof *kept);
}

/* -- Words --------------------------------------------------------------------------------- */

const char *keep_name(const char *program, char name[KEEP_NAME])
{
    size_t len = strlen(program);
    if (len < KEEP_NAME)
        snprintf(name, KEEP_NAME, "%s", program);
    else
        snprintf(name, KEEP_NAME, "...%s", program + len - (KEEP_NAME - 4));
    return printable(name);
}

/* The last line that is not empty, and does not tell how to get help: what was wrong stands before that. */
const char *keep_last(const struct kept *kept, char last[PRINTABLE_ROOM])
{
    static const char help[] = "Try '";
    size_t end, begin = kept->said;
    do {
        for (end = begin; end > 0 && (kept->tail[end - 1] == '\n' || kept->tail[end - 1] == '\r');)
            end--;
        for (begin = end; begin > 0 && kept->tail[begin - 1] != '\n';)
            begin--;
    } while (begin > 0 && strncmp(kept->tail + begin, help, sizeof help - 1) == 0);
    snprintf(last, PRINTABLE_ROOM, "%.*s", (int)(end - begin), kept->tail + begin);
    return printable(last);
}

const char *keep_how(const struct kept *kept, char how[KEEP_HOW])
{
    int status = kept->status;

    if (!kept->ended)
        snprintf(how, KEEP_HOW, "was lost with the process that kept it");
    else if (WIFSIGNALED(status))
        snprintf(how, KEEP_HOW, "was killed by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(how, KEEP_HOW, "ended with exit status %d", WEXITSTATUS(status));
    return how;
}
