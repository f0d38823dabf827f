/* test_producers_flat.c: the producers whose bytes are in memory: scanning,
 * lines, buffer_list: the pieces that they give. */
#include "support.h"
#include <confab/producer.h>
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* A producer that is asked by hand. */
struct asked {
    const struct confab_producer_ops *ops;
    void *self;
};

/* The next piece is this one; text of no bytes: it has ended. */
static void cr_piece(const struct asked *asked, const char *text, size_t len)
{
    const char *bytes = NULL;
    ssize_t n = asked->ops->more(asked->self, NULL, 100, &bytes);

    cr_assert_eq(n, (ssize_t)len, "%zd bytes instead of %zu", n, len);
    cr_assert_eq(memcmp(n ? bytes : "", text, len), 0, "\"%.*s\" instead of \"%.*s\"", (int)len, bytes,
                 (int)len, text);
}

static void cr_text(const struct asked *asked, const char *text)
{
    cr_piece(asked, text, strlen(text));
}

/* Likewise, and it is sent from where it is. */
static void cr_same(const struct asked *asked, const char *where, size_t len)
{
    const char *bytes = NULL;

    cr_assert_eq(asked->ops->more(asked->self, NULL, 100, &bytes), (ssize_t)len);
    cr_assert_eq(bytes, where, "it was copied");
}

static void end(const struct asked *asked)
{
    cr_text(asked, "");
    asked->ops->release(asked->self);
}

static struct asked scan(const char *data, size_t len, size_t buffer_size)
{
    return (struct asked){ &confab_scanning_producer_ops,
                           confab_scanning_producer_new(data, len, buffer_size, NULL, NULL) };
}

Test(producers_flat, scanning_gives_as_much_as_is_wanted)
{
    char *data = test_pattern(250);
    struct asked asked = scan(data, 250, 0);

    cr_same(&asked, data, 100);
    cr_same(&asked, data + 100, 100);
    cr_same(&asked, data + 200, 50);
    end(&asked);
    free(data);
}

Test(producers_flat, scanning_gives_pieces_of_its_buffer_size)
{
    char *data = test_pattern(1000);
    struct asked asked = scan(data, 1000, 600);

    cr_same(&asked, data, 600);
    cr_same(&asked, data + 600, 400);
    end(&asked);
    free(data);
}

Test(producers_flat, scanning_does_not_end_where_nothing_is_wanted)
{
    struct asked asked = scan("abc", 3, 0);
    const char *bytes;

    cr_assert_eq(asked.ops->more(asked.self, NULL, 0, &bytes), 3);
    end(&asked);
}

Test(producers_flat, scanning_of_no_bytes_needs_no_data)
{
    struct asked asked = scan(NULL, 0, 0);

    end(&asked);
}

static struct asked say(const char *const *lines, size_t count)
{
    return (struct asked){ &confab_lines_producer_ops, confab_lines_producer_new(lines, count, NULL, NULL) };
}

Test(producers_flat, lines_puts_CRLF_behind_each_and_joins_them)
{
    static const char *const lines[] = { "one", "", "three" };
    struct asked asked = say(lines, 3);

    cr_text(&asked, "one\r\n\r\nthree\r\n");
    end(&asked);
}

Test(producers_flat, lines_gives_fifty_at_a_time)
{
    const char *lines[120] = { 0 };
    char fifty[151] = "";
    struct asked asked = say(lines, 120);

    for (size_t i = 0; i < 120; i++)
        lines[i] = "x";
    for (int i = 0; i < 50; i++)
        strcat(fifty, "x\r\n");
    cr_text(&asked, fifty);
    cr_text(&asked, fifty);
    cr_piece(&asked, fifty, 60);
    end(&asked);
}

/* A line of len letters. */
static char *line_of(size_t len)
{
    char *line = malloc(len + 1);

    cr_assert_not_null(line);
    memset(line, 'x', len);
    line[len] = '\0';
    return line;
}

Test(producers_flat, lines_gives_a_line_longer_than_its_buffer_from_where_it_is)
{
    enum { LONG = 100000 };
    char *long_line = line_of(LONG);
    const char *lines[] = { "before", long_line, long_line, "behind", long_line };
    struct asked asked = say(lines, 5);

    cr_text(&asked, "before\r\n");
    cr_same(&asked, long_line, LONG);
    cr_text(&asked, "\r\n");
    cr_same(&asked, long_line, LONG);
    cr_text(&asked, "\r\nbehind\r\n");
    cr_same(&asked, long_line, LONG);
    cr_text(&asked, "\r\n");
    end(&asked);
    free(long_line);
}

/* Every length about the end of the buffer: all bytes come, in pieces of any size. */
static void cr_lines(const char *const *lines, size_t count)
{
    struct asked asked = say(lines, count);
    char *all = calloc(1, 65536), *got = calloc(1, 65536);
    const char *bytes;
    ssize_t n;

    for (size_t i = 0; i < count; i++)
        strcat(strcat(all, lines[i]), "\r\n");
    while ((n = asked.ops->more(asked.self, NULL, 100, &bytes)) > 0)
        strncat(got, bytes, (size_t)n);
    cr_assert_eq(n, 0);
    cr_assert_str_eq(got, all);
    asked.ops->release(asked.self);
    free(all);
    free(got);
}

Test(producers_flat, lines_may_end_anywhere_about_the_end_of_the_buffer)
{
    for (size_t len = 4080; len < 4110; len++) {
        char *line = line_of(len);
        cr_lines((const char *const[]){ line, "", "", "a", "bc" }, 5);
        cr_lines((const char *const[]){ "a", line, "", line }, 4);
        for (size_t first = 0; first < 10; first++)
            cr_lines((const char *const[]){ line + 10 + first, "1234567890", "", "bc" }, 4);
        free(line);
    }
}

Test(producers_flat, buffer_list_gives_each_piece_from_where_it_is)
{
    char *data = test_pattern(100000);
    struct iovec iov[] = { { .iov_base = data, .iov_len = 1 },
                           { .iov_base = data + 1, .iov_len = 90000 },
                           { .iov_base = data, .iov_len = 10 } };
    struct asked asked = { &confab_buffer_list_producer_ops,
                           confab_buffer_list_producer_new(iov, 3, NULL, NULL) };

    cr_same(&asked, data, 1);
    cr_same(&asked, data + 1, 90000);
    cr_same(&asked, data, 10);
    end(&asked);
    free(data);
}

Test(producers_flat, buffer_list_passes_over_pieces_of_no_bytes)
{
    struct iovec iov[] = { { 0 }, { .iov_base = (char[]){ "ab" }, .iov_len = 2 }, { 0 },
                           { 0 }, { .iov_base = (char[]){ "c" }, .iov_len = 1 },  { 0 } };
    struct asked asked = { &confab_buffer_list_producer_ops,
                           confab_buffer_list_producer_new(iov, 6, NULL, NULL) };

    cr_text(&asked, "ab");
    cr_text(&asked, "c");
    end(&asked);
}
