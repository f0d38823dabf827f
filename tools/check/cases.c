/* cases.c: which runs there are, and how they are called. */
#include "tools/check/play.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ONE_CUTS = 4000,
    TWO_CUTS = 2000,
    ENDS = 2000,
    STOPS = 500,
    SILENCES = 100,
    ALLOCATIONS = 2000,
    FLOODS = 20,
    FEWEST = 20 /* however long the session is */
};

/* Bytes that the runs of a kind carry in all: of long sessions there are fewer. */
static const uint64_t bytes_of_kind = UINT64_C(72) << 20;

static const char *const names[KINDS] = {
    [KIND_SOLO] = "solo",
    [KIND_AGAIN] = "again",
    [KIND_ONE_CUT] = "one-cut",
    [KIND_TWO_CUTS] = "two-cuts",
    [KIND_EACH_BYTE] = "each-byte",
    [KIND_RANDOM_CUTS] = "random-cuts",
    [KIND_SHORT_WRITES] = "short-writes",
    [KIND_INTERRUPTED] = "interrupted",
    [KIND_SLOW_READER] = "slow-reader",
    [KIND_LATE_WORK] = "late-work",
    [KIND_INTERLEAVED] = "interleaved",
    [KIND_EOF] = "eof",
    [KIND_RESET] = "reset",
    [KIND_STOP] = "stop",
    [KIND_TIME_OUT] = "time-out",
    [KIND_ALLOCATION] = "allocation",
    [KIND_RANDOM_BYTES] = "random-bytes",
    [KIND_NO_TERMINATOR] = "no-terminator",
    [KIND_NEVER_READS] = "never-reads",
    [KIND_GROWTH] = "growth",
};

/* -- Names ------------------------------------------------------------------------------------ */

const char *kind_name(enum kind kind)
{
    return (unsigned)kind < KINDS ? names[kind] : "unknown";
}

void schedule_name(const struct schedule *schedule, uint64_t seed, char name[96])
{
    snprintf(name, 96, "%llu.%u.%s.%llu", (unsigned long long)seed, schedule->session,
             kind_name(schedule->kind), (unsigned long long)schedule->number);
}

/* Digits up to a point, or to the end; NULL: it is not. */
static const char *read_number(const char *text, uint64_t *number, char end)
{
    size_t len = strspn(text, "0123456789");

    return text[len] == end && confab_parse_u64(text, len, number) == 0 ? text + len + (end != '\0') : NULL;
}

int schedule_read(const char *name, uint64_t *seed, unsigned *session, enum kind *kind, uint64_t *number)
{
    uint64_t index;
    const char *at = read_number(name, seed, '.');

    at = at ? read_number(at, &index, '.') : NULL;
    if (!at || index >= CHECK_SESSIONS_MAX)
        return -EINVAL;
    *session = (unsigned)index;
    for (int i = 0; i < KINDS; i++) {
        size_t len = strlen(names[i]);
        if (!strncmp(at, names[i], len) && at[len] == '.') {
            *kind = (enum kind)i;
            return read_number(at + len + 1, number, '\0') ? 0 : -EINVAL;
        }
    }
    return -EINVAL;
}

bool request_wants(const struct request *request, unsigned session)
{
    unsigned wanted;
    enum kind kind;
    uint64_t seed, number;

    return !request->only || schedule_read(request->only, &seed, &wanted, &kind, &number) ||
           wanted == session;
}

/* -- How many ----------------------------------------------------------------------------------- */

/* Of so many that there could be, at the most `most`, and fewer where the session is long. */
static void count(struct measures *m, enum kind kind, uint64_t all, uint64_t most)
{
    uint64_t fit = m->carried > 0 ? bytes_of_kind / m->carried : UINT64_MAX;

    if (fit < FEWEST)
        fit = FEWEST;
    most = fit < most ? fit : most;
    m->count[kind] = all < most ? all : most;
    m->sampled[kind] = all > most;
}

static void count_draws(struct measures *m, enum kind kind, uint64_t n)
{
    count(m, kind, n, n);
    m->sampled[kind] = false; /* they are drawn in any case */
}

static size_t sends(const struct session *session)
{
    size_t n = 0;

    for (size_t i = 0; i < session->step_count; i++)
        n += session->steps[i].kind == STEP_SEND;
    return n;
}

/* Whether copies of it can go on side by side: they have one clock. */
static bool runs_beside(const struct session *session)
{
    for (size_t i = 0; i < session->step_count; i++)
        if (session->steps[i].kind == STEP_WAIT)
            return false;
    return session->isolated;
}

static bool all_end(const struct session *session)
{
    for (size_t i = 0; i < session->connection_count; i++)
        if (!session->connections[i].ended)
            return false;
    return true;
}

/* Whether its first connection can be talked on again and again. */
static bool goes_on(const struct session *session)
{
    return session->connection_count > 0 && !session->connections[0].ended &&
           !session->connections[0].server && sends(session) > 0;
}

