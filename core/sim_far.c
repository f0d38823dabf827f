/* sim_far.c: the far side of a simulation: the ends and the listeners that the test holds, and names. */
#include "core/sim.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { FAR_BACKLOG = 128 };

/* -- Far ends ------------------------------------------------------------------------ */

static confab_sim_end *end_new(confab_sim *sim)
{
    confab_sim_end *end = calloc(1, sizeof *end);

    if (!end)
        return NULL;
    end->sim = sim;
    end->next = sim->ends;
    if (end->next)
        end->next->previous = end;
    sim->ends = end;
    return end;
}

static void end_free(confab_sim_end *end)
{
    *(end->previous ? &end->previous->next : &end->sim->ends) = end->next;
    if (end->next)
        end->next->previous = end->previous;
    free(end);
}

/* Gives a socket the address that it comes from: with a port or without one. */
static int come_from(struct sim_socket *socket, const char *from)
{
    char text[ADDRESS_TEXT];
    struct address address;

    if (!from || socket->domain == AF_UNIX)
        return from ? -EINVAL : 0;
    if (address_parse(&address, from, true, NULL, 0)) {
        bool bare = strchr(from, ':') && *from != '[';
        int n = snprintf(text, sizeof text, bare ? "[%s]:0" : "%s:0", from);
        if (n >= (int)sizeof text || address_parse(&address, text, true, NULL, 0))
            return -EINVAL;
    }
    if (address.sa.ss_family != socket->domain)
        return -EINVAL;
    return sim_bind(socket, (struct sockaddr *)&address.sa, address.len);
}

/* Where a listener that shows this address is reached: of every interface, on 127.0.0.1. */
static int read_target(struct address *to, const char *address)
{
    const char *port = strrchr(address, ':');
    char loopback[ADDRESS_TEXT];

    if (port == address || (port == address + 1 && *address == '*')) {
        snprintf(loopback, sizeof loopback, "127.0.0.1%s", port);
        address = loopback;
    }
    return address_parse(to, address, false, NULL, 0) ? -EINVAL : 0;
}

int confab_sim_connect(confab_sim *sim, const char *address, const char *from, confab_sim_end **made)
{
    struct address to;
    confab_sim_end *end;
    int error = read_target(&to, address);

    *made = NULL;
    if (error)
        return error;
    sim_arrivals(sim->network);
    end = end_new(sim);
    if (!end)
        return -ENOMEM;
    end->socket = sim_socket_new(sim->network, to.sa.ss_family);
    error = end->socket ? come_from(end->socket, from) : -ENOMEM;
    if (!error)
        error = sim_connect_now(end->socket, &to.sa, to.len);
    sim_note(sim->network, "far connect %s -> %d", address, error);
    if (!error) {
        *made = end;
        return 0;
    }
    if (end->socket)
        sim_close(end->socket);
    end_free(end);
    return error == -ENOENT ? -ECONNREFUSED : error;
}

const char *confab_sim_peer(const confab_sim_end *end, char buf[ADDRESS_TEXT])
{
    return address_format((const struct sockaddr *)&end->socket->peer, end->socket->peer_len, buf);
}

const char *confab_sim_local(const confab_sim_end *end, char buf[ADDRESS_TEXT])
{
    return address_format((const struct sockaddr *)&end->socket->local, end->socket->local_len, buf);
}

ssize_t confab_sim_send(confab_sim_end *end, const void *bytes, size_t len)
{
    struct sim_socket *socket = end->socket;

    sim_arrivals(socket->network);
    ssize_t n = sim_far_send(socket, bytes, len);
    sim_note(socket->network, "far send %zd of %zu %08" PRIx32, n, len,
             n > 0 ? sim_hash(bytes, (size_t)n, 0) : 0);
    return n;
}

ssize_t confab_sim_recv(confab_sim_end *end, void *bytes, size_t room)
{
    struct sim_socket *socket = end->socket;

    sim_arrivals(socket->network);
    ssize_t n = sim_far_recv(socket, bytes, room);
    sim_note(socket->network, "far recv %zd", n);
    return n;
}

int confab_sim_shutdown(confab_sim_end *end)
{
    sim_arrivals(end->socket->network);
    sim_note(end->socket->network, "far shutdown");
    return sim_shutdown(end->socket, SHUT_WR) ? -EPIPE : 0;
}

void confab_sim_reset(confab_sim_end *end)
{
    sim_arrivals(end->socket->network);
    sim_note(end->socket->network, "far reset");
    end->socket->abort_on_close = true;
    sim_close(end->socket);
    end_free(end);
}

void confab_sim_close(confab_sim_end *end)
{
    sim_arrivals(end->socket->network);
    sim_note(end->socket->network, "far close");
    sim_close(end->socket);
    end_free(end);
}

size_t confab_sim_unread(const confab_sim_end *end)
{
    return end->socket->other ? end->socket->other->in.held : 0;
}

size_t confab_sim_pending(const confab_sim_end *end)
{
    return end->socket->in.held;
}

/* -- Far listeners, and names -------------------------------------------------------- */

static int open_listener(confab_sim_listener *listener, const char *text)
{
    struct sim_socket *socket;
    struct address address;

    if (address_parse(&address, text, true, NULL, 0))
        return -EINVAL;
    listener->socket = socket = sim_socket_new(listener->sim->network, address.sa.ss_family);
    if (!socket)
        return -ENOMEM;
    int error = sim_bind(socket, (struct sockaddr *)&address.sa, address.len);
    if (!error)
        error = sim_listen(socket, FAR_BACKLOG);
    address_format((struct sockaddr *)&socket->local, socket->local_len, listener->address);
    return error;
}

int confab_sim_listen(confab_sim *sim, const char *address, confab_sim_listener **made)
{
    confab_sim_listener *listener = calloc(1, sizeof *listener);

    *made = NULL;
    if (!listener)
        return -ENOMEM;
    listener->sim = sim;
    listener->next = sim->listeners;
    if (listener->next)
        listener->next->previous = listener;
    sim->listeners = listener;
    int error = open_listener(listener, address);
    sim_note(sim->network, "far listen %s -> %d", address, error);
    if (error)
        confab_sim_listener_close(listener);
    else
        *made = listener;
    return error;
}

const char *confab_sim_listener_address(const confab_sim_listener *listener)
{
    return listener->address;
}

int confab_sim_accept(confab_sim_listener *listener, confab_sim_end **made)
{
    *made = NULL;
    sim_arrivals(listener->sim->network);
    if (!listener->socket->first)
        return -EAGAIN;
    confab_sim_end *end = end_new(listener->sim);
    if (!end)
        return -ENOMEM;
    end->socket = sim_accept(listener->socket);
    sim_note(listener->sim->network, "far accept");
    *made = end;
    return 0;
}

void confab_sim_listener_close(confab_sim_listener *listener)
{
    *(listener->previous ? &listener->previous->next : &listener->sim->listeners) = listener->next;
    if (listener->next)
        listener->next->previous = listener->previous;
    if (listener->socket)
        sim_close(listener->socket);
    free(listener);
}

int confab_sim_name(confab_sim *sim, const char *host, const char *text)
{
    char with_port[ADDRESS_TEXT];
    struct address address;
    int n = snprintf(with_port, sizeof with_port, strchr(text, ':') ? "[%s]:0" : "%s:0", text);

    if (n >= (int)sizeof with_port || !*text || address_parse(&address, with_port, true, NULL, 0) ||
        address.any)
        return -EINVAL;
    return sim_name_add(sim->network, host, &address.sa);
}
