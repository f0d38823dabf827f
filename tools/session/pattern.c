/* pattern.c: from an expression as a session has it to one that regcomp(3) takes. */
#include "tools/session/pattern.h"

#include "tools/session/pattern_cost.h"
#include "tools/session/scan.h"
#include "tools/session/session.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FEW_BYTES = 512 };

struct rewriting {
    const char *at, *end;
    struct pattern *pattern;
    struct bytes out;
    struct cost cost;
    char *error;
    size_t room;
};

static int refuse(struct rewriting *rewriting, const char *words)
{
    snprintf(rewriting->error, rewriting->room, "%s", words);
    return -EINVAL;
}

static int repeat(struct rewriting *rewriting, unsigned long times, unsigned long optional)
{
    return cost_repeat(&rewriting->cost, times, optional, rewriting->error, rewriting->room);
}

static int put(struct rewriting *rewriting, const char *bytes, size_t n)
{
    return bytes_add(&rewriting->out, bytes, n);
}

/* A byte that means itself, outside of brackets. */
static int put_literal(struct rewriting *rewriting, char byte)
{
    char quoted[2] = { '\\', byte };

    if (strchr(".[]()*+?{}|^$\\", byte))
        return put(rewriting, quoted, 2);
    return put(rewriting, &byte, 1);
}

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = c ? strchr(digits, c | 0x20) : NULL;

    return found && (c > '9' ? c >= 'A' : true) ? (int)(found - digits) : -1;
}

/* The byte that the escape at `at` stands for, behind which `at` is then; 0: it is none of those that are the same
 * in strings, and `at` stays. */
static int common_escape(struct rewriting *rewriting, char *byte)
{
    const char *at = rewriting->at;
    int high, low;

    *byte = '\0';
    if (rewriting->end - at < 2)
        return 0;
    switch (at[1]) {
    case 'r':
        *byte = '\r';
        break;
    case 'n':
        *byte = '\n';
        break;
    case 't':
        *byte = '\t';
        break;
    case '/':
        *byte = '/';
        break;
    case 'x':
        high = rewriting->end - at > 2 ? hex_digit(at[2]) : -1;
        low = rewriting->end - at > 3 ? hex_digit(at[3]) : -1;
        if (high < 0 || low < 0 || high + low == 0)
            return refuse(rewriting,
                          "\\x in an expression, expected two hexadecimal digits behind it, not 00");
        *byte = (char)(high * 16 + low);
        rewriting->at += 2;
        break;
    default:
        return 0;
    }
    rewriting->at += 2;
    return 0;
}

static int rewrite_escape(struct rewriting *rewriting)
{
    char byte, words[160];
    int error = common_escape(rewriting, &byte);

    if (error)
        return error;
    if (byte)
        return put_literal(rewriting, byte);
    if (rewriting->end - rewriting->at < 2)
        return refuse(rewriting,
                      "a backslash at the end of an expression, expected what it is for behind it");
    byte = rewriting->at[1];
    if (byte <= ' ' || byte > '~' || (name_byte(byte, false) && !strchr("_.-", byte))) {
        snprintf(words, sizeof words,
                 "\\%c in an expression, expected \\r, \\n, \\t, \\xHH or a backslash before what is no "
                 "letter and "
                 "no digit",
                 byte > ' ' && byte <= '~' ? byte : '?');
        return refuse(rewriting, words);
    }
    rewriting->at += 2;
    return put_literal(rewriting, byte);
}

/* [:alpha:], [.x.] or [=x=] within brackets. */
static int rewrite_class(struct rewriting *rewriting)
{
    const char *from = rewriting->at, kind = from[1];
    const char *at = from + 2;

    while (rewriting->end - at >= 2 && !(at[0] == kind && at[1] == ']'))
        at++;
    if (rewriting->end - at < 2)
        return refuse(rewriting, "brackets in an expression that nothing ends, expected ]");
    rewriting->at = at + 2;
    return put(rewriting, from, (size_t)(at + 2 - from));
}

static int rewrite_bracket_byte(struct rewriting *rewriting)
{
    char byte = '\0';
    int error = *rewriting->at == '\\' ? common_escape(rewriting, &byte) : 0;

    if (error)
        return error;
    if (byte == '\0')
        byte = *rewriting->at++;
    else if (strchr("[]^-", byte))
        return refuse(rewriting, "\\xHH within brackets is one of []^-, expected that to stand there itself");
    return put(rewriting, &byte, 1);
}

