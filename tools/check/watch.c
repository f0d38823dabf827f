/* watch.c: the life of a watch, its complaints, and the reactor's memory. */
#include "tools/check/watch.h"
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* To look in each hook how long it has stood in line would take longer than most hooks. */
static const int64_t delayed_old = 5 * CONFAB_MILLISECOND;

/* The watch of this process: see watch.h. */
static struct watch *current;

struct watch *watch_current(void)
{
    return current;
}

/* -- Life ---------------------------------------------------------------------------------- */

/* The table as the plugin has it: the module has only a copy. */
static const struct confab_plugin *find_entry(struct watch *watch, void **handle)
{
    *handle = dlopen(confab_module_path(watch->loaded), RTLD_NOW | RTLD_LOCAL);
    return *handle ? dlsym(*handle, "confab_plugin_entry") : NULL;
}

static int hook_up(struct watch *watch, char *error, size_t room)
{
    void *handle;
    const struct confab_plugin *entry = find_entry(watch, &handle);

    if (!entry) {
        snprintf(error, room, "%s: it cannot be loaded once more", confab_module_path(watch->loaded));
        if (handle)
            dlclose(handle);
        return -ENOEXEC;
    }
    watch->own = *confab_module_plugin(watch->loaded);
    watch->plugin = watch->own;
    watch_hook_plugin(watch, entry->chat);
    watch_replace_calls(watch, handle, entry);
    dlclose(handle); /* the module keeps it */
    return confab_module_from_plugin(&watch->module, &watch->plugin, error, room);
}

/* Its constructors run. */
static int load(struct watch *watch, const char *plugin, const char *path, char *error, size_t room)
{
    struct watch_frame frame;

    watch_enter(watch, &frame, "its loading", PLACE_JOB);
    int result = confab_module_load(&watch->loaded, plugin, path, error, room);
    watch_leave(watch, &frame);
    return result;
}

int watch_new(struct watch **made, const char *plugin, const char *path, struct board *board, char *error,
              size_t room)
{
    struct watch *watch = calloc(1, sizeof *watch);
    int result;

    *made = NULL;
    if (!watch || current) {
        result = watch ? -EBUSY : -ENOMEM;
        snprintf(error, room, "%s: %s", plugin, watch ? "another plugin is watched" : "out of memory");
        free(watch);
        return result;
    }
    current = watch;
    watch->board = board;
    watch->loop = pthread_self();
    watch->process = getpid();
    watch->memory = memory_new();
    result = watch->memory ? guard_new(&watch->guard) : -ENOMEM;
    if (result == 0)
        result = crash_catch(watch);
    if (result)
        snprintf(error, room, "%s: it cannot be watched: %s", plugin, strerror(-result));
    else
        result = load(watch, plugin, path, error, room);
    if (result == 0)
        result = hook_up(watch, error, room);
    if (result) {
        watch_free(watch);
        return result;
    }
    *made = watch;
    return 0;
}

void watch_free(struct watch *watch)
{
    if (!watch)
        return;
    confab_module_unload(watch->module);
    confab_module_unload(watch->loaded); /* its destructors run */
    if (current == watch)
        current = NULL;
    crash_release(watch);
    given_clear(watch);
    guard_free(watch->guard);
    memory_free(watch->memory);
    free(watch->chats.at);
    free(watch);
}

confab_module *watch_module(struct watch *watch)
{
    return watch->module;
}

/* -- A run ----------------------------------------------------------------------------------- */

void watch_begin(struct watch *watch, uint64_t fail_at)
{
    watch->loop = pthread_self();
    watch->process = getpid();
    watch->complaint[0] = watch->complaint_hook[0] = '\0';
    watch->started = watch->stopped = watch->freed = false;
    watch->allocations = 0;
    watch->fail_at = fail_at;
    watch->failed_call = NULL;
    watch->reactor_bytes = watch->reactor_blocks = 0;
    watch_chats_clear(&watch->chats);
    memory_begin(watch->memory);
    guard_begin(watch->guard);
    left_begin(watch);
    watch->delayed_at = 0;
}

void watch_end(struct watch *watch)
{
    if (watch->chats.open)
        watch_complain(watch, "%zu of its chats ended without their handle_close", watch->chats.open);
    memory_left(watch);
    if (watch->reactor_blocks)
        watch_complain(watch, "%zu bytes of the reactor are left in %zu block%s", watch->reactor_bytes,
                       watch->reactor_blocks, watch->reactor_blocks == 1 ? "" : "s");
    left_end(watch);
    given_clear(watch);
    watch->fail_at = 0;
}

