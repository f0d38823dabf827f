/* watch_allocate.c: malloc(3) and its kin, as the plugin calls them.
 *
 * What is freed and not in the table was allocated by others (libc, for whom nobody counts) and goes
 * through. */
#include "tools/check/watch.h"
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool fails(struct watch *watch, const char *call, size_t n)
{
    return watch && watch_must_fail(watch, call, n);
}

static void *note(struct watch *watch, void *at, size_t n, const char *from)
{
    return watch ? memory_add(watch, at, n, from, 0) : at;
}

static void *call_malloc(size_t n)
{
    struct watch *watch = watch_current();

    return fails(watch, "malloc", n) ? NULL : note(watch, malloc(n), n, "malloc");
}

static void *call_calloc(size_t count, size_t n)
{
    struct watch *watch = watch_current();

    return fails(watch, "calloc", count * n) ? NULL : note(watch, calloc(count, n), count * n, "calloc");
}

static void release(struct watch *watch, void *at, void (*with)(void *))
{
    struct memory_block block;

    if (!watch || !at) {
        with(at);
    } else if (memory_take(watch->memory, at, &block)) {
        memory_freed(watch->memory, &block);
        with(at);
    } else {
        memory_freeing(watch->memory, at);
        with(at);
        memory_freeing(watch->memory, NULL);
    }
}

static void call_free(void *at)
{
    int error = errno;

    release(watch_current(), at, free);
    errno = error;
}

static void *grow(struct watch *watch, void *old, size_t n, const char *from)
{
    struct memory_block block;
    void *at;

    if (!watch)
        return realloc(old, n);
    if (n > 0 && watch_must_fail(watch, from, n))
        return NULL;
    /* Out of the table first: another thread may be given the address as soon as it is free. */
    bool known = memory_take(watch->memory, old, &block);
    at = realloc(old, n);
    if (at)
        return memory_add(watch, at, n, from, 0);
    if (known && n > 0)
        memory_put(watch->memory, &block);
    return NULL;
}

static void *call_realloc(void *old, size_t n)
{
    return grow(watch_current(), old, n, "realloc");
}

static void *call_reallocarray(void *old, size_t count, size_t n)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, n, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return grow(watch_current(), old, bytes, "reallocarray");
}

static void *call_aligned_alloc(size_t alignment, size_t n)
{
    struct watch *watch = watch_current();

    if (fails(watch, "aligned_alloc", n))
        return NULL;
    return note(watch, aligned_alloc(alignment, n), n, "aligned_alloc");
}

static int call_posix_memalign(void **made, size_t alignment, size_t n)
{
    struct watch *watch = watch_current();
    int error;

    if (fails(watch, "posix_memalign", n))
        return ENOMEM;
    error = posix_memalign(made, alignment, n);
    if (error == 0)
        note(watch, *made, n, "posix_memalign");
    return error;
}

static char *copy(const char *text, size_t len, const char *from)
{
    struct watch *watch = watch_current();
    char *made = fails(watch, from, len + 1) ? NULL : malloc(len + 1);

    if (!made)
        return NULL;
    memcpy(made, text, len);
    made[len] = '\0';
    return note(watch, made, len + 1, from);
}

static char *call_strdup(const char *text)
{
    return copy(text, strlen(text), "strdup");
}

static char *call_strndup(const char *text, size_t most)
{
    return copy(text, strnlen(text, most), "strndup");
}

static int print(char **made, const char *format, va_list arguments, const char *from)
{
    struct watch *watch = watch_current();
    va_list again;
    char *text;
    int len, written;

    *made = NULL; /* what it is after an error the standards leave open */
    va_copy(again, arguments);
    len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (len < 0 || fails(watch, from, (size_t)len + 1))
        return -1;
    text = malloc((size_t)len + 1);
    written = text ? vsnprintf(text, (size_t)len + 1, format, arguments) : -1;
    if (written < 0) {
        free(text);
        return -1;
    }
    *made = note(watch, text, (size_t)len + 1, from);
    return written;
}

static CONFAB_PRINTF(2, 0) int call_vasprintf(char **made, const char *format, va_list arguments)
{
    return print(made, format, arguments, "vasprintf");
}

static CONFAB_PRINTF(2, 3) int call_asprintf(char **made, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int len = print(made, format, arguments, "asprintf");
    va_end(arguments);
    return len;
}

/* What these are called where the plugin is built with _FORTIFY_SOURCE. */
static CONFAB_PRINTF(3, 0) int call_vasprintf_chk(char **made, int flag, const char *format,
                                                  va_list arguments)
{
    (void)flag;
    return print(made, format, arguments, "vasprintf");
}

static CONFAB_PRINTF(3, 4) int call_asprintf_chk(char **made, int flag, const char *format, ...)
{
    va_list arguments;

    (void)flag;
    va_start(arguments, format);
    int len = print(made, format, arguments, "asprintf");
    va_end(arguments);
    return len;
}

static ssize_t take_line(char **line, size_t *room, int delimiter, FILE *file, const char *from)
{
    struct watch *watch = watch_current();
    struct memory_block block;
    ssize_t len;

    if (!watch)
        return getdelim(line, room, delimiter, file);
    bool known = memory_take(watch->memory, *line, &block);
    if (!known && watch_must_fail(watch, from, 1))
        return -1;
    char *old = *line;
    len = getdelim(line, room, delimiter, file);
    if (known && *line == old && *room == block.size)
        memory_put(watch->memory, &block);
    else if (*line && (known || *line != old))
        memory_add(watch, *line, *room, from, 0);
    return len;
}

