/* object.c: what is wrong with a plugin's file. */
#include "tools/check/object.h"
#include "tools/check/check.h"
#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char entry_name[] = "confab_plugin_entry";

static void note(struct board *board, enum severity severity, const char *format, ...) CONFAB_PRINTF(3, 4);

static void note(struct board *board, enum severity severity, const char *format, ...)
{
    struct finding finding = { .severity = severity };
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(finding.what, sizeof finding.what, format, arguments);
    va_end(arguments);
    board_note(board, &finding);
}

/* -- Names, as many as a message has room for ------------------------------------------------------ */

struct list {
    char text[OBJECT_LIST];
    size_t len, left_out;
};

/* What a file says may be anything: it is printed as what can be printed. */
static void add(struct list *list, const char *name, const char *behind)
{
    size_t comma = list->len ? 2 : 0, len = strlen(name), more = strlen(behind);

    if (list->left_out || comma + len + more >= sizeof list->text - list->len) {
        list->left_out++;
        return;
    }
    memcpy(list->text + list->len, ", ", comma);
    list->len += comma;
    for (size_t i = 0; i < len; i++)
        list->text[list->len++] = (char)(name[i] > ' ' && name[i] <= '~' ? name[i] : '?');
    memcpy(list->text + list->len, behind, more);
    list->len += more;
    list->text[list->len] = '\0';
}

static bool is_empty(const struct list *list)
{
    return list->len == 0 && list->left_out == 0;
}

/* ", and 3 more", into room that is the caller's. */
static const char *others(const struct list *list, char text[48])
{
    text[0] = '\0';
    if (list->left_out)
        snprintf(text, 48, "%s%zu more", list->len ? ", and " : "", list->left_out);
    return text;
}

/* -- Names that nobody defines ------------------------------------------------------------------------ */

/* Libraries that the object needs, where they are loaded already: nothing is loaded here, as that would run their
 * code.  How many are not. */
static size_t find_needed(const struct object *object, void *handles[OBJECT_NEEDED_MAX])
{
    size_t unknown = 0;

    for (size_t i = 0; i < object->needed_count; i++) {
        const char *name = object->needed[i];
        handles[i] = *name && !strchr(name, '/') ? dlopen(name, RTLD_LAZY | RTLD_LOCAL | RTLD_NOLOAD) : NULL;
        unknown += handles[i] == NULL;
    }
    return unknown;
}

static bool is_defined(const struct object *object, void *const *handles, const char *name)
{
    if (dlsym(RTLD_DEFAULT, name))
        return true;
    for (size_t i = 0; i < object->needed_count; i++)
        if (handles[i] && dlsym(handles[i], name))
            return true;
    return false;
}

/* With the names that were meant, which the library tells. */
static void note_unresolved(const struct object *object, const size_t *found, size_t count,
                            struct board *board)
{
    struct object library;
    struct list list = { .len = 0 };
    char behind[128], more[48];

    if (object_read_library(&library) < 0)
        object_free(&library);
    for (size_t i = 0; i < count; i++) {
        const char *name = object->symbols[found[i]].name;
        const char *guess = list.left_out ? NULL : object_guess(&library, name);
        behind[0] = '\0';
        if (guess)
            snprintf(behind, sizeof behind, " (did you mean %s?)", guess);
        add(&list, name, behind);
    }
    note(board, CHECK_FAILURE, "names that nobody defines: %s%s", list.text, others(&list, more));
    object_free(&library);
}

/* What a library has that is not loaded yet is not known here: then only a name of ours can be told to be wrong,
 * and of the others the loader has the last word. */
static int check_unresolved(const struct object *object, struct board *board)
{
    void *handles[OBJECT_NEEDED_MAX] = { NULL };
    size_t unknown = find_needed(object, handles), count = 0;
    size_t *found = malloc((object->symbol_count + 1) * sizeof *found);

    for (size_t i = 0; found && i < object->symbol_count; i++) {
        const char *name = object->symbols[i].name;
        if (object->symbols[i].required && (!unknown || strncmp(name, "confab_", 7) == 0) &&
            !is_defined(object, handles, name))
            found[count++] = i;
    }
    if (count)
        note_unresolved(object, found, count, board);
    for (size_t i = 0; i < object->needed_count; i++)
        if (handles[i])
            dlclose(handles[i]);
    free(found);
    return found ? 0 : -ENOMEM;
}

