/* watch_memory.c: the blocks that the plugin holds, by their address. */
#include "tools/check/watch.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCKS_FIRST = 256,
    FREED_MAX = 64 /* blocks that are remembered after they were freed, and buffers that were given back */
};

struct memory {
    pthread_mutex_t lock; /* the plugin may have threads */
    struct memory_block *at;
    size_t room, count, bytes;
    uint64_t serial;
    unsigned run;
    size_t run_count; /* blocks of this run; bytes are of it too */
    struct memory_block freed[FREED_MAX];
    struct memory_block given_back[FREED_MAX]; /* buffers that the plugin owns no more */
    unsigned next_freed, next_given_back;
    const void *freeing; /* what free(3) has got that is not in the table */
};

struct memory *memory_new(void)
{
    struct memory *memory = calloc(1, sizeof *memory);

    if (memory)
        pthread_mutex_init(&memory->lock, NULL);
    return memory;
}

void memory_free(struct memory *memory)
{
    if (!memory)
        return;
    for (size_t i = 0; i < memory->room; i++)
        if (memory->at[i].at)
            watch_allocate_free(&memory->at[i]);
    pthread_mutex_destroy(&memory->lock);
    free(memory->at);
    free(memory);
}

void memory_begin(struct memory *memory)
{
    pthread_mutex_lock(&memory->lock);
    memory->run++;
    memory->run_count = memory->bytes = 0;
    memory->serial = 0;
    memset(memory->freed, 0, sizeof memory->freed);
    memset(memory->given_back, 0, sizeof memory->given_back);
    pthread_mutex_unlock(&memory->lock);
}

size_t memory_bytes(struct memory *memory)
{
    pthread_mutex_lock(&memory->lock);
    size_t bytes = memory->bytes;
    pthread_mutex_unlock(&memory->lock);
    return bytes;
}

/* -- The table -------------------------------------------------------------------------------- */

static size_t place_of(const void *at, size_t room)
{
    uint64_t mixed = ((uint64_t)(uintptr_t)at >> 3) * UINT64_C(0x9e3779b97f4a7c15);

    return (size_t)(mixed >> 32) & (room - 1);
}

/* The block, or the free place where it would be. */
static struct memory_block *look_up(struct memory_block *table, size_t room, const void *at)
{
    size_t i = place_of(at, room);

    while (table[i].at && table[i].at != at)
        i = (i + 1) & (room - 1);
    return &table[i];
}

static struct memory_block *find(struct memory *memory, const void *at)
{
    struct memory_block *block = at && memory->room ? look_up(memory->at, memory->room, at) : NULL;

    return block && block->at ? block : NULL;
}

static bool grow(struct memory *memory)
{
    size_t room = memory->room ? memory->room * 2 : BLOCKS_FIRST;
    struct memory_block *grown = calloc(room, sizeof *grown);

    if (!grown)
        return false;
    for (size_t i = 0; i < memory->room; i++)
        if (memory->at[i].at)
            *look_up(grown, room, memory->at[i].at) = memory->at[i];
    free(memory->at);
    memory->at = grown;
    memory->room = room;
    return true;
}

static void count(struct memory *memory, const struct memory_block *block, bool more)
{
    memory->count += more ? 1 : (size_t)-1;
    if (block->run != memory->run)
        return;
    memory->run_count += more ? 1 : (size_t)-1;
    memory->bytes += more ? block->size : -block->size;
}

/* Where there is no memory for the table the block goes uncounted. */
static void insert(struct memory *memory, const struct memory_block *block)
{
    if (memory->count * 2 >= memory->room && !grow(memory))
        return;
    struct memory_block *place = look_up(memory->at, memory->room, block->at);
    if (place->at)
        count(memory, place, false); /* what freed it we do not see */
    *place = *block;
    count(memory, place, true);
}

/* Those behind it that would be looked for in its place move up. */
static void take_out(struct memory *memory, struct memory_block *block)
{
    size_t mask = memory->room - 1, hole = (size_t)(block - memory->at);

    count(memory, block, false);
    for (size_t i = (hole + 1) & mask; memory->at[i].at; i = (i + 1) & mask) {
        size_t home = place_of(memory->at[i].at, memory->room);
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            memory->at[hole] = memory->at[i];
            hole = i;
        }
    }
    memory->at[hole].at = NULL;
}

/* -- What is known of blocks --------------------------------------------------------------------- */

void *memory_add(struct watch *watch, void *at, size_t n, const char *from, unsigned owners)
{
    struct memory *memory = watch->memory;
    struct memory_block block = { .at = at, .size = n, .from = from, .owners = owners };

    if (!at)
        return NULL;
    block.hook = watch_in_plugin(watch) ? watch_last_hook(watch) : "";
    pthread_mutex_lock(&memory->lock);
    block.serial = ++memory->serial;
    block.run = memory->run;
    insert(memory, &block);
    pthread_mutex_unlock(&memory->lock);
    return at;
}

