/* timers_confab.c: the public timers, and the wheel under them. */
#include "core/wheel.h"
#include "timers.h"
#include <confab/reactor.h>
#include <stdlib.h>

/* -- The public timers ---------------------------------------------------- */

struct ours {
    confab_reactor *reactor;
    confab_id *id, *next; /* as they were started; as they come next */
};

static void fired(confab_reactor *reactor, void *data)
{
    (void)reactor, (void)data;
    abort(); /* they are stopped in the turn that started them */
}

static void confab_close(void *self)
{
    struct ours *ours = self;

    confab_reactor_free(ours->reactor);
    free(ours->next);
    free(ours->id);
    free(ours);
}

static void *confab_open(const struct plan *plan)
{
    struct ours *ours = calloc(1, sizeof *ours);

    if (!ours)
        return NULL;
    ours->id = calloc(plan->count, sizeof *ours->id);
    ours->next = calloc(plan->count, sizeof *ours->next);
    if (ours->id && ours->next && !confab_reactor_new(&ours->reactor, NULL))
        return ours;
    confab_close(ours);
    return NULL;
}

struct task {
    void (*work)(void *data);
    void *data;
};

static void run_task(confab_reactor *reactor, void *data)
{
    struct task *task = data;

    (void)reactor;
    task->work(task->data);
}

static void confab_inside(void *self, void (*work)(void *data), void *data)
{
    struct ours *ours = self;
    struct task task = { .work = work, .data = data };

    if (confab_reactor_post(ours->reactor, run_task, &task) || confab_reactor_run_once(ours->reactor, 0) < 0)
        abort();
}

static void confab_start(void *self, const struct plan *plan)
{
    struct ours *ours = self;

    for (size_t i = 0; i < plan->count; i++)
        ours->id[i] = confab_call_later(ours->reactor, plan->first[i], fired, NULL);
}

static void confab_line_up(void *self, const struct plan *plan, const uint32_t *order)
{
    struct ours *ours = self;

    for (size_t i = 0; i < plan->count; i++)
        ours->next[i] = ours->id[order ? order[i] : i];
}

static void confab_restart(void *self, const struct plan *plan)
{
    struct ours *ours = self;

    for (size_t i = 0; i < plan->count; i++)
        if (confab_call_reset(ours->reactor, ours->next[i], plan->second[i]))
            abort();
}

static void confab_stop(void *self, const struct plan *plan)
{
    struct ours *ours = self;

    for (size_t i = 0; i < plan->count; i++)
        if (confab_call_cancel(ours->reactor, ours->next[i]))
            abort();
}

const struct subject confab_subject = { .name = "confab",
                                        .how = "confab_call_later, _reset, _cancel, from what the loop calls",
                                        .open = confab_open,
                                        .inside = confab_inside,
                                        .start = confab_start,
                                        .line_up = confab_line_up,
                                        .restart = confab_restart,
                                        .stop = confab_stop,
                                        .close = confab_close };

/* Each start reads the clock, and waits for it. */
const struct subject outside_subject = { .name = "confab, no turn",
                                         .how = "the same while no loop runs",
                                         .open = confab_open,
                                         .start = confab_start,
                                         .line_up = confab_line_up,
                                         .restart = confab_restart,
                                         .stop = confab_stop,
                                         .close = confab_close };

/* -- The wheel ------------------------------------------------------------ */

struct bare {
    struct wheel wheel;
    struct wheel_node *node, **next;
};

static void wheel_close(void *self)
{
    struct bare *bare = self;

    free(bare->next);
    free(bare->node);
    free(bare);
}

static void *wheel_open(const struct plan *plan)
{
    struct bare *bare = calloc(1, sizeof *bare);

    if (!bare)
        return NULL;
    bare->node = calloc(plan->count, sizeof *bare->node);
    bare->next = calloc(plan->count, sizeof *bare->next);
    if (!bare->node || !bare->next) {
        wheel_close(bare);
        return NULL;
    }
    wheel_init(&bare->wheel, 0);
    return bare;
}

static void wheel_start_all(void *self, const struct plan *plan)
{
    struct bare *bare = self;

    for (size_t i = 0; i < plan->count; i++)
        wheel_start(&bare->wheel, &bare->node[i], plan->first[i]);
}

static void wheel_line_up(void *self, const struct plan *plan, const uint32_t *order)
{
    struct bare *bare = self;

    for (size_t i = 0; i < plan->count; i++)
        bare->next[i] = &bare->node[order ? order[i] : i];
}

static void wheel_restart_all(void *self, const struct plan *plan)
{
    struct bare *bare = self;

    for (size_t i = 0; i < plan->count; i++) {
        wheel_stop(&bare->wheel, bare->next[i]);
        wheel_start(&bare->wheel, bare->next[i], plan->second[i]);
    }
}

static void wheel_stop_all(void *self, const struct plan *plan)
{
    struct bare *bare = self;

    for (size_t i = 0; i < plan->count; i++)
        wheel_stop(&bare->wheel, bare->next[i]);
}

const struct subject wheel_subject = { .name = "confab's wheel",
                                       .how = "wheel_start, wheel_stop",
                                       .open = wheel_open,
                                       .start = wheel_start_all,
                                       .line_up = wheel_line_up,
                                       .restart = wheel_restart_all,
                                       .stop = wheel_stop_all,
                                       .close = wheel_close };
