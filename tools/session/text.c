/* text.c: bytes with ${names} in them, and the names' values. */
#include "tools/session/session.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct variable {
    struct variable *next;
    char *name, *value;
    size_t len;
};

/* -- Parts ------------------------------------------------------------------- */

static char *copy(const void *bytes, size_t len)
{
    char *made = malloc(len + 1);

    if (!made)
        return NULL;
    if (len)
        memcpy(made, bytes, len);
    made[len] = '\0';
    return made;
}

/* The array has room for a power of two. */
static struct text_part *add(struct text *text)
{
    struct text_part *parts = text->parts;

    if ((text->count & (text->count - 1)) == 0) {
        parts = realloc(parts, (text->count ? 2 * text->count : 1) * sizeof *parts);
        if (!parts)
            return NULL;
        text->parts = parts;
    }
    parts[text->count] = (struct text_part){ .times = 1 };
    return &parts[text->count];
}

int text_add_bytes(struct text *text, const void *bytes, size_t len, size_t times)
{
    struct text_part *part;

    if (len == 0)
        return 0;
    part = add(text);
    if (!part || !(part->bytes = copy(bytes, len)))
        return -ENOMEM;
    part->len = len;
    part->times = times;
    text->count++;
    return 0;
}

int text_add_name(struct text *text, const char *name, size_t len, size_t times)
{
    struct text_part *part = add(text);

    if (!part || !(part->name = copy(name, len)))
        return -ENOMEM;
    part->times = times;
    text->count++;
    return 0;
}

void text_free(struct text *text)
{
    for (size_t i = 0; i < text->count; i++) {
        free(text->parts[i].bytes);
        free(text->parts[i].name);
    }
    free(text->parts);
    *text = (struct text){ .parts = NULL };
}

/* -- Values -------------------------------------------------------------------- */

static struct variable *find(const struct variables *variables, const char *name)
{
    struct variable *variable = variables->first;

    while (variable && strcmp(variable->name, name) != 0)
        variable = variable->next;
    return variable;
}

static void variable_free(struct variable *variable)
{
    free(variable->name);
    free(variable->value);
    free(variable);
}

int variables_set(struct variables *variables, const char *name, const void *value, size_t len)
{
    struct variable *variable = find(variables, name);
    char *made = copy(value, len);

    if (!made)
        return -ENOMEM;
    if (!variable) {
        variable = calloc(1, sizeof *variable);
        if (!variable || !(variable->name = copy(name, strlen(name)))) {
            free(variable);
            free(made);
            return -ENOMEM;
        }
        variable->next = variables->first;
        variables->first = variable;
    }
    free(variable->value);
    variable->value = made;
    variable->len = len;
    return 0;
}

const char *variables_get(const struct variables *variables, const char *name, size_t *len)
{
    const struct variable *variable = find(variables, name);

    if (!variable)
        return NULL;
    *len = variable->len;
    return variable->value;
}

void variables_free(struct variables *variables)
{
    struct variable *next;

    for (struct variable *variable = variables->first; variable; variable = next) {
        next = variable->next;
        variable_free(variable);
    }
    variables->first = NULL;
}

/* -- Both together ------------------------------------------------------------------ */

int text_expand(const struct text *text, const struct variables *variables, struct bytes *to,
                const char **missing)
{
    size_t made = 0;

    for (size_t i = 0; i < text->count; i++) {
        const struct text_part *part = &text->parts[i];
        size_t len = part->len;
        const char *bytes = part->bytes ? part->bytes : variables_get(variables, part->name, &len);

        if (!bytes) {
            *missing = part->name;
            return -ENOENT;
        }
        if (len && part->times > (SESSION_BYTES_MAX - made) / len)
            return -EMSGSIZE;
        made += len * part->times;
        for (size_t k = 0; len && k < part->times; k++)
            if (bytes_add(to, bytes, len))
                return -ENOMEM;
    }
    return 0;
}