bool memory_take(struct memory *memory, const void *at, struct memory_block *taken)
{
    pthread_mutex_lock(&memory->lock);
    struct memory_block *block = find(memory, at);
    if (block && taken)
        *taken = *block;
    if (block)
        take_out(memory, block);
    pthread_mutex_unlock(&memory->lock);
    return block != NULL;
}

void memory_put(struct memory *memory, const struct memory_block *block)
{
    pthread_mutex_lock(&memory->lock);
    insert(memory, block);
    pthread_mutex_unlock(&memory->lock);
}

bool memory_own(struct memory *memory, const void *at)
{
    pthread_mutex_lock(&memory->lock);
    struct memory_block *block = find(memory, at);
    if (block)
        block->owners++;
    pthread_mutex_unlock(&memory->lock);
    return block != NULL;
}

/* What is in neither table was made by others, whom nobody watches: who owns it is not known. */
static bool was_given_back(const struct memory *memory, const void *at, struct memory_block *known)
{
    for (unsigned i = 0; at && i < FREED_MAX; i++)
        if (memory->given_back[i].at == at) {
            *known = memory->given_back[i];
            return true;
        }
    return false;
}

bool memory_give_back(struct memory *memory, const void *at, struct memory_block *known)
{
    bool owned = true;

    pthread_mutex_lock(&memory->lock);
    struct memory_block *block = find(memory, at);
    if (block && block->owners > 1) {
        block->owners--;
    } else if (block) {
        memory->given_back[memory->next_given_back] = *block;
        memory->next_given_back = (memory->next_given_back + 1) % FREED_MAX;
        take_out(memory, block);
    } else {
        owned = !was_given_back(memory, at, known);
    }
    pthread_mutex_unlock(&memory->lock);
    return owned;
}

void memory_given(struct memory *memory, const void *at, const char *to)
{
    pthread_mutex_lock(&memory->lock);
    struct memory_block *block = find(memory, at);
    if (block)
        block->given_to = to;
    pthread_mutex_unlock(&memory->lock);
}

/* -- Freed twice ------------------------------------------------------------------------------------- */

void memory_freed(struct memory *memory, const struct memory_block *block)
{
    pthread_mutex_lock(&memory->lock);
    memory->freed[memory->next_freed] = *block;
    memory->next_freed = (memory->next_freed + 1) % FREED_MAX;
    pthread_mutex_unlock(&memory->lock);
}

void memory_freeing(struct memory *memory, const void *at)
{
    memory->freeing = at;
}

/* Only asked where free(3) has failed: the address may have been given out again by what we do not see. */
const struct memory_block *memory_freed_twice(const struct memory *memory)
{
    for (unsigned i = 0; memory->freeing && i < FREED_MAX; i++)
        if (memory->freed[i].at == memory->freeing)
            return &memory->freed[i];
    return NULL;
}

/* -- What is left -------------------------------------------------------------------------------------- */

/* Told of first: what was given to somebody, as that tells what is wrong; else the oldest. */
static bool tells_more(const struct memory_block *block, const struct memory_block *than)
{
    if (!block->given_to != !than->given_to)
        return block->given_to != NULL;
    return block->serial < than->serial;
}

static void tell(struct watch *watch, const struct memory_block *block, const char *more)
{
    static const char push[] = "confab_chat_push";
    const char *where = *block->hook ? block->hook : "no hook";

    if (block->owners)
        watch_complain(
            watch, "a confab_buffer of %zu bytes, from %s in %s, was not given back (confab_buffer_unref)%s",
            block->size, block->from, where, more);
    else if (block->given_to)
        watch_complain(watch, "%zu bytes are left, allocated in %s, given to %s: %s%s", block->size, where,
                       block->given_to,
                       strncmp(block->given_to, push, sizeof push - 1) == 0
                           ? "its release does not free them"
                           : "what it calls does not free them",
                       more);
    else
        watch_complain(watch, "%zu bytes are left, allocated by %s in %s, and nothing has freed them%s",
                       block->size, block->from, where, more);
}

void memory_left(struct watch *watch)
{
    struct memory *memory = watch->memory;
    struct memory_block block = { .at = NULL };
    char more[64] = "";

    pthread_mutex_lock(&memory->lock);
    for (size_t i = 0; i < memory->room; i++)
        if (memory->at[i].at && memory->at[i].run == memory->run &&
            (!block.at || tells_more(&memory->at[i], &block)))
            block = memory->at[i];
    size_t blocks = memory->run_count, bytes = memory->bytes;
    pthread_mutex_unlock(&memory->lock);
    if (blocks > 1)
        snprintf(more, sizeof more, "; and %zu bytes in %zu more block%s", bytes - block.size, blocks - 1,
                 blocks == 2 ? "" : "s");
    if (block.at)
        tell(watch, &block, more);
}
