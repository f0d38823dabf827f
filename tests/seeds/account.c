/* account.c: what has to be so in a run: every byte is the one that was to come,
 * every chat ends once, and for a reason that there was. */
#include "seeds.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Stamps are in ticks of 2^20 ns; time-outs are rounded up to these. */
static const int64_t early = 2 * CONFAB_MILLISECOND, late = 10 * CONFAB_MILLISECOND;

/* Memory of a run beside what its chats have, and of a chat beside its buffers. */
enum { MEMORY = 3 << 20, MEMORY_OF_CHAT = 16 << 10 };

enum { SHOWN = 20, SHOWN_TEXT = 4 * SHOWN + 1 }; /* bytes of those that are not right */

/* -- Bytes --------------------------------------------------------------------- */

/* The first of them as text that a terminal can show. */
static const char *shown(const char *bytes, size_t n, char text[SHOWN_TEXT])
{
    size_t len = 0;

    text[0] = '\0';
    for (size_t i = 0; i < n && i < SHOWN; i++) {
        unsigned char c = (unsigned char)bytes[i];
        bool plain = c >= ' ' && c <= '~' && c != '"' && c != '\\';
        len += (size_t)snprintf(text + len, SHOWN_TEXT - len, plain ? "%c" : "\\x%02x", c);
    }
    return text;
}

void account_received(struct far *far, const char *bytes, size_t n)
{
    const struct bytes *answer = &far->speech.answer;
    size_t at = (size_t)far->received, there = answer->len - at, same = 0;
    char came[SHOWN_TEXT], wanted[SHOWN_TEXT];

    while (same < n && same < there && bytes[same] == answer->at[at + same])
        same++;
    if (same == n)
        return;
    run_fail(far->run,
             "far end %u received, from byte %zu on, \"%s\", where \"%s\" was to come of %zu bytes in all",
             far->number, at + same, shown(bytes + same, n - same, came),
             shown(answer->at + at + same, there - same, wanted), answer->len);
}

/* -- Reasons ------------------------------------------------------------------------ */

static bool stopped(const struct run *run)
{
    return run->stopped_at >= 0;
}

/* Whether a connection may have been reset, or its end lost, by what was done to it. */
static bool may_break(const struct far *far)
{
    const struct plan *plan = &far->run->plan;

    return far->left || plan->faults.resets || plan->short_of_memory;
}

/* Whether the chat has closed in a way that may reset: with input unread. */
static bool closed_hard(const struct far *far)
{
    switch (far->reason) {
    case CONFAB_REASON_CONNECT:
    case CONFAB_REASON_TIMEOUT:
    case CONFAB_REASON_TOO_LONG:
    case CONFAB_REASON_OUTPUT_LIMIT:
    case CONFAB_REASON_NO_MEMORY:
    case CONFAB_REASON_STOP:
    case CONFAB_REASON_HOOK:
        return true;
    default:
        return false;
    }
}

void account_reset(struct far *far)
{
    const struct run *run = far->run;
    const struct plan *plan = &run->plan;
    bool not_served =
        !far->opened && (plan->faults.aborted || plan->faults.no_descriptor || plan->max_connections);

    /* A stop closes the chats at once, and their handle_close comes with the next turn. */
    if (may_break(far) || not_served || stopped(run) || (far->closed && closed_hard(far)))
        return;
    /* Whoever goes on sending when the last of the reply has long been there is reset in the end. */
    if (far->closed && far->reason == CONFAB_REASON_DONE &&
        run_now(run) - far->closed_at >= CONFAB_SECOND - early)
        return;
    run_fail(far->run, "far end %u is reset; its chat %s, %s", far->number,
             far->closed ? "closed" : "is open", far->closed ? confab_reason_name(far->reason) : "-");
}

static bool passed(int64_t since, int64_t now, int64_t timeout)
{
    return timeout && now - since >= timeout - early;
}

/* Whether one of the time-outs can have passed. */
static bool timed_out(const struct far *far)
{
    const struct plan *plan = &far->run->plan;
    const struct speech *speech = &far->speech;
    int64_t now = far->closed_at;
    bool all_read = far->stats.bytes_in == far->sent;

    if (passed(far->begun_at, now, plan->lifetime))
        return true;
    if (plan->idle && far->stats.idle >= plan->idle - early)
        return true;
    if (passed(far->read_at, now, plan->write) && far->received < speech->answer.len)
        return true;
    return passed(all_read ? far->message_at : far->begun_at, now, plan->message) &&
           (!all_read || speech_midst(speech));
}

