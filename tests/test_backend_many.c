/* The contract of backend.h, kept by every backend of this build: many at once,
 * in any order, and more of them ready than are asked for. */
#include "backend_support.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum { MANY = 40 };

static int find(struct subject *s, const int *fds, int count, int fd)
{
    int i = 0;

    while (i < count && fds[i] != fd)
        i++;
    expect(s, i < count);
    return i;
}

/* -- More than is asked for ------------------------------------------------------- */

static void in_turn(struct subject *s, const int *fds, int cap)
{
    int times[MANY] = { 0 }, waits = 3 * ((MANY + cap - 1) / cap);

    for (int i = 0; i < waits; i++) {
        expect(s, s->backend->wait(s->state, 0, s->ready, cap) == cap);
        for (int k = 0; k < cap; k++)
            times[find(s, fds, MANY, s->ready[k].fd)]++;
    }
    for (int i = 0; i < MANY; i++)
        expect(s, times[i] >= 3 && times[i] <= 4);
}

BACKEND_TEST(backend_many, nothing_starves_where_more_is_ready_than_is_asked_for)
{
    int fds[MANY];

    subject_many(s, fds, MANY);
    for (int i = 0; i < MANY; i++)
        subject_set(s, fds[i], 0, BACKEND_READ);
    in_turn(s, fds, 3);
    in_turn(s, fds, 1);
}

BACKEND_TEST(backend_many, one_that_comes_late_is_told_within_a_round)
{
    int fds[MANY], late;

    subject_many(s, &late, 1);
    subject_many(s, fds, MANY);
    for (int i = 0; i < MANY; i++)
        subject_set(s, fds[i], 0, BACKEND_READ);
    for (int round = 0; round < MANY; round++) {
        int waits = 0;

        subject_set(s, late, 0, BACKEND_READ);
        do {
            expect(s, ++waits <= MANY + 1);
            expect(s, s->backend->wait(s->state, 0, s->ready, 1) == 1);
        } while (s->ready[0].fd != late);
        expect(s, s->backend->del(s->state, late, BACKEND_READ) == 0);
        for (int i = 0; i < round % 7; i++)
            expect(s, s->backend->wait(s->state, 0, s->ready, 1) == 1);
    }
}

BACKEND_TEST(backend_many, no_more_than_asked_for_is_filled_in)
{
    const struct confab_ready untouched = { .fd = -77 };
    int fds[MANY];

    subject_many(s, fds, MANY);
    for (int i = 0; i < MANY; i++)
        subject_set(s, fds[i], 0, BACKEND_READ);
    for (int cap = 1; cap < ROOM; cap++) {
        for (int i = 0; i < ROOM; i++)
            s->ready[i] = untouched;
        s->n = s->backend->wait(s->state, 0, s->ready, cap);
        expect(s, s->n == (cap < MANY ? cap : MANY));
        for (int i = 0; i < ROOM; i++)
            expect(s, (s->ready[i].fd == untouched.fd) == (i >= s->n));
        for (int i = 0; i < MANY; i++)
            subject_entry(s, fds[i]); /* none twice */
    }
}

/* -- Any order ---------------------------------------------------------------------- */

BACKEND_TEST(backend_many, any_order_of_set_and_del_leaves_the_right_ones)
{
    int fds[MANY];
    unsigned armed[MANY] = { 0 };
    unsigned seed = 1;

    subject_many(s, fds, MANY);
    for (int step = 0, steps = test_rounds(2000); step < steps; step++) {
        int i = rand_r(&seed) % MANY, expected = 0;

        if (armed[i])
            expect(s, s->backend->del(s->state, fds[i], armed[i]) == 0);
        else
            expect(s, s->backend->set(s->state, fds[i], (uint32_t)i, 0, BACKEND_READ) == 0);
        armed[i] = armed[i] ? 0 : BACKEND_READ;
        subject_wait(s, 0);
        for (int k = 0; k < MANY; k++) {
            const struct confab_ready *entry = subject_entry(s, fds[k]);
            expect(s, (entry != NULL) == (armed[k] != 0));
            expect(s, !entry || entry->generation == (uint32_t)k);
            expected += armed[k] != 0;
        }
        expect(s, s->n == expected);
    }
}

REAL_BACKEND_TEST(backend_many, a_descriptor_of_a_high_number_can_be_watched,
                  "the lowest free number is taken, and no other can be asked for")
{
    int pair[2], high;

    subject_pair(s, OVER_TCP, pair);
    high = subject_keep(s, fcntl(pair[0], F_DUPFD, 900));
    subject_set(s, pair[0], 0, BACKEND_WRITE);
    subject_set(s, high, 0, BACKEND_WRITE);
    expect(s, subject_wait(s, 0) == 2);
    expect(s, subject_entry(s, pair[0]) && subject_entry(s, high));
}

