/* The contract of backend.h, kept by every backend of this build: what is ready
 * is told, as long as it is so, and nothing else is. */
#include "backend_support.h"
#include <stdlib.h>

static void tells_again_until_read(struct subject *s, int pair[2])
{
    expect(s, s->backend->set(s->state, pair[0], 0xfedcba98u, 0, BACKEND_READ) == 0);
    expect(s, subject_wait(s, 0) == 0);
    subject_write(s, pair[1], "x");
    for (int i = 0; i < 3; i++) {
        const struct confab_ready *entry = subject_until(s, pair[0], BACKEND_READ);
        expect(s, s->n == 1 && entry->events == BACKEND_READ && entry->error == 0);
        expect(s, entry->generation == 0xfedcba98u);
    }
    expect(s, subject_empty(s, pair[0]) == 1);
    expect(s, subject_wait(s, 0) == 0);
}

BACKEND_TEST(backend, input_is_told_again_until_it_is_read)
{
    subject_every_kind(s, tells_again_until_read);
}

static void tells_of_what_is_left(struct subject *s, int pair[2])
{
    char byte;

    subject_set(s, pair[0], 0, BACKEND_READ);
    subject_write(s, pair[1], "abc");
    for (int i = 0; i < 3; i++) {
        subject_until(s, pair[0], BACKEND_READ);
        expect(s, s->io->read(s->state, pair[0], &byte, 1) == 1 && byte == "abc"[i]);
    }
    expect(s, subject_wait(s, 0) == 0);
}

BACKEND_TEST(backend, input_that_was_read_in_part_is_told_again)
{
    subject_every_kind(s, tells_of_what_is_left);
}

/* What moves on to the other side makes room once more, so it is filled until nothing moves. */
static void fill_and_empty(struct subject *s, int pair[2])
{
    subject_set(s, pair[1], 0, BACKEND_WRITE);
    for (int i = 0; i < 3; i++)
        expect(s, subject_wait(s, 0) == 1 && s->ready[0].events == BACKEND_WRITE);
    for (int i = 0; i < 1000; i++) {
        subject_fill(s, pair[1]);
        if (subject_wait(s, 5 * CONFAB_MILLISECOND) == 0)
            break;
    }
    expect(s, s->n == 0);
    for (int64_t end = subject_now(s) + PATIENCE; s->n == 0;) {
        expect(s, subject_now(s) < end);
        subject_empty(s, pair[0]);
        subject_wait(s, 5 * CONFAB_MILLISECOND);
    }
    expect(s, s->n == 1 && s->ready[0].fd == pair[1] && s->ready[0].events == BACKEND_WRITE);
    expect(s, subject_fill(s, pair[1]) > 0);
}

BACKEND_TEST(backend, writable_means_that_there_is_room)
{
    subject_every_kind(s, fill_and_empty);
}

static void both_in_one(struct subject *s, int pair[2])
{
    subject_set(s, pair[0], 0, BACKEND_READ | BACKEND_WRITE);
    subject_write(s, pair[1], "x");
    for (int i = 0; i < 3; i++) {
        subject_until(s, pair[0], BACKEND_READ);
        expect(s, s->n == 1 && s->ready[0].events == (BACKEND_READ | BACKEND_WRITE));
    }
}

BACKEND_TEST(backend, there_is_one_entry_for_reading_and_writing)
{
    subject_every_connection(s, both_in_one);
}

static void only_what_is_wanted(struct subject *s, int pair[2])
{
    subject_write(s, pair[1], "x");
    subject_settle(s, pair[0], BACKEND_READ);
    subject_set(s, pair[0], 0, BACKEND_WRITE);
    expect(s, subject_wait(s, 0) == 1 && s->ready[0].events == BACKEND_WRITE);
    subject_set(s, pair[0], BACKEND_WRITE, BACKEND_READ);
    expect(s, subject_wait(s, 0) == 1 && s->ready[0].events == BACKEND_READ);
    subject_set(s, pair[0], BACKEND_READ, 0);
    expect(s, subject_wait(s, 0) == 0);
    subject_set(s, pair[0], 0, BACKEND_READ);
    expect(s, subject_wait(s, 0) == 1 && s->ready[0].events == BACKEND_READ);
    subject_set(s, pair[0], BACKEND_READ, BACKEND_READ | BACKEND_WRITE);
    expect(s, subject_wait(s, 0) == 1 && s->ready[0].events == (BACKEND_READ | BACKEND_WRITE));
    subject_set(s, pair[0], BACKEND_READ | BACKEND_WRITE, BACKEND_WRITE);
    expect(s, subject_wait(s, 0) == 1 && s->ready[0].events == BACKEND_WRITE);
}

BACKEND_TEST(backend, only_what_is_wanted_is_told)
{
    subject_every_connection(s, only_what_is_wanted);
}

BACKEND_TEST(backend, of_many_changes_before_a_wait_the_last_one_counts)
{
    int pair[2];

    subject_pair(s, OVER_TCP, pair);
    subject_write(s, pair[1], "x");
    subject_settle(s, pair[0], BACKEND_READ);
    subject_set(s, pair[0], 0, BACKEND_WRITE);
    subject_set(s, pair[0], BACKEND_WRITE, 0);
    subject_set(s, pair[0], 0, BACKEND_READ | BACKEND_WRITE);
    subject_set(s, pair[0], BACKEND_READ | BACKEND_WRITE, BACKEND_READ);
    expect(s, subject_wait(s, 0) == 1 && s->ready[0].events == BACKEND_READ);
    subject_set(s, pair[0], BACKEND_READ, BACKEND_WRITE);
    subject_set(s, pair[0], BACKEND_WRITE, 0);
    expect(s, subject_wait(s, 0) == 0);
}

