/* pattern_cost.c: how large an expression gets where it is compiled. */
#include "tools/session/pattern_cost.h"

#include <errno.h>
#include <stdio.h>

/* What stood last is a part of its group now, and will be repeated with it alone. */
static struct cost_of *add_last(struct cost *cost)
{
    struct cost_of *before = &cost->before[cost->open];

    before->nodes += cost->last.nodes;
    before->choices += cost->last.choices;
    cost->last = (struct cost_of){ 0, 0 };
    cost->repeated = false;
    return before;
}

void cost_part(struct cost *cost)
{
    add_last(cost);
    cost->last.nodes = 1;
}

void cost_branch(struct cost *cost)
{
    add_last(cost)->choices++;
}

void cost_open(struct cost *cost)
{
    add_last(cost);
    cost->before[++cost->open] = (struct cost_of){ 1, 0 };
}

bool cost_close(struct cost *cost)
{
    if (cost->open == 0)
        return false;
    struct cost_of group = *add_last(cost);
    cost->open--;
    cost->last = group;
    return true;
}

static int check(const struct cost_of *of, char *error, size_t room)
{
    if (of->nodes <= PATTERN_NODES_MAX && of->choices <= PATTERN_CHOICES_MAX)
        return 0;
    snprintf(
        error, room,
        "too many repetitions in an expression, expected at the most %d characters and %d choices where they "
        "are written out",
        PATTERN_NODES_MAX, PATTERN_CHOICES_MAX);
    return -EINVAL;
}

int cost_repeat(struct cost *cost, unsigned long times, unsigned long optional, char *error, size_t room)
{
    struct cost_of *last = &cost->last;

    if (cost->repeated) {
        snprintf(error, room,
                 "a repetition of a repetition in an expression, expected (...) around the inner");
        return -EINVAL;
    }
    cost->repeated = true;
    last->nodes = last->nodes * times + optional;
    last->choices = last->choices * times + optional;
    return check(last, error, room);
}

int cost_end(struct cost *cost, char *error, size_t room)
{
    return check(add_last(cost), error, room);
}
