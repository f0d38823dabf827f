/* bare_support.c: a bare server in a process of its own, and clients of it. */
#include "tests/bare_support.h"

#include "tools/bench/launch.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE = 20000, WORDS = 4 };

/* In the child: what it prints goes to `output`. */
static _Noreturn void be_server(pid_t parent, const char *what, int count, const char *const *words,
                                int output, int descriptors)
{
    const struct rlimit limit = { .rlim_cur = (rlim_t)descriptors, .rlim_max = (rlim_t)descriptors };
    char *argv[2 + WORDS + 1] = { (char *)"bare", (char *)what };

    die_with(parent);
    for (int i = 0; i < count && i < WORDS; i++)
        argv[2 + i] = (char *)words[i];
    if (output >= 0)
        dup2(output, STDOUT_FILENO);
    if (descriptors > 0)
        setrlimit(RLIMIT_NOFILE, &limit);
    _exit(part_run(2 + count, argv));
}

void bare_start(struct served *served, const char *what, const char *word, int descriptors)
{
    char line[128] = "";
    size_t len = 0;
    pid_t parent = getpid();
    int ends[2];

    cr_assert_eq(pipe(ends), 0);
    fflush(NULL);
    *served = (struct served){ .pid = fork(), .output = ends[0], .what = what };
    if (served->pid == 0) {
        close(ends[0]);
        be_server(parent, what, word ? 1 : 0, &word, ends[1], descriptors);
    }
    close(ends[1]);
    cr_assert_gt(served->pid, 0);
    while (!strchr(line, '\n')) {
        ssize_t n = read(ends[0], line + len, sizeof line - 1 - len);
        cr_assert_gt(n, 0, "it does not listen");
        len += (size_t)n;
        line[len] = '\0';
    }
    cr_assert_eq(strncmp(line, "listening ", 10), 0);
    cr_assert_eq(strncmp(line + 10, what, strlen(what)), 0);
    cr_assert_eq(sscanf(line + 10 + strlen(what), " 127.0.0.1:%" SCNu16 "\n", &served->port), 1);
    snprintf(served->address, sizeof served->address, "127.0.0.1:%u", served->port);
}

int bare_wait(struct served *served)
{
    int status = 0;

    while (waitpid(served->pid, &status, 0) < 0)
        cr_assert_eq(errno, EINTR);
    close(served->output);
    served->pid = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void bare_stop(struct served *served)
{
    int status = 0;

    cr_assert_eq(waitpid(served->pid, &status, WNOHANG), 0, "it has ended by itself");
    /* (Of SIGTERM valgrind would make an occasion to look for leaks: connections that only the kernel knows of.) */
    cr_assert_eq(kill(served->pid, SIGKILL), 0);
    cr_assert_eq(bare_wait(served), -SIGKILL);
}

int bare_status(const char *what, int count, const char *const *words)
{
    pid_t parent = getpid();
    struct served served;

    fflush(NULL);
    served = (struct served){ .pid = fork(), .output = -1 };
    if (served.pid == 0)
        be_server(parent, what, count, words, -1, 0);
    return bare_wait(&served);
}

int bare_connect(const struct served *served)
{
    return test_connect(served->address);
}

size_t bare_say_some(int fd, const void *bytes, size_t len)
{
    ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

    cr_assert(n >= 0 || errno == EAGAIN, "it takes nothing: %s", strerror(errno));
    return n > 0 ? (size_t)n : 0;
}

void bare_say(int fd, const void *bytes, size_t len)
{
    for (size_t at = 0; at < len;) {
        struct pollfd room = { .fd = fd, .events = POLLOUT };
        cr_assert_eq(poll(&room, 1, PATIENCE), 1, "it takes no more after byte %zu", at);
        at += bare_say_some(fd, (const char *)bytes + at, len - at);
    }
}

static ssize_t receive(int fd, char *to, size_t room)
{
    struct pollfd ready = { .fd = fd, .events = POLLIN };

    cr_assert_eq(poll(&ready, 1, PATIENCE), 1, "nothing comes");
    return recv(fd, to, room, 0);
}

void bare_hear(int fd, const void *bytes, size_t len)
{
    char piece[4096];

    for (size_t at = 0; at < len;) {
        size_t room = len - at < sizeof piece ? len - at : sizeof piece;
        ssize_t n = receive(fd, piece, room);
        cr_assert_gt(n, 0, "the stream ends after byte %zu of %zu", at, len);
        cr_assert_eq(memcmp(piece, (const char *)bytes + at, (size_t)n), 0, "other bytes behind byte %zu",
                     at);
        at += (size_t)n;
    }
}

void bare_hear_end(int fd)
{
    char byte;

    cr_assert_leq(receive(fd, &byte, 1), 0, "more comes: '%c'", byte);
}

/* What was readable when it began to wait it has read when it waits for the second time since. */
void bare_settle(const struct served *served)
{
    for (int i = 0; i < 2; i++) {
        int fd = bare_connect(served);
        if (strcmp(served->what, "line") == 0) {
            bare_say(fd, "x\n", 2);
            bare_hear(fd, "x\r\n", 3);
        } else if (strcmp(served->what, "bulk") == 0) {
            bare_say(fd, "produce 2\n", 10);
            bare_hear(fd, "ab", 2);
        } else {
            shutdown(fd, SHUT_WR);
            bare_hear(fd, "0 messages of 0 bytes\r\n", 23);
        }
        close(fd);
    }
}
