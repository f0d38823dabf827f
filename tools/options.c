#include "options.h"
#include "printable.h"

#include <inttypes.h>
#include <string.h>

enum { CELL = 160 }; /* bytes of a cell of the table; what is longer is cut */

static const char *type_name(enum confab_option_type type)
{
    static const char *const names[] = {
        [CONFAB_OPTION_STRING] = "string",   [CONFAB_OPTION_INTEGER] = "integer",
        [CONFAB_OPTION_SIZE] = "size",       [CONFAB_OPTION_DURATION] = "duration",
        [CONFAB_OPTION_BOOLEAN] = "boolean", [CONFAB_OPTION_PATH] = "path",
        [CONFAB_OPTION_CHOICE] = "choice",   [CONFAB_OPTION_ADDRESS] = "address",
        [CONFAB_OPTION_SECRET] = "secret",
    };
    return (size_t)type < sizeof(names) / sizeof(names[0]) ? names[type] : "unknown";
}

struct unit {
    int64_t size;
    const char *name;
};

/* The largest units first; the last takes what no other divides. */
static const struct unit size_units[] = {
    { INT64_C(1) << 30, "G" }, { 1 << 20, "M" }, { 1 << 10, "K" }, { 1, "" }
};
static const struct unit duration_units[] = {
    { 24 * 60 * CONFAB_MINUTE, "d" },
    { 60 * CONFAB_MINUTE, "h" },
    { CONFAB_MINUTE, "m" },
    { CONFAB_SECOND, "s" },
    { CONFAB_MILLISECOND, "ms" },
    { 1000, "us" },
    { 1, "ns" },
};
static const struct unit integer_units[] = { { 1, "" } };

/* From here on a number is too long to be read, and its exact value is nobody's concern. */
enum { LONG_NUMBER = 1000000 };

/* A bound as it would be written on the command line. */
static const char *write_number(enum confab_option_type type, int64_t value, char text[32])
{
    const struct unit *units = integer_units;
    if (type == CONFAB_OPTION_SIZE)
        units = size_units;
    else if (type == CONFAB_OPTION_DURATION)
        units = duration_units;
    const struct unit *unit = units;
    while (unit->size > 1 && value % unit->size != 0)
        unit++;
    bool round = units->size > 1 && value / unit->size >= LONG_NUMBER;
    if (round)
        for (unit = units; value < unit->size;)
            unit++;
    snprintf(text, 32, "%s%" PRId64 "%s", round ? "about " : "", value / unit->size,
             value == 0 ? "" : unit->name);
    return text;
}

/* What an option without a default has, as it would be written. */
static const char *fallback_of(const struct confab_option *option)
{
    if (option->flags & CONFAB_OPTION_REQUIRED)
        return "required";
    if (option->type == CONFAB_OPTION_SECRET)
        return "-";
    if (option->fallback)
        return option->fallback[0] ? option->fallback : "-";
    switch (option->type) {
    case CONFAB_OPTION_INTEGER:
    case CONFAB_OPTION_SIZE:
    case CONFAB_OPTION_DURATION:
        return "0";
    case CONFAB_OPTION_BOOLEAN:
        return "false";
    case CONFAB_OPTION_CHOICE:
        return option->choices && option->choices[0] ? option->choices[0] : "-";
    default:
        return "-";
    }
}

/* Those that say more than the type does. */
static bool has_bounds(const struct confab_option *option)
{
    return option->min != 0 || (option->max != 0 && option->max != INT64_MAX);
}

static void add(char cell[CELL], const char *before, const char *text)
{
    size_t len = strlen(cell);
    snprintf(cell + len, CELL - len, "%s%s", before, text);
}

/* The type's name, or the choices. */
static void write_type(const struct confab_option *option, char cell[CELL])
{
    cell[0] = '\0';
    if (option->type != CONFAB_OPTION_CHOICE || !option->choices)
        add(cell, "", type_name(option->type));
    else
        for (size_t i = 0; option->choices[i]; i++)
            add(cell, i ? "|" : "", option->choices[i]);
    printable(cell);
}

