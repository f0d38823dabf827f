/* object_names.c: which name was meant by one that nobody defines. */
#include "tools/check/object.h"
#include <confab/host.h>
#include <dlfcn.h>
#include <errno.h>
#include <string.h>

enum {
    NAME_MAX_BYTES = 64, /* of names that are compared */
    NEAR = 2             /* letters that may be wrong, missing, too many, or the wrong way round */
};

static const char prefix[] = "confab_";

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* How many changes make the one of the other. */
static unsigned distance(const char *a, const char *b)
{
    unsigned rows[3][NAME_MAX_BYTES + 1], *before = rows[0], *last = rows[1], *row = rows[2];
    size_t a_len = strlen(a), b_len = strlen(b);

    for (unsigned j = 0; j <= b_len; j++)
        last[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_len; j++) {
            unsigned change = last[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = least(change, least(last[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
        unsigned *spare = before;
        before = last;
        last = row;
        row = spare;
    }
    return last[b_len];
}

int object_read_library(struct object *library)
{
    int (*function)(confab_chat *, const void *, size_t) = confab_chat_push;
    void *address;
    Dl_info info;

    *library = (struct object){ .bytes = NULL };
    memcpy(&address, &function, sizeof address);
    if (!dladdr(address, &info) || !info.dli_fname)
        return -ENOENT;
    /* A program is told of as it was called: by a name that was looked for, or from another folder. */
    return object_read(info.dli_fname, library) == 0 ? 0 : object_read("/proc/self/exe", library);
}

const char *object_guess(const struct object *library, const char *name)
{
    const char *guess = NULL;
    unsigned best = NEAR + 1;

    if (strlen(name) > NAME_MAX_BYTES)
        return NULL;
    for (size_t i = 0; i < library->symbol_count; i++) {
        const struct object_symbol *symbol = &library->symbols[i];
        if (!symbol->defined || strncmp(symbol->name, prefix, sizeof prefix - 1) != 0 ||
            strlen(symbol->name) > NAME_MAX_BYTES)
            continue;
        unsigned away = distance(name, symbol->name);
        if (away < best) {
            best = away;
            guess = symbol->name;
        }
    }
    return guess;
}
