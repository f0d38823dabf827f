/* test_http_range.c: which bytes of a file the header Range asks for. */
#include "plugins/http/range.h"
#include <criterion/criterion.h>
#include <string.h>

static const uint64_t untouched = 77;

static void expect(const char *text, uint64_t size, int status, uint64_t first, uint64_t count)
{
    uint64_t found_first = untouched, found_count = untouched;
    int found = http_range((struct http_text){ text, strlen(text) }, size, &found_first, &found_count);

    cr_expect_eq(found, status, "'%s' of %llu: %d", text, (unsigned long long)size, found);
    cr_expect(found_first == first && found_count == count, "'%s' of %llu: %llu bytes from %llu", text,
              (unsigned long long)size, (unsigned long long)found_count, (unsigned long long)found_first);
}

Test(http_range, takes_the_bytes_from_first_to_last)
{
    expect("bytes=0-0", 10, 206, 0, 1);
    expect("bytes=2-5", 10, 206, 2, 4);
    expect("bytes=9-9", 10, 206, 9, 1);
    expect("BYTES=0-9", 10, 206, 0, 10);
    expect("bytes=5000000000-5000000001", 6000000000, 206, 5000000000, 2);
}

Test(http_range, ends_with_the_file_where_the_last_byte_is_behind_it_or_not_given)
{
    expect("bytes=2-", 10, 206, 2, 8);
    expect("bytes=2-10", 10, 206, 2, 8);
    expect("bytes=2-99999999999999999999999999", 10, 206, 2, 8);
    expect("bytes=0-18446744073709551615", 10, 206, 0, 10);
}

Test(http_range, takes_the_last_bytes_where_only_their_number_is_given)
{
    expect("bytes=-1", 10, 206, 9, 1);
    expect("bytes=-10", 10, 206, 0, 10);
    expect("bytes=-11", 10, 206, 0, 10);
    expect("bytes=-99999999999999999999999999", 10, 206, 0, 10);
}

Test(http_range, says_416_where_the_file_has_none_of_the_bytes)
{
    expect("bytes=10-", 10, 416, untouched, untouched);
    expect("bytes=10-12", 10, 416, untouched, untouched);
    expect("bytes=99999999999999999999999999-", 10, 416, untouched, untouched);
    expect("bytes=-0", 10, 416, untouched, untouched);
    expect("bytes=0-", 0, 416, untouched, untouched);
    expect("bytes=-1", 0, 416, untouched, untouched);
}

Test(http_range, means_the_whole_file_where_it_is_not_one_range_of_bytes)
{
    static const char *const others[] = {
        "",           "bytes",      "bytes=",    "bytes=-",    "bytes=5",      "bytes=a-b",
        "bytes=1-2,", "bytes=5-4",  "bytes= 1-", "bytes=1 -2", "bytes=1-2x",   "bytes=+1-2",
        "lines=1-2",  "bytes=1--2", "bytes:1-2", "bytes=--1",  "bytes=0-1,4-", "xbytes=1-2",
    };

    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        expect(others[i], 10, 200, untouched, untouched);
}
