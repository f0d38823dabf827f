/* plan.c: what is drawn of a seed for a run. */
#include "seeds.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* splitmix64 */
uint64_t dice_throw(struct dice *dice, uint64_t n)
{
    uint64_t z = dice->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    z ^= z >> 31;
    return n ? z % n : z;
}

bool dice_one_in(struct dice *dice, unsigned n)
{
    return dice_throw(dice, n) == 0;
}

/* 0 most of the time: most runs have few faults, so that each is seen by itself too. */
static unsigned share(struct dice *dice, unsigned most)
{
    return dice_one_in(dice, 3) ? 1 + (unsigned)dice_throw(dice, most) : 0;
}

static uint64_t one_of(struct dice *dice, const uint64_t *choices, size_t n)
{
    return choices[dice_throw(dice, n)];
}
#define ONE_OF(dice, ...)                           \
    one_of(dice, (const uint64_t[]){ __VA_ARGS__ }, \
           sizeof(const uint64_t[]){ __VA_ARGS__ } / sizeof(uint64_t))

static void draw_faults(struct confab_sim_faults *faults, struct dice *dice)
{
    *faults = (struct confab_sim_faults){
        .size = sizeof *faults,
        .short_reads = share(dice, 900),
        .short_writes = share(dice, 900),
        .again = share(dice, 600),
        .interrupted = share(dice, 600),
        .aborted = dice_one_in(dice, 3) ? share(dice, 500) : 0,
        .no_descriptor = dice_one_in(dice, 3) ? share(dice, 500) : 0,
        .refused = share(dice, 500),
        .unanswered = share(dice, 300),
        .resets = dice_one_in(dice, 2) ? share(dice, 900) : 0,
        .reset_after = ONE_OF(dice, 0, 1, 20, 500, 10000),
        .shuffle = dice_one_in(dice, 2),
        .buffer = (size_t)ONE_OF(dice, 0, 0, 1, 100, 1000, 5000),
    };
    if (dice_one_in(dice, 2))
        faults->delay = (int64_t)dice_throw(dice, ONE_OF(dice, 1000, 1000000, 1000000000));
}

static int64_t seconds(struct dice *dice, int64_t most)
{
    return (1 + (int64_t)dice_throw(dice, (uint64_t)most * 10)) * 100 * CONFAB_MILLISECOND;
}

static void draw_limits(struct plan *plan, struct dice *dice)
{
    plan->connect = seconds(dice, 10);
    plan->idle = dice_one_in(dice, 3) ? seconds(dice, 30) : dice_one_in(dice, 2) ? 5 * CONFAB_MINUTE : 0;
    plan->message = dice_one_in(dice, 4) ? seconds(dice, 30) : 0;
    plan->write = dice_one_in(dice, 3) ? seconds(dice, 30) : dice_one_in(dice, 2) ? 30 * CONFAB_SECOND : 0;
    plan->lifetime = dice_one_in(dice, 6) ? seconds(dice, 100) : 0;
    plan->drain = seconds(dice, 25);
    plan->in_buffer = ONE_OF(dice, 65536, 65536, 65536, 4096, 100, 7, 1);
    plan->default_marks = dice_one_in(dice, 2);
    plan->low = ONE_OF(dice, 1, 100, 4096);
    plan->high = dice_one_in(dice, 6) ? 0 : plan->low + ONE_OF(dice, 0, 1, 900, 10000);
    if (plan->default_marks) {
        plan->low = 65536;
        plan->high = 262144;
    }
    plan->output_limit = dice_one_in(dice, 6) ? plan->high : 16 << 20;
    if (plan->high == 0) /* as those of an order, both are off */
        plan->output_limit = 0;
    plan->max_message = ONE_OF(dice, 1 << 20, 1 << 20, 1 << 20, 5000, 100, 1);
    plan->rate_in = dice_one_in(dice, 8) ? ONE_OF(dice, 500, 2000, 20000) : 0;
    plan->rate_out = dice_one_in(dice, 8) ? ONE_OF(dice, 500, 2000, 20000) : 0;
    plan->max_connections = dice_one_in(dice, 8) ? 1 + dice_throw(dice, 4) : 0;
    plan->max_length = dice_one_in(dice, 5) ? 1000 : 0;
    plan->once = dice_one_in(dice, 8);
}