/* -- Fifteen thousand ----------------------------------------------------------------- */

enum { CROWD = 15000, SPARE = 100 };

struct crowd {
    int fds[CROWD];
    int count;
    int far[2]; /* a byte sent from [1] makes all of them readable; of a simulated network only the first */
};

/* Duplicates of one end; as many as the system lets a process have. */
static void crowd_of_duplicates(struct subject *s, struct crowd *crowd)
{
    struct rlimit limit;

    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_cur < CROWD + SPARE) {
        limit.rlim_cur = limit.rlim_max < CROWD + SPARE ? limit.rlim_max : CROWD + SPARE;
        setrlimit(RLIMIT_NOFILE, &limit); /* some refuse what they have said is the most */
    }
    subject_pair(s, OVER_UNIX, crowd->far);
    for (crowd->count = 0; crowd->count < CROWD; crowd->count++) {
        int fd = dup(crowd->far[0]);
        if (fd < 0)
            break;
        crowd->fds[crowd->count] = subject_keep(s, fd);
    }
    for (int left_over = 0; crowd->count < CROWD && left_over < SPARE; left_over++)
        subject_close(s, crowd->fds[--crowd->count]);
    cr_assert_gt(crowd->count, 0);
}

/* Both ends of connections, which nothing has been sent on. */
static void crowd_of_connections(struct subject *s, struct crowd *crowd)
{
    struct subject_address address;
    int listener = subject_listener(s, OVER_TCP, &address);

    for (crowd->count = 0; crowd->count < CROWD; crowd->count += 2) {
        int client = subject_socket(s, OVER_TCP);
        subject_connect(s, client, &address);
        crowd->fds[crowd->count] = subject_accept(s, listener);
        crowd->fds[crowd->count + 1] = client;
    }
    crowd->far[0] = crowd->fds[0];
    crowd->far[1] = crowd->fds[1];
}

/* Each is told once before any is told again. */
static void expect_all_told(struct subject *s, struct crowd *crowd, int first, int step)
{
    static bool told[4 * CROWD];
    int expected = (crowd->count - first + step - 1) / step, seen = 0;

    for (int i = 0; i < crowd->count; i++) {
        expect(s, crowd->fds[i] % 32768 < 4 * CROWD);
        told[crowd->fds[i] % 32768] = i < first || (i - first) % step != 0;
    }
    while (seen < expected) {
        expect(s, subject_wait(s, 0) > 0);
        for (int i = 0; i < s->n && seen < expected; i++, seen++) {
            expect(s, s->ready[i].generation == (uint32_t)s->ready[i].fd && s->ready[i].error == 0);
            expect(s, !told[s->ready[i].fd % 32768]);
            told[s->ready[i].fd % 32768] = true;
        }
    }
}

BACKEND_TEST(backend_many, fifteen_thousand_descriptors)
{
    static struct crowd crowd;
    const unsigned wanted = subject_real(s) ? BACKEND_READ : BACKEND_WRITE;

    if (subject_real(s))
        crowd_of_duplicates(s, &crowd);
    else
        crowd_of_connections(s, &crowd);
    for (int i = 0; i < crowd.count; i++)
        expect(s, s->backend->set(s->state, crowd.fds[i], (uint32_t)crowd.fds[i], 0, BACKEND_READ) == 0);
    expect(s, subject_wait(s, 0) == 0);
    subject_write(s, crowd.far[1], "x");
    if (!subject_real(s)) {
        expect(s, subject_wait(s, 0) == 1 && s->ready[0].fd == crowd.far[0]);
        for (int i = 0; i < crowd.count; i++)
            expect(s, s->backend->set(s->state, crowd.fds[i], (uint32_t)crowd.fds[i], BACKEND_READ,
                                      BACKEND_WRITE) == 0);
    }
    expect_all_told(s, &crowd, 0, 1);
    for (int i = 1; i < crowd.count; i += 3)
        expect(s, s->backend->del(s->state, crowd.fds[i], wanted) == 0);
    for (int i = 2; i < crowd.count; i += 3)
        expect(s, s->backend->set(s->state, crowd.fds[i], 0, wanted, 0) == 0);
    expect_all_told(s, &crowd, 0, 3);
    for (int i = 0; i < crowd.count; i += 3)
        expect(s, s->backend->del(s->state, crowd.fds[i], wanted) == 0);
    expect(s, subject_wait(s, 0) == 0);
}