/* A backslash within brackets is one, as POSIX has it, but for what common_escape knows. */
static int rewrite_bracket(struct rewriting *rewriting)
{
    int error = put(rewriting, "[", 1);

    rewriting->at++;
    if (!error && rewriting->at < rewriting->end && *rewriting->at == '^')
        error = put(rewriting, rewriting->at++, 1);
    if (!error && rewriting->at < rewriting->end && *rewriting->at == ']')
        error = put(rewriting, rewriting->at++, 1);
    while (!error && rewriting->at < rewriting->end && *rewriting->at != ']') {
        if (*rewriting->at == '[' && rewriting->end - rewriting->at > 1 && strchr(":.=", rewriting->at[1]))
            error = rewrite_class(rewriting);
        else
            error = rewrite_bracket_byte(rewriting);
    }
    if (error)
        return error;
    if (rewriting->at == rewriting->end)
        return refuse(rewriting, "brackets in an expression that nothing ends, expected ]");
    rewriting->at++;
    return put(rewriting, "]", 1);
}

/* The <name> of a group, behind its "(?". */
static int take_name(struct rewriting *rewriting)
{
    struct pattern *pattern = rewriting->pattern;
    const char *name = rewriting->at + 3;
    size_t len = 0, left = (size_t)(rewriting->end - rewriting->at);
    struct pattern_name *names;

    while (len + 3 < left && name_byte(name[len], len == 0))
        len++;
    if (left < 4 || rewriting->at[2] != '<' || len == 0 || len > SESSION_NAME_MAX || len + 3 == left ||
        name[len] != '>')
        return refuse(rewriting, "(? in an expression, expected a group with a name, (?<name>...)");
    for (size_t i = 0; i < pattern->name_count; i++)
        if (strlen(pattern->names[i].name) == len && memcmp(pattern->names[i].name, name, len) == 0)
            return refuse(rewriting, "two groups of an expression have the same name, expected each its own");
    names = realloc(pattern->names, (pattern->name_count + 1) * sizeof *names);
    if (!names)
        return -ENOMEM;
    pattern->names = names;
    names += pattern->name_count;
    *names = (struct pattern_name){ .name = strndup(name, len), .group = pattern->groups };
    if (!names->name)
        return -ENOMEM;
    pattern->name_count++;
    rewriting->at += len + 3;
    return 0;
}

static int rewrite_group(struct rewriting *rewriting)
{
    struct pattern *pattern = rewriting->pattern;
    int error = 0;

    if (pattern->groups >= PATTERN_GROUPS_MAX)
        return refuse(rewriting, "too many groups in an expression, expected at the most 62");
    if (rewriting->end - rewriting->at > 1 && rewriting->at[1] == '?')
        error = take_name(rewriting);
    pattern->groups++;
    cost_open(&rewriting->cost);
    rewriting->at++;
    return error ? error : put(rewriting, "(", 1);
}

/* {n}, {n,}, {n,m}: what is no number ends it, and regcomp(3) says what is wrong where it is no }. */
static int rewrite_interval(struct rewriting *rewriting)
{
    unsigned long bounds[2] = { 0, 0 }, least, most;
    const char *at = rewriting->at + 1;
    bool comma = false;
    int error;

    for (; at < rewriting->end && (*at == ',' || (*at >= '0' && *at <= '9')); at++) {
        unsigned long *bound = &bounds[comma];

        if (*at == ',')
            comma = true;
        else if (*bound <= PATTERN_NODES_MAX)
            *bound = *bound * 10 + (unsigned long)(*at - '0');
    }
    least = bounds[0];
    most = !comma ? least : bounds[1] ? bounds[1] : least + 1;
    error = repeat(rewriting, most > least ? most : least, most > least ? most - least : 0);
    at += at < rewriting->end; /* behind its } */
    if (!error)
        error = put(rewriting, rewriting->at, (size_t)(at - rewriting->at));
    rewriting->at = at;
    return error;
}

