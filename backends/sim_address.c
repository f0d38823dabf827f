/* sim_address.c: who is bound where in the simulated network, and what its hosts are called. */
#include "backends/sim.h"
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>

enum { HOST_MAX = 256 };

static const char local_host[] =
    "localhost"; /* which each reactor takes for 127.0.0.1 and ::1 without asking */

struct sim_name {
    struct sim_name *next;
    struct sockaddr_storage address;
    char host[HOST_MAX];
};

/* -- Addresses as values -------------------------------------------------------- */

static struct in6_addr six_of(const struct sockaddr_storage *address)
{
    struct sockaddr_in6 six;
    struct sockaddr_in four;

    if (address->ss_family == AF_INET6) {
        memcpy(&six, address, sizeof six);
        return six.sin6_addr;
    }
    memcpy(&four, address, sizeof four);
    memset(&six, 0, sizeof six);
    memset(&six.sin6_addr.s6_addr[10], 0xff, 2);
    memcpy(&six.sin6_addr.s6_addr[12], &four.sin_addr, 4);
    return six.sin6_addr;
}

/* In the network's order.  It stands in the same place in both. */
static uint16_t port_of(const struct sockaddr_storage *address)
{
    struct sockaddr_in four;

    memcpy(&four, address, sizeof four);
    return four.sin_port;
}

static void set_port(struct sockaddr_storage *address, uint16_t port)
{
    struct sockaddr_in four;

    memcpy(&four, address, sizeof four);
    four.sin_port = port;
    memcpy(address, &four, sizeof four);
}

static bool is_any(const struct sockaddr_storage *address)
{
    struct in6_addr six = six_of(address);

    return IN6_IS_ADDR_UNSPECIFIED(&six) ||
           (IN6_IS_ADDR_V4MAPPED(&six) && !memcmp(&six.s6_addr[12], "\0\0\0", 4));
}

static bool same_host(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
    struct in6_addr x = six_of(a), y = six_of(b);

    return !memcmp(&x, &y, sizeof x);
}

static bool same_path(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
    struct sockaddr_un x, y;

    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return !strncmp(x.sun_path, y.sun_path, sizeof x.sun_path);
}