static bool cannot_connect(const struct far *far)
{
    const struct plan *plan = &far->run->plan;

    switch (far->error) {
    case ECONNRESET: /* it was, before anybody had seen that it was there */
        return may_break(far);
    case ECONNREFUSED:
        return plan->faults.refused || !far->listener;
    case ETIMEDOUT:
        return passed(far->begun_at, far->closed_at, plan->connect);
    case EMFILE:
        return plan->faults.no_descriptor;
    case ENOMEM:
        return plan->short_of_memory;
    case ECANCELED: /* while its name was looked up */
        return far->run->freed || far->run->forked;
    default:
        return false;
    }
}

/* Whether its reason can be. */
static bool explained(const struct far *far)
{
    const struct run *run = far->run;
    const struct plan *plan = &run->plan;
    const struct speech *speech = &far->speech;

    switch (far->reason) {
    case CONFAB_REASON_PEER_CLOSED:
        return far->shut || far->left;
    case CONFAB_REASON_DONE:
        return plan->protocol == ECHO && (speech->over || stopped(run));
    case CONFAB_REASON_RESET:
        return may_break(far) && (far->error == ECONNRESET || far->error == EPIPE);
    case CONFAB_REASON_CONNECT:
        return far->outbound && !far->opened && cannot_connect(far);
    case CONFAB_REASON_TIMEOUT:
        return far->error == ETIMEDOUT && timed_out(far);
    case CONFAB_REASON_TOO_LONG:
        return plan->protocol == LINE &&
               (speech->too_long || speech->line.len + speech->held > plan->max_message);
    case CONFAB_REASON_OUTPUT_LIMIT:
        return plan->output_limit && speech->answer.len - far->received > plan->output_limit;
    case CONFAB_REASON_NO_MEMORY:
    case CONFAB_REASON_HOOK:
        return plan->short_of_memory;
    case CONFAB_REASON_STOP:
    case CONFAB_REASON_CLOSED:
        return stopped(run) || run->freed;
    case CONFAB_REASON_SHED:
        break;
    }
    return false;
}

/* What can be known of its figures, whatever became of it. */
static void check_figures(const struct far *far)
{
    const struct run *run = far->run;
    const struct plan *plan = &run->plan;
    const struct confab_chat_stats *stats = &far->stats;
    int64_t age = far->closed_at - far->opened_at + late;
    uint64_t quarters = (uint64_t)age / (CONFAB_SECOND / 4) + 2;

    if (stats->bytes_in > far->sent || stats->bytes_out > far->speech.answer.len ||
        far->received > stats->bytes_out || stats->messages > far->speech.messages)
        run_fail(far->run,
                 "far end %u sent %" PRIu64 " bytes, its chat received %" PRIu64 " with %" PRIu64
                 " messages of %" PRIu64 " and sent %" PRIu64 " of %zu; the far end has %" PRIu64,
                 far->number, far->sent, stats->bytes_in, stats->messages, far->speech.messages,
                 stats->bytes_out, far->speech.answer.len, far->received);
    if ((plan->rate_in && stats->bytes_in > quarters * (plan->rate_in / 4 + 1)) ||
        (plan->rate_out && stats->bytes_out > quarters * (plan->rate_out / 4 + 1)))
        run_fail(far->run,
                 "far end %u: the chat read %" PRIu64 " and sent %" PRIu64 " bytes in %" PRId64 " ms",
                 far->number, stats->bytes_in, stats->bytes_out, age / CONFAB_MILLISECOND);
}

/* Of one that ended in peace: all of it was read, and answered. */
static void check_whole(const struct far *far)
{
    const struct speech *speech = &far->speech;
    const struct confab_chat_stats *stats = &far->stats;
    bool all_in = stats->bytes_in == far->sent && stats->messages == speech->messages;

    if (far->reason == CONFAB_REASON_PEER_CLOSED && !far->left && !all_in)
        run_fail(far->run,
                 "far end %u sent %" PRIu64 " bytes, %" PRIu64 " messages; the chat got %" PRIu64
                 ", %" PRIu64,
                 far->number, far->sent, speech->messages, stats->bytes_in, stats->messages);
    if (far->reason == CONFAB_REASON_DONE && stopped(far->run))
        return;
    if (!far->left && stats->bytes_out != speech->answer.len)
        run_fail(far->run, "far end %u: the chat sent %" PRIu64 " bytes of %zu, and closed: %s", far->number,
                 stats->bytes_out, speech->answer.len, confab_reason_name(far->reason));
}

