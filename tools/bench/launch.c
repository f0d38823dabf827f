/* launch.c: servers: started, waited for until they listen, ended. */
#include "tools/bench/keep.h"
#include "tools/printable.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    LISTEN_SECONDS = 10,
    LINE_ROOM = 512 /* for the line that tells where it listens */
};
static const char host[] = "127.0.0.1:";
#define LISTENING "\"listening NAME 127.0.0.1:PORT\""

int launch_wait(const struct bench *bench, struct kept *kept, int64_t deadline)
{
    if (bench->stop && *bench->stop)
        return -EINTR;
    int64_t left = deadline - keep_clock();
    if (left <= 0)
        return -ETIMEDOUT;
    return keep_wait(kept, left < LAUNCH_LOOK ? left : LAUNCH_LOOK);
}

const char **launch_words(const char *const *first, size_t count, const char *const *more)
{
    size_t more_count = 0;
    while (more && more[more_count])
        more_count++;
    const char **words = malloc((count + more_count + 1) * sizeof *words);
    if (!words)
        return NULL;
    memcpy(words, first, count * sizeof *words);
    if (more_count)
        memcpy(words + count, more, more_count * sizeof *words);
    words[count + more_count] = NULL;
    return words;
}

/* At warning a host says nothing of connections that come and go. */
static const char **server_words(const struct contender *contender, const char *what, const char *const *more)
{
    const char *first[LAUNCH_WORDS];
    size_t count = 0;
    first[count++] = contender->program;
    if (contender->kind == CONTENDER_HOST) {
        const char *const serve[] = { "serve",       "-b",          contender->backend, "-l",
                                      "127.0.0.1:0", "--log-level", "warning",          "--" };
        memcpy(first + count, serve, sizeof serve);
        count += sizeof serve / sizeof serve[0];
    } else if (contender->kind == CONTENDER_BARE) {
        const char *const bare[] = { "bench", "--part", "bare" };
        memcpy(first + count, bare, sizeof bare);
        count += sizeof bare / sizeof bare[0];
    }
    first[count++] = what;
    return launch_words(first, count, more);
}

/* -- Until it listens ---------------------------------------------------------------------- */

/* How far the line has come. */
struct line {
    size_t len;
    char text[LINE_ROOM];
};

/* "listening NAME 127.0.0.1:PORT" */
static bool read_address(const char *line, struct server *server)
{
    static const char begin[] = "listening ";
    const char *at = strrchr(line, ' ');
    char *end;

    if (strncmp(line, begin, sizeof begin - 1) != 0 || strncmp(at + 1, host, sizeof host - 1) != 0)
        return false;
    const char *digits = at + sizeof host;
    long port = *digits >= '0' && *digits <= '9' ? strtol(digits, &end, 10) : 0;
    if (port < 1 || port > UINT16_MAX || *end)
        return false;
    server->port = (int)port;
    snprintf(server->address, sizeof server->address, "%s%ld", host, port);
    return true;
}

/* Reads some of it.  1: the line is whole; 0: not yet; -EBADMSG: it has no end; -ECHILD: there is no more. */
static int read_line(struct kept *kept, struct line *line)
{
    ssize_t n = read(kept->output, line->text + line->len, sizeof line->text - 1 - line->len);
    if (n < 0)
        return errno == EINTR ? 0 : -ECHILD;
    line->len += (size_t)n;
    line->text[line->len] = '\0';
    char *end = strchr(line->text, '\n');
    if (end) {
        *end = '\0';
        return 1;
    }
    if (n == 0)
        return -ECHILD;
    return line->len == sizeof line->text - 1 ? -EBADMSG : 0;
}

/* 0: the line is there; -EINTR: the run is to end; -ETIMEDOUT; as read_line. */
static int wait_for_line(const struct bench *bench, struct kept *kept, int64_t ns, struct line *line)
{
    int64_t deadline = keep_clock() + ns;
    int got = 0;
    while (got == 0) {
        got = launch_wait(bench, kept, deadline);
        if (got > 0)
            got = read_line(kept, line);
    }
    return got > 0 ? 0 : got;
}

/* -- Words ----------------------------------------------------------------------------------- */

