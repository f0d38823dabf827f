/* run.c: one run: a service of the plugin in a simulated network, some steps of
 * its far ends, and its end. */
#include "seeds.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WORDS = 512,
    ROUNDS = 4000,
    TRACE = 64 << 20,
    AFTERWARDS = 300 /* seconds until all chats have ended */
};

static struct run *running; /* for hooks */

void run_fail(struct run *run, const char *format, ...)
{
    va_list arguments;

    if (run->failed)
        return;
    run->failed = true;
    va_start(arguments, format);
    vsnprintf(run->failure, sizeof run->failure, format, arguments);
    va_end(arguments);
}

int64_t run_now(const struct run *run)
{
    return confab_sim_now(run->sim);
}

/* -- Memory --------------------------------------------------------------------- */

/* Each block knows its size. */
union head {
    size_t size;
    max_align_t aligned;
};

static void *metered(void *data, void *old, size_t n)
{
    struct meter *meter = data;
    union head *head = old ? (union head *)old - 1 : NULL;
    size_t before = head ? head->size : 0;

    if (n > 0 && meter->fails && dice_throw(&meter->dice, 1000) < meter->fails)
        return NULL;
    meter->bytes -= before;
    meter->blocks -= head != NULL;
    if (n == 0) {
        free(head);
        return NULL;
    }
    head = realloc(head, sizeof *head + n);
    if (!head)
        abort();
    head->size = n;
    meter->bytes += n;
    meter->blocks++;
    meter->most = meter->bytes > meter->most ? meter->bytes : meter->most;
    return head + 1;
}

/* -- The plugin's hooks, and what is noted of its chats ----------------------------- */

static const struct confab_chat_ops *plugin_ops;
static struct confab_chat_ops noting_ops;

static struct far *far_of(confab_chat *chat)
{
    char peer[128];

    if (confab_chat_data(chat))
        return confab_chat_data(chat);
    confab_chat_peer(chat, peer);
    for (unsigned i = 0; i < running->fars; i++)
        if (!running->far[i].outbound && !strcmp(running->far[i].address, peer))
            return &running->far[i];
    run_fail(running, "there is a chat with %s, which nobody is", peer);
    return NULL;
}

static int handle_connect(confab_chat *chat)
{
    struct far *far = far_of(chat);

    if (!far)
        return -EINVAL;
    if (far->opened++ || far->closed)
        run_fail(running, "handle_connect of far end %u is called again", far->number);
    far->opened_at = run_now(running);
    far->chat = confab_chat_id(chat);
    return plugin_ops->handle_connect ? plugin_ops->handle_connect(chat) : 0;
}

static void handle_close(confab_chat *chat, enum confab_reason reason)
{
    struct far *far = far_of(chat);

    if (!far)
        return;
    if (far->closed++)
        run_fail(running, "handle_close of far end %u is called again", far->number);
    far->closed_at = run_now(running);
    far->reason = reason;
    far->error = confab_chat_error(chat);
    far->stats.size = sizeof far->stats;
    confab_chat_get_stats(chat, &far->stats);
    account_closed(far);
    if (plugin_ops->handle_close)
        plugin_ops->handle_close(chat, reason);
}

/* The plugin's own, but for these two. */
static void note_chats_of(const struct confab_plugin *plugin)
{
    plugin_ops = plugin->chat;
    noting_ops = (struct confab_chat_ops){ 0 };
    memcpy(&noting_ops, plugin_ops,
           plugin_ops->size < sizeof noting_ops ? plugin_ops->size : sizeof noting_ops);
    noting_ops.size = sizeof noting_ops;
    noting_ops.handle_connect = handle_connect;
    noting_ops.handle_close = handle_close;
}

bool run_connect(struct run *run, struct far *far, const char *address)
{
    const struct confab_chat_options options = { .size = sizeof options, .data = far };

    return confab_service_connect(run->service, address, &noting_ops, &options) != NULL;
}

/* -- Steps -------------------------------------------------------------------------- */

static void went(struct run *run, int turns)
{
    if (turns <= 0)
        run_fail(run, "no quiet: %d", turns);
    run->turns += turns > 0 ? turns : 0;
}

static void pass(struct run *run, int64_t ns)
{
    went(run, confab_sim_advance(run->sim, ns));
    overdue_check(run);
}

/* Lets the loop have its share, or does not. */
static void rest(struct run *run)
{
    struct dice *dice = &run->dice;

    switch (dice_throw(dice, 6)) {
    case 0:
    case 1:
        went(run, confab_sim_settle(run->sim));
        break;
    case 2:
        pass(run, (int64_t)dice_throw(dice, (uint64_t)run->plan.pause));
        break;
    case 3:
        if (confab_reactor_run_once(confab_sim_reactor(run->sim), 0) < 0)
            run_fail(run, "a turn failed");
        break;
    default:
        break;
    }
}

static void stop(struct run *run)
{
    if (run->stopped_at >= 0)
        return;
    run->stopped_at = run_now(run);
    run->paused = false;
    confab_service_stop(run->service, run->plan.ending == ENDING_AT_ONCE ? 0 : -1);
}

/* What happens to the service, now and then. */
static void happen(struct run *run)
{
    struct dice *dice = &run->dice;

    if (run->stopped_at < 0 && (run->paused ? dice_one_in(dice, 4) : dice_one_in(dice, 60))) {
        run->paused = !run->paused;
        confab_listener_pause(run->listener, run->paused);
    }
    if (!run->meter.fails && dice_one_in(dice, 300)) {
        run->forked = true;
        if (confab_reactor_after_fork(confab_sim_reactor(run->sim)))
            run_fail(run, "the backend cannot be built anew");
    }
}