uint64_t watch_allocations(const struct watch *watch)
{
    return watch->allocations;
}

size_t watch_plugin_bytes(const struct watch *watch)
{
    return memory_bytes(watch->memory);
}

size_t watch_reactor_bytes(const struct watch *watch)
{
    return watch->reactor_bytes;
}

size_t watch_open_chats(const struct watch *watch)
{
    return watch->chats.open;
}

/* -- Complaints ------------------------------------------------------------------------------ */

void watch_complain(struct watch *watch, const char *format, ...)
{
    va_list arguments;

    if (watch->complaint[0])
        return;
    va_start(arguments, format);
    vsnprintf(watch->complaint, sizeof watch->complaint, format, arguments);
    va_end(arguments);
    snprintf(watch->complaint_hook, sizeof watch->complaint_hook, "%s", watch_last_hook(watch));
}

const char *watch_complaint(const struct watch *watch)
{
    return watch->complaint[0] ? watch->complaint : NULL;
}

const char *watch_complaint_hook(const struct watch *watch)
{
    return watch->complaint_hook;
}

const char *watch_last_hook(const struct watch *watch)
{
    const char *hook = watch->board->hook;

    return hook ? hook : "";
}

/* -- Around each call into the plugin ---------------------------------------------------------- */

static void beat(struct watch *watch)
{
    atomic_fetch_add_explicit(&watch->board->beats, 1, memory_order_relaxed);
}

int64_t watch_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * CONFAB_SECOND + now.tv_nsec;
}

void watch_enter(struct watch *watch, struct watch_frame *frame, const char *hook, enum watch_place place)
{
    struct board *board = watch->board;

    frame->hook = atomic_load_explicit(&board->hook, memory_order_relaxed);
    frame->place = watch->place;
    watch->place = place;
    atomic_store_explicit(&board->hook, hook, memory_order_relaxed);
    atomic_store_explicit(&board->in_hook, true, memory_order_relaxed);
    beat(watch);
    frame->stops = watch->stops;
    frame->usage = watch_usage();
    frame->began = watch_clock();
    if (frame->place == PLACE_HOST && frame->began - watch->delayed_at > delayed_old) {
        watch->delayed = watch_delayed();
        watch->delayed_at = frame->began;
    }
}

void watch_leave(struct watch *watch, const struct watch_frame *frame)
{
    struct board *board = watch->board;

    /* The plugin has forked: two of us would go on, then four.  left_end tells of it. */
    if (watch->process != getpid())
        _exit(EXIT_FAILURE);
    if (watch->place == PLACE_HOOK)
        watch_check_waited(watch, frame);
    watch->place = frame->place;
    beat(watch);
    if (frame->place != PLACE_HOST) {
        atomic_store_explicit(&board->hook, frame->hook, memory_order_relaxed);
        return;
    }
    atomic_store_explicit(&board->in_hook, false, memory_order_relaxed);
    guard_close(watch->guard);
}

bool watch_in_plugin(const struct watch *watch)
{
    return watch->place != PLACE_HOST && pthread_equal(watch->loop, pthread_self());
}

/* -- The reactor's memory ---------------------------------------------------------------------- */

bool watch_must_fail(struct watch *watch, const char *call, size_t n)
{
    if (atomic_fetch_add(&watch->allocations, 1) + 1 != watch->fail_at)
        return false;
    watch->failed_hook = watch_last_hook(watch);
    watch->failed_size = n;
    watch->failed_call = call;
    errno = ENOMEM;
    return true;
}

/* In front of each block. */
union head {
    size_t size;
    max_align_t align;
};

void *watch_alloc(void *data, void *old, size_t n)
{
    struct watch *watch = data;
    union head *head = old ? (union head *)old - 1 : NULL, *grown;
    size_t had = head ? head->size : 0;

    if (n == 0) {
        watch->reactor_bytes -= had;
        watch->reactor_blocks -= head != NULL;
        free(head);
        return NULL;
    }
    if (n > SIZE_MAX - sizeof *head || watch_must_fail(watch, "an allocation of the library", n))
        return NULL;
    grown = realloc(head, sizeof *head + n);
    if (!grown)
        return NULL;
    grown->size = n;
    watch->reactor_bytes += n - had;
    watch->reactor_blocks += head == NULL;
    return grown + 1;
}
