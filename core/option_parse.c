/* option_parse.c: what the text of an option means, by its type. */
#include "core/complain.h"
#include "core/option.h"
#include <confab/host.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What each type is called, and what is expected of its text. */
static const struct {
    const char *name, *expected;
} types[] = {
    [CONFAB_OPTION_STRING] = { "string", "text" },
    [CONFAB_OPTION_INTEGER] = { "integer", "an integer, as -12" },
    [CONFAB_OPTION_SIZE] = { "size", "a size in bytes, as 512, 64K, 1M or 2G" },
    [CONFAB_OPTION_DURATION] = { "duration", "a duration, as 250ms, 30s, 5m, 1h or 0" },
    [CONFAB_OPTION_BOOLEAN] = { "boolean", "true, yes, on, 1, false, no, off or 0" },
    [CONFAB_OPTION_PATH] = { "path", "a path" },
    [CONFAB_OPTION_CHOICE] = { "choice", "one of its choices" },
    [CONFAB_OPTION_ADDRESS] = { "address", "an address" },
    [CONFAB_OPTION_SECRET] = { "secret", "text" },
};

struct unit {
    const char *suffix;
    uint64_t factor;
};

/* The largest first, for option_format. */
static const struct unit durations[] = {
    { "d", UINT64_C(86400000000000) },
    { "h", UINT64_C(3600000000000) },
    { "m", UINT64_C(60000000000) },
    { "s", UINT64_C(1000000000) },
    { "ms", UINT64_C(1000000) },
    { "us", UINT64_C(1000) },
    { "ns", 1 },
    { NULL, 0 },
};

static const struct unit sizes[] = {
    { "G", UINT64_C(1) << 30 },
    { "M", UINT64_C(1) << 20 },
    { "K", UINT64_C(1) << 10 },
    { "", 1 },
    { NULL, 0 },
};

static const struct {
    const char *word;
    bool truth;
} booleans[] = {
    { "true", true },   { "yes", true }, { "on", true },   { "1", true },
    { "false", false }, { "no", false }, { "off", false }, { "0", false },
};

const char *option_type_name(enum confab_option_type type)
{
    /* A plugin's table may hold any number here. */
    return (unsigned)type < sizeof types / sizeof types[0] ? types[type].name : NULL;
}

/* Digits, then one of the units' suffixes: -EINVAL, -ERANGE. */
static int parse_with_unit(const char *text, const struct unit *units, uint64_t *value)
{
    size_t digits = strspn(text, "0123456789");
    uint64_t number;
    int error = confab_parse_u64(text, digits, &number);

    if (error == -EINVAL)
        return error;
    for (const struct unit *unit = units; unit->suffix; unit++) {
        if (strcmp(text + digits, unit->suffix) != 0)
            continue;
        if (error || number > UINT64_MAX / unit->factor)
            return -ERANGE;
        *value = number * unit->factor;
        return 0;
    }
    return -EINVAL;
}

static int parse_integer(const char *text, int64_t *value)
{
    bool negative = *text == '-';
    const char *digits = text + negative;
    uint64_t number;
    int error = confab_parse_u64(digits, strlen(digits), &number);

    if (error)
        return error;
    if (number > (uint64_t)INT64_MAX + negative)
        return -ERANGE;
    /* -INT64_MIN has no int64_t, so it is negated before it is converted. */
    *value = negative ? (int64_t)(0 - number) : (int64_t)number;
    return 0;
}

static int parse_duration(const char *text, int64_t *value)
{
    uint64_t number = 0;
    int error = strcmp(text, "0") == 0 ? 0 : parse_with_unit(text, durations, &number);

    if (error)
        return error;
    if (number > INT64_MAX)
        return -ERANGE;
    *value = (int64_t)number;
    return 0;
}

static int parse_boolean(const char *text, bool *truth)
{
    for (size_t i = 0; i < sizeof booleans / sizeof booleans[0]; i++) {
        if (strcmp(text, booleans[i].word) == 0) {
            *truth = booleans[i].truth;
            return 0;
        }
    }
    return -EINVAL;
}

