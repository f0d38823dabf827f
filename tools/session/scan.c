/* scan.c: a session file as words, strings and expressions. */
#include "tools/session/scan.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

enum { EXCERPT_BYTES = 40 };

struct excerpt excerpt(const char *at, size_t len)
{
    struct excerpt made;
    size_t used = 0;
    char one[QUOTED_BYTE];

    for (size_t i = 0; i < len; i++) {
        bool plain = at[i] == '"' || at[i] == '\\' || at[i] == '$';
        size_t n = plain ? 1 : quote_byte((unsigned char)at[i], one);

        if (used + n > EXCERPT_BYTES) {
            memcpy(made.text + used, "...", 3);
            used += 3;
            break;
        }
        memcpy(made.text + used, plain ? &at[i] : one, n);
        used += n;
    }
    made.text[used] = '\0';
    return made;
}

int scan_fail(struct scan *scan, int result, const char *format, ...)
{
    va_list arguments;
    int n = snprintf(scan->error, scan->room, "%s:%u: ", scan->name, scan->line);

    if (n < 0 || (size_t)n >= scan->room)
        return result;
    va_start(arguments, format);
    vsnprintf(scan->error + n, scan->room - (size_t)n, format, arguments);
    va_end(arguments);
    return result;
}

bool name_byte(char c, bool first)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_')
        return true;
    return !first && ((c >= '0' && c <= '9') || c == '-' || c == '.');
}

bool name_good(const char *name, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!name_byte(name[i], i == 0))
            return false;
    return len > 0 && len <= SESSION_NAME_MAX;
}

bool name_taken(const char *name)
{
    return strcmp(name, "TMP") == 0 || strcmp(name, "ADDRESS") == 0;
}

/* -- Lines -------------------------------------------------------------------------- */

int scan_begin(struct scan *scan)
{
    const char *next;

    scan->line = 1;
    if (scan->end - scan->at > SESSION_SIZE_MAX)
        return scan_fail(scan, -EFBIG, "%zu bytes are too many, expected at the most %d",
                         (size_t)(scan->end - scan->at), SESSION_SIZE_MAX);
    for (const char *at = scan->at; at < scan->end; at = next) {
        const char *newline = memchr(at, '\n', (size_t)(scan->end - at));

        next = newline ? newline + 1 : scan->end;
        if (memchr(at, '\0', (size_t)(next - at)))
            return scan_fail(scan, -EINVAL, "a NUL byte, expected text: \\0 within quotes stands for one");
        if (next - at > SESSION_LINE_MAX)
            return scan_fail(scan, -EFBIG,
                             "a line of more than %d bytes, expected strings that go on in the "
                             "next line behind a backslash",
                             SESSION_LINE_MAX);
        scan->line++;
    }
    scan->line = 1;
    scan->line_from = scan->at;
    return 0;
}

/* The length of the line's end here: LF or CR LF; 0: there is none. */
static size_t newline_at(const struct scan *scan, const char *at)
{
    if (at < scan->end && *at == '\n')
        return 1;
    return scan->end - at >= 2 && at[0] == '\r' && at[1] == '\n' ? 2 : 0;
}

static bool blank_at(const struct scan *scan, const char *at)
{
    return at < scan->end && (*at == ' ' || *at == '\t');
}

static bool ends_at(const struct scan *scan, const char *at)
{
    return at == scan->end || newline_at(scan, at);
}

static void join_lines(struct scan *scan, const char *newline)
{
    scan->at = newline + newline_at(scan, newline);
    scan->line_from = scan->at;
    scan->line++;
}

void scan_blanks(struct scan *scan)
{
    for (;;) {
        if (blank_at(scan, scan->at))
            scan->at++;
        else if (scan->at < scan->end && *scan->at == '\\' && newline_at(scan, scan->at + 1))
            join_lines(scan, scan->at + 1);
        else
            return;
    }
}

bool scan_done(const struct scan *scan)
{
    const char *at = scan->at;

    while (blank_at(scan, at))
        at++;
    if (ends_at(scan, at))
        return true;
    return *at == '#' && (at == scan->line_from || blank_at(scan, at - 1));
}

int scan_end(struct scan *scan)
{
    const char *word;
    size_t len;

    scan_blanks(scan);
    if (scan_done(scan))
        return 0;
    len = scan_word(scan, &word);
    return scan_fail(scan, -EINVAL, "%s behind what is complete, expected the end of the line",
                     excerpt(word, len).text);
}

bool scan_next_line(struct scan *scan)
{
    while (!ends_at(scan, scan->at))
        scan->at++;
    if (scan->at + newline_at(scan, scan->at) == scan->end)
        return false;
    join_lines(scan, scan->at);
    return true;
}

/* -- Words -------------------------------------------------------------------------------- */

size_t scan_name(struct scan *scan, const char **name)
{
    *name = scan->at;
    while (scan->at < scan->end && name_byte(*scan->at, scan->at == *name))
        scan->at++;
    return (size_t)(scan->at - *name);
}

bool scan_word_ends(const struct scan *scan)
{
    return ends_at(scan, scan->at) || blank_at(scan, scan->at);
}

size_t scan_word(struct scan *scan, const char **word)
{
    *word = scan->at;
    while (!scan_word_ends(scan))
        scan->at++;
    return (size_t)(scan->at - *word);
}

size_t scan_digits(struct scan *scan, const char **word)
{
    *word = scan->at;
    while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9')
        scan->at++;
    return scan->at > *word ? (size_t)(scan->at - *word) : scan_word(scan, word);
}

int scan_pattern(struct scan *scan, const char **source, size_t *len)
{
    const char *word;
    size_t n;

    scan_blanks(scan);
    if (scan->at == scan->end || *scan->at != '/') {
        n = scan_word(scan, &word);
        return scan_fail(scan, -EINVAL, "%s%san expression was to come, expected /REGEX/",
                         excerpt(word, n).text, n ? ": " : "");
    }
    *source = ++scan->at;
    while (!ends_at(scan, scan->at) && *scan->at != '/')
        scan->at += *scan->at == '\\' && !ends_at(scan, scan->at + 1) ? 2 : 1;
    if (ends_at(scan, scan->at))
        return scan_fail(scan, -EINVAL,
                         "an expression that nothing ends, expected a / behind it in the same line");
    *len = (size_t)(scan->at++ - *source);
    return 0;
}
