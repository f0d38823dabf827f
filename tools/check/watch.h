/* watch.h: what the files of the watch share.
 *
 *     watch.c              its life, complaints, the reactor's memory
 *     watch_hooks.c        the plugin's hooks, and those of its chats
 *     watch_chats.c        chats that it connects, listens for, goes through
 *     watch_given.c        what it gives to be called later: producers, jobs, timers
 *     watch_memory.c       its blocks of memory
 *     watch_allocate.c     the functions that it allocates with
 *     watch_messages.c     messages and buffers that it gets from the library
 *     watch_guard.c        pages that are closed when a hook has returned
 *     watch_waits.c        calls that wait, and calls that end the process
 *     watch_left.c         descriptors, threads, processes
 *     watch_crash.c        signals
 *     watch_calls_elf.c    puts our functions in the place of those that the plugin calls
 *     watch_calls_none.c   where that cannot be done
 *     watch_rusage.c, watch_rusage_none.c   whether a thread has waited
 *
 * A function that is called in the place of malloc(3) has no argument that tells for whom.
 * So one watch at a time is the watch of its process (watch_current). */
#ifndef CONFAB_TOOLS_CHECK_WATCH_H
#define CONFAB_TOOLS_CHECK_WATCH_H

#include "tools/check/check.h"
#include <pthread.h>
#include <sys/types.h>

enum {
    WATCH_SHADOWS = 8, /* tables of chat hooks that a plugin has; more go unwatched */
    WATCH_TEXT = 1024,
    WATCH_NAME = 48
};

/* What runs on the loop. */
enum watch_place {
    PLACE_HOST, /* nothing of the plugin */
    PLACE_HOOK,
    PLACE_JOB /* of confab_work: in a simulation on the loop, else in a thread, so it may wait; or a hook that may */
};

/* What a thread has done so far: how often it has waited, how often of that for a page of a file; nanoseconds that it
 * ran. */
struct watch_usage {
    long waits, pages;
    int64_t ran;
};

struct watch_frame {
    const char *hook;
    enum watch_place place;
    int64_t began;
    struct watch_usage usage;
    unsigned stops;
};

/* Hooks of chats as the plugin has them, and in their place. */
struct watch_shadow {
    const struct confab_chat_ops *given;
    struct confab_chat_ops own, ours;
};

struct watch_chat {
    confab_id id; /* 0: a free place of the table */
    bool outbound, connected, closed;
};

struct watch_chats {
    struct watch_chat *at;
    size_t room, count, open, inbound; /* open ones; open ones that the service accepted */
};

/* Functions that are called by the address that the plugin had: only its own libraries may have them, or what
 * they take depends on how it was built (a struct timespec of 32 bits). */
enum watch_real {
    REAL_NONE,
    REAL_NEW,
    REAL_NEW_ARRAY,
    REAL_DELETE,
    REAL_DELETE_ARRAY,
    REAL_NANOSLEEP,
    REAL_CLOCK_NANOSLEEP,
    REAL_SELECT,
    WATCH_REALS
};

/* A function that the plugin calls, and ours.  A table ends with a NULL name. */
struct watch_call {
    const char *name;
    void (*ours)(void);
    enum watch_real real;
};
extern const struct watch_call watch_allocate_calls[], watch_chat_calls[], watch_given_calls[],
    watch_message_calls[], watch_wait_calls[];

struct memory;
struct guard;
struct given;
struct crash_signals;

struct watch {
    struct board *board;
    confab_module *loaded, *module;
    struct confab_plugin own, plugin; /* as it is; with hooks of ours */
    struct watch_shadow shadows[WATCH_SHADOWS];
    unsigned shadow_count;
    pthread_t loop; /* the thread that runs it */
    pid_t process;  /* and the process: the plugin may fork */
    enum watch_place place;
    struct guard *guard;
    struct memory *memory;
    struct given *given;
    struct crash_signals *signals;

    /* Of the run. */
    char complaint[WATCH_TEXT], complaint_hook[WATCH_NAME];
    bool started, stopped, freed;
    struct watch_chats chats;
    _Atomic uint64_t allocations;
    uint64_t fail_at;
    const char *failed_call, *failed_hook; /* the allocation that was made to fail; NULL: none yet */
    size_t failed_size;
    size_t reactor_bytes, reactor_blocks;
    uint64_t descriptors[4]; /* a bit each: open when it began */
    int threads;
    int64_t delayed;        /* as of watch_delayed, not long before the hook began */
    int64_t delayed_at;     /* when that was */
    _Atomic unsigned stops; /* how often somebody had stopped the process */
    bool has_children;      /* before the run */
    unsigned forks;         /* in it */
};

/* -- watch.c ------------------------------------------------------------------------------ */

struct watch *watch_current(void); /* NULL: none */

/* Around each call into the plugin.  hook: a literal. */
void watch_enter(struct watch *watch, struct watch_frame *frame, const char *hook, enum watch_place place);
void watch_leave(struct watch *watch, const struct watch_frame *frame);

/* Whether this is the thread of the loop, in a hook or a job. */
bool watch_in_plugin(const struct watch *watch);

/* Counts an allocation; whether it is the one to fail.  call: a literal. */
bool watch_must_fail(struct watch *watch, const char *call, size_t n);

