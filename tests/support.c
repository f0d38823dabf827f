#include "support.h"
#include "core/reactor.h"
#include "handle_support.h"
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { RUN_SECONDS = 20, QUIET_TURNS = 3, QUIET_BOUND = 100000 };

static int64_t monotonic(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * CONFAB_SECOND + ts.tv_nsec;
}

int64_t test_clock(void)
{
    return test_simulated() ? test_network()->clock : monotonic();
}

void test_let_pass(int64_t ns)
{
    const struct timespec time = { .tv_sec = ns / CONFAB_SECOND, .tv_nsec = (long)(ns % CONFAB_SECOND) };

    if (test_simulated())
        test_network()->clock += ns;
    else
        nanosleep(&time, NULL);
}

void test_needs_descriptors(void)
{
    if (test_simulated())
        cr_skip_test("there are no descriptors in the simulated network");
}

void test_needs_threads(void)
{
    if (test_simulated())
        cr_skip_test("jobs have no threads in the simulated network");
}

bool test_simulated(void)
{
    const char *backend = getenv("CONFAB_BACKEND");

    return backend && !strcmp(backend, confab_backend_sim.name);
}

int test_reactor_new(confab_reactor **reactor, const struct confab_reactor_options *options)
{
    return reactor_new(reactor, options, test_simulated() ? test_network() : NULL);
}

confab_reactor *test_reactor(void)
{
    confab_reactor *reactor = NULL;
    int error = test_reactor_new(&reactor, NULL);

    cr_assert_eq(error, 0, "confab_reactor_new: %s", strerror(-error));
    return reactor;
}

bool test_backend_tells_except(const char *name)
{
    return strcmp(name, "kqueue") != 0 && strcmp(name, confab_backend_sim.name) != 0;
}

bool test_tells_except(void)
{
    const char *name = getenv("CONFAB_BACKEND");

    return test_backend_tells_except(name && *name ? name : confab_backend_name(0));
}

void test_reactor_free(confab_reactor *reactor)
{
    cr_assert_eq(confab_reactor_free(reactor), 0);
}

void run_until(confab_reactor *reactor, bool (*done)(void *data), void *data)
{
    int64_t end = monotonic() + RUN_SECONDS * CONFAB_SECOND;

    while (!done(data)) {
        cr_assert(monotonic() < end, "what the test waits for has not come in %d s", RUN_SECONDS);
        int n = confab_reactor_run_once(reactor, 100 * CONFAB_MILLISECOND);
        cr_assert_geq(n, 0, "confab_reactor_run_once: %s", strerror(-n));
    }
}

static bool is_set(void *flag)
{
    return *(const int *)flag != 0;
}

void run_until_set(confab_reactor *reactor, const int *flag)
{
    run_until(reactor, is_set, (void *)(uintptr_t)flag);
}

void run_quiet(confab_reactor *reactor)
{
    int quiet = 0;

    for (int i = 0; i < QUIET_BOUND && quiet < QUIET_TURNS; i++) {
        int n = confab_reactor_run_once(reactor, 0);
        cr_assert_geq(n, 0, "confab_reactor_run_once: %s", strerror(-n));
        quiet = n ? 0 : quiet + 1;
    }
    cr_assert_eq(quiet, QUIET_TURNS, "the loop does not come to rest");
}

static void set_nonblocking(int fd)
{
    cr_assert_eq(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK), 0);
}

void test_descriptor_pair(int pair[2])
{
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    set_nonblocking(pair[0]);
    set_nonblocking(pair[1]);
}

void test_pair(int pair[2])
{
    if (test_simulated())
        handle_pair(AF_UNIX, pair);
    else
        test_descriptor_pair(pair);
}

