/* sim_connect.c: listening, connecting and accepting in the simulated network. */
#include "backends/sim.h"
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

/* A connect that finds the backlog full, or that nobody answers, tries again as TCP does, and gives up in the end. */
#define TRY_AGAIN INT64_C(1000000000)
#define GIVE_UP   (127 * TRY_AGAIN)

int sim_listen(struct sim_socket *socket, int backlog)
{
    if (socket->kind != SIM_NEW && socket->kind != SIM_LISTENING)
        return -EINVAL;
    if (!socket->bound && socket->domain == AF_UNIX)
        return -EINVAL;
    int error = socket->bound ? 0 : sim_bind_any(socket, NULL);
    if (error)
        return error;
    if (socket->kind == SIM_NEW) {
        socket->next_listener = socket->network->listeners;
        socket->network->listeners = socket;
    }
    socket->kind = SIM_LISTENING;
    socket->backlog = backlog < 1 ? 1 : backlog;
    return 0;
}

void sim_listen_no_more(struct sim_socket *socket)
{
    struct sim_socket **at = &socket->network->listeners;

    while (*at != socket)
        at = &(*at)->next_listener;
    *at = socket->next_listener;
}

static void enqueue(struct sim_socket *listener, struct sim_socket *socket)
{
    socket->listener = listener;
    if (listener->last)
        listener->last->behind = socket;
    else
        listener->first = socket;
    listener->last = socket;
    listener->waiting++;
}

struct sim_socket *sim_accept(struct sim_socket *listener)
{
    struct sim_socket *socket = listener->first;

    if (!socket)
        return NULL;
    listener->first = socket->behind;
    if (!listener->first)
        listener->last = NULL;
    socket->behind = socket->listener = NULL;
    listener->waiting--;
    return socket;
}

/* After how many bytes the network will reset a connection. */
static uint64_t draw_reset(struct sim_network *network)
{
    const struct sim_faults *faults = &network->faults;

    return sim_chance(network, faults->resets) ? 1 + sim_draw(network, faults->reset_after) : UINT64_MAX;
}

/* Makes the listener's side of a connection, which waits to be accepted. */
static int meet(struct sim_socket *socket, struct sim_socket *listener)
{
    struct sim_socket *made = sim_socket_new(socket->network, listener->domain);

    if (!made)
        return -ENOMEM;
    made->kind = SIM_CONNECTED;
    made->bound = false; /* the listener's port is the listener's */
    sim_address_show(&socket->peer, socket->peer_len, made->domain, &made->local, &made->local_len);
    sim_address_show(&socket->local, socket->local_len, made->domain, &made->peer, &made->peer_len);
    made->other = socket;
    socket->other = made;
    made->until_reset = socket->until_reset = draw_reset(socket->network);
    enqueue(listener, made);
    return 0;
}

/* Who it reaches; what is wrong else. */
static int reach(struct sim_socket *socket, struct sim_socket **listener)
{
    *listener = sim_listener_at(socket->network, &socket->peer);
    if (!*listener)
        return socket->domain == AF_UNIX ? -ENOENT : -ECONNREFUSED;
    return (*listener)->waiting >= (*listener)->backlog ? -EAGAIN : 0;
}

static int aim(struct sim_socket *socket, const struct sockaddr_storage *address, socklen_t len)
{
    socket->peer = *address;
    socket->peer_len = len;
    return sim_bind_any(socket, address) ? -EADDRNOTAVAIL : 0;
}

int sim_connect_now(struct sim_socket *socket, const struct sockaddr_storage *address, socklen_t len)
{
    struct sim_socket *listener;

    int error = aim(socket, address, len);
    if (!error)
        error = reach(socket, &listener);
    if (!error)
        error = meet(socket, listener);
    if (!error)
        socket->kind = SIM_CONNECTED;
    return error;
}

static size_t size_of(const struct sockaddr *address)
{
    return address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

/* What the caller got wrong. */
static int check(const struct sim_socket *socket, const struct sockaddr *address, socklen_t len)
{
    if (socket->kind == SIM_CONNECTING)
        return -EALREADY;
    if (socket->kind != SIM_NEW)
        return socket->kind == SIM_CONNECTED ? -EISCONN : -EINVAL;
    if (len < sizeof address->sa_family || len > sizeof(struct sockaddr_storage))
        return -EINVAL;
    if (address->sa_family != socket->domain)
        return -EAFNOSUPPORT;
    return socket->domain != AF_UNIX && len < size_of(address) ? -EINVAL : 0;
}

/* One that a signal interrupts goes on by itself, as one that is under way does. */
static bool interrupted(const struct sim_socket *socket)
{
    if (!sim_chance(socket->network, socket->network->faults.interrupted))
        return false;
    sim_note(socket->network, "fault: connect %d is interrupted", socket->handle);
    return true;
}

static int connect_unix(struct sim_socket *socket, const struct sockaddr_storage *to, socklen_t len)
{
    int error = sim_connect_now(socket, to, len);

    if (error || !interrupted(socket))
        return error;
    socket->kind = SIM_CONNECTING;
    sim_send_off(SIM_ANSWER, socket, NULL, 0, 0);
    return -EINPROGRESS;
}

int sim_connect(struct sim_socket *socket, const struct sockaddr *address, socklen_t len)
{
    const struct sim_faults *faults = &socket->network->faults;
    struct sockaddr_storage to = { 0 };
    int error = check(socket, address, len);

    if (error)
        return error;
    memcpy(&to, address, len);
    if (socket->domain == AF_UNIX)
        return connect_unix(socket, &to, len);
    error = aim(socket, &to, len);
    if (error)
        return error;
    interrupted(socket);
    socket->kind = SIM_CONNECTING;
    if (sim_chance(socket->network, faults->refused)) {
        sim_note(socket->network, "fault: connect %d is refused", socket->handle);
        sim_send_off(SIM_ANSWER, socket, NULL, ECONNREFUSED, 0);
    } else if (sim_chance(socket->network, faults->unanswered)) {
        sim_note(socket->network, "fault: connect %d is not answered", socket->handle);
        sim_send_off(SIM_ANSWER, socket, NULL, ETIMEDOUT, GIVE_UP);
    } else {
        sim_send_off(SIM_CONNECT, socket, NULL, 0, 0);
    }
    return -EINPROGRESS;
}

void sim_connect_arrived(struct sim_socket *socket)
{
    struct sim_socket *listener;
    int error = reach(socket, &listener);

    if (!error)
        error = meet(socket, listener);
    if (error == -EAGAIN && socket->tries++ < GIVE_UP / TRY_AGAIN)
        sim_send_off(SIM_CONNECT, socket, NULL, 0, TRY_AGAIN);
    else
        sim_send_off(SIM_ANSWER, socket, NULL, (size_t)(error == -EAGAIN ? ETIMEDOUT : -error), 0);
}

void sim_answer_arrived(struct sim_socket *socket, int error)
{
    if (socket->kind != SIM_CONNECTING)
        return;
    socket->kind = error ? SIM_FAILED : SIM_CONNECTED;
    socket->error = error;
}
