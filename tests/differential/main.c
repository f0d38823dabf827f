/* differential: one scenario on every backend, and what differs. */
#include "compare.h"
#include <errno.h>
#include <signal.h>
#include <unistd.h>

enum { PLACES_MAX = 16, WHY_ROOM = 256, PROGRESS_EVERY = 50 };

/* Where each scenario is played: a backend, and whether what it reads and sends is cut at random. */
struct place {
    char name[32], backend[32];
    bool cut;
};

struct run {
    struct place places[PLACES_MAX];
    int count;
    bool verbose, print;
    bool generated; /* from seeds; else from files */
    bool wrong;     /* a file is none, or no scenario */
    uint64_t seed;
};

static void usage(FILE *to)
{
    fputs("usage: differential [OPTION]... [FILE]...\n"
          "\n"
          "Plays scenarios on every backend and compares what happened, channel by channel.\n"
          "Ends at the first difference, which is shown side by side.\n"
          "\n"
          "  --seed N         the first seed of scenarios that are generated, and what the cuts\n"
          "                   of files are drawn from; default: 1\n"
          "  --count N        how many are generated; default: 1 where --seed is given and no\n"
          "                   FILE, else none\n"
          "  --backend A,...  where: backends, also with +cut behind the name: what is read\n"
          "                   and sent is cut at random; default: each in both ways\n"
          "  --verbose        shows every trace\n"
          "  --print          prints the scenarios of the seeds and plays none\n"
          "  -h, --help       this text\n"
          "\n"
          "Status: 0 all agree, 1 a difference or something that is wrong in itself, 2 wrong usage\n"
          "or a file that is no scenario.\n"
          "README.md beside the source describes the language of the files.\n",
          to);
}

static int bad_usage(const char *what, const char *word)
{
    fprintf(stderr, "differential: %s%s; try --help\n", what, word);
    return 2;
}

static int bad_places(const char *list)
{
    fprintf(stderr, "differential: not a list of backends: %s; they are", list);
    for (size_t i = 0; confab_backend_name(i); i++)
        fprintf(stderr, "%s %s", i > 0 ? "," : "", confab_backend_name(i));
    fprintf(stderr, ", each also with +cut behind it\n");
    return 2;
}

static bool is_backend(const char *name)
{
    for (size_t i = 0; confab_backend_name(i); i++)
        if (!strcmp(confab_backend_name(i), name))
            return true;
    return false;
}

/* "NAME" or "NAME+cut" */
static bool add_place(struct run *run, const char *name, size_t len)
{
    struct place *place = &run->places[run->count];
    char *plus;

    if (run->count == PLACES_MAX || len >= sizeof place->name)
        return false;
    memcpy(place->name, name, len);
    place->name[len] = '\0';
    memcpy(place->backend, place->name, sizeof place->name);
    plus = strchr(place->backend, '+');
    place->cut = plus && !strcmp(plus, "+cut");
    if (place->cut)
        *plus = '\0';
    run->count++;
    return is_backend(place->backend);
}

static bool add_places(struct run *run, const char *list)
{
    while (*list) {
        size_t len = strcspn(list, ",");
        if (!add_place(run, list, len))
            return false;
        list += len + (list[len] == ',');
    }
    return run->count > 0;
}

static void add_all(struct run *run)
{
    char cut[32];

    for (size_t i = 0; confab_backend_name(i); i++) {
        const char *name = confab_backend_name(i);
        int n = snprintf(cut, sizeof cut, "%s+cut", name);
        add_place(run, name, strlen(name));
        add_place(run, cut, (size_t)n);
    }
}

/* Shows what a scenario was, so that it can be played again. */
static void show_scenario(const struct run *run, const char *name, const struct scenario *scenario)
{
    printf("\nThe scenario is %s:\n\n%s\n", name, scenario->text.at);
    if (run->generated)
        printf("Again: differential --seed %llu\n", (unsigned long long)run->seed);
}