void test_tcp_pair(int pair[2])
{
    struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof sa;

    if (test_simulated()) {
        handle_pair(AF_INET, pair);
        return;
    }
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(bind(listener, (struct sockaddr *)&sa, sizeof sa), 0);
    cr_assert_eq(listen(listener, 1), 0);
    cr_assert_eq(getsockname(listener, (struct sockaddr *)&sa, &len), 0);
    pair[1] = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(connect(pair[1], (struct sockaddr *)&sa, sizeof sa), 0);
    pair[0] = accept(listener, NULL, NULL);
    cr_assert_geq(pair[0], 0);
    close(listener);
    set_nonblocking(pair[0]);
    set_nonblocking(pair[1]);
}

ssize_t test_send_once(int fd, const void *bytes, size_t len)
{
    struct sim_socket *handle = test_handle(fd);
    ssize_t n = handle ? sim_far_send(handle, bytes, len) : send(fd, bytes, len, MSG_NOSIGNAL);

    return n < 0 && !handle ? -errno : n;
}

static ssize_t recv_one(int fd, void *bytes, size_t room)
{
    struct sim_socket *handle = test_handle(fd);
    ssize_t n = handle ? sim_far_recv(handle, bytes, room) : recv(fd, bytes, room, 0);

    return n < 0 && !handle ? -errno : n;
}

size_t test_send_some(int fd, const void *bytes, size_t len)
{
    size_t sent = 0;

    while (sent < len) {
        ssize_t n = test_send_once(fd, (const char *)bytes + sent, len - sent);
        if (n < 0) {
            cr_assert(n == -EAGAIN || n == -EPIPE || n == -ECONNRESET, "send: %s", strerror((int)-n));
            break;
        }
        sent += (size_t)n;
    }
    return sent;
}

void test_send(int fd, const void *bytes, size_t len)
{
    cr_assert_eq(test_send_some(fd, bytes, len), len);
}

ssize_t test_recv(int fd, void *bytes, size_t room)
{
    size_t got = 0;

    while (got < room) {
        ssize_t n = recv_one(fd, (char *)bytes + got, room - got);
        if (n > 0) {
            got += (size_t)n;
            continue;
        }
        if (got > 0)
            break;
        if (n == 0)
            return -1;
        if (n == -ECONNRESET || n == -EPIPE)
            return -2;
        cr_assert_eq(n, -EAGAIN, "recv: %s", strerror((int)-n));
        break;
    }
    return (ssize_t)got;
}

void test_buffer_size(int fd, int option, int bytes)
{
    struct sim_socket *handle = test_handle(fd);

    if (handle)
        *(option == SO_SNDBUF ? &handle->send_limit : &handle->receive_limit) = (size_t)bytes;
    else
        cr_assert_eq(setsockopt(fd, SOL_SOCKET, option, &bytes, sizeof bytes), 0);
}

void test_close(int fd)
{
    struct sim_socket *handle = test_handle(fd);

    if (handle)
        sim_close(handle);
    else
        cr_assert_eq(close(fd), 0);
}

void test_shutdown(int fd)
{
    struct sim_socket *handle = test_handle(fd);

    cr_assert_eq(handle ? sim_shutdown(handle, SHUT_WR) : shutdown(fd, SHUT_WR), 0);
}

void test_reset(int fd)
{
    const struct linger at_once = { .l_onoff = 1 };
    struct sim_socket *handle = test_handle(fd);

    if (handle)
        handle->abort_on_close = true;
    else
        cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    test_close(fd);
}

static int connect_unix(const char *path)
{
    struct sockaddr_un sa = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(sa.sun_path, sizeof sa.sun_path, "%s", path);
    cr_assert_eq(connect(fd, (struct sockaddr *)&sa, sizeof sa), 0, "connect %s: %s", path, strerror(errno));
    return fd;
}

