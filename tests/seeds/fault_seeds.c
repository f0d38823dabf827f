/* fault_seeds.c: runs line and echo in a simulated network whose faults, limits
 * and far ends are drawn from seeds, one run a seed, and says of one that fails
 * what was expected and what came, with the end of its trace. */
#include "seeds.h"
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    COUNT = 500,
    TWICE_EVERY = 50, /* of so many seeds one is run twice: it must be the same run */
    DEBUG_EVERY = 16, /* and with all the lines of the log made */
    SECONDS_OF_ONE = 60,
    TAIL = 4000 /* bytes of a trace that are shown */
};

static const char usage[] =
    "usage: fault_seeds [--plugin line|echo] [--seed N] [--count N] [--verbose] [--help]\n"
    "\n"
    "Runs the plugin (both, if none is named) in a simulated network, once for each of so\n"
    "many seeds (500), the first of which is N (1).  What a seed draws is always the same.\n"
    "--verbose tells what each run drew; with a single seed also all of its trace.\n"
    "\n"
    "The plugins are looked for in the folder that CONFAB_TEST_PLUGINS names (plugins).\n"
    "Status: 0 all was well, 1 a run failed, 2 wrong usage.\n";

struct options {
    int plugin; /* -1: both */
    uint64_t seed, count;
    bool verbose;
};

static const char *const names[] = { [LINE] = "line", [ECHO] = "echo" };

/* -- What a run leaves for a signal handler to tell ----------------------------- */

static char present[128];

/* A crash, a failed assertion, or a run without end: which it was. */
static void tell_and_die(int signo)
{
    ssize_t n = write(STDERR_FILENO, present, strlen(present));

    (void)n;
    signal(signo, SIG_DFL);
    raise(signo);
}

static void watch(void)
{
    static const int signals[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM };

    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        if (signals[i] == SIGABRT || signals[i] == SIGALRM || signal(signals[i], SIG_DFL) == SIG_DFL)
            signal(signals[i], tell_and_die);
}

static void watch_run(enum protocol protocol, uint64_t seed)
{
    snprintf(present, sizeof present, "fault_seeds: it ended in --plugin %s --seed %" PRIu64 " --count 1\n",
             names[protocol], seed);
    alarm(SECONDS_OF_ONE);
}

/* -- Seeds -------------------------------------------------------------------------- */

static unsigned errors_logged;

static void count_errors(void *data, const struct confab_log_line *line)
{
    (void)data;
    errors_logged += line->level == CONFAB_ERROR;
}

static int open_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int n = 0;

    if (!folder)
        return -1;
    while (readdir(folder))
        n++;
    closedir(folder);
    return n;
}

static void show_tail(const char *trace, bool all)
{
    size_t len = strlen(trace);
    const char *from = all || len < TAIL ? trace : trace + len - TAIL;

    fprintf(stderr, "%s%s", from == trace ? "" : "...", from);
}

/* Runs it again, for its trace. */
static void explain(struct run *run, confab_module *module, enum protocol protocol, uint64_t seed, bool all)
{
    char plan[2048], *trace = NULL;

    run_seed(run, module, protocol, seed, &trace);
    plan_tell(&run->plan, plan, sizeof plan);
    fprintf(stderr, "%s\n", plan);
    if (trace)
        show_tail(trace, all);
    free(trace);
}

static bool same_again(struct run *run, confab_module *module, enum protocol protocol, uint64_t seed)
{
    uint64_t digest = run->digest;

    if (!run_seed(run, module, protocol, seed, NULL))
        return false;
    if (run->digest != digest)
        run_fail(run, "the same seed is another run: %016" PRIx64 ", then %016" PRIx64, digest, run->digest);
    return !run->failed;
}

/* One seed; returns whether all was well, and adds up its figures. */
static bool try_seed(struct run *run, confab_module *module, enum protocol protocol, uint64_t seed,
                     const struct options *options)
{
    static char failure[FAILURE_TEXT];

    watch_run(protocol, seed);
    confab_log_set(count_errors, NULL, seed % DEBUG_EVERY == 0 ? CONFAB_DEBUG : CONFAB_WARNING);
    bool well = run_seed(run, module, protocol, seed, NULL);
    if (well && seed % TWICE_EVERY == 0)
        well = same_again(run, module, protocol, seed);
    if (well && errors_logged) {
        run_fail(run, "%u errors were logged", errors_logged);
        well = false;
    }
    if (options->verbose)
        printf("%s %" PRIu64 ": %d turns, %" PRIu64 " bytes, %zu bytes of memory, %016" PRIx64 "\n",
               names[protocol], seed, run->turns, run->bytes, run->meter.most, run->digest);
    memcpy(failure, run->failure, sizeof failure);
    if (!well || (options->verbose && options->count == 1))
        explain(run, module, protocol, seed, options->verbose);
    if (!well)
        fprintf(stderr,
                "FAIL  %s, seed %" PRIu64 ": %s\n      again: fault_seeds --plugin %s --seed %" PRIu64
                " --count 1\n",
                names[protocol], seed, failure, names[protocol], seed);
    return well;
}