static void count_cuts(struct measures *m)
{
    uint64_t gaps = m->bytes - 1;

    count(m, KIND_ONE_CUT, gaps, ONE_CUTS);
    count(m, KIND_TWO_CUTS, gaps > UINT32_MAX ? UINT64_MAX : gaps * (gaps - 1) / 2, TWO_CUTS);
    m->count[KIND_EACH_BYTE] = 1;
    count_draws(m, KIND_RANDOM_CUTS, 1000);
}

static void count_talk(struct measures *m, const struct session *session, bool works)
{
    m->count[KIND_AGAIN] = 1;
    if (m->bytes > 1)
        count_cuts(m);
    count_draws(m, KIND_SHORT_WRITES, 100);
    count_draws(m, KIND_INTERRUPTED, 100);
    count_draws(m, KIND_SLOW_READER, 50);
    count_draws(m, KIND_LATE_WORK, works ? 50 : 0);
    count_draws(m, KIND_INTERLEAVED, runs_beside(session) ? 50 : 0);
    if (!all_end(session)) {
        count(m, KIND_EOF, m->bytes, ENDS);
        count(m, KIND_RESET, m->bytes, ENDS);
    }
    m->count[KIND_NEVER_READS] =
        session->connection_count > 0 && !session->connections[0].server && sends(session) > 0 ? 3 : 0;
}

static void count_all(struct measures *m, const struct session *session, bool works)
{
    m->count[KIND_SOLO] = 1;
    if (session->step_count > 0)
        count_talk(m, session, works);
    count(m, KIND_STOP, m->bytes + 1, STOPS);
    count(m, KIND_TIME_OUT, m->bytes + 1, SILENCES);
    count(m, KIND_ALLOCATION, m->allocations, ALLOCATIONS);
    m->count[KIND_ALLOCATION]++; /* the last one fails none: what was left behind by the others shows */
    count_draws(m, KIND_RANDOM_BYTES, 300);
    m->count[KIND_NO_TERMINATOR] = sends(session) + 1 < FLOODS ? sends(session) + 1 : FLOODS;
    if (session->step_count == 0)
        m->count[KIND_NO_TERMINATOR] = 3;
    m->count[KIND_GROWTH] = session->step_count > 0 && goes_on(session) ? 2 : 1;
}

/* -- Measuring ----------------------------------------------------------------------------------- */

static bool has_works(struct checker *checker, unsigned session)
{
    struct schedule schedule = { .kind = KIND_LATE_WORK,
                                 .session = session,
                                 .faults = { .size = sizeof schedule.faults, .work = CONFAB_MILLISECOND } };
    struct finding finding;
    struct shown shown;

    play_shown(checker, &schedule, &finding, &shown);
    return shown.works;
}

static bool measure(struct checker *checker, unsigned session, struct measures *m)
{
    struct schedule schedule;
    struct finding finding;
    struct shown shown;

    if (cases_draw(checker, session, KIND_SOLO, 0, &schedule))
        return false;
    bool held = play_shown(checker, &schedule, &finding, &shown);
    schedule_free(&schedule);
    if (!held) {
        if (request_wants(checker->request, session))
            board_note(checker->board, &finding);
        return false;
    }
    m->known = true;
    m->bytes = shown.sent;
    m->carried = shown.sent + shown.came;
    m->allocations = watch_allocations(checker->watch);
    count_all(m, checker->sessions[session], has_works(checker, session));
    return true;
}

int cases_measure(struct checker *checker)
{
    struct board *board = checker->board;
    uint64_t total = 0;

    if (checker->session_count > CHECK_SESSIONS_MAX)
        return -E2BIG;
    for (unsigned i = 0; i < checker->session_count; i++) {
        struct measures *m = &board->measures[i];
        m->first = total;
        memset(m->count, 0, sizeof m->count);
        memset(m->sampled, 0, sizeof m->sampled);
        m->count[KIND_SOLO] = 1;
        m->tried = true;
        if (!m->ended && measure(checker, i, m))
            for (int kind = 0; kind < KINDS; kind++)
                total += m->count[kind];
        else /* what does not work as it is written is not tried in other ways */
            m->count[KIND_SOLO] = 0;
    }
    board->sessions = (unsigned)checker->session_count;
    board->total = total;
    return 0;
}

int cases_schedule(const struct checker *checker, uint64_t number, struct schedule *schedule)
{
    for (unsigned i = 0; i < checker->board->sessions; i++) {
        const struct measures *m = &checker->board->measures[i];
        uint64_t first = m->first;
        for (int kind = 0; kind < KINDS && number >= first; kind++) {
            if (number - first < m->count[kind])
                return cases_draw(checker, i, (enum kind)kind, number - first, schedule);
            first += m->count[kind];
        }
    }
    return -ERANGE;
}
