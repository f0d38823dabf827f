/* sim_stream.c: bytes each way between two sockets of the simulated network,
 * the ends of streams, and resets.
 *
 * What a socket sends is written into the other one's ring at once, and arrives
 * later: so a ring bounds both what is under way and what is not read. */
#include "backends/sim.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* memcpy, but that where there are no bytes there need be no address either. */
static void copy(char *to, const char *from, size_t n)
{
    if (n > 0)
        memcpy(to, from, n);
}

/* A ring is made when the first byte comes: most ends of a test never get one. */
static bool has_ring(struct sim_pipe *pipe, size_t room)
{
    if (!pipe->bytes) {
        pipe->bytes = malloc(room);
        pipe->room = pipe->bytes ? room : 0;
    }
    return pipe->bytes != NULL;
}

static size_t lesser(size_t room, size_t limit)
{
    return limit && limit < room ? limit : room;
}

/* What may be held of what a socket sends. */
static size_t room_for(const struct sim_socket *socket)
{
    const struct sim_socket *to = socket->other;
    size_t room = to && to->in.bytes ? to->in.room : socket->network->faults.buffer;

    return lesser(lesser(room, socket->send_limit), to ? to->receive_limit : 0);
}

ssize_t sim_sendable(const struct sim_socket *socket)
{
    const struct sim_socket *to = socket->other;

    if (socket->error)
        return -socket->error;
    if (socket->kind == SIM_CONNECTING)
        return -EAGAIN;
    if (socket->reset || socket->write_ended)
        return -EPIPE;
    if (socket->kind != SIM_CONNECTED)
        return -ENOTCONN;
    if (!to && socket->domain == AF_UNIX)
        return -EPIPE;
    size_t held = to ? to->in.held : socket->nowhere, room = room_for(socket);

    return held < room ? (ssize_t)(room - held) : -EAGAIN;
}

ssize_t sim_receivable(const struct sim_socket *socket)
{
    if (socket->in.arrived)
        return (ssize_t)socket->in.arrived;
    if (socket->error)
        return -socket->error;
    if (socket->reset || socket->in.ended || socket->read_ended)
        return 0;
    return socket->kind == SIM_CONNECTED || socket->kind == SIM_CONNECTING ? -EAGAIN : -ENOTCONN;
}

int sim_error(struct sim_socket *socket)
{
    int error = socket->error;

    socket->error = 0;
    return error;
}

void sim_put(struct sim_socket *socket, const char *bytes, size_t n)
{
    struct sim_socket *to = socket->other;

    if (!to) {
        socket->nowhere += n;
        return;
    }
    struct sim_pipe *pipe = &to->in;
    if (!has_ring(pipe, socket->network->faults.buffer)) {
        socket->network->no_memory = true;
        return;
    }
    size_t at = (pipe->start + pipe->held) % pipe->room, first = pipe->room - at;
    first = first < n ? first : n;
    copy(pipe->bytes + at, bytes, first);
    copy(pipe->bytes, bytes + first, n - first);
    pipe->held += n;
}

void sim_flush(struct sim_socket *socket, size_t n)
{
    if (socket->network->no_memory) /* what was put may be nowhere */
        return;
    if (socket->other)
        sim_send_off(SIM_BYTES, socket->other, socket, n, 0);
    else
        sim_send_off(SIM_BYTES, socket, NULL, n, 0); /* comes back as a reset */
}

void sim_take(struct sim_socket *socket, char *bytes, size_t n, bool peek)
{
    struct sim_pipe *pipe = &socket->in;
    size_t first = pipe->room - pipe->start;

    first = first < n ? first : n;
    copy(bytes, pipe->bytes + pipe->start, first);
    copy(bytes + first, pipe->bytes, n - first);
    if (peek)
        return;
    pipe->start = (pipe->start + n) % pipe->room;
    pipe->held -= n;
    pipe->arrived -= n;
}

ssize_t sim_far_send(struct sim_socket *socket, const char *bytes, size_t len)
{
    ssize_t n = sim_sendable(socket);

    if (n > 0) {
        n = (size_t)n < len ? n : (ssize_t)len;
        sim_put(socket, bytes, (size_t)n);
        if (n > 0)
            sim_flush(socket, (size_t)n);
    } else if (n == -socket->error) {
        sim_error(socket);
    }
    return n;
}

