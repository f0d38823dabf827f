/* play_end.c: the end of a run: the far ends close, time passes until no chat is left, the service stops. */
#include "tools/check/play.h"

/* For one that only half-closed to be noticed; then it closes. */
static const int64_t patience = 3 * CONFAB_SECOND;

/* Requests that have piled up, of one who never reads, are worked off although nobody is there; each may take its time. */
static int64_t forever(const struct run *run)
{
    return (run->schedule->kind == KIND_NEVER_READS ? 24 * 60 : 20) * CONFAB_MINUTE;
}

static void end_sides(struct run *run)
{
    for (size_t p = 0; p < run->player_count; p++)
        for (size_t c = 0; c < run->session->connection_count; c++) {
            struct far *far = &run->players[p].fars[c];
            /* One that never reads goes without: the replies that wait for it have no bound. */
            far->stalled = far->stalled && run->schedule->kind == KIND_NEVER_READS;
            far->shut = true;
        }
}

/* Nobody is there any more: also for those that the plugin connects to. */
static void leave(struct run *run)
{
    for (size_t i = 0; i < run->world->server_count; i++)
        if (run->servers && run->servers[i].listener) {
            confab_sim_listener_close(run->servers[i].listener);
            run->servers[i].listener = NULL;
        }
    for (size_t p = 0; p < run->player_count; p++)
        for (size_t c = 0; c < run->session->connection_count; c++) {
            struct far *far = &run->players[p].fars[c];
            if (far->end)
                confab_sim_close(far->end);
            far->end = NULL;
        }
}

static void end_chats(struct run *run)
{
    end_sides(run);
    bool gone = pass_until_gone(run, true, patience);
    leave(run);
    if (!gone && !pass_until_gone(run, true, forever(run)))
        run_fail(run,
                 "a connection stays open for ever: the far end has closed it, and %d minutes later "
                 "handle_close has not been called",
                 (int)(forever(run) / CONFAB_MINUTE));
}

void play_end(struct run *run)
{
    run->deaf = true;
    if (!run->started)
        return;
    if (!run->restless)
        end_chats(run);
    if (!run->stopped && !run->restless)
        confab_service_stop(run->service, PLAY_DRAIN);
    if (!run->restless && !pass_until_gone(run, false, PLAY_DRAIN + CONFAB_SECOND))
        run_fail(run, "the service does not end: it has %zu connections and jobs left",
                 confab_service_chats(run->service));
    leave(run);
}
