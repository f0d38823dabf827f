/* load_support.c: servers that do as a test wants. */
#include "tests/load_support.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    CONNECTIONS = 256,
    PIECE = 65536,
    SOME = 50, /* messages after which something goes wrong */
    SLOW_PIECE = 64
};

struct host {
    enum fake_kind kind;
    struct fake_counts *counts;
    struct pollfd fds[CONNECTIONS + 1]; /* the listener first */
    int count;
    bool stalled;
    int order[CONNECTIONS + 1]; /* the how manieth connection it was */
    char held[2][PIECE];        /* MIXES */
    size_t held_len[2];
    uint64_t number;
};

static void let_pass(long ms)
{
    const struct timespec time = { .tv_sec = 0, .tv_nsec = ms * 1000000 };

    nanosleep(&time, NULL);
}

static void answer(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        bytes += n;
        len -= (size_t)n;
    }
}

static void answer_text(int fd, const char *text)
{
    answer(fd, text, strlen(text));
}

/* -- Faults --------------------------------------------------------------------------- */

/* Until both have said something; then each is given what the other has said. */
static void mix(struct host *host, int at, const char *bytes, size_t len)
{
    int mine = host->order[at] & 1;

    memcpy(host->held[mine], bytes, len);
    host->held_len[mine] = len;
    for (int i = 1; i < host->count && host->held_len[0] > 0 && host->held_len[1] > 0; i++)
        answer(host->fds[i].fd, host->held[!(host->order[i] & 1)], host->held_len[!(host->order[i] & 1)]);
    if (host->held_len[!mine] > 0)
        host->held_len[0] = host->held_len[1] = 0;
}

static void number_lines(struct host *host, int fd, const char *bytes, size_t len)
{
    char text[64];

    for (size_t i = 0; i < len; i++)
        if (bytes[i] == '\n') {
            snprintf(text, sizeof text, "n %llu\r\n", (unsigned long long)++host->number);
            answer_text(fd, text);
        }
}

/* The load is the other child of the test.  (Where there is no such list, nothing is stopped.) */
static void freeze(struct host *host)
{
    char path[64];
    int pid;

    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)getppid(), (int)getppid());
    FILE *list = fopen(path, "r");
    while (list && fscanf(list, "%d", &pid) == 1)
        if (pid != getpid() && kill(pid, SIGSTOP) == 0) {
            let_pass(FAKE_STALL);
            kill(pid, SIGCONT);
            host->counts->frozen = true;
        }
    if (list)
        fclose(list);
}

static void respond(struct host *host, int at, char *bytes, size_t len)
{
    const int fd = host->fds[at].fd;
    const bool late = host->counts->messages > SOME;

    switch (host->kind) {
    case FAKE_SILENT:
        return;
    case FAKE_IGNORES:
        if (host->order[at] == 2)
            return;
        break;
    case FAKE_MIXES:
        mix(host, at, bytes, len);
        return;
    case FAKE_NUMBERS:
        number_lines(host, fd, bytes, len);
        return;
    case FAKE_PIECES:
        for (size_t i = 0; i < len; i++)
            answer(fd, bytes + i, 1);
        return;
    case FAKE_WRONG:
        bytes[len / 2] ^= late;
        break;
    case FAKE_STALLS:
        if (late && !host->stalled)
            let_pass(FAKE_STALL);
        host->stalled = late;
        break;
    case FAKE_FREEZES:
        if (late && !host->stalled)
            freeze(host);
        host->stalled = late;
        break;
    case FAKE_SLOW:
        let_pass(1);
        break;
    case FAKE_TWICE:
        if (host->number++ & 1)
            answer_text(fd, "also\r\n");
        break;
    case FAKE_ANSWERS:
    case FAKE_CLOSES:
    case FAKE_EXTRA:
    case FAKE_GREETS:
    case FAKE_LEAVES:
    case FAKE_QUITS:
        break;
    }
    answer(fd, bytes, len);
    if (host->kind == FAKE_EXTRA && late)
        answer_text(fd, "x\r\n");
    if ((host->kind == FAKE_CLOSES && late) || (host->kind == FAKE_QUITS && memmem(bytes, len, "quit", 4)))
        shutdown(fd, SHUT_RDWR);
}