static void last_generation(struct subject *s, int pair[2])
{
    const uint32_t generations[] = { 0, UINT32_MAX, 1, 0x80000000u, 0x7fffffffu };
    unsigned armed = 0;

    subject_write(s, pair[1], "x");
    subject_settle(s, pair[0], BACKEND_READ);
    for (size_t i = 0; i < sizeof generations / sizeof generations[0]; i++) {
        unsigned wanted = i % 2 ? BACKEND_READ | BACKEND_WRITE : BACKEND_READ;

        expect(s, s->backend->set(s->state, pair[0], generations[i], armed, wanted) == 0);
        expect(s, subject_wait(s, 0) == 1 && s->ready[0].events == wanted);
        expect(s, s->ready[0].generation == generations[i] && s->ready[0].error == 0);
        armed = wanted;
    }
}

BACKEND_TEST(backend, the_generation_of_the_last_set_comes_back)
{
    subject_every_connection(s, last_generation);
}

BACKEND_TEST(backend, each_of_several_is_told_with_what_is_its_own)
{
    int first[2], second[2], third[2];

    subject_pair(s, OVER_TCP, first);
    subject_pair(s, OVER_UNIX, second);
    subject_pair(s, OVER_TCP, third);
    expect(s, s->backend->set(s->state, first[0], 11, 0, BACKEND_READ) == 0);
    expect(s, s->backend->set(s->state, second[0], 12, 0, BACKEND_WRITE) == 0);
    expect(s, s->backend->set(s->state, third[0], 13, 0, BACKEND_READ) == 0);
    subject_write(s, first[1], "x");
    subject_until(s, first[0], BACKEND_READ);
    expect(s, subject_wait(s, 0) == 2 && !subject_entry(s, third[0]));
    const struct confab_ready *a = subject_entry(s, first[0]), *b = subject_entry(s, second[0]);
    expect(s, a && a->events == BACKEND_READ && a->generation == 11);
    expect(s, b && b->events == BACKEND_WRITE && b->generation == 12);
}

/* Where a backend cannot tell of it, it tells nothing. */
REAL_BACKEND_TEST(backend, out_of_band_data_is_except, "it has no out-of-band data")
{
    int pair[2];

    subject_pair(s, OVER_TCP, pair);
    subject_set(s, pair[0], 0, BACKEND_EXCEPT);
    expect(s, s->io->send(s->state, pair[1], "!", 1, MSG_OOB) == 1);
    if (test_backend_tells_except(s->backend->name))
        for (int i = 0; i < 2; i++)
            expect(s, subject_until(s, pair[0], BACKEND_EXCEPT)->events == BACKEND_EXCEPT);
    else
        subject_rests(s);
    subject_set(s, pair[0], BACKEND_EXCEPT, BACKEND_WRITE);
    expect(s, subject_wait(s, 0) == 1 && s->ready[0].events == BACKEND_WRITE);
}

static void tells_while_one_waits(struct subject *s, enum subject_kind kind)
{
    struct subject_address address;
    int listener = subject_listener(s, kind, &address);

    subject_set(s, listener, 0, BACKEND_READ);
    expect(s, subject_wait(s, 0) == 0);
    for (int i = 0; i < 2; i++)
        subject_connect(s, subject_socket(s, kind), &address);
    for (int i = 0; i < 2; i++) {
        subject_until(s, listener, BACKEND_READ);
        expect(s, s->n == 1 && s->ready[0].events == BACKEND_READ);
        subject_keep(s, s->io->accept(s->state, listener, NULL, NULL));
    }
    expect(s, subject_wait(s, 0) == 0);
}

BACKEND_TEST(backend, a_connection_that_waits_makes_a_listener_readable)
{
    tells_while_one_waits(s, OVER_TCP);
    tells_while_one_waits(s, OVER_UNIX);
}

/* -- The table ---------------------------------------------------------------- */

Test(backend, each_backend_of_the_build_has_its_own_name)
{
    size_t n = 0;

    for (; confab_backends[n]; n++) {
        cr_assert_str_eq(confab_backend_name(n), confab_backends[n]->name);
        for (size_t i = 0; i < n; i++)
            cr_assert_str_neq(confab_backend_name(n), confab_backend_name(i));
    }
    cr_assert_gt(n, 0);
    cr_assert_null(confab_backend_name(n));
    cr_assert_null(confab_backend_name(SIZE_MAX));
}

/* A simulated one is only ever asked for by name. */
Test(backend, the_first_of_the_build_is_the_default_and_a_real_one)
{
    confab_reactor *reactor;
    char *asked = getenv("CONFAB_BACKEND");

    cr_assert(!confab_backends[0]->simulated);
    if (asked)
        unsetenv("CONFAB_BACKEND");
    reactor = test_reactor();
    cr_assert_str_eq(confab_reactor_backend(reactor), confab_backends[0]->name);
    test_reactor_free(reactor);
}