void launch_fail(struct sample *sample, struct kept *kept, const char *program, const char *format, ...)
{
    char name[KEEP_NAME], what[BENCH_WHY], last[PRINTABLE_ROOM];
    va_list list;

    keep_end(kept);
    keep_last(kept, last);
    va_start(list, format);
    vsnprintf(what, sizeof what, format, list);
    va_end(list);
    sample_fail(sample, "%s: %s%s%s", keep_name(program, name), what, last[0] ? ": " : "", last);
}

void launch_ended(struct sample *sample, struct kept *kept, const char *program, const char *when)
{
    char how[KEEP_HOW];

    for (int64_t end = keep_clock() + CONFAB_SECOND; !keep_ended(kept) && keep_clock() < end;)
        keep_wait(kept, LAUNCH_LOOK);
    keep_end(kept);
    if (kept->failed)
        launch_fail(sample, kept, program, "cannot be run (%s)", strerror(kept->failed));
    else if (kept->asked)
        launch_fail(sample, kept, program, "closed its standard output %s", when);
    else
        launch_fail(sample, kept, program, "%s %s", keep_how(kept, how), when);
}

static void not_listening(const struct bench *bench, struct sample *sample, struct kept *kept,
                          const char *program, int error, int64_t ns)
{
    if (error == -EINTR)
        launch_fail(sample, kept, program, "not waited for: stopped by signal %d", (int)*bench->stop);
    else if (error == -ETIMEDOUT)
        launch_fail(sample, kept, program, "did not listen within %g s", (double)ns / 1e9);
    else if (error == -EBADMSG)
        launch_fail(sample, kept, program, "wrote more than %d bytes, where " LISTENING " was expected",
                    LINE_ROOM - 1);
    else
        launch_ended(sample, kept, program, "before it listened");
}

/* -- A server -------------------------------------------------------------------------------- */

/* It has been started: waits for what it has to say. */
static bool await(struct bench *bench, const struct contender *contender, int64_t ns, struct server *server,
                  struct sample *sample)
{
    struct kept *kept = server->kept;
    struct line line = { .len = 0 };
    int error = wait_for_line(bench, kept, ns, &line);

    if (error) {
        not_listening(bench, sample, kept, contender->program, error, ns);
        return false;
    }
    if (!read_address(line.text, server)) {
        launch_fail(sample, kept, contender->program, "wrote \"%.80s\", where " LISTENING " was expected",
                    printable(line.text));
        return false;
    }
    server->pid = kept->pid;
    if (bench->counting && kept->uncounted)
        bench_warn(bench, "system calls are not counted: %s", strerror(kept->uncounted));
    if (bench->counting && !kept->uncounted)
        server->calls = &kept->calls;
    return true;
}

bool server_start_within(struct bench *bench, const struct contender *contender, const char *what,
                         const char *const *words, int64_t ns, struct server *server, struct sample *sample)
{
    struct keep keep = { .program = contender->program,
                         .words = server_words(contender, what, words),
                         .cpu = bench->server_cpu,
                         .counting = bench->counting,
                         .drops = true };
    char name[KEEP_NAME];

    *server = (struct server){ .pid = 0 };
    int error = keep.words ? keep_start(&keep, &server->kept) : -ENOMEM;
    free(keep.words);
    if (error) {
        sample_fail(sample, "%s: cannot be started: %s", keep_name(contender->program, name),
                    strerror(-error));
        return false;
    }
    bool listens = await(bench, contender, ns, server, sample);
    if (!listens) {
        keep_free(server->kept);
        *server = (struct server){ .pid = 0 };
    }
    return listens;
}

bool server_start(struct bench *bench, const struct contender *contender, const char *what,
                  const char *const *words, struct server *server, struct sample *sample)
{
    return server_start_within(bench, contender, what, words, LISTEN_SECONDS * CONFAB_SECOND, server, sample);
}

void server_stop(struct server *server, struct sample *sample)
{
    struct kept *kept = server->kept;
    char how[KEEP_HOW], last[PRINTABLE_ROOM];

    if (!kept)
        return;
    keep_end(kept);
    if (!kept->asked) {
        keep_last(kept, last);
        sample_fail(sample, "the server %s while it was measured%s%s", keep_how(kept, how),
                    last[0] ? ": " : "", last);
    }
    keep_free(kept);
    *server = (struct server){ .pid = 0 };
}
