/* option.c: the values that a service was given for a table of options. */
#include "core/option.h"
#include "core/complain.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a text option that was given nothing points at: writable, as its type
 * says, and there is nothing in it to write to but the NUL. */
static char *empty_text(void)
{
    return calloc(1, 1);
}

/* A path as the process sees it now: the host may change its folder later.
 * NULL, errno: out of memory, or no present folder. */
static char *absolute_path(const char *path)
{
    char *folder, *whole;
    size_t room;

    if (path[0] == '/')
        return strdup(path);
    folder = getcwd(NULL, 0);
    if (!folder)
        return NULL;
    room = strlen(folder) + strlen(path) + 2;
    whole = malloc(room);
    if (whole)
        snprintf(whole, room, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, path);
    free(folder);
    return whole;
}

int option_set_init(struct option_set *set, const struct confab_option *rows, size_t count, void *state)
{
    *set = (struct option_set){ .rows = rows, .count = count, .state = state };
    set->values = calloc(count + 1, sizeof *set->values);
    return set->values ? 0 : -ENOMEM;
}

/* A secret is not left behind in freed memory. */
static void free_text(char *text, bool secret)
{
    volatile char *p = text; /* or the compiler would drop the writes */

    for (size_t n = secret && text ? strlen(text) : 0; n > 0; n--)
        p[n - 1] = 0;
    free(text);
}

void option_set_free(struct option_set *set)
{
    for (size_t i = 0; set->values && i < set->count; i++) {
        struct option_value *value = &set->values[i];

        for (size_t k = 0; k < value->texts; k++)
            free_text(value->items[k], set->rows[i].type == CONFAB_OPTION_SECRET);
        free(value->items);
    }
    free(set->values);
    *set = (struct option_set){ 0 };
}

static void store_number(const struct confab_option *row, char *member, const struct option_number *number)
{
    switch (row->type) {
    case CONFAB_OPTION_INTEGER:
    case CONFAB_OPTION_DURATION:
        memcpy(member, &number->integer, sizeof number->integer);
        break;
    case CONFAB_OPTION_SIZE:
        memcpy(member, &number->size, sizeof number->size);
        break;
    case CONFAB_OPTION_BOOLEAN:
        memcpy(member, &number->truth, sizeof number->truth);
        break;
    case CONFAB_OPTION_CHOICE:
        memcpy(member, &number->choice, sizeof number->choice);
        break;
    case CONFAB_OPTION_STRING:
    case CONFAB_OPTION_PATH:
    case CONFAB_OPTION_ADDRESS:
    case CONFAB_OPTION_SECRET:
        break;
    }
}

/* Appends a text to a row's items and points the member at it.  Owns text, also
 * when it fails. */
static int store_text(struct option_set *set, size_t i, char *text)
{
    const struct confab_option *row = &set->rows[i];
    struct option_value *value = &set->values[i];
    char *member = set->state + row->offset;
    char **items = text ? realloc(value->items, (value->texts + 1) * sizeof *items) : NULL;

    if (!items) {
        free(text);
        return -ENOMEM;
    }
    items[value->texts++] = text;
    value->items = items;
    if (row->flags & CONFAB_OPTION_REPEATED) {
        struct confab_strings strings = { .count = value->texts, .items = items };
        memcpy(member, &strings, sizeof strings);
    } else {
        memcpy(member, &text, sizeof text);
    }
    return 0;
}

/* A value that is known to be of its type. */
static int store(struct option_set *set, size_t i, const char *text, const struct option_number *number,
                 char *error, size_t room)
{
    const struct confab_option *row = &set->rows[i];
    char *copy;

    if (!option_is_text(row)) {
        store_number(row, set->state + row->offset, number);
        return 0;
    }
    errno = ENOMEM;
    copy = row->type == CONFAB_OPTION_PATH && *text ? absolute_path(text) : strdup(text);
    if (!copy)
        return complain(error, room, -errno, "option %s: %s", row->name, strerror(errno));
    if (store_text(set, i, copy))
        return complain(error, room, -ENOMEM, "option %s: out of memory", row->name);
    return 0;
}

int option_set_give(struct option_set *set, size_t i, const char *text, char *error, size_t room)
{
    const struct confab_option *row = &set->rows[i];
    struct option_number number = { 0 };
    int result;

    if (set->values[i].times > 0 && !(row->flags & CONFAB_OPTION_REPEATED))
        return complain(error, room, -EEXIST, "option %s: given twice, and it takes one value", row->name);
    result = option_parse(row, text, &number, error, room);
    if (result == 0)
        result = store(set, i, text, &number, error, room);
    if (result == 0)
        set->values[i].times++;
    return result;
}

static int complete_row(struct option_set *set, size_t i, char *error, size_t room)
{
    const struct confab_option *row = &set->rows[i];
    struct option_number number = { 0 };
    int result;

    if (row->flags & CONFAB_OPTION_REQUIRED)
        return complain(error, room, -EINVAL, "option %s (%s) is missing, and it is required", row->name,
                        option_type_name(row->type));
    if (row->fallback && !(option_is_text(row) && !*row->fallback)) {
        result = option_parse(row, row->fallback, &number, error, room);
        return result ? result : store(set, i, row->fallback, &number, error, room);
    }
    if (!option_is_text(row) || (row->flags & CONFAB_OPTION_REPEATED))
        return 0;
    if (store_text(set, i, empty_text()))
        return complain(error, room, -ENOMEM, "option %s: out of memory", row->name);
    return 0;
}

int option_set_complete(struct option_set *set, char *error, size_t room)
{
    for (size_t i = 0; i < set->count; i++) {
        int result = set->values[i].times > 0 ? 0 : complete_row(set, i, error, room);
        if (result)
            return result;
    }
    return 0;
}

void option_list_names(const struct confab_option *rows, char *text, size_t room)
{
    size_t len = 0;

    text[0] = 0;
    for (const struct confab_option *row = rows; row->name; row++) {
        int n = snprintf(text + len, room - len, "%s%s", row == rows ? "" : ", ", row->name);
        if (n < 0 || (size_t)n >= room - len)
            return;
        len += (size_t)n;
    }
}
