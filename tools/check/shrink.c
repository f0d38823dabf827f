/* shrink.c: from a failure to the shortest session that shows it.
 *
 * The run is made once more, and what its far ends did is written down as a session: a send for each piece.
 * Where that session alone, as it is written, shows the same failure, lines are taken out and pieces put
 * together as long as it still does. */
#include "tools/check/check.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TRIALS_MAX = 400, LINES_MAX = 4000, ERROR_TEXT = 1024, SECONDS = 8 };

struct search {
    struct checker *checker;
    const struct finding *wanted;
    char *text; /* the lines are in it */
    char **line;
    bool *out;    /* of each: it is taken out */
    bool *joined; /* to the one before that is there */
    size_t lines, header;
    bool cuts; /* pieces put together show no failure: it must stay so */
    int trials;
    int64_t until;
};

/* -- One try --------------------------------------------------------------------------- */

/* Whether two failures are of a kind: the same words, whatever the numbers and what is quoted; one may end early:
 * "the reply differs" and "the reply differs when ...". */
static bool alike(const char *a, const char *b)
{
    enum { ENOUGH = 48, FEWEST = 6 };
    size_t same = 0;

    while (*a && *b && same < ENOUGH) {
        while (isdigit((unsigned char)*a) || *a == ',')
            a++;
        while (isdigit((unsigned char)*b) || *b == ',')
            b++;
        if (*a == '"' && *b == '"')
            return true;
        if (*a != *b)
            return false;
        a += *a != '\0';
        b += *b != '\0';
        same++;
    }
    return same == ENOUGH || *a == *b || (same >= FEWEST && (!*a || !*b));
}

/* Whether a line sends on the same connection as another, and where its string begins; NULL: it sends nothing. */
static const char *sent(const char *line)
{
    const char *mark = strstr(line, "> \"");

    return mark && !memchr(line, '"', (size_t)(mark - line)) ? mark + 2 : NULL;
}

static bool same_sender(const char *a, const char *b)
{
    const char *x = sent(a), *y = sent(b);

    return x && y && x - a == y - b && !memcmp(a, b, (size_t)(x - a));
}

/* The lines that are there, as a text; all: with all neighbours joined that can be. */
static int write_text(const struct search *search, bool all, struct bytes *text)
{
    const char *before = NULL;
    int error = 0;

    for (size_t i = 0; i < search->lines && !error; i++) {
        const char *line = search->line[i];
        if (search->out[i])
            continue;
        bool join = before && same_sender(before, line) && (all || search->joined[i]);
        const char *more = join ? sent(line) : line;
        error = bytes_add(text, join ? " " : "\n", (size_t)(join || text->len > 0));
        error = error ? error : bytes_add(text, more, strlen(more));
        before = line;
    }
    return error ? error : bytes_add(text, "\n", 1);
}

/* Whether the session shows the failure, played as it is written. */
static bool shows(struct search *search, bool all)
{
    struct checker checker = *search->checker;
    struct bytes text = { 0 };
    struct session *session = NULL;
    struct finding *finding = malloc(sizeof *finding);
    char error[ERROR_TEXT];
    bool failed = false;

    search->trials++;
    if (finding && write_text(search, all, &text) == 0 &&
        session_parse(&session, "reproducer", text.at, text.len, error, sizeof error) == 0) {
        const struct schedule solo = { .kind = KIND_SOLO, .copies = 1, .seed = checker.request->seed };
        checker.sessions = &session;
        checker.session_count = 1;
        failed = trial(&checker, &solo, checker.request->hook_timeout, finding) > 0 &&
                 alike(finding->what, search->wanted->what);
        session_free(session);
    }
    bytes_free(&text);
    free(finding);
    return failed;
}

static bool go_on(const struct search *search)
{
    return search->trials < TRIALS_MAX && watch_clock() < search->until;
}

/* Whether it is still the failure that it was. */
static bool holds(struct search *search)
{
    return go_on(search) && shows(search, false) && !(search->cuts && shows(search, true));
}