/* -- watch_hooks.c ------------------------------------------------------------------------ */

void watch_hook_plugin(struct watch *watch, const struct confab_chat_ops *given);

/* What is to be given to the library in the place of the plugin's ops, which are looked at again
 * each time: their memory may have become that of others. */
const struct confab_chat_ops *watch_shadow(struct watch *watch, const struct confab_chat_ops *ops);

/* The chat's entry, made where there is none.  NULL: no memory. */
struct watch_chat *watch_chat_find(struct watch *watch, const confab_chat *chat, bool outbound);
void watch_chats_clear(struct watch_chats *chats);

/* -- watch_given.c -------------------------------------------------------------------------- */

void given_clear(struct watch *watch);

/* -- watch_memory.c ------------------------------------------------------------------------ */

enum { MEMORY_BUFFER = 1 };

struct memory_block {
    void *at;             /* NULL: a free place of the table */
    size_t size;          /* bytes; of a confab_buffer what it held at first */
    const char *from;     /* the function that made it */
    const char *hook;     /* that ran */
    const char *given_to; /* NULL: nobody */
    uint64_t serial;
    unsigned owners; /* of a confab_buffer: how many the plugin has; of other memory 0 */
    unsigned run;
};

struct memory *memory_new(void);

/* Frees what the plugin has left in all runs: it is not there any more. */
void memory_free(struct memory *memory);

/* A run begins.  What is left of earlier ones is not counted, but the plugin may still free it. */
void memory_begin(struct memory *memory);
size_t memory_bytes(struct memory *memory);

/* at may be NULL, and is returned. */
void *memory_add(struct watch *watch, void *at, size_t n, const char *from, unsigned owners);

/* Takes it out of the table; whether it was there.  block may be NULL. */
bool memory_take(struct memory *memory, const void *at, struct memory_block *block);
void memory_put(struct memory *memory, const struct memory_block *block);

/* A buffer has an owner more; whether it is known.  One less; false: the plugin has given all back before, and *known tells what
 * it was. */
bool memory_own(struct memory *memory, const void *at);
bool memory_give_back(struct memory *memory, const void *at, struct memory_block *known);
void memory_given(struct memory *memory, const void *at, const char *to);

/* Around free(3) of what is not in the table: a crash in it is told of by what the block was. */
void memory_freed(struct memory *memory, const struct memory_block *block);
void memory_freeing(struct memory *memory, const void *at);
const struct memory_block *memory_freed_twice(const struct memory *memory); /* NULL: it is not that */

/* Tells of what is left. */
void memory_left(struct watch *watch);

/* -- watch_guard.c -------------------------------------------------------------------------- */

enum guard_kind { GUARD_DATA, GUARD_MESSAGE };

int guard_new(struct guard **guard);
void guard_free(struct guard *guard);

/* Forgets at which end of a page the next data lies: the same run is the same again. */
void guard_begin(struct guard *guard);

/* A copy that can be used until guard_close.  A message has a NUL behind it.  NULL: no memory. */
char *guard_copy(struct guard *guard, const char *bytes, size_t len, enum guard_kind kind, const void *whose);

/* The message of `whose` that was copied since guard_close, and has this length; NULL: none.  guard_drop: it is
 * no more the one. */
char *guard_message(struct guard *guard, const void *whose, size_t len);
void guard_drop(struct guard *guard, const void *whose);
void guard_close(struct guard *guard);

/* In a signal handler: whether an address is of a page that is closed, and what using it means. */
struct words;
bool guard_tell(const struct guard *guard, const void *address, struct words *words);

/* -- watch_allocate.c ---------------------------------------------------------------------- */

/* Keeps what was found in the place of a call that has a `real`; it. */
void watch_keep_real(const struct watch_call *call, void (*found)(void), void *handle);
void (*watch_real(enum watch_real which))(void);

/* Frees a block as the plugin should have. */
void watch_allocate_free(const struct memory_block *block);

/* -- watch_waits.c, watch_rusage*.c ------------------------------------------------------------ */

struct watch_usage watch_usage(void);
bool watch_counts_waits(void); /* whether that is told on this system at all */

/* Nanoseconds that this thread has stood in line for a processor while others ran; 0 where the system does not tell. */
int64_t watch_delayed(void);
void watch_check_waited(struct watch *watch, const struct watch_frame *frame);

/* -- watch_left.c -------------------------------------------------------------------------- */

void left_begin(struct watch *watch);
void left_end(struct watch *watch);

/* -- watch_crash.c -------------------------------------------------------------------------- */

/* Text made in a signal handler: cut where there is no more room. */
struct words {
    char *at;
    size_t left; /* with that for the NUL, which is always there */
};
void words_text(struct words *words, const char *text);
void words_number(struct words *words, uint64_t number);
void words_address(struct words *words, const void *address);

int crash_catch(struct watch *watch);
void crash_release(struct watch *watch);

/* Writes down what ends the process, for the parent, and ends it. */
_Noreturn void crash_end(struct watch *watch, const char *what);

/* -- watch_calls*.c -------------------------------------------------------------------------- */

/* Replaces what the object calls that `inside` is a part of; handle is that of dlopen(3). */
void watch_replace_calls(struct watch *watch, void *handle, const void *inside);

/* Whether they were replaced on this system at all. */
bool watch_replaces_calls(void);

#endif