static socklen_t address_length(int domain)
{
    if (domain == AF_UNIX)
        return sizeof(sa_family_t);
    return domain == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

void sim_address_none(int domain, struct sockaddr_storage *address, socklen_t *len)
{
    memset(address, 0, sizeof *address);
    address->ss_family = (sa_family_t)domain;
    *len = address_length(domain);
}

static void loopback(int domain, struct sockaddr_storage *address, socklen_t *len)
{
    struct sockaddr_in6 six;
    struct sockaddr_in four;

    sim_address_none(domain, address, len);
    if (domain == AF_INET6) {
        memcpy(&six, address, sizeof six);
        six.sin6_addr = in6addr_loopback;
        memcpy(address, &six, sizeof six);
    } else if (domain == AF_INET) {
        memcpy(&four, address, sizeof four);
        four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        memcpy(address, &four, sizeof four);
    }
}

void sim_address_show(const struct sockaddr_storage *address, socklen_t len, int domain,
                      struct sockaddr_storage *shown, socklen_t *shown_len)
{
    struct sockaddr_in6 six = { .sin6_family = AF_INET6 };

    *shown = *address;
    *shown_len = len;
    if (domain != AF_INET6 || address->ss_family != AF_INET)
        return;
    six.sin6_addr = six_of(address);
    six.sin6_port = port_of(address);
    memset(shown, 0, sizeof *shown);
    memcpy(shown, &six, sizeof six);
    *shown_len = sizeof six;
}

void sim_address_give(const struct sockaddr_storage *address, socklen_t have, struct sockaddr *out,
                      socklen_t *len)
{
    memcpy(out, address, have < *len ? have : *len);
    *len = have;
}

/* -- Binding ----------------------------------------------------------------------- */

/* Whether IPv4 is meant too where a socket of IPv6 is bound to this. */
static bool takes_four(const struct sim_socket *socket, const struct sockaddr_storage *address)
{
    return socket->domain == AF_INET6 && is_any(address) && !socket->six_only;
}

/* Whether both could be meant if b, too, were bound to this. */
static bool collide(const struct sim_socket *a, const struct sim_socket *b,
                    const struct sockaddr_storage *address)
{
    if ((a->domain == AF_UNIX) != (b->domain == AF_UNIX))
        return false;
    if (b->domain == AF_UNIX)
        return same_path(&a->local, address);
    if (port_of(&a->local) != port_of(address))
        return false;
    if (a->domain != b->domain)
        return takes_four(a, &a->local) || takes_four(b, address);
    return is_any(&a->local) || is_any(address) || same_host(&a->local, address);
}

/* Whether no other may be bound to what this one is bound to. */
static bool keeps_off(const struct sim_socket *s, const struct sim_socket *socket)
{
    return s != socket && s->bound && !s->closed && !(s->reuse_port && socket->reuse_port);
}

static bool taken(const struct sim_socket *socket, const struct sockaddr_storage *address)
{
    for (const struct sim_socket *s = socket->network->sockets; s; s = s->next)
        if (keeps_off(s, socket) && collide(s, socket, address))
            return true;
    return false;
}

/* Which of the ports are taken for this socket at this address. */
static void find_gone(const struct sim_socket *socket, struct sockaddr_storage *address, bool gone[SIM_PORTS])
{
    for (const struct sim_socket *s = socket->network->sockets; s; s = s->next) {
        int port = ntohs(port_of(&s->local));

        if (port < SIM_PORT_FIRST || !keeps_off(s, socket))
            continue;
        set_port(address, port_of(&s->local));
        gone[port - SIM_PORT_FIRST] |= collide(s, socket, address);
    }
}

/* How many are bound to the port of this one; NULL: it is none of those that are given. */
static uint32_t *count_at_port(const struct sim_socket *socket)
{
    int port = ntohs(port_of(&socket->local));

    return socket->domain != AF_UNIX && port >= SIM_PORT_FIRST
               ? &socket->network->at_port[port - SIM_PORT_FIRST]
               : NULL;
}

static void bound(struct sim_socket *socket)
{
    uint32_t *count = count_at_port(socket);

    socket->bound = true;
    if (count)
        ++*count;
}

void sim_unbind(struct sim_socket *socket)
{
    uint32_t *count = count_at_port(socket);

    if (socket->bound && count)
        --*count;
    socket->bound = false;
}

/* A port that nobody has; -EADDRINUSE: there is none.  The sockets may be thousands: they are gone through where somebody
 * has the next port, at whatever address, and once more for all ports where that is in our way. */
static int free_port(const struct sim_socket *socket, struct sockaddr_storage *address)
{
    struct sim_network *network = socket->network;
    bool gone[SIM_PORTS] = { false };

    for (int tries = 0; tries < SIM_PORTS; tries++) {
        network->port = network->port < SIM_PORT_FIRST ? SIM_PORT_FIRST : network->port;
        int i = network->port++ - SIM_PORT_FIRST;
        set_port(address, htons((uint16_t)(SIM_PORT_FIRST + i)));
        if (network->at_port[i] == 0 || (tries == 0 ? !taken(socket, address) : !gone[i]))
            return 0;
        if (tries == 0)
            find_gone(socket, address, gone);
    }
    return -EADDRINUSE;
}

int sim_bind(struct sim_socket *socket, const struct sockaddr *address, socklen_t len)
{
    struct sockaddr_storage to = { 0 };

    if (socket->bound || socket->kind != SIM_NEW || len > sizeof to || len < address_length(socket->domain))
        return -EINVAL;
    if (address->sa_family != socket->domain)
        return -EAFNOSUPPORT;
    memcpy(&to, address, len);
    if (socket->domain == AF_UNIX && len == address_length(AF_UNIX))
        return -EINVAL;
    if (socket->domain != AF_UNIX && port_of(&to) == 0) {
        int error = free_port(socket, &to);
        if (error)
            return error;
    } else if (taken(socket, &to)) {
        return -EADDRINUSE;
    }
    socket->local = to;
    socket->local_len = len;
    bound(socket);
    return 0;
}

int sim_bind_any(struct sim_socket *socket, const struct sockaddr_storage *to)
{
    if (socket->domain == AF_UNIX) {
        if (!socket->bound)
            sim_address_none(AF_UNIX, &socket->local, &socket->local_len);
        return 0;
    }
    if (socket->bound && port_of(&socket->local) != 0 && !is_any(&socket->local))
        return 0;
    uint16_t port = port_of(&socket->local);
    if (to)
        loopback(socket->domain, &socket->local, &socket->local_len);
    else
        sim_address_none(socket->domain, &socket->local, &socket->local_len);
    set_port(&socket->local, port);
    if (socket->bound)
        return 0;
    int error = free_port(socket, &socket->local);
    if (error)
        set_port(&socket->local, port);
    else
        bound(socket);
    return error;
}

static bool leads_to(const struct sim_socket *listener, const struct sockaddr_storage *address)
{
    if ((listener->domain == AF_UNIX) != (address->ss_family == AF_UNIX))
        return false;
    if (listener->domain == AF_UNIX)
        return same_path(&listener->local, address);
    if (port_of(&listener->local) != port_of(address))
        return false;
    if (is_any(&listener->local))
        return listener->domain == address->ss_family || takes_four(listener, &listener->local);
    /* Who connects to "every interface" means this host. */
    return is_any(address) ? listener->domain == address->ss_family : same_host(&listener->local, address);
}

/* Of several that share a port the one with the fewest that wait; of those alike the oldest. */
struct sim_socket *sim_listener_at(struct sim_network *network, const struct sockaddr_storage *address)
{
    struct sim_socket *found = NULL;

    for (struct sim_socket *s = network->listeners; s; s = s->next_listener)
        if (leads_to(s, address) && (!found || s->waiting <= found->waiting))
            found = s;
    return found;
}

/* -- Names --------------------------------------------------------------------------- */

int sim_name_add(struct sim_network *network, const char *host, const struct sockaddr_storage *address)
{
    struct sim_name **end = &network->names, *name;
    size_t len = strlen(host);

    if (len == 0 || len >= HOST_MAX || !strcasecmp(host, local_host))
        return -EINVAL;
    name = calloc(1, sizeof *name);
    if (!name)
        return -ENOMEM;
    name->address = *address;
    memcpy(name->host, host, len + 1);
    while (*end)
        end = &(*end)->next;
    *end = name;
    return 0;
}

void sim_names_free(struct sim_network *network)
{
    for (struct sim_name *name; (name = network->names);) {
        network->names = name->next;
        free(name);
    }
}

int sim_name_find(const struct sim_network *network, const char *host, uint16_t port,
                  struct sockaddr_storage *addresses, int room)
{
    socklen_t len;
    int n = 0;

    if (!strcasecmp(host, local_host))
        for (; n < room && n < 2; n++)
            loopback(n == 0 ? AF_INET : AF_INET6, &addresses[n], &len);
    for (const struct sim_name *name = network->names; name && n < room; name = name->next)
        if (!strcasecmp(name->host, host))
            addresses[n++] = name->address;
    for (int i = 0; i < n; i++)
        set_port(&addresses[i], htons(port));
    return n > 0 ? n : -EHOSTUNREACH;
}
