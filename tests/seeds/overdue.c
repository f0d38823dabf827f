/* overdue.c: what has to have ended by now: chats whose time-outs have passed,
 * connections that linger, a drain. */
#include "seeds.h"
#include <inttypes.h>

static const int64_t late = 10 * CONFAB_MILLISECOND;

static bool stopped(const struct run *run)
{
    return run->stopped_at >= 0;
}

/* No connection is there that is neither a chat nor lingers. */
static void check_lingering(struct run *run)
{
    int64_t longest = 4 * CONFAB_SECOND + 3 * run->plan.faults.delay, now = run_now(run);
    size_t most = 0;

    for (unsigned i = 0; i < run->fars; i++) {
        const struct far *far = &run->far[i];

        most += (far->begun && far->outbound && !far->closed) || (far->opened && !far->closed) ||
                (far->closed && now - far->closed_at < longest);
    }
    if (confab_service_chats(run->service) > most)
        run_fail(run, "the service counts %zu chats, where there may be %zu",
                 confab_service_chats(run->service), most);
}

void overdue_check(struct run *run)
{
    const struct plan *plan = &run->plan;
    int64_t now = run_now(run);

    for (unsigned i = 0; i < run->fars; i++) {
        const struct far *far = &run->far[i];

        if (!far->opened || far->closed)
            continue;
        if (plan->lifetime && now - far->opened_at > plan->lifetime + late)
            run_fail(run, "far end %u: its chat outlives its time by %" PRId64 " ms", i,
                     (now - far->opened_at - plan->lifetime) / CONFAB_MILLISECOND);
        if (plan->idle && !plan->rate_in && !plan->rate_out &&
            now - (far->acted_at > far->opened_at ? far->acted_at : far->opened_at) >
                plan->idle + 2 * plan->faults.delay + late)
            run_fail(run, "far end %u: its chat is idle and stays open", i);
    }
    check_lingering(run);
    if (stopped(run) && run->plan.ending == ENDING_DRAIN && now - run->stopped_at > plan->drain + late)
        if (confab_service_inbound(run->service))
            run_fail(run, "%zu chats outlive the drain", confab_service_inbound(run->service));
}
