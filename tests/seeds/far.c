/* far.c: the far ends of a run: what they do, and what they get. */
#include "seeds.h"
#include <errno.h>
#include <stdio.h>

static const char port[] = ":7";

void far_init(struct far *far, struct run *run, unsigned number)
{
    struct dice *dice = &run->dice;

    *far = (struct far){ .run = run, .number = number };
    far->speech.plan = &run->plan;
    far->outbound = number < run->plan.outbound;
    far->messages = (unsigned)dice_throw(dice, run->plan.messages + 1);
    far->appetite =
        dice_one_in(dice, 4) ? (unsigned)dice_throw(dice, 10) : 30 + (unsigned)dice_throw(dice, 70);
    far->mouthful = dice_one_in(dice, 3) ? 1 + (size_t)dice_throw(dice, 50) : 65536;
    if (far->outbound)
        snprintf(far->address, sizeof far->address, "10.1.0.%u%s", number + 1, port);
    else
        snprintf(far->address, sizeof far->address, "10.0.0.%u:4000", number + 1);
}

/* -- Its connection --------------------------------------------------------------- */

static void connected(struct far *far)
{
    far->connected = true;
    far->read_at = far->acted_at = run_now(far->run);
}

/* The end comes without a byte. */
static void in_vain(struct far *far)
{
    far->connected = far->ended = true;
}

static void connect_in(struct far *far)
{
    struct run *run = far->run;
    int error = run->stopped_at >= 0 ? -ECONNREFUSED
                                     : confab_sim_connect(run->sim, confab_listener_address(run->listener),
                                                          far->address, &far->end);

    if (error == 0)
        connected(far);
    else if (error == -ECONNREFUSED && run->stopped_at >= 0)
        in_vain(far);
    else
        run_fail(run, "far end %u cannot connect: %d", far->number, error);
}

/* Has the service connect to it, by its address or by a name; now and then to nobody. */
static void connect_out(struct far *far)
{
    struct run *run = far->run;
    bool named = dice_one_in(&run->dice, 2);
    char host[64], target[sizeof host + sizeof port];

    if (!dice_one_in(&run->dice, 8) && confab_sim_listen(run->sim, far->address, &far->listener))
        run_fail(run, "far end %u cannot listen", far->number);
    snprintf(host, sizeof host, named ? "far%u.example" : "10.1.0.%u", far->number + 1);
    snprintf(target, sizeof target, "%s%s", host, port);
    if (named) {
        char address[32];

        snprintf(address, sizeof address, "10.1.0.%u", far->number + 1);
        if (confab_sim_name(run->sim, host, address))
            run_fail(run, "far end %u cannot have a name", far->number);
    }
    if (!run_connect(run, far, target))
        in_vain(far);
}

static void begin(struct far *far)
{
    far->begun = true;
    far->begun_at = far->message_at = run_now(far->run);
    if (far->outbound)
        connect_out(far);
    else
        connect_in(far);
}

/* Takes the service's connection. */
static void accept_it(struct far *far)
{
    if (far->listener && confab_sim_accept(far->listener, &far->end) == 0)
        connected(far);
    else if (far->closed)
        in_vain(far);
}

/* -- What it does ---------------------------------------------------------------------- */

/* Sends some of what it is saying. */
static void say(struct far *far, size_t most)
{
    struct speech *speech = &far->speech;
    size_t len = speech->words.len - speech->said;
    bool midst = speech_midst(speech);
    ssize_t n;

    len = len < most ? len : most;
    n = confab_sim_send(far->end, speech->words.at + speech->said, len);
    if (n == -ECONNRESET) {
        far->was_reset = true;
        account_reset(far);
    } else if (n == -EPIPE && !far->was_reset) {
        run_fail(far->run, "far end %u is told EPIPE, which was not reset", far->number);
    }
    if (n <= 0)
        return;
    speech_hear(speech, speech->words.at + speech->said, (size_t)n);
    if (!midst)
        far->message_at = run_now(far->run);
    speech->said += (size_t)n;
    far->sent += (uint64_t)n;
    far->acted_at = run_now(far->run);
}

/* Reads once; whether there was something. */
static bool listen_to(struct far *far, size_t most)
{
    char bytes[4096];
    ssize_t n = confab_sim_recv(far->end, bytes, most < sizeof bytes ? most : sizeof bytes);

    if (n == 0) {
        far->ended = true;
    } else if (n == -ECONNRESET) {
        far->was_reset = far->ended = true;
        account_reset(far);
    } else if (n > 0) {
        account_received(far, bytes, (size_t)n);
        far->received += (uint64_t)n;
        far->read_at = far->acted_at = run_now(far->run);
        return true;
    } else if (n != -EAGAIN) {
        run_fail(far->run, "far end %u receives %zd", far->number, n);
    }
    return false;
}

static void end_its_side(struct far *far)
{
    const struct run *run = far->run;
    int error = confab_sim_shutdown(far->end);
    bool open = far->opened && !far->closed && run->stopped_at < 0;

    if (error && open && !far->was_reset && !run->plan.faults.resets)
        run_fail(far->run, "far end %u cannot end its side: %d", far->number, error);
    far->shut = true;
    far->acted_at = run_now(run);
}

static void leave(struct far *far, void (*leave_by)(confab_sim_end *))
{
    leave_by(far->end);
    far->end = NULL;
    far->left = far->ended = true;
}

static void say_more(struct far *far)
{
    struct dice *dice = &far->run->dice;
    struct speech *speech = &far->speech;

    if (speech->said == speech->words.len)
        for (uint64_t n = 1 + dice_throw(dice, far->run->plan.burst); n > 0 && far->messages > 0; n--) {
            speech_compose(speech, dice);
            far->messages--;
        }
    if (far->shut)
        return;
    if (speech->said < speech->words.len)
        say(far, dice_one_in(dice, 2) ? SIZE_MAX : 1 + (size_t)dice_throw(dice, 100));
    else if (dice_one_in(dice, 8))
        end_its_side(far);
}

void far_act(struct far *far)
{
    struct dice *dice = &far->run->dice;

    if (!far->begun)
        begin(far);
    else if (!far->connected)
        accept_it(far);
    if (!far->end)
        return;
    uint64_t what = dice_throw(dice, 300);
    if (what == 0)
        leave(far, confab_sim_close);
    else if (what == 1)
        leave(far, confab_sim_reset);
    else if (what == 2 && !far->shut)
        end_its_side(far);
    else if (what < 180)
        say_more(far);
    else if (dice_throw(dice, 100) < far->appetite)
        listen_to(far, far->mouthful);
}

bool far_finish(struct far *far)
{
    struct speech *speech = &far->speech;

    if (!far->begun)
        return true;
    if (!far->connected)
        accept_it(far);
    if (!far->end)
        return far->ended;
    if (!far->shut && speech->said < speech->words.len && !far->was_reset)
        say(far, SIZE_MAX);
    if (!far->shut && (speech->said == speech->words.len || dice_one_in(&far->run->dice, 8)))
        end_its_side(far);
    while (!far->ended && listen_to(far, SIZE_MAX))
        continue;
    return far->ended;
}

void far_close(struct far *far)
{
    if (far->end)
        confab_sim_close(far->end);
    if (far->listener)
        confab_sim_listener_close(far->listener);
    far->end = NULL;
    far->listener = NULL;
}

void far_free(struct far *far)
{
    speech_free(&far->speech);
}
