/* test_buffer.c: shared bytes.  buffer.c is part of this file, so that the
 * blocks can be counted and memory made short. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static long blocks;
static bool no_memory;

static void *counting_realloc(void *old, size_t n)
{
    void *p = no_memory ? NULL : realloc(old, n);

    blocks += p && !old;
    return p;
}

static void counting_free(void *p)
{
    blocks -= p != NULL;
    free(p);
}

#define realloc counting_realloc
#define free    counting_free
#include "core/buffer.c"
#undef realloc
#undef free

static void expect_no_blocks(void)
{
    /* An assertion that fails after a test does not count; a crash does. */
    if (blocks != 0)
        abort();
}

TestSuite(buffer, .fini = expect_no_blocks);

Test(buffer, copies_what_it_is_made_of)
{
    char text[] = "hello";
    confab_buffer *buffer = confab_buffer_new(text, 5);

    text[0] = 'j';
    cr_assert_eq(confab_buffer_size(buffer), 5);
    cr_assert_str_eq(confab_buffer_data(buffer), "hello");
    confab_buffer_unref(buffer);
}

Test(buffer, puts_a_nul_behind_the_bytes)
{
    confab_buffer *buffer = confab_buffer_new("hello", 3), *empty = confab_buffer_new("x", 0);

    cr_assert_eq(memcmp(confab_buffer_data(buffer), "hel", 4), 0);
    cr_assert_eq(confab_buffer_size(empty), 0);
    cr_assert_eq(*confab_buffer_data(empty), '\0');
    confab_buffer_unref(buffer);
    confab_buffer_unref(empty);
}

Test(buffer, without_data_its_bytes_are_zero)
{
    static const char zero[1001];
    confab_buffer *buffer;

    /* So that the memory that comes next was written to. */
    buffer = confab_buffer_new(NULL, 1000);
    memset(confab_buffer_data(buffer), 'x', 1000);
    confab_buffer_unref(buffer);
    buffer = confab_buffer_new(NULL, 1000);
    cr_assert_eq(confab_buffer_size(buffer), 1000);
    cr_assert_eq(memcmp(confab_buffer_data(buffer), zero, 1001), 0);
    confab_buffer_unref(buffer);
}

Test(buffer, lives_until_its_last_owner_lets_go)
{
    confab_buffer *buffer = confab_buffer_new("hello", 5);

    cr_assert_eq(confab_buffer_ref(buffer), buffer);
    confab_buffer_unref(buffer);
    cr_assert_eq(blocks, 1);
    cr_assert_str_eq(confab_buffer_data(buffer), "hello");
    confab_buffer_unref(buffer);
    cr_assert_eq(blocks, 0);
}

Test(buffer, nobody_can_be_unreferenced)
{
    confab_buffer_unref(NULL);
}

Test(buffer, a_size_that_cannot_be_is_out_of_memory)
{
    cr_assert_null(confab_buffer_new(NULL, SIZE_MAX));
    cr_assert_null(confab_buffer_new(NULL, SIZE_MAX - sizeof(struct confab_buffer)));
    no_memory = true;
    cr_assert_null(confab_buffer_new("x", 1));
}

static void *ref_and_unref(void *data)
{
    for (int i = 0; i < 100000; i++)
        confab_buffer_unref(confab_buffer_ref(data));
    return NULL;
}

Test(buffer, threads_may_share_it)
{
    confab_buffer *buffer = confab_buffer_new("hello", 5);
    pthread_t thread;

    cr_assert_eq(pthread_create(&thread, NULL, ref_and_unref, buffer), 0);
    ref_and_unref(buffer);
    pthread_join(thread, NULL);
    cr_assert_eq(atomic_load(&buffer->refs), 1);
    confab_buffer_unref(buffer);
}

Test(buffer, a_new_one_with_room_is_empty)
{
    confab_buffer *buffer = buffer_new_room(100), *grown = buffer_grow(NULL, 0);

    cr_assert_eq(buffer->size, 0);
    cr_assert_geq(buffer->room, 100);
    cr_assert_eq(buffer->bytes[0], '\0');
    cr_assert_eq(grown->size, 0);
    cr_assert_eq(grown->bytes[0], '\0');
    confab_buffer_unref(buffer);
    confab_buffer_unref(grown);
}

Test(buffer, growing_keeps_the_bytes_and_makes_room_for_the_nul)
{
    confab_buffer *buffer = confab_buffer_new("hello", 5);

    buffer = buffer_grow(buffer, 100000);
    cr_assert_eq(buffer->size, 5);
    cr_assert_geq(buffer->room, 100000);
    cr_assert_str_eq(buffer->bytes, "hello");
    memset(buffer->bytes, 'x', 100000);
    buffer->bytes[100000] = '\0'; /* an overrun where there is no room for it: the sanitizers tell */
    confab_buffer_unref(buffer);
}

Test(buffer, growing_never_shrinks)
{
    confab_buffer *buffer = buffer_new_room(100);

    cr_assert_eq(buffer_grow(buffer, 10), buffer);
    cr_assert_geq(buffer->room, 100);
    confab_buffer_unref(buffer);
}

Test(buffer, one_that_cannot_grow_stays_as_it_is)
{
    confab_buffer *buffer = confab_buffer_new("hello", 5);

    cr_assert_null(buffer_grow(buffer, SIZE_MAX));
    no_memory = true;
    cr_assert_null(buffer_grow(buffer, 100));
    cr_assert_null(buffer_new_room(1));
    cr_assert_eq(buffer->room, 5);
    cr_assert_str_eq(confab_buffer_data(buffer), "hello");
    confab_buffer_unref(buffer);
}