static double now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* What all runs of a plugin came to. */
struct sum {
    uint64_t turns, bytes, chats[CONFAB_REASON_STOP + 1], whole, unserved;
};

static void add_up(struct sum *sum, const struct run *run)
{
    sum->turns += (uint64_t)run->turns;
    sum->bytes += run->bytes;
    for (unsigned i = 0; i < run->fars; i++) {
        const struct far *far = &run->far[i];

        sum->chats[far->closed ? far->reason : 0]++;
        sum->unserved += far->connected && !far->closed;
        sum->whole += far->closed && far->sent && far->received == far->stats.bytes_out &&
                      far->stats.bytes_in == far->sent;
    }
}

static void tell_sum(const struct sum *sum)
{
    printf("      %" PRIu64 " turns, %" PRIu64 " bytes; connections: %" PRIu64 " whole, %" PRIu64
           " unserved; chats:",
           sum->turns, sum->bytes, sum->whole, sum->unserved);
    for (int reason = 1; reason <= CONFAB_REASON_STOP; reason++)
        if (sum->chats[reason])
            printf(" %s %" PRIu64, confab_reason_name((enum confab_reason)reason), sum->chats[reason]);
    printf("\n");
}

/* All seeds of a plugin, up to the first that fails. */
static bool try_plugin(enum protocol protocol, const struct options *options)
{
    static struct run run;
    struct sum sum = { 0 };
    const char *folder = getenv("CONFAB_TEST_PLUGINS");
    char error[512];
    confab_module *module;
    bool well = true;
    double begin = now();
    int before;

    if (confab_module_load(&module, names[protocol], folder ? folder : "plugins", error, sizeof error)) {
        fprintf(stderr, "fault_seeds: %s (CONFAB_TEST_PLUGINS names the folder)\n", error);
        return false;
    }
    before = open_descriptors();
    for (uint64_t i = 0; i < options->count && well; i++) {
        well = try_seed(&run, module, protocol, options->seed + i, options);
        add_up(&sum, &run);
    }
    alarm(0);
    if (open_descriptors() != before) {
        fprintf(stderr, "FAIL  %s: %d descriptors are left\n", names[protocol], open_descriptors() - before);
        well = false;
    }
    if (confab_module_unload(module)) {
        fprintf(stderr, "FAIL  %s: it cannot be unloaded\n", names[protocol]);
        well = false;
    }
    if (well)
        printf("ok    %s: %" PRIu64 " seeds from %" PRIu64 " on, %.1f s\n", names[protocol], options->count,
               options->seed, now() - begin);
    tell_sum(&sum);
    return well;
}

/* -- The command line ------------------------------------------------------------------ */

static bool read_number(const char *text, uint64_t *number)
{
    return text && confab_parse_u64(text, strlen(text), number) == 0;
}

static bool read_plugin(const char *text, int *plugin)
{
    for (int i = LINE; text && i <= ECHO; i++)
        if (!strcmp(text, names[i]))
            *plugin = i;
    return *plugin >= 0;
}

static bool read_options(char **argument, struct options *options)
{
    for (; *argument; argument++) {
        const char *option = *argument;
        bool good;

        if (!strcmp(*argument, "--verbose"))
            good = options->verbose = true;
        else if (!strcmp(*argument, "--plugin"))
            good = read_plugin(*++argument, &options->plugin);
        else if (!strcmp(*argument, "--seed"))
            good = read_number(*++argument, &options->seed);
        else if (!strcmp(*argument, "--count"))
            good = read_number(*++argument, &options->count);
        else
            good = false;
        if (!good) {
            bool value = *argument && *argument != option;
            fprintf(stderr, "fault_seeds: not understood: %s%s%s; try --help\n", option, value ? " " : "",
                    value ? *argument : "");
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    struct options options = { .plugin = -1, .seed = 1, .count = COUNT };
    bool well = true;

    if (argc == 2 && !strcmp(argv[1], "--help")) {
        fputs(usage, stdout);
        return 0;
    }
    if (!read_options(argv + 1, &options))
        return 2;
    watch();
    for (int i = LINE; i <= ECHO; i++)
        if (options.plugin < 0 || options.plugin == i)
            well = try_plugin((enum protocol)i, &options) && well;
    return well ? 0 : 1;
}