/* Plays it everywhere; whether all agree. */
static bool play_all(const struct run *run, const char *name, const struct scenario *scenario)
{
    struct play *plays = grown(NULL, (size_t)run->count * sizeof *plays);
    bool right = true;
    int played = 0;

    for (; played < run->count && right; played++) {
        struct play *now = &plays[played];
        const struct place *place = &run->places[played];
        int error = play(now, scenario, place->backend, place->cut, run->seed);
        if (error) {
            printf("%s cannot be opened: %s\n", place->name, strerror(-error));
            right = false;
        }
        if (run->verbose)
            show(now, place->name);
        if (now->failures.len > 0) {
            printf("\n%s, whatever the others do:\n%s", place->name, now->failures.at);
            if (!run->verbose)
                show(now, place->name);
            right = false;
        }
        right = compare(&plays[0], run->places[0].name, now, place->name) && right;
    }
    if (!right)
        show_scenario(run, name, scenario);
    for (int i = 0; i < played; i++)
        play_free(&plays[i]);
    free(plays);
    return right;
}

static bool play_text(struct run *run, const char *name, const char *text, size_t len)
{
    struct scenario scenario;
    char why[WHY_ROOM];
    bool right = scenario_read(&scenario, text, len, why, sizeof why);

    run->wrong = !right;
    if (!right)
        fprintf(stderr, "%s: %s\n", name, why);
    else
        right = play_all(run, name, &scenario);
    scenario_free(&scenario);
    return right;
}

static bool play_file(struct run *run, const char *path)
{
    struct bytes text = { 0 };
    FILE *file = fopen(path, "r");
    size_t n;
    bool right;

    if (!file) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        run->wrong = true;
        return false;
    }
    do {
        n = fread(bytes_room(&text, BUFSIZ), 1, BUFSIZ, file);
        bytes_cut(&text, text.len + n);
    } while (n > 0);
    fclose(file);
    right = play_text(run, path, text.at, text.len);
    bytes_free(&text);
    return right;
}

static bool play_seed(struct run *run, uint64_t seed)
{
    struct bytes text = { 0 };
    char name[64];
    bool right = true;

    run->generated = true;
    run->seed = seed;
    snprintf(name, sizeof name, "that of seed %llu", (unsigned long long)seed);
    scenario_generate(&text, seed);
    if (run->print)
        printf("%s", text.at);
    else
        right = play_text(run, name, text.at, text.len);
    bytes_free(&text);
    return right;
}

static bool play_seeds(struct run *run, uint64_t seed, uint64_t count)
{
    bool terminal = isatty(STDERR_FILENO), right = true;

    for (uint64_t i = 0; i < count && right; i++) {
        if (terminal && i % PROGRESS_EVERY == 0 && count > PROGRESS_EVERY)
            fprintf(stderr, "\r%llu of %llu", (unsigned long long)i, (unsigned long long)count);
        right = play_seed(run, seed + i);
    }
    if (terminal && count > PROGRESS_EVERY)
        fprintf(stderr, "\r\033[K");
    return right;
}

static bool take_number(const char *text, uint64_t *number)
{
    char *end;

    errno = 0;
    *number = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0' && text[0] >= '0' && text[0] <= '9';
}

int main(int argc, char **argv)
{
    struct run run = { .count = 0 };
    uint64_t seed = 1, count = 0;
    bool right = true, seeded = false, counted = false;
    int at = 1;

    for (; at < argc && argv[at][0] == '-'; at++) {
        const char *option = argv[at], *value = at + 1 < argc ? argv[at + 1] : "";
        bool seeds = !strcmp(option, "--seed");

        if (!strcmp(option, "--help") || !strcmp(option, "-h")) {
            usage(stdout);
            return 0;
        }
        if (!strcmp(option, "--verbose")) {
            run.verbose = true;
        } else if (!strcmp(option, "--print")) {
            run.print = true;
        } else if (seeds || !strcmp(option, "--count")) {
            if (!take_number(value, seeds ? &seed : &count))
                return bad_usage("a number is missing behind ", option);
            seeded = seeded || seeds;
            counted = counted || !seeds;
            at++;
        } else if (!strcmp(option, "--backend")) {
            if (!add_places(&run, value))
                return bad_places(value);
            at++;
        } else {
            return bad_usage("not an option: ", option);
        }
    }
    if (seeded && !counted && at == argc)
        count = 1;
    run.seed = seed;
    if (at == argc && count == 0)
        return bad_usage("nothing to play", "");
    if (run.count == 0)
        add_all(&run);
    signal(SIGPIPE, SIG_IGN);
    int files = argc - at;
    for (; at < argc && right; at++)
        right = play_file(&run, argv[at]);
    if (right)
        right = play_seeds(&run, seed, count);
    if (right && !run.print)
        printf("ok    %d files and %llu seeds agree in %d places\n", files, (unsigned long long)count,
               run.count);
    return right ? 0 : run.wrong ? 2 : 1;
}