/* What else binds it: bounds and flags, in brackets. */
static void write_limits(const struct confab_option *option, char cell[CELL])
{
    char low[32], high[32];
    cell[0] = '\0';
    if (has_bounds(option)) {
        bool up_to = option->min == 0 && option->type != CONFAB_OPTION_INTEGER;
        add(cell, " (", up_to ? "up to" : write_number(option->type, option->min, low));
        if (option->max == INT64_MAX)
            add(cell, " or more", "");
        else
            add(cell, up_to ? " " : " to ", write_number(option->type, option->max, high));
    }
    if (option->flags & CONFAB_OPTION_REPEATED)
        add(cell, cell[0] ? "; " : " (", "may be given often");
    if (option->flags & CONFAB_OPTION_POSITIONAL)
        add(cell, cell[0] ? "; " : " (", "a bare word is its value");
    if (cell[0])
        add(cell, ")", "");
}

static int wider(int width, const char *text)
{
    size_t len = strlen(text);
    return len > (size_t)width ? (int)len : width;
}

void options_print(FILE *out, const struct confab_option *options)
{
    char type[CELL], limits[CELL], fallback[PRINTABLE_ROOM], help[PRINTABLE_ROOM];
    int names = 0, types = 0, fallbacks = 0;
    for (const struct confab_option *option = options; option && option->name; option++) {
        write_type(option, type);
        names = wider(names, option->name);
        types = wider(types, type);
        fallbacks = wider(fallbacks, printable_copy(fallback, fallback_of(option)));
    }
    for (const struct confab_option *option = options; option && option->name; option++) {
        write_type(option, type);
        write_limits(option, limits);
        bool more = option->help || limits[0];
        fprintf(out, "  %-*s  %-*s  %-*s%s%s%s\n", names, option->name, types, type, more ? fallbacks : 0,
                printable_copy(fallback, fallback_of(option)), more ? "  " : "",
                option->help ? printable_copy(help, option->help) : "", limits);
    }
}

void options_list(FILE *out, const struct confab_option *options)
{
    for (const struct confab_option *option = options; option && option->name; option++) {
        char shown[PRINTABLE_ROOM];
        fprintf(out, "%s\t", option->name);
        if (option->type != CONFAB_OPTION_CHOICE || !option->choices)
            fputs(type_name(option->type), out);
        else
            for (size_t i = 0; option->choices[i]; i++)
                fprintf(out, "%s%s", i ? "|" : "", printable_copy(shown, option->choices[i]));
        fprintf(out, "\t%s\n", printable_copy(shown, fallback_of(option)));
    }
}

static void option_json(struct json *json, const struct confab_option *option)
{
    bool secret = option->type == CONFAB_OPTION_SECRET;
    json_open(json, NULL, '{');
    json_string(json, "name", option->name);
    json_string(json, "type", type_name(option->type));
    json_string(json, "default", secret ? NULL : option->fallback);
    if (has_bounds(option)) {
        json_integer(json, "min", option->min);
        json_integer(json, "max", option->max);
    }
    if (option->type == CONFAB_OPTION_CHOICE)
        json_strings(json, "choices", option->choices);
    json_boolean(json, "required", option->flags & CONFAB_OPTION_REQUIRED);
    json_boolean(json, "repeated", option->flags & CONFAB_OPTION_REPEATED);
    json_boolean(json, "positional", option->flags & CONFAB_OPTION_POSITIONAL);
    json_string(json, "help", option->help);
    json_close(json, '}');
}

void options_json(struct json *json, const char *key, const struct confab_option *options)
{
    json_open(json, key, '[');
    for (; options && options->name; options++)
        option_json(json, options);
    json_close(json, ']');
}
