/* option_table.c: reading a plugin's table of options, and what can be wrong with one. */
#include "core/complain.h"
#include "core/option.h"
#include <errno.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FLAGS_KNOWN =
        CONFAB_OPTION_REQUIRED | CONFAB_OPTION_REPEATED | CONFAB_OPTION_POSITIONAL | CONFAB_OPTION_CONNECT
};

/* The first fields, which every version of the row has. */
enum { ROW_SIZE_MIN = offsetof(struct confab_option, fallback) };

bool option_is_text(const struct confab_option *row)
{
    return row->type == CONFAB_OPTION_STRING || row->type == CONFAB_OPTION_PATH ||
           row->type == CONFAB_OPTION_ADDRESS || row->type == CONFAB_OPTION_SECRET;
}

static const struct {
    size_t size, align;
} members[] = {
    [CONFAB_OPTION_STRING] = { sizeof(char *), alignof(char *) },
    [CONFAB_OPTION_INTEGER] = { sizeof(int64_t), alignof(int64_t) },
    [CONFAB_OPTION_SIZE] = { sizeof(uint64_t), alignof(uint64_t) },
    [CONFAB_OPTION_DURATION] = { sizeof(int64_t), alignof(int64_t) },
    [CONFAB_OPTION_BOOLEAN] = { sizeof(bool), alignof(bool) },
    [CONFAB_OPTION_PATH] = { sizeof(char *), alignof(char *) },
    [CONFAB_OPTION_CHOICE] = { sizeof(int), alignof(int) },
    [CONFAB_OPTION_ADDRESS] = { sizeof(char *), alignof(char *) },
    [CONFAB_OPTION_SECRET] = { sizeof(char *), alignof(char *) },
};

size_t option_member_size(const struct confab_option *row)
{
    return row->flags & CONFAB_OPTION_REPEATED ? sizeof(struct confab_strings) : members[row->type].size;
}

size_t option_member_align(const struct confab_option *row)
{
    return row->flags & CONFAB_OPTION_REPEATED ? alignof(struct confab_strings) : members[row->type].align;
}

int option_find(const struct confab_option *rows, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (name ? strcmp(rows[i].name, name) == 0 : (rows[i].flags & CONFAB_OPTION_POSITIONAL) != 0)
            return (int)i;
    return -1;
}

