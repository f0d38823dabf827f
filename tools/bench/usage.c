/* usage.c: what was used between two looks at a process. */
#include "tools/bench/launch.h"
#include <math.h>

/* NAN where either is, or where less was used than before: a thread has ended and taken its figures along. */
static double between(double before, double after)
{
    return after >= before ? after - before : NAN;
}

void usage_figures(const struct usage *before, const struct usage *after, double count, struct sample *sample)
{
    double cpu = between(before->cpu, after->cpu);
    double user = between(before->user, after->user), system = between(before->system, after->system);
    double both = user + system;

    if (!(count > 0))
        return;
    sample->figure[FIGURE_CPU] = cpu / count;
    sample->figure[FIGURE_SWITCHES] = between(before->switches, after->switches) / count;
    /* Systems sample at which side of the kernel's border a process is: their share of what is exact (none
     * where they have seen nothing: 0 / 0). */
    sample->figure[FIGURE_USER] = cpu * (user / both) / count;
    sample->figure[FIGURE_SYSTEM] = cpu * (system / both) / count;
}