/* -- The process --------------------------------------------------------------------------- */

static void accept_one(struct host *host)
{
    const int yes = 1;
    int fd = accept(host->fds[0].fd, NULL, NULL);

    if (fd < 0 || host->count > CONNECTIONS)
        _exit(1);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    host->order[host->count] = (int)host->counts->accepted++;
    host->fds[host->count++] = (struct pollfd){ .fd = fd, .events = POLLIN };
    if (host->kind == FAKE_GREETS || host->kind == FAKE_LEAVES)
        answer_text(fd, "hello\r\n");
    if (host->kind == FAKE_LEAVES)
        shutdown(fd, SHUT_RDWR);
}

static void drop(struct host *host, int at)
{
    close(host->fds[at].fd);
    host->count--;
    host->fds[at] = host->fds[host->count];
    host->order[at] = host->order[host->count];
}

/* Whether it is still there. */
static bool serve_one(struct host *host, int at)
{
    char bytes[PIECE];
    ssize_t n = recv(host->fds[at].fd, bytes, host->kind == FAKE_SLOW ? SLOW_PIECE : sizeof bytes, 0);

    host->counts->resets += n < 0 && errno == ECONNRESET;
    if (n <= 0) {
        drop(host, at);
        return false;
    }
    for (ssize_t i = 0; i < n; i++)
        host->counts->messages += bytes[i] == '\n';
    if (host->order[at] < 3)
        host->counts->bytes[host->order[at]] += (uint64_t)n;
    respond(host, at, bytes, (size_t)n);
    return true;
}

static _Noreturn void serve(struct host *host)
{
    for (;;) {
        poll(host->fds, (nfds_t)host->count, -1);
        if (host->fds[0].revents)
            accept_one(host);
        for (int i = 1; i < host->count;)
            i += host->fds[i].revents == 0 || serve_one(host, i);
    }
}

static int listen_on_any(struct server *server)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0), small = 8192;

    cr_assert_geq(fd, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small); /* so that large sends are cut */
    cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(fd, CONNECTIONS), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    server->port = ntohs(address.sin_port);
    snprintf(server->address, sizeof server->address, "127.0.0.1:%d", server->port);
    return fd;
}

void fake_start(struct fake *fake, enum fake_kind kind)
{
    pid_t parent = getpid();

    *fake = (struct fake){ 0 };
    fake->counts = mmap(NULL, sizeof *fake->counts, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANON, -1, 0);
    cr_assert_neq(fake->counts, MAP_FAILED);
    int fd = listen_on_any(&fake->server);
    fflush(NULL);
    fake->server.pid = fork();
    cr_assert_geq(fake->server.pid, 0);
    if (fake->server.pid == 0) {
        static struct host host;
        die_with(parent);
        host = (struct host){ .kind = kind, .counts = fake->counts, .count = 1 };
        host.fds[0] = (struct pollfd){ .fd = fd, .events = POLLIN };
        serve(&host);
    }
    close(fd);
}

void fake_stop(struct fake *fake)
{
    int status;

    kill(fake->server.pid, SIGKILL);
    cr_assert_eq(waitpid(fake->server.pid, &status, 0), fake->server.pid);
    cr_expect(WIFSIGNALED(status), "the test's server ended by itself");
    munmap(fake->counts, sizeof *fake->counts);
}

struct bench fake_bench(void)
{
    return (struct bench){ .server_cpu = -1, .load_cpu = -1 };
}

struct fake_counts fake_load(enum fake_kind kind, const struct load *load, struct bench *bench,
                             struct sample *sample)
{
    struct fake fake;

    *sample = (struct sample){ .taken = false };
    sample_clear(sample);
    fake_start(&fake, kind);
    load_run(bench, &fake.server, load, sample);
    struct fake_counts counts = *fake.counts;
    fake_stop(&fake);
    return counts;
}
