/* scenario_session.c: a plugin and a session file of the user's own: `confab bench --plugin P --session FILE`. */
#include "tools/bench/load.h"
#include "tools/session/session.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const enum figure session_figures[] = { FIGURE_RATE, FIGURE_CPU, FIGURE_CALLS, FIGURE_SWITCHES,
                                               FIGURE_P50,  FIGURE_P99, FIGURE_P999,  FIGURES };
static const enum figure session_judged[] = { FIGURE_RATE, FIGURE_CPU, FIGURES };

static size_t session_points(struct bench *bench, struct point points[BENCH_POINTS])
{
    static const int64_t connections[] = { 1, 50, 200 };
    enum { POINTS = sizeof connections / sizeof connections[0] };

    if (!bench->session)
        return 0;
    for (size_t i = 0; i < POINTS; i++) {
        points[i] = (struct point){
            .variant = "closed", .connections = connections[i], .sweep = true, .quick = true, .judged = true
        };
        snprintf(points[i].name, sizeof points[i].name, "%lld connection%s", (long long)connections[i],
                 connections[i] == 1 ? "" : "s");
    }
    return POINTS;
}

static const char *session_excludes(const struct contender *contender, const struct point *point)
{
    (void)point;
    return contender->kind == CONTENDER_HOST ? NULL : "loads no plugins";
}

/* -- The plugin's options: those of the session, but for those that are given ----------------- */

static bool is_given(const struct bench *bench, const char *name)
{
    size_t len = strlen(name);

    for (int i = 0; i < bench->word_count; i++)
        if (!strncmp(bench->words[i], name, len) && bench->words[i][len] == '=')
            return true;
    return false;
}

static int add_option(const struct session_pair *option, struct bytes *word)
{
    const struct variables none = { .first = NULL };
    const char *missing = NULL;
    int error = bytes_add(word, option->name, strlen(option->name));

    if (!error)
        error = bytes_add(word, "=", 1);
    return error ? error : text_expand(&option->value, &none, word, &missing);
}

struct words {
    const char **all; /* ends with NULL */
    struct bytes *made;
    size_t count;
};

static void free_words(struct words *words)
{
    for (size_t i = 0; words->made && i < words->count; i++)
        bytes_free(&words->made[i]);
    free(words->made);
    free(words->all);
}

static int make_words(const struct bench *bench, struct words *words)
{
    const struct session *session = bench->session;
    size_t given = (size_t)bench->word_count, n = 0;
    int error = 0;

    words->count = session->option_count;
    words->made = calloc(words->count + 1, sizeof *words->made);
    words->all = calloc(words->count + given + 1, sizeof *words->all);
    if (!words->made || !words->all)
        return -ENOMEM;
    for (size_t i = 0; i < words->count && !error; i++) {
        if (is_given(bench, session->options[i].name))
            continue;
        error = add_option(&session->options[i], &words->made[i]);
        words->all[n++] = words->made[i].at;
    }
    for (size_t i = 0; i < given; i++)
        words->all[n++] = bench->words[i];
    return error;
}

static void session_measure(struct bench *bench, const struct contender *contender, const struct point *point,
                            struct sample *sample)
{
    const struct load load = { .connections = point->connections, .session = bench->session };
    struct words words = { 0 };
    int error = load_session_check(bench->session, sample->why) ? 0 : make_words(bench, &words);

    if (error)
        sample_fail(sample, "the options of the plugin: %s", strerror(-error));
    else if (words.all)
        load_measure(bench, contender, point, bench->plugin, words.all, &load, sample);
    free_words(&words);
}

const struct scenario session_scenario = { .name = "session",
                                           .summary = "a session file, played again and again",
                                           .per = "session",
                                           .figures = session_figures,
                                           .judged = session_judged,
                                           .points = session_points,
                                           .excludes = session_excludes,
                                           .measure = session_measure,
                                           .cost = load_cost };
