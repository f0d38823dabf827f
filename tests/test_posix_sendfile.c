/* The sendfile of FreeBSD and of macOS, on any system: the library's own files are here, with a system's call that
 * takes what is asked, and answers as the test has written down. */
#include "backends/posix.h"
#include "support.h"
#include <criterion/criterion.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

struct sf_hdtr;

static int call_freebsd(int file, int fd, off_t offset, size_t len, struct sf_hdtr *more, off_t *sent,
                        int flags);
static int call_macos(int file, int fd, off_t offset, off_t *len, struct sf_hdtr *more, int flags);

ssize_t sendfile_freebsd(int fd, int file, int64_t offset, size_t len);
ssize_t sendfile_macos(int fd, int file, int64_t offset, size_t len);

#define sendfile       call_freebsd
#define posix_sendfile sendfile_freebsd
#include "backends/posix_sendfile_freebsd.c"
#undef sendfile
#undef posix_sendfile

#define sendfile       call_macos
#define posix_sendfile sendfile_macos
#include "backends/posix_sendfile_macos.c"
#undef sendfile
#undef posix_sendfile

static const struct {
    const char *name;
    ssize_t (*sendfile)(int fd, int file, int64_t offset, size_t len);
} systems[] = { { "FreeBSD", sendfile_freebsd }, { "macOS", sendfile_macos } };

enum { SYSTEMS = sizeof systems / sizeof systems[0], FILE_FD = 1000, SOCKET_FD = 1001 };

/* What the next calls answer, and what the last one was asked. */
static int answer_error, calls;
static off_t answer_sent;
static struct {
    int file, fd, flags;
    off_t offset, len;
    bool more;
} asked;

static int answer(off_t *sent)
{
    calls++;
    *sent = answer_sent;
    errno = answer_error;
    return answer_error ? -1 : 0;
}

static int call_freebsd(int file, int fd, off_t offset, size_t len, struct sf_hdtr *more, off_t *sent,
                        int flags)
{
    asked.file = file;
    asked.fd = fd;
    asked.offset = offset;
    asked.len = (off_t)len;
    asked.more = more != NULL;
    asked.flags = flags;
    return answer(sent);
}

static int call_macos(int file, int fd, off_t offset, off_t *len, struct sf_hdtr *more, int flags)
{
    return call_freebsd(file, fd, offset, (size_t)*len, more, len, flags);
}

/* What both say where the call fails with this error, after so many bytes. */
static void expect(int error, off_t sent, ssize_t expected)
{
    answer_error = error;
    answer_sent = sent;
    for (int i = 0; i < SYSTEMS; i++) {
        ssize_t n = systems[i].sendfile(SOCKET_FD, FILE_FD, 5, 10);
        cr_expect_eq(n, expected, "%s: %s after %d bytes: %zd", systems[i].name, strerror(error), (int)sent,
                     n);
    }
}

Test(posix_sendfile, asks_for_a_part_of_the_file_and_no_more_than_that)
{
    for (int i = 0; i < SYSTEMS; i++) {
        memset(&asked, 0, sizeof asked);
        answer_sent = 7;
        cr_expect_eq(systems[i].sendfile(SOCKET_FD, FILE_FD, INT64_C(5) << 32, 10), 7, "%s", systems[i].name);
        cr_expect_eq(asked.file, FILE_FD, "%s", systems[i].name);
        cr_expect_eq(asked.fd, SOCKET_FD, "%s", systems[i].name);
        cr_expect_eq(asked.offset, INT64_C(5) << 32, "%s", systems[i].name);
        cr_expect_eq(asked.len, 10, "%s", systems[i].name);
        cr_expect(!asked.more && asked.flags == 0, "%s", systems[i].name);
    }
}

Test(posix_sendfile, is_not_asked_for_no_bytes_which_would_be_the_whole_file)
{
    for (int i = 0; i < SYSTEMS; i++)
        cr_expect_eq(systems[i].sendfile(SOCKET_FD, FILE_FD, 0, 0), 0, "%s", systems[i].name);
    cr_expect_eq(calls, 0);
}

Test(posix_sendfile, is_0_where_the_file_ends)
{
    expect(0, 0, 0);
}

Test(posix_sendfile, what_left_before_it_would_block_or_a_signal_came_counts)
{
    expect(EAGAIN, 3, 3);
    expect(EINTR, 3, 3);
    expect(EAGAIN, 0, -EAGAIN);
    expect(EINTR, 0, -EINTR);
}

Test(posix_sendfile, another_error_is_told_whatever_the_count_says)
{
    expect(EPIPE, 3, -EPIPE);
    expect(EIO, 10, -EIO);
    expect(ENOTCONN, 10, -ENOTCONN);
}

/* Not a regular file, not a stream socket, not this file system, not this kernel. */
Test(posix_sendfile, what_the_kernel_does_not_send_is_copied)
{
    static const int refusals[] = { EINVAL, ENOTSOCK, EOPNOTSUPP, ENOTSUP, ENOSYS };
    int file = test_file("0123456789", 10), ends[2];
    char bytes[16];

    cr_assert_eq(pipe(ends), 0);
    answer_sent = 4; /* it took nothing, whatever this says */
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        answer_error = refusals[i];
        for (int k = 0; k < SYSTEMS; k++) {
            cr_assert_eq(systems[k].sendfile(ends[1], file, 3, 4), 4, "%s: %s", systems[k].name,
                         strerror(refusals[i]));
            cr_assert_eq(read(ends[0], bytes, sizeof bytes), 4);
            cr_expect_eq(memcmp(bytes, "3456", 4), 0);
        }
    }
}
