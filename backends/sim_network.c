/* sim_network.c: the simulated network: its sockets, their handles, and what is
 * under way between them. */
#include "backends/sim.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>

enum { FIRST_ROOM = 64 };

#define START_SPREAD (INT64_C(1) << 40) /* the clock starts somewhere in as much, which is 18 minutes */

struct sim_event {
    int64_t time;
    uint64_t number; /* in the order in which they were sent */
    enum sim_what what;
    struct sim_socket *to, *from; /* from may be NULL */
    size_t n;
};

struct sim_network *sim_network_new(uint64_t seed)
{
    struct sim_network *network = calloc(1, sizeof *network);

    if (!network)
        return NULL;
    network->refs = 1;
    network->first = SIM_FIRST;
    network->random = seed;
    network->digest = UINT64_C(14695981039346656037);
    network->faults = (struct sim_faults){ .buffer = SIM_BUFFER };
    network->start = START_SPREAD + (int64_t)sim_draw(network, START_SPREAD);
    network->clock = network->start;
    return network;
}

void sim_handles_low(struct sim_network *network)
{
    if (fcntl(SIM_FIRST_LOW / 2, F_GETFD) < 0)
        network->first = SIM_FIRST_LOW;
}

struct sim_network *sim_network_ref(struct sim_network *network)
{
    network->refs++;
    return network;
}

/* -- Sockets ---------------------------------------------------------------------- */

struct sim_socket *sim_socket_new(struct sim_network *network, int domain)
{
    struct sim_socket *socket = calloc(1, sizeof *socket);

    if (!socket)
        return NULL;
    socket->network = network;
    socket->refs = 1;
    socket->handle = -1;
    socket->domain = domain;
    socket->until_reset = UINT64_MAX;
    sim_address_none(domain, &socket->local, &socket->local_len);
    sim_address_none(domain, &socket->peer, &socket->peer_len);
    socket->next = network->sockets;
    if (socket->next)
        socket->next->previous = socket;
    network->sockets = socket;
    return socket;
}

void sim_socket_unref(struct sim_socket *socket)
{
    if (--socket->refs > 0)
        return;
    *(socket->previous ? &socket->previous->next : &socket->network->sockets) = socket->next;
    if (socket->next)
        socket->next->previous = socket->previous;
    free(socket->in.bytes);
    free(socket);
}

static int grow_handles(struct sim_network *network)
{
    int room = network->handles ? 2 * network->handles : FIRST_ROOM;

    if (network->handles == SIM_HANDLES_MAX)
        return -EMFILE;
    struct sim_socket **handle = realloc(network->handle, (size_t)room * sizeof *handle);
    if (!handle)
        return -ENOMEM;
    for (int i = network->handles; i < room; i++)
        handle[i] = NULL;
    network->handle = handle;
    network->handles = room;
    return 0;
}

int sim_handle(struct sim_socket *socket)
{
    struct sim_network *network = socket->network;
    int i = network->lowest;

    while (i < network->handles && network->handle[i])
        i++;
    int error = i < network->handles ? 0 : grow_handles(network);
    if (error)
        return error;
    network->handle[i] = socket;
    network->lowest = i + 1;
    return socket->handle = network->first + i;
}

struct sim_socket *sim_socket_of(const struct sim_network *network, int handle)
{
    int i = handle - network->first;

    return handle >= network->first && i < network->handles ? network->handle[i] : NULL;
}

unsigned sim_ready(const struct sim_socket *socket)
{
    unsigned events = 0;

    switch (socket->kind) {
    case SIM_LISTENING:
        return socket->first ? BACKEND_READ : 0;
    case SIM_CONNECTING:
        return 0;
    case SIM_NEW:
    case SIM_FAILED:
        return BACKEND_READ | BACKEND_WRITE;
    case SIM_CONNECTED:
        break;
    }
    if (sim_receivable(socket) != -EAGAIN)
        events |= BACKEND_READ;
    if (sim_sendable(socket) != -EAGAIN)
        events |= BACKEND_WRITE;
    return events;
}

/* -- What is under way --------------------------------------------------------------- */

static bool before(const struct sim_event *a, const struct sim_event *b)
{
    return a->time < b->time || (a->time == b->time && a->number < b->number);
}

static void swap(struct sim_event *a, struct sim_event *b)
{
    struct sim_event c = *a;

    *a = *b;
    *b = c;
}

