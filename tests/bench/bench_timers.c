/* bench_timers.c: what timers cost when a million of them run: starting, starting anew
 * and stopping one; beside libev's and libevent's where this build has them.
 *
 * Figures are of processor time, and each round takes the libraries in turn, so that a
 * machine that is busy for a while slows them all.  The median of the rounds is what to look
 * at; the minimum tells how much of it was noise (others who use the caches, above all). */
#include "timers.h"
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TIMERS = 1000000, ROUNDS = 7, ROUNDS_MAX = 1000, TIMERS_MAX = 100000000 };

/* The deadlines lie in five minutes.  No loop turns meanwhile, so none comes. */
static const int64_t spread = INT64_C(300) * 1000000000;

static const struct subject *const subjects[] = {
    &confab_subject,   &outside_subject, &wheel_subject,
#ifdef CONFAB_HAVE_LIBEV
    &libev_subject,
#endif
#ifdef CONFAB_HAVE_LIBEVENT
    &libevent_subject,
#endif
};

static const char absent[] = ""
#ifndef CONFAB_HAVE_LIBEV
                             " libev"
#endif
#ifndef CONFAB_HAVE_LIBEVENT
                             " libevent"
#endif
    ;

enum { SUBJECTS = sizeof subjects / sizeof subjects[0] };

/* In the order in which a round does them. */
enum operation { START, STOP, START_AGAIN, RESTART_RANDOM, STOP_RANDOM, OPERATIONS };

static const struct {
    const char *name, *label;
} operations[OPERATIONS] = {
    [START] = { "start_scattered", "start, in memory that was given up in random order" },
    [STOP] = { "stop", "stop" },
    [START_AGAIN] = { "start", "start" },
    [RESTART_RANDOM] = { "restart_random", "restart, in random order" },
    [STOP_RANDOM] = { "stop_random", "stop, in random order" },
};

struct figures {
    double round[ROUNDS_MAX], median, min;
};

static struct figures figures[SUBJECTS][OPERATIONS];
static void *opened[SUBJECTS];

static int64_t clock_now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* xorshift64*; the same numbers in each run. */
static uint64_t random_number(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(0x2545f4914f6cdd1d);
}

static void shuffle(uint32_t *order, size_t count, uint64_t *seed)
{
    for (size_t i = count - 1; i > 0; i--) {
        size_t k = (size_t)(random_number(seed) % (i + 1));
        uint32_t other = order[k];
        order[k] = order[i];
        order[i] = other;
    }
}

/* False: out of memory. */
static bool make_plan(struct plan *plan, size_t count)
{
    int64_t *first = malloc(count * sizeof *first), *second = malloc(count * sizeof *second);
    uint32_t *order = malloc(count * sizeof *order), *other_order = malloc(count * sizeof *other_order);
    uint64_t seed = 1;

    *plan = (struct plan){
        .count = count, .first = first, .second = second, .order = order, .other_order = other_order
    };
    if (!first || !second || !order || !other_order)
        return false;
    for (size_t i = 0; i < count; i++) {
        first[i] = (int64_t)(random_number(&seed) % (uint64_t)spread);
        second[i] = (int64_t)(random_number(&seed) % (uint64_t)spread);
        order[i] = other_order[i] = (uint32_t)i;
    }
    shuffle(order, count, &seed);
    shuffle(other_order, count, &seed);
    return true;
}

static void free_plan(struct plan *plan)
{
    free((void *)(uintptr_t)plan->first);
    free((void *)(uintptr_t)plan->second);
    free((void *)(uintptr_t)plan->order);
    free((void *)(uintptr_t)plan->other_order);
}

/* The order in which an operation takes the timers; NULL: one after the other. */
static const uint32_t *order_of(const struct plan *plan, enum operation operation)
{
    switch (operation) {
    case RESTART_RANDOM:
        return plan->order;
    case STOP_RANDOM:
        return plan->other_order;
    default:
        return NULL;
    }
}

/* Returns how long it took. */
static int64_t do_all(const struct subject *subject, void *self, const struct plan *plan,
                      enum operation operation)
{
    bool starts = operation == START || operation == START_AGAIN;

    if (!starts)
        subject->line_up(self, plan, order_of(plan, operation));
    int64_t began = clock_now();
    if (starts)
        subject->start(self, plan);
    else if (operation == RESTART_RANDOM)
        subject->restart(self, plan);
    else
        subject->stop(self, plan);
    return clock_now() - began;
}

/* One round of one of them. */
struct turn {
    const struct plan *plan;
    int subject, round;
};

static void run_turn(void *data)
{
    const struct turn *turn = data;
    int s = turn->subject;

    for (int o = 0; o < OPERATIONS; o++) {
        int64_t took = do_all(subjects[s], opened[s], turn->plan, (enum operation)o);
        if (turn->round >= 0)
            figures[s][o].round[turn->round] = (double)took / (double)turn->plan->count;
    }
}

