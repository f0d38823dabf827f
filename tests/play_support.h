/* play_support.h: a plugin with sessions of the test's own, and single runs of them as `confab check` does them. */
#ifndef CONFAB_TESTS_PLAY_SUPPORT_H
#define CONFAB_TESTS_PLAY_SUPPORT_H

#include "tools/check/play.h"

enum { PLAYED_WORDS = 4 };

/* The test's checker; its finding is that of the last run that failed. */
extern struct played {
    struct checker checker;
    struct request request;
    const char *words[PLAYED_WORDS];
    struct session *sessions[CHECK_SESSIONS_MAX];
    struct finding finding;
} played;

/* Loads a plugin: the tests' own (played), one of the project's, or one that has a fault; played_close frees all, in a
 * teardown. */
void played_open(const char *name);
void played_close(void);

/* A session more: the lines behind "confab-session 1"; one in which nobody says anything; KEY=VALUE of the command line. */
void played_session(const char *lines);
void played_silence(void);
void played_word(const char *word);

/* Measures; it must succeed, and hold where `holds`. */
void played_measure(bool holds);

/* Of the first session, how many cases there are of a kind. */
uint64_t played_count(enum kind kind);

/* Runs a case; whether it held. */
bool played_run(unsigned session, enum kind kind, uint64_t number);

/* Runs all cases of a kind of a session: how many failed. */
uint64_t played_all(unsigned session, enum kind kind);

/* One session that is played as it is written: whether it holds. */
bool played_solo(const char *lines);

/* Fails the test unless the finding says this. */
void played_says(const char *what);

#endif
