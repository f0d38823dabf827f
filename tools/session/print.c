/* print.c: a session as a file that reads back as the same. */
#include "tools/session/mask.h"
#include "tools/session/scan.h"
#include "tools/session/session.h"

#include <stdarg.h>
#include <string.h>

enum { COLUMNS = 100 };

/* The first failure stays; nothing is added then. */
struct printing {
    struct bytes *to;
    int error;
};

static void put(struct printing *printing, const void *bytes, size_t n)
{
    if (!printing->error)
        printing->error = bytes_add(printing->to, bytes, n);
}

static void words(struct printing *printing, const char *first, ...)
{
    va_list more;

    va_start(more, first);
    for (const char *word = first; word; word = va_arg(more, const char *))
        put(printing, word, strlen(word));
    va_end(more);
}

/* -- Strings ------------------------------------------------------------------------------- */

/* Strings go on in the next line behind a backslash: there where lines of their bytes end, else where they are
 * too long. */
struct flow {
    struct printing *printing;
    size_t line_from; /* in what is printed */
    bool begun;       /* a string was there */
    bool open;        /* a quote is */
    bool spaced;      /* a blank stands behind it */
    bool newline;     /* the byte before was one */
};

static void flow_close(struct flow *flow)
{
    if (flow->open)
        words(flow->printing, "\"", NULL);
    flow->open = false;
}

static void flow_put(struct flow *flow, const char *unit, size_t n)
{
    struct printing *printing = flow->printing;
    size_t column = printing->to->len - flow->line_from;

    if (flow->open && (flow->newline || column + n > COLUMNS)) {
        words(printing, "\" \\\n  ", NULL);
        flow->line_from = printing->to->len - 2;
        flow->open = false;
    } else if (flow->begun && !flow->open && column + n > COLUMNS) {
        words(printing, "\\\n  ", NULL);
        flow->line_from = printing->to->len - 2;
    }
    if (!flow->open)
        words(printing, "\"", NULL);
    flow->begun = true;
    flow->spaced = false;
    flow->open = true;
    put(printing, unit, n);
}

/* "..." * N: one string, which goes on in the next line within its quotes.  Blanks at that line's beginning would not
 * be of it. */
static void print_repeated(struct flow *flow, const struct text_part *part)
{
    struct printing *printing = flow->printing;
    char one[QUOTED_BYTE], times[32];
    bool begins = false;

    flow_close(flow);
    words(printing, flow->begun && !flow->spaced ? " \"" : "\"", NULL);
    for (size_t i = 0; i < part->len; i++) {
        if (printing->to->len - flow->line_from > COLUMNS) {
            words(printing, "\\\n", NULL);
            flow->line_from = printing->to->len;
            begins = true;
        }
        if (begins && part->bytes[i] == ' ')
            words(printing, "\\x20", NULL);
        else
            put(printing, one, quote_byte((unsigned char)part->bytes[i], one));
        begins = false;
    }
    if (part->name)
        words(printing, "${", part->name, "}", NULL);
    snprintf(times, sizeof times, "\" * %zu ", part->times);
    words(printing, times, NULL);
    flow->begun = true;
    flow->spaced = true;
    flow->newline = false;
}

static void print_part(struct flow *flow, const struct text_part *part)
{
    char unit[SESSION_NAME_MAX + 4];
    int n;

    if (part->times != 1) {
        print_repeated(flow, part);
        return;
    }
    if (part->name) {
        n = snprintf(unit, sizeof unit, "${%s}", part->name);
        flow_put(flow, unit, (size_t)n);
        flow->newline = false;
    }
    for (size_t i = 0; i < part->len; i++) {
        flow_put(flow, unit, quote_byte((unsigned char)part->bytes[i], unit));
        flow->newline = part->bytes[i] == '\n';
    }
}

static void print_text(struct printing *printing, const struct text *text, size_t line_from)
{
    struct flow flow = { .printing = printing, .line_from = line_from };

    for (size_t i = 0; i < text->count; i++)
        print_part(&flow, &text->parts[i]);
    flow_close(&flow);
    if (text->count == 0)
        words(printing, "\"\"", NULL);
    if (flow.spaced && !printing->error)
        printing->to->at[--printing->to->len] = '\0';
}

/* -- The header ------------------------------------------------------------------------------- */

/* Whether a text may stand without quotes. */
static bool bare(const char *at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (at[i] <= ' ' || at[i] > '~' || strchr("\"\\$#", at[i]))
            return false;
    return len > 0;
}

static void print_value(struct printing *printing, const struct text *value, size_t line_from)
{
    const struct text_part *part = value->parts;

    if (value->count == 1 && part->bytes && part->times == 1 && bare(part->bytes, part->len))
        put(printing, part->bytes, part->len);
    else
        print_text(printing, value, line_from);
}

static void print_quoted(struct printing *printing, const char *text)
{
    if (bare(text, strlen(text)))
        words(printing, text, NULL);
    else if (!printing->error)
        printing->error = bytes_quote(printing->to, text, strlen(text));
}