ssize_t sim_far_recv(struct sim_socket *socket, char *bytes, size_t room)
{
    ssize_t n = sim_receivable(socket);

    if (n > 0) {
        n = (size_t)n < room ? n : (ssize_t)room;
        sim_take(socket, bytes, (size_t)n, false);
    } else if (n < 0 && n == -socket->error) {
        sim_error(socket);
    }
    return n;
}

/* -- Arrivals ---------------------------------------------------------------- */

/* What is under way to it is lost; what has arrived can still be read. */
static void break_off(struct sim_socket *socket, int error)
{
    if (socket->reset)
        return;
    socket->reset = true;
    socket->error = error;
    socket->in.held = socket->in.arrived;
}

/* The network itself breaks a connection when so many bytes have arrived, whichever way. */
static size_t before_reset(struct sim_socket *socket, size_t n)
{
    return n < socket->until_reset ? n : (size_t)socket->until_reset;
}

static void count_to_reset(struct sim_socket *socket, size_t n)
{
    if (socket->until_reset == UINT64_MAX)
        return;
    socket->until_reset -= n;
    if (socket->other)
        socket->other->until_reset = socket->until_reset;
    if (socket->until_reset > 0)
        return;
    sim_note(socket->network, "fault: the network resets %d", socket->handle);
    if (socket->other)
        break_off(socket->other, ECONNRESET);
    break_off(socket, ECONNRESET);
}

void sim_bytes_arrived(struct sim_socket *socket, size_t n)
{
    if (socket->reset)
        return;
    n = before_reset(socket, n);
    socket->in.arrived += n;
    count_to_reset(socket, n);
}

void sim_end_arrived(struct sim_socket *socket)
{
    if (!socket->reset)
        socket->in.ended = true;
}

void sim_reset_arrived(struct sim_socket *socket)
{
    /* One that has said all it had to say, and heard the end, has nothing to be reset. */
    if (socket->in.ended && socket->write_ended && !socket->nowhere)
        return;
    break_off(socket, ECONNRESET);
}

/* -- Ends --------------------------------------------------------------------- */

static void end_sending(struct sim_socket *socket)
{
    if (socket->write_ended)
        return;
    socket->write_ended = true;
    if (socket->other && !socket->reset)
        sim_send_off(SIM_END, socket->other, socket, 0, 0);
}

int sim_shutdown(struct sim_socket *socket, int how)
{
    if (socket->kind != SIM_CONNECTED || socket->reset)
        return -ENOTCONN;
    if (how != SHUT_WR)
        socket->read_ended = true;
    if (how != SHUT_RD)
        end_sending(socket);
    return 0;
}

void sim_reset(struct sim_socket *socket)
{
    if (socket->other && !socket->reset)
        sim_send_off(SIM_RESET, socket->other, socket, 0, 0);
    socket->write_ended = true;
}

static void let_go_of_waiting(struct sim_socket *listener)
{
    for (struct sim_socket *socket; (socket = sim_accept(listener));) {
        sim_reset(socket);
        sim_close(socket);
    }
}

void sim_close(struct sim_socket *socket)
{
    struct sim_network *network = socket->network;

    let_go_of_waiting(socket);
    if (socket->kind == SIM_LISTENING)
        sim_listen_no_more(socket);
    if (socket->kind == SIM_CONNECTED && (socket->abort_on_close || socket->in.arrived))
        sim_reset(socket);
    else if (socket->kind == SIM_CONNECTED)
        end_sending(socket);
    else if (socket->kind == SIM_CONNECTING && socket->other)
        sim_reset(socket); /* the answer is under way */
    if (socket->other)
        socket->other->other = NULL;
    socket->other = NULL;
    sim_unbind(socket);
    socket->closed = true;
    if (socket->handle >= 0) {
        int at = socket->handle - network->first;
        network->handle[at] = NULL;
        network->lowest = at < network->lowest ? at : network->lowest;
        socket->handle = -1;
    }
    sim_socket_unref(socket);
}
