/* match.c: whether what came is what was to come. */
#include "tools/session/match.h"

#include "tools/session/mask.h"
#include <errno.h>
#include <string.h>

enum { TELL_BYTES = 200 };

static bool is_plain(const struct text *text)
{
    return text->count == 1 && text->parts[0].bytes && text->parts[0].times == 1;
}

int wanted_make(struct wanted *wanted, const struct session *session, const struct session_step *step,
                const struct variables *variables, char *error, size_t room)
{
    const char *missing;
    int result;

    *error = '\0';
    *wanted = (struct wanted){ .session = session, .step = step, .at = "" };
    if (is_plain(&step->text)) {
        wanted->at = step->text.parts[0].bytes;
        wanted->len = step->text.parts[0].len;
        return 0;
    }
    result = text_expand(&step->text, variables, &wanted->made, &missing);
    if (result == -ENOENT)
        snprintf(error, room, "%s:%u: ${%s} has no value, expected a variable that was set before",
                 session->name, step->line, missing);
    else if (result == -EMSGSIZE)
        snprintf(error, room, "%s:%u: a text of more than %d bytes, expected a shorter one", session->name,
                 step->line, SESSION_BYTES_MAX);
    else if (result)
        snprintf(error, room, "%s:%u: out of memory", session->name, step->line);
    if (wanted->made.at)
        wanted->at = wanted->made.at;
    wanted->len = wanted->made.len;
    if (result)
        wanted_free(wanted);
    return result;
}

void wanted_free(struct wanted *wanted)
{
    bytes_free(&wanted->made);
}

/* -- The kinds --------------------------------------------------------------------------- */

static int match_optional(const struct wanted *wanted, const char *came, size_t len, bool last,
                          enum match *match, size_t *used)
{
    int error = masks_compare(wanted->session->masks, wanted->at, wanted->len, came, len, last, match, used);

    if (*match != MATCH_NO)
        return error;
    *match = MATCH_YES;
    *used = 0;
    return error;
}

/* Where a text with masks may begin, at or behind `from`: SIZE_MAX: nowhere. */
static size_t next_beginning(const struct masks *masks, const struct cut *first, const char *want,
                             const char *came, size_t len, size_t from)
{
    struct cut found;
    const char *place;

    if (!first->mask) {
        place = memmem(came + from, len - from, want, first->len);
        return place ? (size_t)(place - came) : SIZE_MAX;
    }
    while (from < len) {
        const char *newline = memchr(came + from, '\n', len - from);
        size_t end = newline ? (size_t)(newline - came) : len;

        if (masks_find(masks, came + from, end - from, 0, &found))
            return from + found.from;
        from = end + 1;
    }
    return SIZE_MAX;
}

/* What the text begins with: bytes up to where a mask can be or the line ends, or a mask. */
static struct cut beginning(const struct masks *masks, const char *want, size_t len)
{
    const char *newline = memchr(want, '\n', len);
    size_t line = newline ? (size_t)(newline - want) : len;
    struct cut found;

    if (masks_find(masks, want, line, 0, &found))
        return found.from ? (struct cut){ 0, found.from, NULL } : found;
    return (struct cut){ 0, newline ? line + 1 : line, NULL };
}

static int match_until(const struct wanted *wanted, const char *came, size_t len, bool last,
                       enum match *match, size_t *used)
{
    const struct masks *masks = wanted->session->masks;
    size_t from = 0, fits;
    struct cut first;
    const char *place;
    int error;

    *match = last ? MATCH_NO : MATCH_MORE;
    *used = 0;
    if (!masks || wanted->len == 0) {
        place = memmem(came, len, wanted->at, wanted->len);
        if (place) {
            *match = MATCH_YES;
            *used = (size_t)(place - came) + wanted->len;
        }
        return 0;
    }
    first = beginning(masks, wanted->at, wanted->len);
    for (; (from = next_beginning(masks, &first, wanted->at, came, len, from)) != SIZE_MAX; from++) {
        enum match here;

        error = masks_compare(masks, wanted->at, wanted->len, came + from, len - from, last, &here, &fits);
        if (error)
            return error;
        if (here != MATCH_YES)
            continue;
        *match = MATCH_YES;
        *used = from + fits;
        return 0;
    }
    return 0;
}

/* The line that came first: its bytes with its end, and *content without. */
static size_t first_line(const char *came, size_t len, size_t *content)
{
    const char *newline = len ? memchr(came, '\n', len) : NULL;
    size_t n = newline ? (size_t)(newline - came) : len;

    *content = newline && n > 0 && came[n - 1] == '\r' ? n - 1 : n;
    return newline ? n + 1 : n;
}

static void match_line(const struct wanted *wanted, const char *came, size_t len, bool last,
                       enum match *match, size_t *used, char *error, size_t room)
{
    size_t content, full = first_line(came, len, &content);
    bool ended = full && came[full - 1] == '\n';

