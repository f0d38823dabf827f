/* test_wake.c: a wake that comes while an earlier one is dealt with.  The library's own wake.c is here, with a read
 * that another thread gets ahead of. */
#include "backends/posix.h"
#include <unistd.h>

static struct wake tried;
static int before, after; /* how often it is woken just before it reads, and just after */

static void wake_often(int times);

static ssize_t overtaken_read(int fd, void *bytes, size_t len)
{
    wake_often(before);
    ssize_t n = read(fd, bytes, len);
    wake_often(after);
    return n;
}

#define read(fd, bytes, len) overtaken_read(fd, bytes, len)
#include "backends/wake.c"
#undef read

#include "support.h"
#include <criterion/criterion.h>
#include <poll.h>

TestSuite(wake, .timeout = 60);

static void wake_often(int times)
{
    while (times-- > 0)
        cr_assert_eq(wake_send(&tried), 0);
}

static bool readable(void)
{
    return poll(&(struct pollfd){ .fd = tried.read_fd, .events = POLLIN }, 1, 0) == 1;
}

/* The wait that drains ends anyway, so those that come meanwhile need not end another; but later ones must. */
Test(wake, one_that_comes_while_another_is_drained_stops_no_later_one)
{
    cr_assert_eq(wake_open(&tried), 0);
    for (before = 0; before < 3; before++)
        for (after = 0; after < 3; after++) {
            wake_often(1);
            cr_assert(readable());
            wake_drain(&tried);
            wake_often(1);
            cr_assert(readable(), "%d before the read, %d after it", before, after);
        }
    wake_close(&tried);
}