static void measure(const struct plan *plan, int rounds)
{
    /* One round more, the first, which is the one that gets its memory from the system. */
    for (int round = -1; round < rounds; round++) {
        for (int s = 0; s < SUBJECTS; s++) {
            struct turn turn = { .plan = plan, .subject = s, .round = round };
            if (!opened[s])
                continue;
            if (subjects[s]->inside)
                subjects[s]->inside(opened[s], run_turn, &turn);
            else
                run_turn(&turn);
        }
    }
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void evaluate(int rounds)
{
    for (int s = 0; s < SUBJECTS; s++) {
        for (int o = 0; o < OPERATIONS; o++) {
            double *round = figures[s][o].round;
            qsort(round, (size_t)rounds, sizeof *round, compare);
            figures[s][o].min = round[0];
            figures[s][o].median = (round[(rounds - 1) / 2] + round[rounds / 2]) / 2;
        }
    }
}

static void print_table(const struct plan *plan, int rounds)
{
    static const enum operation order[] = { START_AGAIN, STOP, RESTART_RANDOM, STOP_RANDOM, START };

    printf("%zu timers, ns an operation: median of %d rounds (minimum)\n\n%-52s", plan->count, rounds, "");
    for (int s = 0; s < SUBJECTS; s++)
        printf("%18s", subjects[s]->name);
    putchar('\n');
    for (size_t i = 0; i < OPERATIONS; i++) {
        enum operation o = order[i];
        printf("%-52s", operations[o].label);
        for (int s = 0; s < SUBJECTS; s++) {
            char text[32] = "-";
            if (opened[s])
                snprintf(text, sizeof text, "%.1f (%.1f)", figures[s][o].median, figures[s][o].min);
            printf("%18s", text);
        }
        putchar('\n');
    }
    putchar('\n');
    for (int s = 0; s < SUBJECTS; s++)
        printf("%s: %s\n", subjects[s]->name, opened[s] ? subjects[s]->how : "could not be opened");
    if (absent[0])
        printf("not in this build:%s\n", absent);
}

static void print_json(const struct plan *plan, int rounds)
{
    const char *separator = "";

    printf("{\"timers\": %zu, \"rounds\": %d, \"unit\": \"ns\", \"figures\": [", plan->count, rounds);
    for (int s = 0; s < SUBJECTS; s++) {
        for (int o = 0; opened[s] && o < OPERATIONS; o++) {
            printf("%s\n  {\"of\": \"%s\", \"operation\": \"%s\", \"median\": %.2f, \"min\": %.2f}",
                   separator, subjects[s]->name, operations[o].name, figures[s][o].median, figures[s][o].min);
            separator = ",";
        }
    }
    puts("\n]}");
}

static void print_help(void)
{
    printf("usage: bench_timers [--json] [--rounds N] [--timers N]\n\n"
           "Prints what it costs to start, restart and stop a timer while %d of them run.\n\n"
           "  --json       for a program to read\n"
           "  --rounds N   how often each is measured; %d\n"
           "  --timers N   how many run; %d\n",
           TIMERS, ROUNDS, TIMERS);
}

/* The number behind an option, from 1 to max; 0: there is none. */
static long number(const char *text, long max)
{
    char *end;

    if (!text || *text < '0' || *text > '9')
        return 0;
    errno = 0;
    long n = strtol(text, &end, 10);
    return errno || *end || n > max ? 0 : n;
}

int main(int argc, char **argv)
{
    long rounds = ROUNDS, count = TIMERS;
    bool json = false;
    struct plan plan;

    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--help")) {
            print_help();
            return EXIT_SUCCESS;
        }
        if (!strcmp(argv[i], "--json"))
            json = true;
        else if (!strcmp(argv[i], "--rounds") && (rounds = number(argv[i + 1], ROUNDS_MAX)))
            i++;
        else if (!strcmp(argv[i], "--timers") && (count = number(argv[i + 1], TIMERS_MAX)))
            i++;
        else {
            fprintf(stderr, "bench_timers: %s: see --help\n", argv[i]);
            return 2;
        }
    }
    bool made = make_plan(&plan, (size_t)count);
    for (int s = 0; made && s < SUBJECTS; s++)
        opened[s] = subjects[s]->open(&plan);
    if (made) {
        measure(&plan, (int)rounds);
        evaluate((int)rounds);
        (json ? print_json : print_table)(&plan, (int)rounds);
    } else {
        fputs("bench_timers: out of memory\n", stderr);
    }
    for (int s = 0; s < SUBJECTS; s++)
        if (opened[s])
            subjects[s]->close(opened[s]);
    free_plan(&plan);
    return made ? EXIT_SUCCESS : EXIT_FAILURE;
}