    *used = 0;
    *match = MATCH_NO;
    if (!ended && !last) {
        *match = MATCH_MORE;
    } else if (full && pattern_match(wanted->step->pattern, came, content, 0, NULL, 0)) {
        *match = MATCH_YES;
        *used = full;
    } else if (content > PATTERN_LINE_MAX) {
        snprintf(error, room, "a line of more than %d bytes, which no expression is asked to match",
                 PATTERN_LINE_MAX);
    } else if (!pattern_takes_nul && content && memchr(came, '\0', content)) {
        snprintf(error, room, "a line with a NUL byte, which no expression matches on this system");
    }
}

int wanted_match(const struct wanted *wanted, const char *came, size_t len, bool last, enum match *match,
                 size_t *used, char *error, size_t room)
{
    int result = 0;

    *error = '\0';
    switch (wanted->step->kind) {
    case STEP_EXPECT:
        result = masks_compare(wanted->session->masks, wanted->at, wanted->len, came, len, last, match, used);
        break;
    case STEP_OPTIONAL:
        result = match_optional(wanted, came, len, last, match, used);
        break;
    case STEP_UNTIL:
        result = match_until(wanted, came, len, last, match, used);
        break;
    case STEP_MATCH:
        match_line(wanted, came, len, last, match, used, error, room);
        break;
    default:
        *match = MATCH_NO;
        *used = 0;
    }
    if (result)
        snprintf(error, room, "%s:%u: out of memory", wanted->session->name, wanted->step->line);
    return result;
}

int wanted_capture(const struct wanted *wanted, const char *came, size_t len, struct variables *variables)
{
    const struct pattern *pattern = wanted->step->pattern;
    regmatch_t spans[PATTERN_GROUPS_MAX];
    size_t content;
    int error = 0;

    if (wanted->step->kind != STEP_MATCH || pattern->name_count == 0)
        return 0;
    first_line(came, len, &content);
    if (!pattern_match(pattern, came, content, 0, spans, pattern->groups))
        return 0;
    for (size_t i = 0; i < pattern->name_count && !error; i++) {
        const regmatch_t *span = &spans[pattern->names[i].group];
        bool there = span->rm_so >= 0; /* a branch that was not taken: nothing */

        error = variables_set(variables, pattern->names[i].name, there ? came + span->rm_so : "",
                              there ? (size_t)(span->rm_eo - span->rm_so) : 0);
    }
    return error;
}

/* -- In public ----------------------------------------------------------------------------- */

int session_match(const struct session *session, const struct session_step *step, struct variables *variables,
                  const char *came, size_t len, bool last, size_t *used, char *error, size_t room)
{
    struct wanted wanted;
    enum match match = MATCH_NO;
    int result = wanted_make(&wanted, session, step, variables, error, room);

    *used = 0;
    if (result)
        return result;
    if (!came)
        came = ""; /* and len is 0 */
    result = wanted_match(&wanted, came, len, last, &match, used, error, room);
    if (!result && match == MATCH_YES && wanted_capture(&wanted, came, *used, variables)) {
        snprintf(error, room, "%s:%u: out of memory", session->name, step->line);
        result = -ENOMEM;
    }
    wanted_free(&wanted);
    return result ? result : (int)match;
}

/* A name that has no value is told as it is written. */
static int tell_text(const struct text *text, const struct variables *variables, struct bytes *to)
{
    int error = 0;

    for (size_t i = 0; i < text->count && !error && to->len <= TELL_BYTES; i++) {
        const struct text_part *part = &text->parts[i];
        size_t len = part->len;
        const char *value = part->bytes ? part->bytes : variables_get(variables, part->name, &len);

        for (size_t k = 0; k < part->times && !error && to->len <= TELL_BYTES && (!value || len); k++) {
            if (value) {
                error = bytes_add(to, value, len < TELL_BYTES + 1 ? len : TELL_BYTES + 1);
                continue;
            }
            error = bytes_add(to, "${", 2);
            if (!error)
                error = bytes_add(to, part->name, strlen(part->name));
            if (!error)
                error = bytes_add(to, "}", 1);
        }
    }
    return error;
}

int session_tell(const struct session_step *step, const struct variables *variables, struct bytes *to)
{
    struct bytes text = { .at = NULL };
    bool cut;
    int error;

    if (step->kind == STEP_MATCH) {
        error = bytes_add(to, "/", 1);
        if (!error)
            error = bytes_add(to, step->pattern->source, strlen(step->pattern->source));
        return error ? error : bytes_add(to, "/", 1);
    }
    error = tell_text(&step->text, variables, &text);
    cut = text.len > TELL_BYTES;
    if (!error)
        error = bytes_quote(to, text.at, cut ? TELL_BYTES : text.len);
    if (!error && cut)
        error = bytes_add(to, "...", 3);
    bytes_free(&text);
    return error;
}
