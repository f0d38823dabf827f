/* machine_build.c: how this program was built; CMake says CONFAB_BUILD_TYPE and CONFAB_BUILD_FLAGS. */
#include "tools/bench/machine.h"
#include <string.h>

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#elif defined(__GNUC__)
#define COMPILER "gcc " __VERSION__
#else
#define COMPILER "a compiler"
#endif

/* Macros have to tell, once, outside of functions. */
#ifdef __OPTIMIZE__
static const bool optimized = true;
#else
static const bool optimized = false;
#endif

const char machine_build[] = CONFAB_VERSION ", " COMPILER ", " CONFAB_BUILD_FLAGS ", " CONFAB_BUILD_TYPE;

void machine_warn_of_build(struct bench *bench)
{
    if (strstr(machine_build, "-fsanitize"))
        bench_warn(bench, "this build looks at itself (-fsanitize), which costs more than what is measured");
    if (!optimized)
        bench_warn(bench, "this build is not optimized (%s)", CONFAB_BUILD_TYPE);
}