void plan_draw(struct plan *plan, enum protocol protocol, struct dice *dice)
{
    *plan = (struct plan){ .protocol = protocol };
    draw_faults(&plan->faults, dice);
    draw_limits(plan, dice);
    plan->reactor = (struct confab_reactor_options){
        .size = sizeof plan->reactor,
        .read_buffer = (size_t)ONE_OF(dice, 0, 0, 4096, 64),
        .accepts = (unsigned)dice_throw(dice, 3),
        .reads = (unsigned)dice_throw(dice, 4),
        .messages = (unsigned)ONE_OF(dice, 0, 0, 1, 2, 7),
    };
    plan->short_of_memory = dice_one_in(dice, 10) ? 1 + (unsigned)dice_throw(dice, 100) : 0;
    plan->fars = 1 + (unsigned)dice_throw(dice, FARS_MAX);
    plan->outbound = dice_one_in(dice, 3) ? (unsigned)dice_throw(dice, plan->fars + 1) : 0;
    plan->messages = 1 + (unsigned)dice_throw(dice, ONE_OF(dice, 1, 10, 40, 40, 300));
    plan->burst = 1 + (unsigned)dice_throw(dice, ONE_OF(dice, 1, 1, 5, 50));
    /* Where a piece is a byte or two, long messages would take long. */
    plan->longest = dice_one_in(dice, 4) ? 100000 : 20000;
    if (plan->faults.buffer && plan->faults.buffer < 10000)
        plan->longest = 1 + plan->faults.buffer * (plan->faults.delay ? 3 : 20);
    if (plan->in_buffer < 10)
        plan->longest = plan->longest < 300 ? plan->longest : 300;
    if (plan->rate_in || plan->rate_out)
        plan->longest = plan->longest < 3000 ? plan->longest : 3000;
    plan->steps = 50 + (unsigned)dice_throw(dice, 400);
    plan->pause = (int64_t)ONE_OF(dice, 1, 10 * CONFAB_MILLISECOND, CONFAB_SECOND, 20 * CONFAB_SECOND);
    if (dice_one_in(dice, 3))
        plan->ending = (enum ending)dice_throw(dice, ENDING_FREED + 1);
    plan->ending_step = (unsigned)dice_throw(dice, plan->steps);
}

/* -- As options of the service -------------------------------------------------- */

struct setting {
    confab_service *service;
    char *error;
    size_t room;
    int result;
};

static void set(struct setting *setting, const char *key, const char *value)
{
    if (!setting->result)
        setting->result = confab_service_option(setting->service, key, value, setting->error, setting->room);
}

static void set_time(struct setting *setting, const char *key, int64_t ns)
{
    char value[32];

    snprintf(value, sizeof value, "%" PRId64 "ms", ns / CONFAB_MILLISECOND);
    set(setting, key, value);
}

static void set_number(struct setting *setting, const char *key, uint64_t number)
{
    char value[32];

    snprintf(value, sizeof value, "%" PRIu64, number);
    set(setting, key, value);
}

int plan_configure(const struct plan *plan, confab_service *service, char *error, size_t room)
{
    struct setting setting = { service, error, room, 0 };

    set_time(&setting, "connect-timeout", plan->connect);
    set_time(&setting, "idle-timeout", plan->idle);
    set_time(&setting, "message-timeout", plan->message);
    set_time(&setting, "write-timeout", plan->write);
    set_time(&setting, "lifetime", plan->lifetime);
    set_time(&setting, "drain-timeout", plan->drain);
    set_number(&setting, "in-buffer", plan->in_buffer);
    if (!plan->default_marks) {
        set_number(&setting, "low-watermark", plan->low);
        set_number(&setting, "high-watermark", plan->high);
    }
    set_number(&setting, "output-limit", plan->output_limit);
    set_number(&setting, "max-message", plan->max_message);
    set_number(&setting, "rate-in", plan->rate_in);
    set_number(&setting, "rate-out", plan->rate_out);
    set_number(&setting, "max-connections", plan->max_connections);
    if (plan->protocol == ECHO) {
        set_number(&setting, "max-length", plan->max_length);
        set(&setting, "once", plan->once ? "yes" : "no");
    }
    return setting.result;
}

void plan_tell(const struct plan *plan, char *text, size_t room)
{
    static const char *const endings[] = { "stop", "drain", "stop at once", "freed" };
    const struct confab_sim_faults *f = &plan->faults;

    snprintf(
        text, room,
        "short_reads %u, short_writes %u, again %u, interrupted %u, aborted %u, no_descriptor %u, refused "
        "%u, "
        "unanswered %u, resets %u, reset_after %" PRIu64 ", delay %" PRId64 ", shuffle %d, buffer %zu, "
        "short of memory %u; connect %" PRId64 ", idle %" PRId64 ", message %" PRId64 ", write %" PRId64
        ", lifetime %" PRId64 ", drain %" PRId64 " ms; in_buffer %" PRIu64 ", low %" PRIu64 ", high %" PRIu64
        ", output_limit %" PRIu64 ", max_message %" PRIu64 ", rate_in %" PRIu64 ", rate_out %" PRIu64
        ", max_connections %" PRIu64 ", max_length %" PRIu64 ", once %d; read_buffer %zu, accepts %u, reads "
        "%u, messages %u; %u far ends, %u outbound, %u messages, %u steps, pause %" PRId64 " ns, ending: %s "
        "at %u",
        f->short_reads, f->short_writes, f->again, f->interrupted, f->aborted, f->no_descriptor, f->refused,
        f->unanswered, f->resets, f->reset_after, f->delay, f->shuffle, f->buffer, plan->short_of_memory,
        plan->connect / CONFAB_MILLISECOND, plan->idle / CONFAB_MILLISECOND,
        plan->message / CONFAB_MILLISECOND, plan->write / CONFAB_MILLISECOND,
        plan->lifetime / CONFAB_MILLISECOND, plan->drain / CONFAB_MILLISECOND, plan->in_buffer, plan->low,
        plan->high, plan->output_limit, plan->max_message, plan->rate_in, plan->rate_out,
        plan->max_connections, plan->max_length, plan->once, plan->reactor.read_buffer, plan->reactor.accepts,
        plan->reactor.reads, plan->reactor.messages, plan->fars, plan->outbound, plan->messages, plan->steps,
        plan->pause, endings[plan->ending], plan->ending_step);
}