/* -- The search -------------------------------------------------------------------------- */

static void set(struct search *search, bool *flags, size_t from, size_t n, bool value)
{
    for (size_t i = from; i < from + n && i < search->lines; i++)
        flags[i] = value;
}

/* Tries to set flags of lines, n at a time, then fewer. */
static void narrow(struct search *search, bool *flags)
{
    bool before[LINES_MAX];

    for (size_t n = (search->lines - search->header + 1) / 2; n > 0; n /= 2)
        for (size_t at = search->header; at < search->lines && go_on(search); at += n) {
            memcpy(before, flags, search->lines);
            set(search, flags, at, n, true);
            if (memcmp(before, flags, search->lines) != 0 && !holds(search))
                memcpy(flags, before, search->lines);
        }
}

/* Where it ends: one that ends in a backslash goes on. */
static char *line_end(char *line)
{
    char *end = line + strcspn(line, "\n");

    while (*end && end > line && end[-1] == '\\')
        end += 1 + strcspn(end + 1, "\n");
    return end;
}

/* Cuts the transcript into lines; -EINVAL where there is none, or it is too long. */
static int split(struct search *search, struct board *board)
{
    if (board->transcript_len == 0 || board->transcript_len >= sizeof board->transcript)
        return -EINVAL;
    search->text = strndup(board->transcript, board->transcript_len);
    search->line = calloc(LINES_MAX, sizeof(char *));
    search->out = calloc(LINES_MAX, sizeof(bool));
    search->joined = calloc(LINES_MAX, sizeof(bool));
    if (!search->text || !search->line || !search->out || !search->joined)
        return -ENOMEM;
    for (char *line = search->text, *end; *line; line = end) {
        if (search->lines == LINES_MAX)
            return -EINVAL;
        end = line_end(line);
        if (*line != '\n')
            search->line[search->lines++] = line;
        if (*end)
            *end++ = '\0';
    }
    search->header = 1;
    return 0;
}

static void find(struct search *search, struct finding *finding)
{
    struct bytes text = { 0 };

    if (!shows(search, false))
        return;
    search->cuts = !shows(search, true);
    if (!search->cuts)
        set(search, search->joined, search->header, search->lines, true);
    narrow(search, search->out);
    narrow(search, search->joined);
    narrow(search, search->out);
    if (write_text(search, false, &text) == 0 && text.len < sizeof finding->reproducer)
        memcpy(finding->reproducer, text.at, text.len + 1);
    bytes_free(&text);
}

/* Makes the run once more, with its transcript. */
static bool happens_again(struct checker *checker, struct finding *finding, const struct finding *wanted)
{
    struct schedule schedule;
    unsigned session;
    enum kind kind;
    uint64_t seed, number;

    if (schedule_read(wanted->seed, &seed, &session, &kind, &number) || session >= checker->session_count)
        return false;
    /* One that does not hold as it is written has no cases. */
    if (kind == KIND_SOLO)
        schedule = (struct schedule){
            .kind = KIND_SOLO, .session = session, .seed = checker->request->seed, .copies = 1
        };
    else if (cases_draw(checker, session, kind, number, &schedule))
        return false;
    checker->board->keep_transcript = true;
    checker->board->transcript_len = 0;
    int result = trial(checker, &schedule, checker->request->hook_timeout, finding);
    checker->board->keep_transcript = false;
    schedule_free(&schedule);
    return result > 0;
}

int shrink(const struct request *request, struct board *board, struct finding *finding)
{
    struct checker checker;
    struct search search = { .checker = &checker,
                             .wanted = finding,
                             .until = watch_clock() + SECONDS * CONFAB_SECOND };
    struct finding *again = calloc(1, sizeof *again);

    if (!again || !child_open(&checker, request, board))
        return CHILD_STUCK;
    if (happens_again(&checker, again, finding) && alike(again->what, finding->what) &&
        !split(&search, board))
        find(&search, finding);
    free(again);
    free(search.text);
    free(search.line);
    free(search.out);
    free(search.joined);
    return CHILD_DONE;
}