/* -- The rest -------------------------------------------------------------------------------------------- */

/* A name that C++ has made for what is in std or __gnu_cxx, or within one of its functions: templates and inline
 * functions come with their headers, which say that all may see them. */
static bool is_of_library(const char *name)
{
    if (strncmp(name, "_Z", 2) != 0)
        return false;
    while (*++name && strchr("ZGVTISNK", *name))
        if (strncmp(name, "St", 2) == 0)
            return true;
    return strncmp(name, "9__gnu_cxx", 10) == 0;
}

/* Names that the compiler, the linker and the sanitizers give, and what templates of the C++ library bring. */
static bool is_given(const char *name)
{
    static const char *const given[] = { "_init", "_fini", "_edata", "_end", "_etext" };

    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++)
        if (strcmp(name, given[i]) == 0)
            return true;
    return strncmp(name, "__", 2) == 0 || is_of_library(name);
}

static void check_exports(const struct object *object, struct board *board)
{
    struct list list = { .len = 0 };
    char more[48];

    for (size_t i = 0; i < object->symbol_count; i++) {
        const struct object_symbol *symbol = &object->symbols[i];
        if (symbol->defined && strcmp(symbol->name, entry_name) != 0 && !is_given(symbol->name))
            add(&list, symbol->name, "");
    }
    if (!is_empty(&list))
        note(board, CHECK_WARNING, "exports %s%s: make them static, or compile with -fvisibility=hidden",
             list.text, others(&list, more));
}

static bool calls(const struct object *object, const char *name)
{
    for (size_t i = 0; i < object->symbol_count; i++)
        if (!object->symbols[i].defined && strcmp(object->symbols[i].name, name) == 0)
            return true;
    return false;
}

static void check_threads(const struct object *object, struct board *board)
{
    if (calls(object, "__cxa_thread_atexit_impl") || calls(object, "__cxa_thread_atexit"))
        note(board, CHECK_FAILURE,
             "has a destructor of thread-local data: it would run when a thread ends, which may be after the "
             "plugin was unloaded");
    if (calls(object, "pthread_key_create") || calls(object, "tss_create"))
        note(board, CHECK_WARNING,
             "makes keys of thread-local data (pthread_key_create): a destructor of one would run when a "
             "thread "
             "ends, which may be after the plugin was unloaded");
}

static void check_data(const struct object *object, struct board *board)
{
    static const char why[] = "all services of a process share it, and no two workers do: keep it in "
                              "confab_service_state";
    struct list list = { .len = 0 };
    char more[48];

    for (size_t i = 0; i < object->data_count && i < OBJECT_DATA_MAX; i++)
        add(&list, object->data[i], "");
    if (object->data_count > OBJECT_DATA_MAX)
        list.left_out += object->data_count - OBJECT_DATA_MAX;
    if (!is_empty(&list))
        note(board, CHECK_WARNING, "has static data that can be written to: %s%s; %s", list.text,
             others(&list, more), why);
    else if (object->data_size)
        note(board, CHECK_WARNING, "has %" PRIu64 " bytes of static data that can be written to; %s",
             object->data_size, why);
}

int object_check(const char *path, struct board *board)
{
    struct object object = { .bytes = NULL };
    int result = object_read(path, &object);

    if (result == 0 && object.refused) {
        note(board, CHECK_FAILURE, "%s", object.refused);
    } else if (result == 0) {
        result = check_unresolved(&object, board);
        if (object.text_relocations)
            note(board, CHECK_FAILURE, "has text relocations: compile with -fPIC");
        if (object.executable_stack)
            note(board, CHECK_FAILURE,
                 "has an executable stack: link with -Wl,-z,noexecstack, and give assembly a "
                 ".note.GNU-stack section");
        check_threads(&object, board);
        check_exports(&object, board);
        check_data(&object, board);
    }
    object_free(&object);
    return result;
}
