/* ask.c: runs a program once, and reads what it says. */
#include "tools/bench/ask.h"
#include <confab/base.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CANNOT_EXECUTE = 127, A_MOMENT = 5 /* ms */ };

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * CONFAB_SECOND + time.tv_nsec;
}

static void become(const char *const *argv, int output)
{
    int none = open("/dev/null", O_RDWR);
    if (none >= 0 && dup2(none, STDIN_FILENO) >= 0 && dup2(none, STDERR_FILENO) >= 0 &&
        dup2(output, STDOUT_FILENO) >= 0)
        execv(argv[0], (char *const *)(uintptr_t)argv);
    _exit(CANNOT_EXECUTE);
}

/* Reads to the end of it; what finds no room is dropped. */
static int read_all(int fd, int64_t deadline, char *out, size_t room)
{
    char dropped[512];
    size_t used = 0;
    int64_t left;

    out[0] = '\0';
    while ((left = deadline - now()) > 0) {
        struct pollfd wait = { .fd = fd, .events = POLLIN };
        int ready = poll(&wait, 1, (int)(left / (CONFAB_SECOND / 1000)) + 1);
        if (ready <= 0)
            continue;
        bool full = used + 1 >= room;
        ssize_t n = read(fd, full ? dropped : out + used, full ? sizeof dropped : room - used - 1);
        if (n == 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0 && !full)
            out[used += (size_t)n] = '\0';
    }
    return -ETIMEDOUT;
}

/* It has closed its output, and ends, or it does not. */
static int wait_for(pid_t pid, int64_t deadline)
{
    int status;
    for (;;) {
        pid_t ended = waitpid(pid, &status, WNOHANG);
        if (ended == pid)
            return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
        if (ended < 0 && errno != EINTR)
            return -errno;
        if (now() >= deadline)
            break;
        poll(NULL, 0, A_MOMENT);
    }
    kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return -ETIMEDOUT;
}

int ask(const char *const *argv, int seconds, char *out, size_t room)
{
    int64_t deadline = now() + seconds * CONFAB_SECOND;
    int ends[2];
    out[0] = '\0';
    if (pipe(ends) < 0)
        return -errno;
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    pid_t pid = fork();
    int error = pid < 0 ? -errno : 0;
    if (pid == 0)
        become(argv, ends[1]);
    close(ends[1]);
    if (!error) {
        int read = read_all(ends[0], deadline, out, room);
        int status = wait_for(pid, read ? now() : deadline);
        error = read ? read : status;
    }
    close(ends[0]);
    return error;
}