/* Of one that the far end reset: what had been sent before was read, and its messages told of. */
static void check_reset(const struct far *far)
{
    const struct run *run = far->run;
    const struct speech *speech = &far->speech;

    if (!far->left || run->plan.faults.resets || run->plan.short_of_memory || stopped(run) || speech->over)
        return;
    if (far->stats.bytes_in != far->sent || far->stats.messages != speech->messages)
        run_fail(far->run,
                 "far end %u sent %" PRIu64 " bytes, %" PRIu64 " messages, and left; the chat got %" PRIu64
                 ", %" PRIu64,
                 far->number, far->sent, speech->messages, far->stats.bytes_in, far->stats.messages);
}

void account_closed(struct far *far)
{
    if (!explained(far))
        run_fail(far->run, "far end %u: its chat closed for no reason that there was: %s, error %d",
                 far->number, confab_reason_name(far->reason), far->error);
    check_figures(far);
    if (far->reason == CONFAB_REASON_PEER_CLOSED || far->reason == CONFAB_REASON_DONE)
        check_whole(far);
    if (far->reason == CONFAB_REASON_RESET)
        check_reset(far);
}

/* -- All of it ------------------------------------------------------------------------- */

/* Why nobody served it. */
static bool may_be_unserved(const struct far *far)
{
    const struct plan *plan = &far->run->plan;

    return far->left || plan->faults.aborted || plan->faults.no_descriptor || plan->max_connections ||
           plan->short_of_memory || stopped(far->run);
}

/* Its chat has ended in peace, and so has the connection: it has all that was to come. */
static void check_received(const struct far *far)
{
    bool peace = far->reason == CONFAB_REASON_PEER_CLOSED || far->reason == CONFAB_REASON_DONE;

    if (!far->closed || !peace || !far->ended || far->was_reset || far->left)
        return;
    if (far->received != far->stats.bytes_out)
        run_fail(far->run,
                 "far end %u received %" PRIu64 " bytes of %" PRIu64 " that its chat sent, and closed: %s",
                 far->number, far->received, far->stats.bytes_out, confab_reason_name(far->reason));
}

static void check_far(const struct far *far)
{
    struct run *run = far->run;

    if (far->closed != 1 && (far->opened || far->closed))
        run_fail(run, "far end %u: handle_connect was called %d times, handle_close %d times", far->number,
                 far->opened, far->closed);
    if (run->freed)
        return;
    if (far->connected && far->end == NULL && far->begun && !far->closed && !may_be_unserved(far) &&
        !far->outbound)
        run_fail(run, "far end %u was never served", far->number);
    check_received(far);
}

/* As much as the chats may have needed at once. */
static size_t memory_bound(const struct run *run)
{
    const struct plan *plan = &run->plan;
    size_t bound = MEMORY;

    for (unsigned i = 0; i < run->fars; i++) {
        const struct speech *speech = &run->far[i].speech;
        size_t answer = speech->answer.len,
               output = plan->high && plan->high < answer ? (size_t)plan->high : answer;

        bound += MEMORY_OF_CHAT + 4 * (size_t)plan->in_buffer + 2 * output;
    }
    return bound;
}

static void check_counters(struct run *run)
{
    uint64_t replies = 0, refused = 0;
    int64_t said = 0, no = 0;

    if (run->plan.protocol != ECHO)
        return;
    for (unsigned i = 0; i < run->fars; i++) {
        replies += run->far[i].speech.replies;
        refused += run->far[i].speech.refused;
    }
    confab_service_counter(run->service, 0, &said);
    confab_service_counter(run->service, 1, &no);
    if ((uint64_t)said > replies || (uint64_t)no > refused)
        run_fail(run,
                 "echo counts %" PRId64 " replies and %" PRId64 " refusals, where %" PRIu64 " and %" PRIu64
                 " were to be",
                 said, no, replies, refused);
}

void account_run(struct run *run)
{
    for (unsigned i = 0; i < run->fars; i++)
        check_far(&run->far[i]);
    if (run->service)
        check_counters(run);
    if (run->meter.most > memory_bound(run))
        run_fail(run, "%zu bytes of memory were out at once, over %zu", run->meter.most, memory_bound(run));
}
