/* test_listener_socket.c: the sockets that listeners make and adopt, and their files. */
#include "listener_support.h"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>

static confab_reactor *reactor;

static void set_up(void)
{
    reactor = test_reactor();
}

static void tear_down(void)
{
    test_reactor_free(reactor);
    cr_expect_eq(ended, opened, "each chat has ended");
}

TestSuite(listener_socket, .init = set_up, .fini = tear_down, .timeout = 60);

static bool opened_more(void *before)
{
    return opened > *(int *)before;
}

/* A connection is made, and echoes. */
static void serves(const char *address)
{
    int far = test_connect(address), before = opened;

    run_until(reactor, opened_more, &before);
    test_send(far, "hello", 5);
    test_expect_bytes(reactor, far, "hello", 5);
    close(far);
}

/* A path for a socket. */
static const char *unix_address(void)
{
    static char address[300];

    snprintf(address, sizeof address, "unix:%s/socket", test_folder());
    return address;
}

static const char *unix_path(void)
{
    return unix_address() + strlen("unix:");
}

Test(listener_socket, listens_on_ipv4)
{
    confab_listener *l = listen_on(reactor, "0");
    const char *address = confab_listener_address(l);

    cr_expect_eq(strncmp(address, "127.0.0.1:", 10), 0, "%s", address);
    cr_expect_str_neq(address, "127.0.0.1:0", "the kernel has chosen");
    serves(address);
    cr_expect_eq(strncmp(last_peer, "127.0.0.1:", 10), 0, "the peer's address: %s", last_peer);
}

Test(listener_socket, listens_on_ipv6)
{
    if (!has_six(reactor))
        cr_skip("there is no IPv6 here");
    confab_listener *l = listen_on(reactor, "[::1]:0");

    serves(confab_listener_address(l));
    cr_expect_eq(strncmp(last_peer, "[::1]:", 6), 0, "%s", last_peer);
}

Test(listener_socket, listens_on_a_unix_path)
{
    confab_listener *l = listen_on(reactor, unix_address());

    cr_expect_str_eq(confab_listener_address(l), unix_address());
    serves(unix_address());
    cr_expect_str_eq(last_peer, "unix:");
}

Test(listener_socket, every_interface_is_ipv6_and_ipv4)
{
    confab_listener *l = listen_on(reactor, "*:0");
    char six[64];

    if (!has_six(reactor))
        cr_skip("there is no IPv6 here");
    cr_expect_eq(strncmp(confab_listener_address(l), "*:", 2), 0, "in the form that listen takes");
    serves(confab_listener_address(l));
    cr_expect_eq(strncmp(last_peer, "127.0.0.1:", 10), 0, "%s", last_peer);
    snprintf(six, sizeof six, "[::1]%s", strchr(confab_listener_address(l), ':'));
    serves(six);
    cr_expect_eq(strncmp(last_peer, "[::1]:", 6), 0, "%s", last_peer);
}

Test(listener_socket, the_ipv6_wildcard_in_brackets_is_ipv6_alone)
{
    if (!has_six(reactor))
        cr_skip("there is no IPv6 here");
    confab_listener *four;
    char text[64];
    int error = -EADDRINUSE;

    /* So the same port is free for IPv4, unless another program has just that one. */
    for (int tries = 0; tries < 10 && error == -EADDRINUSE; tries++) {
        confab_listener *l = listen_on(reactor, "[::]:0");

        snprintf(text, sizeof text, "0.0.0.0%s", strrchr(confab_listener_address(l), ':'));
        error = confab_listen(&four, reactor, text, &echoing, NULL);
    }
    cr_expect_eq(error, 0);
}

static struct confab_io without_six;
static int (*real_socket)(void *, int, int, int);
static int (*real_bind)(void *, int, const struct sockaddr *, socklen_t);

static int socket_without_six(void *state, int domain, int type, int protocol)
{
    return domain == AF_INET6 ? -EAFNOSUPPORT : real_socket(state, domain, type, protocol);
}

static int bind_without_six(void *state, int fd, const struct sockaddr *sa, socklen_t len)
{
    return sa->sa_family == AF_INET6 ? -EADDRNOTAVAIL : real_bind(state, fd, sa, len);
}

static void falls_back(void)
{
    confab_listener *l = listen_on(reactor, "*:0");

    cr_expect_eq(strncmp(confab_listener_address(l), "0.0.0.0:", 8), 0, "%s", confab_listener_address(l));
    serves(confab_listener_address(l));
}

Test(listener_socket, every_interface_is_ipv4_where_the_system_lacks_ipv6)
{
    without_six = *reactor->io;
    real_socket = without_six.socket;
    without_six.socket = socket_without_six;
    reactor->io = &without_six;
    falls_back();
}

Test(listener_socket, every_interface_is_ipv4_where_ipv6_has_no_address)
{
    without_six = *reactor->io;
    real_bind = without_six.bind;
    without_six.bind = bind_without_six;
    reactor->io = &without_six;
    falls_back();
}

static int option_of(int fd, int level, int name)
{
    int value = 0;
    socklen_t len = sizeof value;

    cr_expect_eq(getsockopt(fd, level, name, &value, &len), 0);
    return value;
}

Test(listener_socket, connections_inherit_nodelay_and_keepalive)
{
    test_needs_descriptors();
    confab_listener *l = listen_on(reactor, "127.0.0.1:0");
    int far = test_connect(confab_listener_address(l));

    run_until_set(reactor, &opened);
    cr_expect_neq(option_of(confab_chat_fd(last_chat), IPPROTO_TCP, TCP_NODELAY), 0);
    cr_expect_neq(option_of(confab_chat_fd(last_chat), SOL_SOCKET, SO_KEEPALIVE), 0);
    close(far);
}