static int rewrite_special(struct rewriting *rewriting)
{
    int error = 0;

    switch (*rewriting->at) {
    case '*':
    case '?':
        error = repeat(rewriting, 1, 1);
        break;
    case '+':
        error = repeat(rewriting, 2, 1);
        break;
    case ')':
        /* POSIX leaves open what one without its ( is; ours would end the group around the whole. */
        if (!cost_close(&rewriting->cost))
            error = refuse(rewriting, "a ) in an expression without its (, expected \\) for the character");
        break;
    case '|':
        cost_branch(&rewriting->cost);
        break;
    default:
        cost_part(&rewriting->cost);
    }
    return error ? error : put(rewriting, rewriting->at++, 1);
}

static int rewrite_one(struct rewriting *rewriting)
{
    switch (*rewriting->at) {
    case '(':
        return rewrite_group(rewriting);
    case '{':
        return rewrite_interval(rewriting);
    case '\\':
    case '[':
        cost_part(&rewriting->cost);
        return *rewriting->at == '[' ? rewrite_bracket(rewriting) : rewrite_escape(rewriting);
    default:
        return rewrite_special(rewriting);
    }
}

/* The whole is a group, so that anchors bind all of its branches. */
static int rewrite(struct rewriting *rewriting, enum pattern_place place)
{
    int error = place == PATTERN_ANYWHERE ? 0 : put(rewriting, "^", 1);

    rewriting->pattern->groups = 2;
    if (!error)
        error = put(rewriting, "(", 1);
    while (!error && rewriting->at < rewriting->end)
        error = rewrite_one(rewriting);
    if (!error)
        error = cost_end(&rewriting->cost, rewriting->error, rewriting->room);
    if (!error)
        error = put(rewriting, place == PATTERN_WHOLE ? ")$" : ")", place == PATTERN_WHOLE ? 2 : 1);
    return error;
}

static int compile(struct rewriting *rewriting)
{
    struct pattern *pattern = rewriting->pattern;
    char words[128];
    int result = regcomp(&pattern->regex, rewriting->out.at, REG_EXTENDED);

    if (result) {
        regerror(result, &pattern->regex, words, sizeof words);
        snprintf(rewriting->error, rewriting->room,
                 "an expression that cannot be compiled: %s, expected one as in regex(7)", words);
        /* Nothing of it is to be freed. */
        free(pattern->source);
        pattern->source = NULL;
    }
    return result == 0 ? 0 : result == REG_ESPACE ? -ENOMEM : -EINVAL;
}

int pattern_new(struct pattern **made, const char *source, size_t len, enum pattern_place place, char *error,
                size_t room)
{
    struct pattern *pattern = calloc(1, sizeof *pattern);
    struct rewriting rewriting = {
        .at = source, .end = source + len, .pattern = pattern, .error = error, .room = room
    };
    int result = -ENOMEM;

    *made = NULL;
    snprintf(error, room, "out of memory");
    if (!pattern)
        return result;
    if (len == 0 || len > PATTERN_SIZE_MAX)
        result = refuse(&rewriting, len ? "an expression that is too long, expected at the most 4096 bytes"
                                        : "an empty expression, expected something to look for");
    else
        result = rewrite(&rewriting, place);
    if (!result && !(pattern->source = strndup(source, len)))
        result = -ENOMEM;
    if (!result)
        result = compile(&rewriting);
    bytes_free(&rewriting.out);
    if (result)
        pattern_free(pattern);
    else
        *made = pattern;
    return result;
}

/* A copy, also where regexec(3) takes a length: sanitizers look for a NUL even there. */
bool pattern_match(const struct pattern *pattern, const char *at, size_t len, int flags, regmatch_t *spans,
                   size_t n)
{
    char few[FEW_BYTES], *text = few;
    bool matches;

    if (len > PATTERN_LINE_MAX)
        return false;
    if (len >= sizeof few)
        text = malloc(len + 1);
    if (!text)
        return false;
    if (len)
        memcpy(text, at, len);
    text[len] = '\0';
    matches = pattern_exec(pattern, text, len, flags, spans, n);
    if (text != few)
        free(text);
    return matches;
}

void pattern_free(struct pattern *pattern)
{
    if (!pattern)
        return;
    if (pattern->source)
        regfree(&pattern->regex);
    for (size_t i = 0; i < pattern->name_count; i++)
        free(pattern->names[i].name);
    free(pattern->names);
    free(pattern->source);
    free(pattern);
}