static ssize_t call_getline(char **line, size_t *room, FILE *file)
{
    return take_line(line, room, '\n', file, "getline");
}

static ssize_t call_getdelim(char **line, size_t *room, int delimiter, FILE *file)
{
    return take_line(line, room, delimiter, file, "getdelim");
}

/* -- C++: they throw where there is no memory, which no plugin has to live with ------------------- */

/* They are still called when the plugin is unloaded and nobody watches it any more. */
static void (*real[WATCH_REALS])(void);

void watch_keep_real(const struct watch_call *call, void (*found)(void), void *handle)
{
    char plain[] = "_ZdlPv"; /* where the plugin calls only those that are told the size */

    real[call->real] = found;
    if (call->real != REAL_DELETE && call->real != REAL_DELETE_ARRAY)
        return;
    memcpy(plain, call->name, strlen(plain));
    void *symbol = dlsym(RTLD_DEFAULT, plain);
    if (!symbol)
        symbol = dlsym(handle, plain);
    if (symbol)
        memcpy(&real[call->real], &symbol, sizeof symbol);
}

void (*watch_real(enum watch_real which))(void)
{
    return real[which];
}

static void *make(size_t n, enum watch_real which, const char *from)
{
    return note(watch_current(), ((void *(*)(size_t))real[which])(n), n, from);
}

static void *call_new(size_t n)
{
    return make(n, REAL_NEW, "new");
}

static void *call_new_array(size_t n)
{
    return make(n, REAL_NEW_ARRAY, "new[]");
}

static void call_delete(void *at)
{
    release(watch_current(), at, (void (*)(void *))real[REAL_DELETE]);
}

static void call_delete_sized(void *at, size_t n)
{
    (void)n;
    call_delete(at);
}

static void call_delete_array(void *at)
{
    release(watch_current(), at, (void (*)(void *))real[REAL_DELETE_ARRAY]);
}

static void call_delete_array_sized(void *at, size_t n)
{
    (void)n;
    call_delete_array(at);
}

void watch_allocate_free(const struct memory_block *block)
{
    if (block->owners)
        for (unsigned i = 0; i < block->owners; i++)
            confab_buffer_unref(block->at);
    else if (strcmp(block->from, "new") == 0)
        ((void (*)(void *))real[REAL_DELETE])(block->at);
    else if (strcmp(block->from, "new[]") == 0)
        ((void (*)(void *))real[REAL_DELETE_ARRAY])(block->at);
    else
        free(block->at);
}

const struct watch_call watch_allocate_calls[] = {
    { "malloc", (void (*)(void))call_malloc, REAL_NONE },
    { "calloc", (void (*)(void))call_calloc, REAL_NONE },
    { "realloc", (void (*)(void))call_realloc, REAL_NONE },
    { "reallocarray", (void (*)(void))call_reallocarray, REAL_NONE },
    { "free", (void (*)(void))call_free, REAL_NONE },
    { "aligned_alloc", (void (*)(void))call_aligned_alloc, REAL_NONE },
    { "posix_memalign", (void (*)(void))call_posix_memalign, REAL_NONE },
    { "strdup", (void (*)(void))call_strdup, REAL_NONE },
    { "__strdup", (void (*)(void))call_strdup, REAL_NONE },
    { "strndup", (void (*)(void))call_strndup, REAL_NONE },
    { "__strndup", (void (*)(void))call_strndup, REAL_NONE },
    { "vasprintf", (void (*)(void))call_vasprintf, REAL_NONE },
    { "asprintf", (void (*)(void))call_asprintf, REAL_NONE },
    { "__vasprintf_chk", (void (*)(void))call_vasprintf_chk, REAL_NONE },
    { "__asprintf_chk", (void (*)(void))call_asprintf_chk, REAL_NONE },
    { "getline", (void (*)(void))call_getline, REAL_NONE },
    { "getdelim", (void (*)(void))call_getdelim, REAL_NONE },
    { "__getdelim", (void (*)(void))call_getdelim, REAL_NONE },
    /* operator new and delete, as size_t is unsigned long or unsigned int. */
    { "_Znwm", (void (*)(void))call_new, REAL_NEW },
    { "_Znwj", (void (*)(void))call_new, REAL_NEW },
    { "_Znam", (void (*)(void))call_new_array, REAL_NEW_ARRAY },
    { "_Znaj", (void (*)(void))call_new_array, REAL_NEW_ARRAY },
    { "_ZdlPv", (void (*)(void))call_delete, REAL_DELETE },
    { "_ZdlPvm", (void (*)(void))call_delete_sized, REAL_DELETE },
    { "_ZdlPvj", (void (*)(void))call_delete_sized, REAL_DELETE },
    { "_ZdaPv", (void (*)(void))call_delete_array, REAL_DELETE_ARRAY },
    { "_ZdaPvm", (void (*)(void))call_delete_array_sized, REAL_DELETE_ARRAY },
    { "_ZdaPvj", (void (*)(void))call_delete_array_sized, REAL_DELETE_ARRAY },
    { NULL, NULL, REAL_NONE },
};
