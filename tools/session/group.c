/* group.c: what is expected in any order.
 *
 * Orders are tried depth first.  What is left of the stream depends for most on which steps are done, not on their
 * order: for each set of steps the last place where it led nowhere is kept, and not tried again. */
#include "tools/session/match.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { GROUP_TRIES_MAX = 100000 };

struct grouping {
    const char *came;
    size_t len;
    bool last;
    size_t count;
    struct wanted wanted[SESSION_GROUP_MAX];
    unsigned order[SESSION_GROUP_MAX]; /* that fits */
    size_t ordered;
    size_t *nowhere; /* by the set of steps that are done: where that led nowhere, and 1 */
    size_t furthest;
    bool more; /* some order could still become right */
    unsigned tries;
    char *error;
    size_t room;
};

/* Those that are left are all optional, and none of them is there. */
static bool rest_is_optional(const struct grouping *grouping, unsigned done)
{
    for (size_t i = 0; i < grouping->count; i++)
        if (!(done & 1u << i) && grouping->wanted[i].step->kind != STEP_OPTIONAL)
            return false;
    return true;
}

/* YES, NO or -errno: whether the steps that are not done fit what came from `at` on; *used: where they end. */
static int try_rest(struct grouping *grouping, unsigned done, size_t at, size_t *used)
{
    bool may_come = false;

    if (grouping->nowhere[done] == at + 1 || ++grouping->tries > GROUP_TRIES_MAX)
        return MATCH_NO;
    if (at > grouping->furthest)
        grouping->furthest = at;
    for (unsigned i = 0; i < grouping->count; i++) {
        const struct wanted *wanted = &grouping->wanted[i];
        enum match match;
        size_t n;
        int result;

        if (done & 1u << i)
            continue;
        result = wanted_match(wanted, grouping->came + at, grouping->len - at, grouping->last, &match, &n,
                              grouping->error, grouping->room);
        if (result)
            return result;
        may_come |= match == MATCH_MORE;
        if (match != MATCH_YES || (n == 0 && wanted->step->kind == STEP_OPTIONAL))
            continue;
        grouping->order[grouping->ordered++] = i;
        result = try_rest(grouping, done | 1u << i, at + n, used);
        if (result != MATCH_NO)
            return result;
        grouping->ordered--;
    }
    grouping->more |= may_come;
    if (!may_come && rest_is_optional(grouping, done)) {
        *used = at;
        return MATCH_YES;
    }
    grouping->nowhere[done] = at + 1;
    return MATCH_NO;
}

/* In the order that fits, once more, for what is captured. */
static int capture(struct grouping *grouping, struct variables *variables)
{
    size_t at = 0, n;
    enum match match;
    int error = 0;

    for (size_t i = 0; i < grouping->ordered && !error; i++) {
        const struct wanted *wanted = &grouping->wanted[grouping->order[i]];

        error = wanted_match(wanted, grouping->came + at, grouping->len - at, grouping->last, &match, &n,
                             grouping->error, grouping->room);
        if (!error)
            error = wanted_capture(wanted, grouping->came + at, n, variables);
        at += n;
    }
    return error;
}

static int match_all(struct grouping *grouping, struct variables *variables, size_t *used)
{
    int result;

    grouping->nowhere = calloc((size_t)1 << grouping->count, sizeof *grouping->nowhere);
    if (!grouping->nowhere)
        return -ENOMEM;
    result = try_rest(grouping, 0, 0, used);
    if (result == MATCH_YES && capture(grouping, variables))
        result = -ENOMEM;
    else if (result == MATCH_NO && grouping->more)
        result = MATCH_MORE;
    if (result == MATCH_NO)
        *used = grouping->furthest;
    if (result == MATCH_NO && grouping->tries > GROUP_TRIES_MAX)
        snprintf(grouping->error, grouping->room,
                 "not each order of what was expected was tried: there are too many");
    free(grouping->nowhere);
    return result;
}

int session_match_group(const struct session *session, const struct session_step *const *steps, size_t count,
                        struct variables *variables, const char *came, size_t len, bool last, size_t *used,
                        char *error, size_t room)
{
    struct grouping grouping = {
        .came = came ? came : "", .len = len, .last = last, .error = error, .room = room
    };
    int result = 0;

    *error = '\0';
    *used = 0;
    if (count > SESSION_GROUP_MAX)
        return -EINVAL;
    for (; grouping.count < count && !result; grouping.count++)
        result = wanted_make(&grouping.wanted[grouping.count], session, steps[grouping.count], variables,
                             error, room);
    if (!result) {
        result = match_all(&grouping, variables, used);
        if (result == -ENOMEM)
            snprintf(error, room, "%s: out of memory", session->name);
    }
    for (size_t i = 0; i < grouping.count; i++)
        wanted_free(&grouping.wanted[i]);
    return result;
}