static void take_steps(struct run *run)
{
    const struct plan *plan = &run->plan;

    for (unsigned step = 0; step < plan->steps && !run->failed; step++) {
        if (plan->ending != ENDING_STOP && step == plan->ending_step) {
            if (plan->ending == ENDING_FREED)
                return;
            stop(run);
        }
        far_act(&run->far[dice_throw(&run->dice, run->fars)]);
        happen(run);
        rest(run);
    }
}

/* Everybody comes to an end. */
static void wind_up(struct run *run)
{
    bool rated = run->plan.rate_in || run->plan.rate_out, all = false;
    int64_t pause = run->plan.faults.delay + (rated ? 100 : 1) * CONFAB_MILLISECOND;

    if (run->stopped_at < 0)
        confab_listener_pause(run->listener, false);
    for (int i = 0; i < ROUNDS && !run->failed && !all; i++) {
        all = true;
        for (unsigned k = 0; k < run->fars; k++)
            all = far_finish(&run->far[k]) && all;
        pass(run, i % 100 == 99 ? pause + CONFAB_SECOND : pause);
    }
    for (unsigned k = 0; k < run->fars && !all; k++)
        if (!far_finish(&run->far[k]))
            run_fail(run, "far end %u finds no end: chat %sopened, %sclosed", k,
                     run->far[k].opened ? "" : "not ", run->far[k].closed ? "" : "not ");
}

static void end_all(struct run *run)
{
    for (unsigned k = 0; k < run->fars; k++)
        far_close(&run->far[k]);
    /* At a rate it takes its time to read what was sent before. */
    for (int i = 0; i < AFTERWARDS && confab_service_chats(run->service) && !run->failed; i++)
        pass(run, CONFAB_SECOND + run->plan.faults.delay);
    if (confab_service_inbound(run->service) || confab_service_chats(run->service))
        run_fail(run, "of the service's chats %zu are left, %zu of them inbound",
                 confab_service_chats(run->service), confab_service_inbound(run->service));
    run->meter.fails = 0;
    stop(run);
    went(run, confab_sim_settle(run->sim));
    if (!confab_service_stopped(run->service))
        run_fail(run, "the service has not stopped");
}

/* -- A run ---------------------------------------------------------------------------- */

static bool begin(struct run *run, confab_module *module)
{
    struct plan *plan = &run->plan;
    char error[WORDS] = "";

    plan->reactor.alloc = metered;
    plan->reactor.alloc_data = &run->meter;
    if (confab_service_new(&run->service, module, NULL, error, sizeof error) ||
        plan_configure(plan, run->service, error, sizeof error) ||
        confab_service_ready(run->service, error, sizeof error) ||
        confab_sim_new(&run->sim, run->seed, NULL, &plan->reactor) ||
        confab_service_start(run->service, confab_sim_reactor(run->sim), error, sizeof error) ||
        confab_service_listen(run->service, &run->listener, "10.9.9.9:7", &noting_ops, NULL)) {
        run_fail(run, "the service cannot start: %s", error);
        return false;
    }
    return true;
}

static void play(struct run *run)
{
    const struct plan *plan = &run->plan;

    if (confab_sim_set_faults(run->sim, &plan->faults))
        run_fail(run, "the faults are refused");
    run->meter.fails = plan->short_of_memory;
    run->fars = plan->fars;
    for (unsigned i = 0; i < run->fars; i++)
        far_init(&run->far[i], run, i);
    take_steps(run);
    run->freed = plan->ending == ENDING_FREED;
    if (!run->freed && !run->failed)
        wind_up(run);
    if (!run->freed && !run->failed)
        end_all(run);
    run->digest = confab_sim_digest(run->sim);
}

/* Frees all; what is left of memory then is lost. */
static void finish(struct run *run, char **trace)
{
    run->meter.fails = 0;
    if (run->sim && trace)
        *trace = strdup(confab_sim_trace(run->sim, NULL));
    run->stopped_at = run->stopped_at < 0 && run->sim ? run_now(run) : run->stopped_at;
    if (confab_sim_free(run->sim))
        run_fail(run, "the simulation cannot be freed");
    run->sim = NULL;
    if (run->meter.blocks)
        run_fail(run, "%zu blocks of memory are left, %zu bytes", run->meter.blocks, run->meter.bytes);
    account_run(run);
    if (run->service && confab_service_free(run->service))
        run_fail(run, "the service cannot be freed");
    for (unsigned i = 0; i < run->fars; i++) {
        run->bytes += run->far[i].sent + run->far[i].received;
        far_free(&run->far[i]);
    }
}

bool run_seed(struct run *run, confab_module *module, enum protocol protocol, uint64_t seed, char **trace)
{
    *run = (struct run){ .seed = seed, .stopped_at = -1 };
    run->dice.state = seed * UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)protocol;
    run->meter.dice.state = seed;
    running = run;
    plan_draw(&run->plan, protocol, &run->dice);
    note_chats_of(confab_module_plugin(module));
    if (begin(run, module) && (!trace || confab_sim_keep_trace(run->sim, TRACE) == 0))
        play(run);
    finish(run, trace);
    return !run->failed;
}