static int parse_choice(const struct confab_option *row, const char *text, int *choice, char *error,
                        size_t room)
{
    char list[COMPLAINT_SIZE / 2] = "";
    size_t len = 0;

    for (int i = 0; row->choices[i]; i++) {
        if (strcmp(text, row->choices[i]) == 0) {
            *choice = i;
            return 0;
        }
        int n = snprintf(list + len, sizeof list - len, "%s%s", i ? ", " : "", row->choices[i]);
        if (n > 0)
            len = (size_t)n < sizeof list - len ? len + (size_t)n : sizeof list - 1;
    }
    return complain(error, room, -EINVAL, "option %s: \"%s\" is none of its choices: %s", row->name, text,
                    list);
}

const char *option_format(enum confab_option_type type, int64_t number, char text[OPTION_TEXT_MAX])
{
    const struct unit *unit = type == CONFAB_OPTION_DURATION ? durations : sizes;

    if ((type != CONFAB_OPTION_DURATION && type != CONFAB_OPTION_SIZE) || number <= 0) {
        snprintf(text, OPTION_TEXT_MAX, "%" PRId64, number);
        return text;
    }
    while ((uint64_t)number % unit->factor != 0)
        unit++;
    snprintf(text, OPTION_TEXT_MAX, "%" PRIu64 "%s", (uint64_t)number / unit->factor, unit->suffix);
    return text;
}

/* A size that is over INT64_MAX is over any bound. */
static int check_bounds(const struct confab_option *row, const char *text, int64_t number, char *error,
                        size_t room)
{
    char min[OPTION_TEXT_MAX], max[OPTION_TEXT_MAX];

    if ((row->min == 0 && row->max == 0) || (number >= row->min && number <= row->max))
        return 0;
    return complain(error, room, -ERANGE, "option %s: %s is out of bounds: %s to %s", row->name, text,
                    option_format(row->type, row->min, min), option_format(row->type, row->max, max));
}

static int parse_text(const struct confab_option *row, const char *text, char *error, size_t room)
{
    bool listen = !(row->flags & CONFAB_OPTION_CONNECT);
    char reason[COMPLAINT_SIZE / 2];

    if (row->type == CONFAB_OPTION_PATH && !*text)
        return complain(error, room, -EINVAL, "option %s: a path was expected, and it is empty", row->name);
    if (row->type != CONFAB_OPTION_ADDRESS || confab_address_check(text, listen, reason, sizeof reason) == 0)
        return 0;
    return complain(error, room, -EINVAL, "option %s: %s", row->name, reason);
}

int option_parse(const struct confab_option *row, const char *text, struct option_number *number, char *error,
                 size_t room)
{
    int result = -EINVAL;
    int64_t bounded = 0;

    switch (row->type) {
    case CONFAB_OPTION_STRING:
    case CONFAB_OPTION_PATH:
    case CONFAB_OPTION_ADDRESS:
    case CONFAB_OPTION_SECRET:
        return parse_text(row, text, error, room);
    case CONFAB_OPTION_CHOICE:
        return parse_choice(row, text, &number->choice, error, room);
    case CONFAB_OPTION_BOOLEAN:
        result = parse_boolean(text, &number->truth);
        break;
    case CONFAB_OPTION_INTEGER:
        result = parse_integer(text, &number->integer);
        bounded = number->integer;
        break;
    case CONFAB_OPTION_DURATION:
        result = parse_duration(text, &number->integer);
        bounded = number->integer;
        break;
    case CONFAB_OPTION_SIZE:
        result = parse_with_unit(text, sizes, &number->size);
        bounded = number->size > INT64_MAX ? INT64_MAX : (int64_t)number->size;
        break;
    }
    if (result == -ERANGE)
        return complain(error, room, result, "option %s: %s does not fit in 64 bits", row->name, text);
    if (result)
        return complain(error, room, result, "option %s: \"%s\" is not %s", row->name, text,
                        types[row->type].expected);
    return row->type == CONFAB_OPTION_BOOLEAN ? 0 : check_bounds(row, text, bounded, error, room);
}