static void print_header(struct printing *printing, const struct session *session)
{
    const struct mask *mask = session->masks ? session->masks->first : NULL;
    char time[TIME_TEXT];
    size_t from = printing->to->len;

    words(printing, "confab-session 1\n", NULL);
    if (session->plugin) {
        words(printing, "plugin ", session->plugin, NULL);
        for (size_t i = 0; i < session->option_count; i++) {
            words(printing, " ", session->options[i].name, "=", NULL);
            print_value(printing, &session->options[i].value, from);
        }
        words(printing, "\n", NULL);
    }
    if (session->recorded)
        words(printing, "began ", time_write(session->began, time), "\n", NULL);
    if (session->peer) {
        words(printing, "peer ", NULL);
        print_quoted(printing, session->peer);
        words(printing, "\n", NULL);
    }
    words(printing, session->isolated ? "isolated\n" : "", NULL);
    for (; mask; mask = mask->next)
        words(printing, "mask /", mask->whole->source, "/ ", mask->word, "\n", NULL);
}

static void print_pairs(struct printing *printing, const struct session *session)
{
    for (size_t i = 0; i < session->file_count; i++) {
        size_t from = printing->to->len;

        words(printing, "file ", NULL);
        print_quoted(printing, session->files[i].name);
        words(printing, " ", NULL);
        print_text(printing, &session->files[i].value, from);
        words(printing, "\n", NULL);
    }
    for (size_t i = 0; i < session->server_count; i++) {
        words(printing, "server ", session->servers[i].name, " ", NULL);
        print_value(printing, &session->servers[i].value, printing->to->len);
        words(printing, "\n", NULL);
    }
}

/* -- Steps -------------------------------------------------------------------------------------- */

static void print_connection(struct printing *printing, const struct session *session,
                             const struct session_step *step, const char *indent)
{
    const char *name = session->connections[step->connection].name;
    size_t from = printing->to->len;

    words(printing, indent, name, *name ? ": " : "", step_sign(step->kind), NULL);
    if (step->kind == STEP_MATCH) {
        words(printing, " /", step->pattern->source, "/", NULL);
    } else if (step->kind >= STEP_SEND && step->kind <= STEP_UNTIL) {
        words(printing, " ", NULL);
        print_text(printing, &step->text, from);
    }
    words(printing, "\n", NULL);
}

static void print_made(struct printing *printing, const struct session *session,
                       const struct session_step *step)
{
    const char *name = session->connections[step->connection].name;
    size_t from = printing->to->len;

    if (step->kind == STEP_ACCEPT) {
        words(printing, session->servers[step->server].name, " accept", NULL);
        if (strcmp(session->servers[step->server].name, name) != 0)
            words(printing, " ", name, NULL);
    } else {
        words(printing, name, " connect", NULL);
        if (step->text.count) {
            words(printing, " ", NULL);
            print_text(printing, &step->text, from);
        }
    }
    words(printing, "\n", NULL);
}

static void print_step(struct printing *printing, const struct session *session,
                       const struct session_step *step, const char *indent)
{
    char wait[DURATION_TEXT];

    switch (step->kind) {
    case STEP_CONNECT:
        /* The only connection connects with its first step. */
        if (!*session->connections[step->connection].name)
            return;
        print_made(printing, session, step);
        return;
    case STEP_ACCEPT:
        print_made(printing, session, step);
        return;
    case STEP_WAIT:
        words(printing, "wait ", duration_write(step->wait, wait), "\n", NULL);
        return;
    default:
        print_connection(printing, session, step, indent);
    }
}

int session_print(const struct session *session, struct bytes *to)
{
    struct printing printing = { .to = to };
    unsigned group = 0;

    print_header(&printing, session);
    print_pairs(&printing, session);
    words(&printing, session->step_count ? "\n" : "", NULL);
    for (size_t i = 0; i < session->step_count && !printing.error; i++) {
        const struct session_step *step = &session->steps[i];

        if (step->group != group && group)
            words(&printing, "end\n", NULL);
        if (step->group != group && step->group)
            words(&printing, "together\n", NULL);
        group = step->group;
        print_step(&printing, session, step, group ? "    " : "");
    }
    words(&printing, group ? "end\n" : "", session->truncated ? "truncated\n" : "", NULL);
    return printing.error;
}

int session_print_step(const struct session *session, const struct session_step *step, struct bytes *to)
{
    struct printing printing = { .to = to };

    print_step(&printing, session, step, "");
    return printing.error;
}

/* -- For those who write the text of a session themselves ------------------------------------ */

int bytes_word(struct bytes *to, const char *word)
{
    struct printing printing = { .to = to };

    print_quoted(&printing, word);
    return printing.error;
}

int bytes_print(struct bytes *to, const void *bytes, size_t n)
{
    struct printing printing = { .to = to };
    struct text_part part = { .bytes = (char *)(uintptr_t)bytes, .len = n, .times = 1 };
    struct text text = { .parts = &part, .count = n > 0 };
    size_t from = to->len;

    while (from > 0 && to->at[from - 1] != '\n')
        from--;
    print_text(&printing, &text, from);
    return printing.error;
}