static bool name_is_good(const char *name)
{
    size_t len = strnlen(name, OPTION_NAME_MAX + 1);

    return len > 0 && len <= OPTION_NAME_MAX && name[0] >= 'a' && name[0] <= 'z' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

static int check_member(const struct confab_option *row, size_t state_size, char *error, size_t room)
{
    size_t size = option_member_size(row);

    if (size > state_size || row->offset > state_size - size)
        return complain(error, room, -EINVAL,
                        "option %s: its member ends at byte %zu of a state of %zu bytes (.service_size)",
                        row->name, row->offset + size, state_size);
    if (row->offset % option_member_align(row) != 0)
        return complain(error, room, -EINVAL, "option %s: offset %zu is not aligned for a member of type %s",
                        row->name, row->offset, option_type_name(row->type));
    return 0;
}

static int check_choices(const struct confab_option *row, char *error, size_t room)
{
    int count = 0;

    if (row->type != CONFAB_OPTION_CHOICE)
        return 0;
    while (row->choices && count <= OPTION_CHOICES_MAX && row->choices[count])
        count++;
    if (count == 0)
        return complain(error, room, -EINVAL, "option %s: a choice without .choices", row->name);
    if (count > OPTION_CHOICES_MAX)
        return complain(error, room, -EINVAL, "option %s: no NULL within %d choices", row->name,
                        OPTION_CHOICES_MAX);
    return 0;
}

static int check_bounds(const struct confab_option *row, char *error, size_t room)
{
    bool number = row->type == CONFAB_OPTION_INTEGER || row->type == CONFAB_OPTION_SIZE ||
                  row->type == CONFAB_OPTION_DURATION;

    if (row->min == 0 && row->max == 0)
        return 0;
    if (!number)
        return complain(error, room, -EINVAL, "option %s: bounds are for numbers, not for type %s", row->name,
                        option_type_name(row->type));
    if (row->min > row->max)
        return complain(error, room, -EINVAL, "option %s: .min is over .max", row->name);
    return 0;
}

/* One row by itself. */
static int check_row(const struct confab_option *row, size_t state_size, char *error, size_t room)
{
    struct option_number number;
    char reason[COMPLAINT_SIZE];
    int result;

    if (!name_is_good(row->name))
        return complain(
            error, room, -EINVAL,
            "option \"%.*s\": a name is lower case letters, digits and hyphens, a letter first, %d at the "
            "most",
            OPTION_NAME_MAX, row->name, OPTION_NAME_MAX);
    if (host_options_reserve(row->name))
        return complain(error, room, -EINVAL, "option %s: the host uses this name itself", row->name);
    if (!option_type_name(row->type))
        return complain(error, room, -EINVAL, "option %s: type %d is unknown", row->name, (int)row->type);
    if (row->flags & ~(unsigned)FLAGS_KNOWN)
        return complain(error, room, -EINVAL, "option %s: flags 0x%x are unknown", row->name,
                        row->flags & ~(unsigned)FLAGS_KNOWN);
    if ((row->flags & CONFAB_OPTION_REPEATED) && !option_is_text(row))
        return complain(error, room, -EINVAL, "option %s: type %s cannot be repeated", row->name,
                        option_type_name(row->type));
    if ((row->flags & CONFAB_OPTION_CONNECT) && row->type != CONFAB_OPTION_ADDRESS)
        return complain(error, room, -EINVAL, "option %s: type %s cannot be connected to", row->name,
                        option_type_name(row->type));
    result = check_member(row, state_size, error, room);
    if (result == 0)
        result = check_choices(row, error, room);
    if (result == 0)
        result = check_bounds(row, error, room);
    if (result || !row->fallback || (option_is_text(row) && !*row->fallback))
        return result;
    if (option_parse(row, row->fallback, &number, reason, sizeof reason))
        return complain(error, room, -EINVAL, "bad default: %s", reason);
    return 0;
}

/* One row against those before it. */
static int check_pair(const struct confab_option *row, const struct confab_option *other, char *error,
                      size_t room)
{
    if (strcmp(row->name, other->name) == 0)
        return complain(error, room, -EINVAL, "option %s: there are two of this name", row->name);
    if (row->flags & other->flags & CONFAB_OPTION_POSITIONAL)
        return complain(error, room, -EINVAL, "options %s and %s: only one can be positional", other->name,
                        row->name);
    if (row->offset < other->offset + option_member_size(other) &&
        other->offset < row->offset + option_member_size(row))
        return complain(error, room, -EINVAL, "options %s and %s fill the same member", other->name,
                        row->name);
    return 0;
}

static int check_table(const struct option_table *table, size_t state_size, char *error, size_t room)
{
    for (size_t i = 0; i < table->count; i++) {
        int result = check_row(&table->rows[i], state_size, error, room);

        for (size_t k = 0; result == 0 && k < i; k++)
            result = check_pair(&table->rows[i], &table->rows[k], error, room);
        if (result)
            return result;
    }
    return 0;
}

/* The rows are as long as the plugin's own header says, not as ours. */
static void copy_row(struct confab_option *row, const struct confab_plugin *plugin, size_t i)
{
    size_t size = plugin->option_size < sizeof *row ? plugin->option_size : sizeof *row;

    memset(row, 0, sizeof *row);
    memcpy(row, (const char *)plugin->options + i * plugin->option_size, size);
}

int option_table_read(struct option_table *table, const struct confab_plugin *plugin, char *error,
                      size_t room)
{
    struct confab_option row;
    size_t count = 0;
    int result;

    *table = (struct option_table){ 0 };
    if (plugin->options &&
        (plugin->option_size < ROW_SIZE_MIN || plugin->option_size % alignof(struct confab_option)))
        return complain(error, room, -EINVAL,
                        "rows of the option table are %u bytes (.option_size); %d or more were expected",
                        (unsigned)plugin->option_size, ROW_SIZE_MIN);
    for (; plugin->options && count <= OPTION_ROWS_MAX; count++) {
        copy_row(&row, plugin, count);
        if (!row.name)
            break;
    }
    if (count > OPTION_ROWS_MAX)
        return complain(error, room, -EINVAL,
                        "the option table does not end (CONFAB_OPTIONS_END) within %d rows", OPTION_ROWS_MAX);
    table->rows = calloc(count + 1, sizeof *table->rows);
    if (!table->rows)
        return complain(error, room, -ENOMEM, "out of memory");
    table->count = count;
    for (size_t i = 0; i < count; i++)
        copy_row(&table->rows[i], plugin, i);
    result = check_table(table, plugin->service_size, error, room);
    if (result)
        option_table_free(table);
    return result;
}

void option_table_free(struct option_table *table)
{
    free(table->rows);
    *table = (struct option_table){ 0 };
}
