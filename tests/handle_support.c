#include "handle_support.h"
#include "core/address.h"
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>

enum { BUFFER = 1 << 18 }; /* about what a pair of real sockets holds */

static struct sim_network *network;

struct sim_network *test_network(void)
{
    if (!network) {
        network = sim_network_new(1);
        cr_assert_not_null(network);
        network->faults.buffer = BUFFER;
    }
    return network;
}

struct sim_socket *test_handle(int fd)
{
    if (fd < SIM_FIRST || !network)
        return NULL;
    sim_arrivals(network);
    return sim_socket_of(network, fd);
}

static struct sim_socket *new_socket(int domain)
{
    struct sim_socket *socket = sim_socket_new(test_network(), domain);

    cr_assert_not_null(socket);
    cr_assert_geq(sim_handle(socket), SIM_FIRST);
    return socket;
}

static struct sim_socket *connect_to(const char *text)
{
    struct address address;

    cr_assert_eq(address_parse(&address, text, false, NULL, 0), 0);
    struct sim_socket *socket = new_socket(address.sa.ss_family);
    int error = sim_connect_now(socket, &address.sa, address.len);
    cr_assert_eq(error, 0, "connect %s: %s", text, strerror(-error));
    return socket;
}

int handle_connect(const char *address)
{
    char loopback[64];

    /* Who listens on every interface is reached by the loopback one. */
    if (address[0] == '*') {
        snprintf(loopback, sizeof loopback, "127.0.0.1%s", address + 1);
        address = loopback;
    }
    return connect_to(address)->handle;
}

void handle_pair(int domain, int pair[2])
{
    struct sim_socket *listener = new_socket(domain);
    struct address address;
    char text[ADDRESS_TEXT];

    snprintf(text, sizeof text,
             domain == AF_UNIX    ? "unix:test-%d"
             : domain == AF_INET6 ? "[::1]:0"
                                  : "127.0.0.1:0",
             listener->handle);
    cr_assert_eq(address_parse(&address, text, true, NULL, 0), 0);
    cr_assert_eq(sim_bind(listener, (struct sockaddr *)&address.sa, address.len), 0);
    cr_assert_eq(sim_listen(listener, 1), 0);
    pair[1] =
        connect_to(address_format((struct sockaddr *)&listener->local, listener->local_len, text))->handle;
    pair[0] = sim_handle(sim_accept(listener));
    sim_close(listener);
}
