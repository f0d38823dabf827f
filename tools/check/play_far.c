/* play_far.c: the far ends of a run: they send, read, and wait until the loop has come to rest. */
#include "tools/check/play.h"
#include <errno.h>
#include <string.h>

enum {
    PIECE = 65536,
    LATE_ROUNDS = 64 /* jobs that follow each other in one step */
};

size_t far_waits(const struct far *far)
{
    return far->came.len - far->seen;
}

void far_free(struct far *far)
{
    bytes_free(&far->came);
    bytes_free(&far->unsent);
}

int far_open(struct run *run, struct far *far, const char *address)
{
    int error = confab_sim_connect(run->sim, address, NULL, &far->end);

    if (error == -EAGAIN) { /* its backlog is full */
        rest(run);
        error = confab_sim_connect(run->sim, address, NULL, &far->end);
    }
    far->opened = true;
    return error;
}

/* -- Sending ------------------------------------------------------------------------------- */

/* Sends what there is room for; whether some of it was. */
static bool send_unsent(struct far *far)
{
    struct bytes *unsent = &far->unsent;
    ssize_t n = unsent->len > 0 ? confab_sim_send(far->end, unsent->at, unsent->len) : 0;

    if (n == -ECONNRESET)
        far->reset = far->ended = true;
    if (n < 0 && n != -EAGAIN)
        n = (ssize_t)unsent->len; /* nobody will get it */
    if (n > 0) {
        unsent->len -= (size_t)n;
        memmove(unsent->at, unsent->at + n, unsent->len);
    }
    if (far->shut && !far->shut_done && unsent->len == 0) {
        confab_sim_shutdown(far->end);
        far->shut_done = true;
        return true;
    }
    return n > 0;
}

int far_put(struct far *far, const void *bytes, size_t n)
{
    ssize_t sent = far->unsent.len > 0 ? 0 : confab_sim_send(far->end, bytes, n);

    if (sent == -ECONNRESET)
        far->reset = far->ended = true;
    if (sent < 0 && sent != -EAGAIN)
        return 0;
    if (sent < 0)
        sent = 0;
    if ((size_t)sent == n)
        return 0;
    return bytes_add(&far->unsent, (const char *)bytes + sent, n - (size_t)sent);
}

/* -- Reading --------------------------------------------------------------------------------- */

static bool keep(struct run *run, struct far *far, const char *bytes, size_t n)
{
    run->heard += n;
    if (run->heard > PLAY_CAME_MAX && run->lenient) { /* nonsense may ask for anything: it has heard enough */
        confab_sim_close(far->end);
        far->end = NULL;
        far->ended = true;
        return false;
    }
    if (run->heard > PLAY_CAME_MAX) {
        run->restless = true;
        run_fail(run, "does not come to rest: sends more than %d MiB in answer to one step",
                 PLAY_CAME_MAX >> 20);
        return false;
    }
    if (!run->deaf && bytes_add(&far->came, bytes, n))
        run_no_memory(run);
    return !run->broken;
}

/* Reads what there is, or a mouthful of it; whether there was something. */
static bool listen_to(struct run *run, struct far *far)
{
    char bytes[PIECE];
    size_t room = run->schedule->mouthful && run->schedule->mouthful < sizeof bytes ? run->schedule->mouthful
                                                                                    : sizeof bytes;
    ssize_t n = confab_sim_recv(far->end, bytes, room);

    if (n == 0 || n == -ECONNRESET) {
        far->ended = true;
        far->reset = n < 0;
    }
    return n > 0 && keep(run, far, bytes, (size_t)n);
}

/* What each far end can do now; whether one could do something. */
static bool act(struct run *run)
{
    bool acted = false;

    for (size_t p = 0; p < run->player_count; p++)
        for (size_t c = 0; c < run->session->connection_count; c++) {
            struct far *far = &run->players[p].fars[c];
            if (!far->end)
                continue;
            acted = send_unsent(far) || acted;
            if (!far->stalled && !far->ended)
                acted = listen_to(run, far) || acted;
        }
    return acted;
}

/* -- Rest -------------------------------------------------------------------------------------- */

static bool turned(struct run *run, int turns)
{
    if (turns >= 0)
        return true;
    run->restless = true;
    if (turns == -ELOOP)
        run_fail(run,
                 "does not come to rest: the loop has something to do again and again, while no time passes");
    else if (!run->lenient)
        run_fail(run, "the loop fails: %s", strerror(-turns));
    return false;
}

static void settle(struct run *run)
{
    run->heard = 0;
    do {
        if (run->restless || !turned(run, confab_sim_settle(run->sim)))
            return;
    } while (act(run) && !run->restless);
}

/* What came and what ran so far: a job that has ended shows in it. */
static uint64_t happened(const struct run *run)
{
    uint64_t sum = run->checker->board->beats;

    for (size_t p = 0; p < run->player_count; p++)
        for (size_t c = 0; c < run->session->connection_count; c++)
            sum += run->players[p].fars[c].came.len + run->players[p].fars[c].ended;
    return sum;
}

void rest(struct run *run)
{
    int64_t work = run->schedule->faults.work;
    uint64_t before;

    settle(run);
    for (int i = 0; work > 0 && i < LATE_ROUNDS && !run->restless; i++) {
        before = happened(run);
        if (!turned(run, confab_sim_advance(run->sim, work + 2 * CONFAB_MILLISECOND)))
            return;
        settle(run);
        if (happened(run) == before)
            break;
    }
    run_look(run);
}

void pass(struct run *run, int64_t ns)
{
    int64_t end = confab_sim_now(run->sim) + ns;

    settle(run);
    while (!run->restless && confab_sim_now(run->sim) < end) {
        int64_t left = end - confab_sim_now(run->sim), next = confab_sim_next(run->sim);
        if (!turned(run, confab_sim_advance(run->sim, next > 0 && next < left ? next : left)))
            return;
        settle(run);
    }
    run_look(run);
}

bool pass_until_gone(struct run *run, bool accepted, int64_t ns)
{
    int64_t began = confab_sim_now(run->sim), passed = 0;

    settle(run);
    while (!run->restless && passed < ns) {
        size_t left = accepted ? confab_service_inbound(run->service) : confab_service_chats(run->service);
        int64_t next = confab_sim_next(run->sim), step = passed / 8;
        if (left == 0 || next < 0)
            break;
        /* Ever longer steps, so that a plugin with a busy timer does not take for ever. */
        step = next > step ? next : step;
        step = step > 0 ? step : 1;
        if (!turned(run, confab_sim_advance(run->sim, step < ns - passed ? step : ns - passed)))
            return false;
        settle(run);
        passed = confab_sim_now(run->sim) - began;
    }
    run_look(run);
    return !run->restless &&
           (accepted ? confab_service_inbound(run->service) : confab_service_chats(run->service)) == 0;
}
