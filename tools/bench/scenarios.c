/* scenarios.c: those that there are, in the order of a report. */
#include "tools/bench/bench.h"

const struct scenario *const scenarios[] = {
    &echo_scenario,     &churn_scenario,  &idle_scenario,     &bulk_scenario, &terminator_scenario,
    &fairness_scenario, &timers_scenario, &dispatch_scenario, NULL,
};
