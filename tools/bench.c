/* bench.c: `confab bench`: which backend, how fast. */
#include "tools/bench/launch.h"
#include "tools/command.h"
#include <string.h>

static int run_bench(const char *program, int argc, char **argv)
{
    (void)program;
    if (argc > 1 && !strcmp(argv[1], "--part"))
        return part_run(argc - 2, argv + 2);
    return usage_error("confab bench", "not yet");
}

const struct command bench_command = { "bench", "measures backends: which one, how fast", run_bench };
