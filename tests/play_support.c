/* play_support.c: see play_support.h. */
#include "play_support.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 1024 };

struct played played;

static const char *folder_of(const char *name)
{
    static const char *const ours[] = { "line", "echo", "responder", "handler", "files" };

    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (!strcmp(name, ours[i]))
            return getenv("CONFAB_TEST_PLUGINS");
    return getenv("CONFAB_TEST_PLAYED");
}

static void no_log(void *data, const struct confab_log_line *line)
{
    (void)data;
    (void)line;
}

void played_open(const char *name)
{
    char path[ROOM], error[ROOM] = "";

    played = (struct played){ .request = { .seed = 1 } };
    cr_assert_not_null(folder_of(name), "the folder of the plugins is not set");
    snprintf(path, sizeof path, "%s/%s.so", folder_of(name), name);
    confab_log_set(no_log, NULL, CONFAB_ERROR);
    played.request.words = played.words;
    played.checker = (struct checker){ .request = &played.request, .sessions = played.sessions };
    played.checker.board = calloc(1, sizeof *played.checker.board);
    cr_assert_not_null(played.checker.board);
    cr_assert_eq(watch_new(&played.checker.watch, path, NULL, played.checker.board, error, sizeof error), 0,
                 "%s", error);
}

void played_close(void)
{
    for (size_t i = 0; i < played.checker.session_count; i++)
        session_free(played.sessions[i]);
    watch_free(played.checker.watch);
    free(played.checker.board);
}

void played_session(const char *lines)
{
    struct bytes text = { 0 };
    char error[ROOM] = "", name[32];
    static const char first[] = "confab-session 1\n";

    snprintf(name, sizeof name, "session %zu", played.checker.session_count + 1);
    cr_assert_eq(bytes_add(&text, strncmp(lines, first, strlen(first)) ? first : "",
                           strncmp(lines, first, strlen(first)) ? strlen(first) : 0),
                 0);
    cr_assert_eq(bytes_add(&text, lines, strlen(lines)), 0);
    cr_assert_eq(session_parse(&played.sessions[played.checker.session_count], name, text.at, text.len, error,
                               sizeof error),
                 0, "%s", error);
    played.checker.session_count++;
    bytes_free(&text);
}

void played_silence(void)
{
    played.sessions[played.checker.session_count] = session_new("silence");
    cr_assert_not_null(played.sessions[played.checker.session_count]);
    played.checker.session_count++;
}

void played_word(const char *word)
{
    cr_assert_lt(played.request.word_count, PLAYED_WORDS);
    played.words[played.request.word_count++] = word;
}

void played_measure(bool holds)
{
    cr_assert_eq(cases_measure(&played.checker), 0);
    if (holds)
        cr_assert_eq(played.checker.board->findings, 0, "%s: expected %s, got %s",
                     played.checker.board->finding[0].what, played.checker.board->finding[0].expected,
                     played.checker.board->finding[0].got);
    else
        cr_assert_neq(played.checker.board->findings, 0);
}

uint64_t played_count(enum kind kind)
{
    return played.checker.board->measures[0].count[kind];
}

bool played_run(unsigned session, enum kind kind, uint64_t number)
{
    struct schedule schedule;

    cr_assert_eq(cases_draw(&played.checker, session, kind, number, &schedule), 0);
    bool held = play(&played.checker, &schedule, &played.finding);
    schedule_free(&schedule);
    return held;
}

uint64_t played_all(unsigned session, enum kind kind)
{
    uint64_t count = played.checker.board->measures[session].count[kind], failed = 0;
    struct finding first;

    for (uint64_t i = 0; i < count; i++)
        if (!played_run(session, kind, i) && failed++ == 0)
            first = played.finding;
    if (failed)
        played.finding = first;
    return failed;
}

bool played_solo(const char *lines)
{
    struct schedule schedule = { .kind = KIND_SOLO,
                                 .session = (unsigned)played.checker.session_count,
                                 .seed = 1,
                                 .faults = { .size = sizeof schedule.faults } };

    played_session(lines);
    return play(&played.checker, &schedule, &played.finding);
}

void played_says(const char *what)
{
    cr_assert_str_eq(played.finding.what, what, "it says: %s", played.finding.what);
}
