/* test_ids.c: weak names. */
#include "core/ids.h"
#include <criterion/criterion.h>
#include <stdlib.h>

enum { MANY = 1000 };

static bool no_memory;

static void *some_alloc(void *data, void *old, size_t n)
{
    (void)data;
    if (n == 0) {
        free(old);
        return NULL;
    }
    return no_memory ? NULL : realloc(old, n);
}

static const struct alloc alloc = { .call = some_alloc };
static int things[MANY];

Test(ids, each_finds_what_it_names_while_the_table_grows)
{
    struct ids ids;
    uint64_t id[MANY];

    ids_init(&ids, &alloc);
    for (int i = 0; i < MANY; i++)
        id[i] = ids_take(&ids, &things[i]);
    for (int i = 0; i < MANY; i++)
        cr_assert_eq(ids_find(&ids, id[i]), &things[i]);
    ids_free(&ids);
}

Test(ids, one_that_was_given_up_finds_nothing_also_when_its_row_is_used_again)
{
    struct ids ids;

    ids_init(&ids, &alloc);
    uint64_t first = ids_take(&ids, &things[0]);
    ids_give_up(&ids, first);
    cr_assert_null(ids_find(&ids, first));
    uint64_t second = ids_take(&ids, &things[1]);
    cr_assert_eq(first & 0xfffffff, second & 0xfffffff, "the row is used again");
    cr_assert_null(ids_find(&ids, first));
    cr_assert_eq(ids_find(&ids, second), &things[1]);
    ids_free(&ids);
}

Test(ids, numbers_that_were_never_given_find_nothing)
{
    struct ids ids;

    ids_init(&ids, &alloc);
    cr_assert_null(ids_find(&ids, 0));
    cr_assert_null(ids_find(&ids, 1));
    uint64_t id = ids_take(&ids, &things[0]);
    cr_assert_null(ids_find(&ids, 0));
    cr_assert_null(ids_find(&ids, id + 1), "a row that is free");
    cr_assert_null(ids_find(&ids, id + MANY), "a row that there is not");
    cr_assert_null(ids_find(&ids, id | IDS_TOP));
    cr_assert_null(ids_find(&ids, UINT64_MAX));
    ids_free(&ids);
}

Test(ids, next_tells_each_once)
{
    struct ids ids;
    uint32_t cursor = 0;
    int told[3] = { 0 };
    int *thing;

    ids_init(&ids, &alloc);
    ids_take(&ids, &things[0]);
    uint64_t gone = ids_take(&ids, &things[1]);
    ids_take(&ids, &things[2]);
    ids_give_up(&ids, gone);
    while ((thing = ids_next(&ids, &cursor)))
        told[thing - things]++;
    cr_assert(told[0] == 1 && told[1] == 0 && told[2] == 1);
    ids_free(&ids);
}

Test(ids, without_memory_there_is_none_and_the_others_stay)
{
    struct ids ids;
    uint64_t first, id;

    ids_init(&ids, &alloc);
    no_memory = true;
    cr_assert_eq(ids_take(&ids, &things[0]), 0);
    no_memory = false;
    first = ids_take(&ids, &things[0]);
    no_memory = true;
    do {
        id = ids_take(&ids, &things[1]);
    } while (id);
    cr_assert_eq(ids_find(&ids, first), &things[0]);
    ids_free(&ids);
    no_memory = false;
}
