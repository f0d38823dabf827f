/* chat_race.c: the addresses of one chat that connects, tried one after another,
 * the next one also where the one before it takes long (RFC 8305).
 *
 * Each attempt is a channel; the first that connects hands its descriptor over
 * to the chat, and the others end. */
#include "core/chat_connect.h"
#include <errno.h>
#include <stdio.h>

/* RFC 8305, section 8: the recommended time between attempts. */
static const int64_t attempt_delay = 250 * CONFAB_MILLISECOND;

struct attempt {
    struct channel channel;
    struct race *race; /* NULL: nobody waits for it any more */
    unsigned number;   /* of its candidate */
};

struct candidate {
    struct address address;
    int error;               /* a positive errno; 0: it has not failed */
    struct attempt *attempt; /* NULL: none is under way */
};

struct race {
    confab_chat *chat;
    unsigned count, next; /* candidates; the first that was not tried */
    unsigned live;        /* attempts that are under way */
    struct candidate candidate[];
};

static const char *words(const struct candidate *candidate, unsigned number, unsigned next, int error)
{
    if (candidate->error)
        return strerror(candidate->error);
    return number < next ? strerror(error) : "not tried";
}

void race_keep_failures(const struct race *race, int error)
{
    const struct alloc *alloc = &race->chat->channel.reactor->alloc;
    size_t room = race->count * (ADDRESS_TEXT + REASON_TEXT), at = 0;
    char *line = alloc_new(alloc, room);

    for (unsigned i = 0; line && i < race->count; i++) {
        const struct candidate *c = &race->candidate[i];
        char address[ADDRESS_TEXT];

        address_format((const struct sockaddr *)&c->address.sa, c->address.len, address);
        int n = snprintf(line + at, room - at, "%s%s: %.*s", i ? "; " : "", address, REASON_TEXT - 6,
                         words(c, i, race->next, error));
        if (n > 0)
            at += (size_t)n;
    }
    if (line)
        connect_keep_failure(race->chat, "%s", line);
    alloc_free(alloc, line);
}

/* -- Attempts ------------------------------------------------------------ */

static struct attempt *attempt_of(struct channel *channel)
{
    return (struct attempt *)(void *)channel;
}

void race_end(confab_chat *chat)
{
    struct race *race = chat->extra->race;

    if (!race)
        return;
    chat->extra->race = NULL;
    for (unsigned i = 0; i < race->next; i++) {
        struct attempt *attempt = race->candidate[i].attempt;
        if (attempt) {
            attempt->race = NULL;
            channel_retire(&attempt->channel);
        }
    }
    alloc_free(&chat->channel.reactor->alloc, race);
}

/* The chat takes over a descriptor that is connected.  Where it cannot, the descriptor is closed. */
static int win(struct race *race, int fd, const struct address *address)
{
    confab_chat *chat = race->chat;
    confab_reactor *reactor = chat->channel.reactor;

    chat_stop_loose_timer(chat);
    int error = channel_watch(&chat->channel, fd);
    if (error) {
        reactor->io->close(reactor->state, fd);
        chat_arm(chat);
        return error;
    }
    peer_pack(&chat->peer, (const struct sockaddr *)&address->sa, address->len);
    race_end(chat);
    channel_list(&chat->channel, CHAT_WORK_CONNECT);
    chat_arm(chat);
    return 0;
}

/* Takes an attempt off its race; returns its candidate. */
static struct candidate *leave(struct attempt *attempt)
{
    struct candidate *candidate = &attempt->race->candidate[attempt->number];

    candidate->attempt = NULL;
    attempt->race->live--;
    attempt->race = NULL;
    return candidate;
}

static void attempt_failed(struct attempt *attempt, int error)
{
    struct race *race = attempt->race;

    if (race) {
        leave(attempt)->error = error;
        channel_retire(&attempt->channel);
        race_go_on(race);
    }
}

