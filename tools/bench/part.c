/* part.c: what `confab bench` runs of itself in a process of its own. */
#include "tools/bench/part.h"

#include "tools/bench/launch.h"
#include "tools/command.h"
#include <stdio.h>
#include <string.h>

const struct part parts[] = {
    { "bare", "bulk", part_bare_bulk },
    { "bare", "dispatch", part_bare_dispatch },
    { "bare", "line", part_bare_line },
    { "bare", "sink", part_bare_sink },
    { "host", "dispatch", part_host_dispatch },
    { "host", "timers", part_host_timers },
    { NULL, NULL, NULL },
};

/* What another build looks for, which measures this one (--against). */
static int list(void)
{
    for (const struct part *part = parts; part->kind; part++)
        printf("%s %s\n", part->kind, part->what);
    return output_done("confab bench");
}

int part_run(int argc, char **argv)
{
    if (argc == 1 && !strcmp(argv[0], "list"))
        return list();
    if (argc < 2)
        return usage_error("confab bench", "--part: takes a kind and what it is to do");
    for (const struct part *part = parts; part->kind; part++)
        if (!strcmp(part->kind, argv[0]) && !strcmp(part->what, argv[1]))
            return part->run(argc - 2, argv + 2);
    return usage_error("confab bench", "--part: there is no %s %s", argv[0], argv[1]);
}
