/* string.c: what stands between quotes. */
#include "tools/session/scan.h"

#include <confab/plugin.h>
#include <errno.h>
#include <string.h>

/* Bytes are held back until a name or a repetition ends them: texts of many strings have few parts. */
struct building {
    struct scan *scan;
    struct text *text;
    struct bytes held;
    size_t own;          /* of the held bytes: where the present string's begin */
    size_t plain, names; /* bytes and names that the present string has had */
};

static int memory(struct scan *scan)
{
    return scan_fail(scan, -ENOMEM, "out of memory");
}

static int hold(struct building *building, char byte)
{
    building->plain++;
    if (bytes_add(&building->held, &byte, 1))
        return memory(building->scan);
    return 0;
}

static int flush(struct building *building, size_t times)
{
    int error = text_add_bytes(building->text, building->held.at, building->held.len, times);

    building->held.len = 0;
    building->own = 0;
    return error ? memory(building->scan) : 0;
}

static int hex_digit(const struct scan *scan, const char *at)
{
    if (at >= scan->end)
        return -1;
    if (*at >= '0' && *at <= '9')
        return *at - '0';
    if ((*at | 0x20) >= 'a' && (*at | 0x20) <= 'f')
        return (*at | 0x20) - 'a' + 10;
    return -1;
}

static int take_hex(struct building *building)
{
    struct scan *scan = building->scan;
    int high = hex_digit(scan, scan->at + 2), low = hex_digit(scan, scan->at + 3);

    if (high < 0 || low < 0)
        return scan_fail(scan, -EINVAL, "\\x in column %zu, expected two hexadecimal digits behind it",
                         (size_t)(scan->at - scan->line_from) + 1);
    scan->at += 4;
    return hold(building, (char)(high * 16 + low));
}

/* A backslash; the string goes on behind it. */
static int take_escape(struct building *building)
{
    static const char letters[] = "rnt0\\\"$/", meant[] = "\r\n\t\0\\\"$/";
    struct scan *scan = building->scan;
    const char *found;
    char byte = scan->at + 1 < scan->end ? scan->at[1] : '\0';

    if (byte == '\0') {
        scan->at++; /* the file ends here */
        return 0;
    }
    if (byte == '\n' || (byte == '\r' && scan->end - scan->at > 2 && scan->at[2] == '\n')) {
        scan_blanks(scan); /* goes over the line's end, and over blanks */
        return 0;
    }
    if (byte == 'x')
        return take_hex(building);
    found = strchr(letters, byte);
    if (!found)
        return scan_fail(
            scan, -EINVAL,
            "unknown escape \\%s in column %zu, expected one of \\r \\n \\t \\0 \\\\ \\\" \\$ \\/ \\xHH",
            excerpt(&byte, 1).text, (size_t)(scan->at - scan->line_from) + 1);
    scan->at += 2;
    return hold(building, meant[found - letters]);
}

/* ${name}; a $ without a brace is one. */
static int take_dollar(struct building *building)
{
    struct scan *scan = building->scan;
    const char *name;
    size_t len;

    if (scan->end - scan->at < 2 || scan->at[1] != '{') {
        scan->at++;
        return hold(building, '$');
    }
    scan->at += 2;
    len = scan_name(scan, &name);
    if (!name_good(name, len) || scan->at == scan->end || *scan->at != '}')
        return scan_fail(scan, -EINVAL,
                         "${ in column %zu without a name, expected ${name}; \\$ stands for a $",
                         (size_t)(name - scan->line_from) - 1);
    scan->at++;
    building->names++;
    if (flush(building, 1) || text_add_name(building->text, name, len, 1))
        return memory(scan);
    return 0;
}

/* * NUMBER behind a string. */
static int take_times(struct building *building)
{
    struct scan *scan = building->scan;
    struct text *text = building->text;
    const char *word;
    size_t len, own;
    uint64_t times;

    scan->at++;
    scan_blanks(scan);
    len = scan_digits(scan, &word);
    if (confab_parse_u64(word, len, &times) != 0 || times < 1 || times > SESSION_BYTES_MAX)
        return scan_fail(scan, -EINVAL, "\"%s\" behind *, expected how often, from 1 to %d",
                         excerpt(word, len).text, SESSION_BYTES_MAX);
    if (building->names) {
        if (building->names > 1 || building->plain)
            return scan_fail(scan, -EINVAL,
                             "* behind a string of bytes and ${names}, expected either of both alone");
        text->parts[text->count - 1].times = (size_t)times;
        return 0;
    }
    own = building->held.len - building->own;
    if (own && times > SESSION_BYTES_MAX / own)
        return scan_fail(scan, -EFBIG, "%zu bytes %s times are too many, expected at the most %d", own,
                         excerpt(word, len).text, SESSION_BYTES_MAX);
    if (times == 1 || own == 0)
        return 0;
    /* What was held before is a part of its own. */
    if (building->own && text_add_bytes(text, building->held.at, building->own, 1))
        return memory(scan);
    if (text_add_bytes(text, building->held.at + building->own, own, (size_t)times))
        return memory(scan);
    building->held.len = 0;
    return 0;
}

static int take_string(struct building *building)
{
    struct scan *scan = building->scan;
    int error = 0;

    scan->at++;
    building->own = building->held.len;
    building->plain = 0;
    building->names = 0;
    while (!error) {
        if (scan->at == scan->end || *scan->at == '\n')
            return scan_fail(scan, -EINVAL, "a string that nothing ends, expected a \" behind it");
        if (*scan->at == '"')
            break;
        if (*scan->at == '\\')
            error = take_escape(building);
        else if (*scan->at == '$')
            error = take_dollar(building);
        else
            error = hold(building, *scan->at++);
    }
    if (error)
        return error;
    scan->at++;
    scan_blanks(scan);
    if (scan->at < scan->end && *scan->at == '*')
        error = take_times(building);
    return error;
}

int scan_text(struct scan *scan, struct text *text)
{
    struct building building = { .scan = scan, .text = text };
    const char *word;
    size_t len;
    int error = 0;

    scan_blanks(scan);
    if (scan->at == scan->end || *scan->at != '"') {
        len = scan_word(scan, &word);
        return scan_fail(scan, -EINVAL, "%s%sa string was to come, expected one in quotes, \"...\"",
                         excerpt(word, len).text, len ? ": " : "");
    }
    while (!error && scan->at < scan->end && *scan->at == '"') {
        error = take_string(&building);
        if (!error)
            scan_blanks(scan);
    }
    if (!error)
        error = flush(&building, 1);
    bytes_free(&building.held);
    return error;
}

int scan_value(struct scan *scan, struct text *text, const char *what)
{
    if (scan->at < scan->end && *scan->at == '"')
        return scan_text(scan, text);
    return scan_word_or_string(scan, text, what);
}

int scan_word_or_string(struct scan *scan, struct text *text, const char *what)
{
    struct building building = { .scan = scan, .text = text };
    bool quoted = scan->at < scan->end && *scan->at == '"';
    int error = quoted ? take_string(&building) : 0;

    while (!error && !quoted && !scan_word_ends(scan)) {
        if (strchr("\"\\", *scan->at))
            error = scan_fail(scan, -EINVAL, "%s with a %c in it, expected it in quotes, \"...\"", what,
                              *scan->at);
        else if (*scan->at == '$')
            error = take_dollar(&building);
        else
            error = hold(&building, *scan->at++);
    }
    if (!error)
        error = flush(&building, 1);
    bytes_free(&building.held);
    return error;
}