static void attempt_ready(struct channel *channel, unsigned events, int error)
{
    struct attempt *attempt = attempt_of(channel);
    confab_reactor *reactor = channel->reactor;
    struct race *race = attempt->race;

    if (!(events & BACKEND_FAILED))
        error = -reactor->io->socket_error(reactor->state, channel->fd);
    if (error) {
        attempt_failed(attempt, error);
        return;
    }
    struct candidate *candidate = leave(attempt);
    const struct address address = candidate->address;
    int fd = channel_unwatch(channel);

    channel_retire(channel);
    error = win(race, fd, &address);
    if (error) {
        candidate->error = -error;
        race_go_on(race);
    }
}

static void attempt_late(struct channel *channel)
{
    const struct attempt *attempt = attempt_of(channel);

    /* Not where a failure has started another one since. */
    if (attempt->race && attempt->number + 1 == attempt->race->next)
        race_go_on(attempt->race);
}

static void attempt_work(struct channel *channel, unsigned bits)
{
    (void)channel, (void)bits; /* it lists none */
}

/* Its descriptor is another's now, or everything is to be closed, the chat too. */
static void attempt_close(struct channel *channel)
{
    struct attempt *attempt = attempt_of(channel);

    if (attempt->race) {
        channel_list(&attempt->race->chat->channel, CHAT_WORK_RACE);
        leave(attempt)->error = ECANCELED;
    }
    channel_retire(channel);
}

void chat_race_on(confab_chat *chat)
{
    struct race *race = chat->extra ? chat->extra->race : NULL;

    if (race)
        race_go_on(race);
}

static void attempt_finish(struct channel *channel)
{
    channel_done(channel);
    alloc_free(&channel->reactor->alloc, channel);
}

static const struct channel_ops attempt_ops = { .ready = attempt_ready,
                                                .work = attempt_work,
                                                .timer = attempt_late,
                                                .close = attempt_close,
                                                .finish = attempt_finish };

/* Starts an attempt.  0: it is under way, or has won, and then there is no race any more. */
static int start_attempt(struct race *race, unsigned number)
{
    struct candidate *candidate = &race->candidate[number];
    confab_reactor *reactor = race->chat->channel.reactor;
    bool connected;
    int fd = connect_socket(reactor, &candidate->address, &connected);

    if (fd < 0)
        return fd;
    if (connected) {
        const struct address address = candidate->address;
        return win(race, fd, &address);
    }
    struct attempt *attempt = reactor_open(reactor) ? alloc_zeroed(&reactor->alloc, sizeof *attempt) : NULL;
    if (!attempt) {
        reactor->io->close(reactor->state, fd);
        return -ENOMEM;
    }
    channel_init(&attempt->channel, reactor, &attempt_ops);
    int error = channel_watch(&attempt->channel, fd);
    if (error) {
        reactor->io->close(reactor->state, fd);
        channel_retire(&attempt->channel);
        return error;
    }
    attempt->race = race;
    attempt->number = number;
    candidate->attempt = attempt;
    race->live++;
    channel_want(&attempt->channel, BACKEND_WRITE);
    if (race->next < race->count)
        channel_set_timer(&attempt->channel, reactor->now + attempt_delay);
    return 0;
}

void race_go_on(struct race *race)
{
    int error = -ECANCELED;

    while (race->next < race->count) {
        unsigned number = race->next++;
        error = start_attempt(race, number);
        if (error == 0)
            return;
        race->candidate[number].error = -error;
    }
    if (race->live > 0)
        return;
    for (unsigned i = 0; i < race->count; i++)
        if (race->candidate[i].error)
            error = -race->candidate[i].error;
    race_keep_failures(race, -error);
    connect_fail_later(race->chat, error);
}

int race_start(confab_chat *chat, const struct address *address, unsigned count)
{
    const struct alloc *alloc = &chat->channel.reactor->alloc;
    struct race *race = alloc_zeroed(alloc, sizeof *race + count * sizeof *race->candidate);

    if (!race)
        return -ENOMEM;
    race->chat = chat;
    race->count = count;
    for (unsigned i = 0; i < count; i++)
        race->candidate[i].address = address[i];
    chat->extra->race = race;
    return 0;
}
