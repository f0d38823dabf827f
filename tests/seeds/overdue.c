/* overdue.c: what has to have ended by now: chats whose time-outs have passed,
 * connections that linger, a drain. */
#include "seeds.h"
#include <inttypes.h>

enum { ANSWER_MORE = 100 }; /* than its message an answer has: a line's end, words of echo's */
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

/* No chat has more output waiting than the high mark and what one message may add. */
static void check_output(struct far *far)
{
    struct run *run = far->run;
    const struct plan *plan = &run->plan;
    const confab_chat *chat = confab_chat_find(confab_sim_reactor(run->sim), far->chat);
    size_t message = plan->longest > plan->in_buffer ? plan->longest : (size_t)plan->in_buffer;

    if (chat && plan->high && confab_chat_output_size(chat) > plan->high + message + ANSWER_MORE)
        run_fail(run, "far end %u: %zu bytes of output wait, over a high mark of %" PRIu64, far->number,
                 confab_chat_output_size(chat), plan->high);
}

/* Whether its chat has waited for room since the far end did something for the last time: the network
 * holds all it can, and there is more to come. */
static bool blocked(const struct far *far)
{
    const struct plan *plan = &far->run->plan;
    size_t pending = far->end ? confab_sim_pending(far->end) : 0;

    return pending >= (plan->faults.buffer ? plan->faults.buffer : 65536) &&
           far->speech.answer.len - far->received > pending;
}

static void check_far(struct far *far)
{
    struct run *run = far->run;
    const struct plan *plan = &run->plan;
    int64_t now = run_now(run), since = far->acted_at > far->opened_at ? far->acted_at : far->opened_at;
    if (since < run->stopped_at) /* a stop has it end what it sends, for which it has its time anew */
        since = run->stopped_at;
    int64_t still = now - since - 2 * plan->faults.delay - late;
    bool rated = plan->rate_in || plan->rate_out;

    if (plan->lifetime && now - far->opened_at > plan->lifetime + late)
        run_fail(run, "far end %u: its chat outlives its time by %" PRId64 " ms", far->number,
                 (now - far->opened_at - plan->lifetime) / CONFAB_MILLISECOND);
    if (plan->idle && !rated && still > plan->idle)
        run_fail(run, "far end %u: its chat is idle and stays open", far->number);
    if (plan->write && !rated && still > plan->write && blocked(far))
        run_fail(run, "far end %u: its chat cannot write and stays open", far->number);
    check_output(far);
}

void overdue_check(struct run *run)
{
    const struct plan *plan = &run->plan;

    for (unsigned i = 0; i < run->fars; i++)
        if (run->far[i].opened && !run->far[i].closed)
            check_far(&run->far[i]);
    check_lingering(run);
    if (stopped(run) && plan->ending == ENDING_DRAIN && run_now(run) - run->stopped_at > plan->drain + late)
        if (confab_service_inbound(run->service))
            run_fail(run, "%zu chats outlive the drain", confab_service_inbound(run->service));
}