static bool push(struct sim_network *network, const struct sim_event *event)
{
    if (network->event_count == network->event_room) {
        size_t room = network->event_room ? 2 * network->event_room : FIRST_ROOM;
        struct sim_event *events = realloc(network->events, room * sizeof *events);
        if (!events)
            return false;
        network->events = events;
        network->event_room = room;
    }
    size_t at = network->event_count++;
    network->events[at] = *event;
    for (; at > 0 && before(&network->events[at], &network->events[(at - 1) / 2]); at = (at - 1) / 2)
        swap(&network->events[at], &network->events[(at - 1) / 2]);
    return true;
}

static struct sim_event pop(struct sim_network *network)
{
    struct sim_event *events = network->events, first = events[0];
    size_t count = --network->event_count, at = 0, least;

    events[0] = events[count];
    for (;; at = least) {
        least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < count; child++)
            if (before(&events[child], &events[least]))
                least = child;
        if (least == at)
            return first;
        swap(&events[at], &events[least]);
    }
}

void sim_send_off(enum sim_what what, struct sim_socket *to, struct sim_socket *from, size_t n, int64_t least)
{
    struct sim_network *network = to->network;
    int64_t delay = network->faults.delay, time = network->clock + least;
    struct sim_event event = {
        .number = network->event_number++, .what = what, .to = to, .from = from, .n = n
    };

    if (delay > 0)
        time += (int64_t)sim_draw(network, (uint64_t)delay + 1);
    event.time = to->in.last = time > to->in.last ? time : to->in.last;
    if (!push(network, &event)) {
        network->no_memory = true;
        return;
    }
    to->refs++;
    if (from)
        from->refs++;
}

static void bytes_arrive(const struct sim_event *event)
{
    struct sim_socket *to = event->to, *from = event->from;

    if (!from) { /* sent to one that was gone already */
        to->nowhere -= event->n;
        sim_reset_arrived(to);
    } else if (!to->closed) {
        sim_bytes_arrived(to, event->n);
    } else if (!from->closed) {
        sim_send_off(SIM_RESET, from, NULL, 0, 0);
    }
}

static void arrive(const struct sim_event *event)
{
    struct sim_socket *to = event->to;

    if (event->what == SIM_BYTES) {
        bytes_arrive(event);
        return;
    }
    if (to->closed)
        return;
    switch (event->what) {
    case SIM_BYTES:
        break;
    case SIM_END:
        sim_end_arrived(to);
        break;
    case SIM_RESET:
        sim_reset_arrived(to);
        break;
    case SIM_CONNECT:
        sim_connect_arrived(to);
        break;
    case SIM_ANSWER:
        sim_answer_arrived(to, (int)event->n);
        break;
    }
}

static void forget(const struct sim_event *event)
{
    sim_socket_unref(event->to);
    if (event->from)
        sim_socket_unref(event->from);
}

/* Whether its arrival changes nothing: who it is for has gone, and nobody is left to be told so. */
static bool moot(const struct sim_event *event)
{
    if (!event->to->closed)
        return false;
    return event->what != SIM_BYTES || !event->from || event->from->closed;
}

/* Else time would pass for the answer to a connect that was given up long ago. */
int64_t sim_next_arrival(struct sim_network *network)
{
    while (network->event_count && moot(&network->events[0])) {
        struct sim_event event = pop(network);
        forget(&event);
    }
    return network->event_count ? network->events[0].time : INT64_MAX;
}

/* Nor is a connect that nobody answers under way. */
static bool is_under_way(const struct sim_event *event)
{
    if (event->what == SIM_CONNECT && event->to->tries > 0)
        return false;
    return !moot(event) && !(event->what == SIM_ANSWER && event->n == ETIMEDOUT);
}

int64_t sim_next_delivery(const struct sim_network *network)
{
    int64_t next = INT64_MAX;

    for (size_t i = 0; i < network->event_count; i++)
        if (is_under_way(&network->events[i]) && network->events[i].time < next)
            next = network->events[i].time;
    return next;
}

/* Each of them sends off one more at the most, so this ends. */
void sim_arrivals(struct sim_network *network)
{
    while (network->event_count && network->events[0].time <= network->clock) {
        struct sim_event event = pop(network);
        arrive(&event);
        forget(&event);
    }
}

void sim_network_unref(struct sim_network *network)
{
    if (--network->refs > 0)
        return;
    while (network->event_count) {
        struct sim_event event = pop(network);
        forget(&event);
    }
    while (network->sockets) {
        network->sockets->refs = 1;
        sim_socket_unref(network->sockets);
    }
    sim_names_free(network);
    free(network->events);
    free(network->handle);
    free(network->trace);
    free(network);
}