Test(listener_socket, listens_again_at_once_on_the_same_port)
{
    confab_listener *l = listen_on(reactor, "127.0.0.1:0");
    char address[64], byte;
    int far = test_connect(confab_listener_address(l));

    strcpy(address, confab_listener_address(l));
    run_until_set(reactor, &opened);
    confab_chat_close(last_chat); /* our side first: it is the one that lingers in TIME_WAIT */
    confab_listener_close(l);
    run_quiet(reactor);
    cr_expect_eq(test_recv(far, &byte, 1), -1);
    close(far);
    listen_on(reactor, address);
    serves(address);
}

Test(listener_socket, what_cannot_be_listened_on_is_an_error)
{
    test_needs_descriptors();
    confab_listener *l = listen_on(reactor, "127.0.0.1:0"), *other = l;
    const struct confab_chat_options bad = { .size = sizeof bad, .low = 2, .high = 1 };
    int open = test_open_fds();

    cr_expect_eq(confab_listen(&other, reactor, confab_listener_address(l), &echoing, NULL), -EADDRINUSE);
    cr_expect_null(other);
    cr_expect_eq(confab_listen(&other, reactor, "192.0.2.1:0", &echoing, NULL), -EADDRNOTAVAIL);
    cr_expect_eq(confab_listen(&other, reactor, "nonsense", &echoing, NULL), -EINVAL);
    cr_expect_eq(confab_listen(&other, reactor, "0", NULL, NULL), -EINVAL);
    cr_expect_eq(confab_listen(&other, reactor, "0", &echoing, &bad), -EINVAL);
    cr_expect_eq(confab_listen(&other, reactor, "unix:/no/such/folder", &echoing, NULL), -ENOENT);
    cr_expect_eq(test_open_fds(), open, "nothing is left open");
}

/* -- Files --------------------------------------------------------------- */

static bool exists(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0;
}

/* A unix socket of somebody else. */
static int bind_unix(const char *path)
{
    struct sockaddr_un sa = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(sa.sun_path, sizeof sa.sun_path, "%s", path);
    cr_assert_eq(bind(fd, (struct sockaddr *)&sa, sizeof sa), 0);
    cr_assert_eq(listen(fd, 1), 0);
    return fd;
}

Test(listener_socket, its_file_is_removed_when_it_closes)
{
    test_needs_descriptors();
    confab_listener *l = listen_on(reactor, unix_address());

    cr_expect(exists(unix_path()));
    confab_listener_close(l);
    cr_expect_not(exists(unix_path()));
}

Test(listener_socket, its_file_is_removed_with_the_reactor)
{
    test_needs_descriptors();
    confab_reactor *other = test_reactor();

    listen_on(other, unix_address());
    test_reactor_free(other);
    cr_expect_not(exists(unix_path()));
}

Test(listener_socket, a_file_that_took_its_place_is_left_alone)
{
    test_needs_descriptors();
    confab_listener *l = listen_on(reactor, unix_address());
    char aside[320];

    snprintf(aside, sizeof aside, "%s.aside", unix_path());
    cr_assert_eq(rename(unix_path(), aside), 0);
    int fd = bind_unix(unix_path());
    confab_listener_close(l);
    cr_expect(exists(unix_path()));
    close(fd);
}

Test(listener_socket, a_socket_file_that_nobody_listens_on_is_replaced)
{
    test_needs_descriptors();
    close(bind_unix(unix_path()));
    cr_expect(exists(unix_path()));
    listen_on(reactor, unix_address());
    serves(unix_address());
}

Test(listener_socket, a_socket_file_in_use_is_not_replaced)
{
    test_needs_descriptors();
    confab_listener *l;
    int fd = bind_unix(unix_path());

    cr_expect_eq(confab_listen(&l, reactor, unix_address(), &echoing, NULL), -EADDRINUSE);
    cr_expect(exists(unix_path()));
    close(fd);
}

Test(listener_socket, a_file_that_is_no_socket_is_not_replaced)
{
    test_needs_descriptors();
    confab_listener *l;
    FILE *file = fopen(unix_path(), "w");

    fclose(file);
    cr_expect_eq(confab_listen(&l, reactor, unix_address(), &echoing, NULL), -EADDRINUSE);
    cr_expect(exists(unix_path()));
}

/* -- Adopting ------------------------------------------------------------ */

Test(listener_socket, adopts_a_descriptor_that_listens_and_leaves_its_file)
{
    test_needs_descriptors();
    confab_listener *l;

    cr_assert_eq(confab_listener_adopt(&l, reactor, bind_unix(unix_path()), &echoing, NULL), 0);
    cr_expect_str_eq(confab_listener_address(l), unix_address());
    serves(unix_address());
    confab_listener_close(l);
    cr_expect(exists(unix_path()), "the file is its maker's");
}

Test(listener_socket, what_cannot_be_adopted_is_closed)
{
    const struct confab_chat_options bad = { .size = sizeof bad, .low = 2, .high = 1 };
    int open = test_open_fds(), fds[2];
    confab_listener *l;

    test_pair(fds);
    cr_expect_eq(confab_listener_adopt(&l, reactor, fds[0], &echoing, NULL), -EINVAL, "does not listen");
    cr_expect_null(l);
    cr_expect_eq(confab_listener_adopt(&l, reactor, fds[1], &echoing, &bad), -EINVAL);
    cr_expect_eq(confab_listener_adopt(&l, reactor, test_file("x", 1), &echoing, NULL), -EPERM);
    cr_expect_eq(confab_listener_adopt(&l, reactor, -1, &echoing, NULL), -EBADF);
    cr_expect_eq(test_open_fds(), open);
}