static int connect_tcp(const char *address)
{
    const char *colon = strrchr(address, ':');
    bool six = address[0] == '[';
    struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct sockaddr_in6 sa6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    int fd = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM, 0);

    cr_assert_not_null(colon);
    sa.sin_port = sa6.sin6_port = htons((uint16_t)atoi(colon + 1));
    int error = six ? connect(fd, (struct sockaddr *)&sa6, sizeof sa6)
                    : connect(fd, (struct sockaddr *)&sa, sizeof sa);
    cr_assert_eq(error, 0, "connect %s: %s", address, strerror(errno));
    return fd;
}

int test_connect(const char *address)
{
    if (test_simulated())
        return handle_connect(address);
    int fd = strncmp(address, "unix:", 5) == 0 ? connect_unix(address + 5) : connect_tcp(address);

    set_nonblocking(fd);
    return fd;
}

static char folder[256];

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static void remove_folder(void)
{
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *test_folder(void)
{
    const char *tmp = getenv("TMPDIR");

    if (!folder[0]) {
        snprintf(folder, sizeof folder, "%s/confab-test-XXXXXX", tmp ? tmp : "/tmp");
        cr_assert_not_null(mkdtemp(folder));
        atexit(remove_folder);
    }
    return folder;
}

int test_open_fds(void)
{
    DIR *dir = opendir("/dev/fd");
    int n = 0;

    cr_assert_not_null(dir);
    while (readdir(dir))
        n++;
    closedir(dir);
    return n - 3;
}

int test_rounds(int rounds)
{
    const char *runner = getenv("CONFAB_TEST_RUNNER");

    return runner && !strcmp(runner, "valgrind") ? (rounds + 7) / 8 : rounds;
}

int test_threads(void)
{
    DIR *dir = opendir("/proc/self/task");
    int n = 0;

    if (!dir)
        return 0;
    while (readdir(dir))
        n++;
    closedir(dir);
    return n - 2;
}

void test_threads_until(int n)
{
    int64_t end = monotonic() + RUN_SECONDS * CONFAB_SECOND;

    while (test_threads() > n) {
        cr_assert(monotonic() < end, "there are still %d threads", test_threads());
        sched_yield();
    }
}

char *test_pattern(size_t len)
{
    char *bytes = malloc(len + 1);
    uint32_t x = 2463534242;

    cr_assert_not_null(bytes);
    for (size_t i = 0; i < len; i++) {
        x ^= x << 13, x ^= x >> 17, x ^= x << 5;
        bytes[i] = (char)x;
    }
    return bytes;
}

int test_file(const void *bytes, size_t len)
{
    char path[300];
    int fd;

    snprintf(path, sizeof path, "%s/file-XXXXXX", test_folder());
    fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, bytes, len), (ssize_t)len);
    return fd;
}

void test_expect(int fd, const char *text)
{
    size_t len = strlen(text);
    char *got = malloc(len + 1);
    ssize_t n = test_recv(fd, got, len + 1);

    cr_assert_eq(n, (ssize_t)len, "%zd bytes instead of %zu", n, len);
    cr_assert_eq(memcmp(got, text, len), 0, "\"%.*s\" instead of \"%s\"", (int)len, got, text);
    free(got);
}

struct taken {
    int fd;
    char *bytes;
    size_t got, want;
};

static bool took_all(void *data)
{
    struct taken *taken = data;
    ssize_t n = test_recv(taken->fd, taken->bytes + taken->got, taken->want - taken->got);

    cr_assert_geq(n, 0, "the stream ended after %zu of %zu bytes", taken->got, taken->want);
    taken->got += (size_t)n;
    return taken->got == taken->want;
}

void test_expect_bytes(confab_reactor *reactor, int fd, const char *bytes, size_t len)
{
    struct taken taken = { .fd = fd, .bytes = malloc(len + 1), .want = len };
    char more;

    run_until(reactor, took_all, &taken);
    run_quiet(reactor);
    cr_assert_eq(memcmp(taken.bytes, bytes, len), 0, "other bytes than were sent");
    cr_assert_leq(test_recv(fd, &more, 1), 0, "more bytes than were sent");
    free(taken.bytes);
}
