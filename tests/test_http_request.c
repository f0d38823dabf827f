/* test_http_request.c: the head of a request, taken apart; and the many that are refused. */
#include "plugins/http/request.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HOST "Host: h\r\n"

/* Parses a head that ends with the line end of its last line, which in a connection is part of the
 * terminator.  The request's texts point into a copy with nothing behind it: a sanitizer sees
 * whoever reads on. */
static int parse_bytes(struct http_request *request, const char *head, size_t len)
{
    static char *copy;

    free(copy);
    copy = malloc(len ? len : 1);
    cr_assert(copy);
    memcpy(copy, head, len);
    int status = http_parse(request, copy, len);
    if (status) {
        cr_expect_neq(request->why[0], '\0', "%d without a reason", status);
        free(copy);
        copy = NULL;
    }
    return status;
}

static int parse(struct http_request *request, const char *head)
{
    size_t len = strlen(head);

    if (len >= 2 && memcmp(head + len - 2, "\r\n", 2) == 0)
        len -= 2;
    return parse_bytes(request, head, len);
}

static void expect_status(int status, const char *head)
{
    static struct http_request request;
    int found = parse(&request, head);

    cr_expect_eq(found, status, "%d, not %d: '%s'", found, status, head);
}

#define expect_text(text, wanted) \
    cr_expect(http_is(text, wanted), "%s is '%.*s', not '%s'", #text, (int)(text).len, (text).at, wanted)

Test(http_request, a_browsers_request_is_taken_apart)
{
    static const char head[] =
        "GET /search?q=a+b&l=%20 HTTP/1.1\r\n"
        "Host: www.example.com:8080\r\n"
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
        "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n"
        "Accept-Language: de,en-US;q=0.7\r\n"
        "Connection: keep-alive\r\n"
        "Cookie: a=\"1\"; b=2\r\n";
    struct http_request request;

    cr_assert_eq(parse(&request, head), 0);
    expect_text(request.method, "GET");
    expect_text(request.target, "/search?q=a+b&l=%20");
    expect_text(request.version, "HTTP/1.1");
    expect_text(request.path, "/search");
    expect_text(request.query, "?q=a+b&l=%20");
    cr_expect_eq(request.minor, 1);
    cr_assert_eq(request.header_count, 6);
    expect_text(request.headers[0].name, "Host");
    expect_text(request.headers[0].value, "www.example.com:8080");
    expect_text(request.headers[5].value, "a=\"1\"; b=2");
    cr_expect(request.keep_alive && !request.has_length && !request.expects_continue);
    cr_expect_eq(request.length, 0);
}

Test(http_request, a_header_is_found_by_its_name_in_any_case_and_has_no_blanks_around_it)
{
    struct http_request request;

    cr_assert_eq(parse(&request, "GET / HTTP/1.1\r\n" HOST "X-One: \t a b \t\r\nx-two:\r\nX-ONE: c\r\n"), 0);
    expect_text(*http_find(&request, "x-one"), "a b");
    expect_text(*http_find(&request, "X-Two"), "");
    cr_expect_null(http_find(&request, "X-Tw"));
    cr_expect_null(http_find(&request, "X-Three"));
}

Test(http_request, one_line_end_before_the_request_is_passed_over)
{
    expect_status(0, "\r\nGET / HTTP/1.0\r\n");
    expect_status(400, "\r\n\r\nGET / HTTP/1.0\r\n");
    expect_status(400, " GET / HTTP/1.0\r\n");
}

Test(http_request, a_request_line_is_method_target_version_with_one_space_between)
{
    expect_status(0, "M-SEARCH /x HTTP/1.0\r\n");
    expect_status(400, "");
    expect_status(400, "GET\r\n");
    expect_status(400, "GET /\r\n");
    expect_status(400, "GET / \r\n");
    expect_status(400, "GET  / HTTP/1.0\r\n");
    expect_status(400, "GET /  HTTP/1.0\r\n");
    expect_status(400, "GET / HTTP/1.0 \r\n");
    expect_status(400, "GET\t/\tHTTP/1.0\r\n");
    expect_status(400, "GET /a b HTTP/1.0\r\n");
    expect_status(400, "G(T / HTTP/1.0\r\n");
    expect_status(400, "G\x80T / HTTP/1.0\r\n");
    expect_status(400, ": / HTTP/1.0\r\n");
    expect_status(400, "GET / http/1.0\r\n");
    expect_status(400, "GET / HTTP/1\r\n");
    expect_status(400, "GET / HTTP/1.x\r\n");
    expect_status(400, "GET / HTTP/1.01\r\n");
    expect_status(400, "GET / HTTP/ 1.0\r\n");
    expect_status(400, "GET / HTTP/1,0\r\n");
    expect_status(400, "GET / HTCPCP/1.0\r\n");
}

Test(http_request, a_version_that_is_not_HTTP_1_is_505)
{
    expect_status(0, "GET / HTTP/1.9\r\n" HOST);
    expect_status(505, "GET / HTTP/0.9\r\n");
    expect_status(505, "GET / HTTP/2.0\r\n");
    expect_status(505, "PRI * HTTP/2.0\r\n");
    expect_status(505, "GET / HTTP/9.9\r\n");
}

static void expect_target(const char *target, const char *path, const char *query)
{
    struct http_request request;
    char head[256];

    snprintf(head, sizeof head, "GET %s HTTP/1.0\r\n", target);
    cr_assert_eq(parse(&request, head), 0, "'%s': %s", target, request.why);
    expect_text(request.target, target);
    expect_text(request.path, path);
    expect_text(request.query, query);
}

Test(http_request, the_path_and_the_query_of_a_target_are_told)
{
    expect_target("/", "/", "");
    expect_target("/a/b%2F..?c?d", "/a/b%2F..", "?c?d");
    expect_target("/?", "/", "?");
    expect_target("//a", "//a", "");
    expect_target("/\xc3\xa9<>", "/\xc3\xa9<>", "");
}

Test(http_request, an_absolute_target_has_its_path_behind_the_host)
{
    expect_target("http://h/a?b", "/a", "?b");
    expect_target("HTTPS://h:80/a//b", "/a//b", "");
    expect_target("http://h", "/", "");
    expect_target("http://h?x/y", "/", "?x/y");
    expect_target("http://h/../a", "/../a", "");
    expect_target("http:///a", "/a", "");
}

Test(http_request, other_targets_are_refused)
{
    expect_status(400, "GET a HTTP/1.0\r\n");
    expect_status(400, "GET ?a HTTP/1.0\r\n");
    expect_status(400, "GET * HTTP/1.0\r\n");
    expect_status(400, "GET http:// HTTP/1.0\r\n");
    expect_status(400, "GET ftp://h/a HTTP/1.0\r\n");
    expect_status(400, "GET /a\x01 HTTP/1.0\r\n");
    expect_status(400, "GET /a\tb HTTP/1.0\r\n");
    expect_status(400, "GET /a\x7f HTTP/1.0\r\n");
    expect_status(400, "GET \\a HTTP/1.0\r\n");
    expect_status(501, "CONNECT h:80 HTTP/1.0\r\n");
    expect_status(501, "CONNECT /a HTTP/1.0\r\n");
    expect_status(0, "OPTIONS * HTTP/1.0\r\n");
    expect_status(400, "OPTIONS *a HTTP/1.0\r\n");
}

Test(http_request, headers_with_a_doubtful_name_are_refused)
{
    expect_status(400, "GET / HTTP/1.0\r\nA\r\n");
    expect_status(400, "GET / HTTP/1.0\r\n: a\r\n");
    expect_status(400, "GET / HTTP/1.0\r\nA : a\r\n");
    expect_status(400, "GET / HTTP/1.0\r\nA\t: a\r\n");
    expect_status(400, "GET / HTTP/1.0\r\nA B: a\r\n");
    expect_status(400, "GET / HTTP/1.0\r\nA@: a\r\n");
    expect_status(400, "GET / HTTP/1.0\r\nA\xe9: a\r\n");
    expect_status(400, "GET / HTTP/1.0\r\n\r\nA: a\r\n");
}

Test(http_request, a_header_that_goes_on_in_the_next_line_is_refused)
{
    expect_status(400, "GET / HTTP/1.0\r\nA: a\r\n b\r\n");
    expect_status(400, "GET / HTTP/1.0\r\nA: a\r\n\tb: c\r\n");
    expect_status(400, "GET / HTTP/1.0\r\n A: a\r\n");
}

Test(http_request, a_control_character_in_a_header_is_refused)
{
    struct http_request request;

    expect_status(0, "GET / HTTP/1.0\r\nA: a\tb\xff\r\n");
    expect_status(400, "GET / HTTP/1.0\r\nA: a\rb\r\n");
    expect_status(400, "GET / HTTP/1.0\r\nA: a\nB: b\r\n");
    expect_status(400, "GET / HTTP/1.0\nA: a\r\n");
    expect_status(400, "GET / HTTP/1.0\r\nA: a\x1b\r\n");
    expect_status(400, "GET / HTTP/1.0\r\nA: a\x7f\r\n");
    expect_status(400, "GET / HTTP/1.0\r\nA: a\r\r\n");
    cr_expect_eq(parse_bytes(&request, "GET / HTTP/1.0\r\nA: \0", 20), 400);
    cr_expect_eq(parse_bytes(&request, "GET /\0 HTTP/1.0", 15), 400);
    cr_expect_eq(parse_bytes(&request, "GET / HTTP/1.0\r\nA\0: a", 21), 400);
    cr_expect_eq(parse_bytes(&request, "GE\0 / HTTP/1.0", 14), 400);
}

Test(http_request, more_headers_than_there_is_room_for_are_431)
{
    char head[64 + 8 * (HTTP_HEADERS_MAX + 1)] = "GET / HTTP/1.0\r\n";

    for (int i = 0; i < HTTP_HEADERS_MAX; i++)
        strcat(head, "A: a\r\n");
    expect_status(0, head);
    strcat(head, "A: a\r\n");
    expect_status(431, head);
}

Test(http_request, HTTP_1_1_wants_one_Host)
{
    expect_status(0, "GET / HTTP/1.1\r\nHost:\r\n");
    expect_status(0, "GET / HTTP/1.1\r\nhOsT: [::1]:80\r\n");
    expect_status(0, "GET / HTTP/1.0\r\n");
    expect_status(400, "GET / HTTP/1.1\r\n");
    expect_status(400, "GET http://h/ HTTP/1.1\r\n");
    expect_status(400, "GET / HTTP/1.1\r\n" HOST HOST);
    expect_status(400, "GET / HTTP/1.0\r\n" HOST HOST);
    expect_status(400, "GET / HTTP/1.1\r\nHost: a b\r\n");
    expect_status(400, "GET / HTTP/1.1\r\nHost: a/b\r\n");
    expect_status(400, "GET / HTTP/1.1\r\nHost: <a>\r\n");
}

Test(http_request, the_length_of_the_body_is_told)
{
    struct http_request request;

    cr_assert_eq(parse(&request, "POST / HTTP/1.0\r\nContent-Length: 0\r\n"), 0);
    cr_expect(request.has_length && request.length == 0);
    cr_assert_eq(parse(&request, "POST / HTTP/1.0\r\ncontent-length:\t18446744073709551615 \r\n"), 0);
    cr_expect(request.has_length && request.length == UINT64_MAX);
}

Test(http_request, a_Content_Length_that_is_not_one_number_is_refused)
{
    static const char *const bad[] = { "",     "-1",   "+1",  "1 2",  "0x1", "1,1",
                                       "1,",   "1.0",  "1e3", "five", "1;",  "18446744073709551616",
                                       "\xb2", "1\t2", "'1'", "1\x80" };
    char head[128];

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(head, sizeof head, "POST / HTTP/1.0\r\nContent-Length: %s\r\n", bad[i]);
        expect_status(400, head);
    }
}

Test(http_request, a_second_Content_Length_is_refused)
{
    expect_status(400, "POST / HTTP/1.0\r\nContent-Length: 1\r\nContent-Length: 2\r\n");
    expect_status(400, "POST / HTTP/1.0\r\nContent-Length: 1\r\ncontent-length: 1\r\n");
}

Test(http_request, a_transfer_coding_is_501_and_never_beside_a_length)
{
    expect_status(501, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n");
    expect_status(501, "POST / HTTP/1.1\r\n" HOST "transfer-encoding:\r\n");
    expect_status(400, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n");
    expect_status(400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nTransfer-Encoding: identity\r\n");
    expect_status(400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n");
}

static bool stays(const char *version, const char *headers)
{
    struct http_request request;
    char head[256];

    snprintf(head, sizeof head, "GET / %s\r\n" HOST "%s", version, headers);
    cr_assert_eq(parse(&request, head), 0, "%s", request.why);
    return request.keep_alive;
}

Test(http_request, a_connection_of_HTTP_1_1_stays_unless_the_client_says_close)
{
    cr_expect(stays("HTTP/1.1", ""));
    cr_expect(stays("HTTP/1.1", "Connection: closed, xclose\r\n"));
    cr_expect_not(stays("HTTP/1.1", "Connection: close\r\n"));
    cr_expect_not(stays("HTTP/1.1", "connection: Upgrade ,\tCLOSE\r\n"));
    cr_expect_not(stays("HTTP/1.1", "Connection: keep-alive\r\nConnection: close\r\n"));
    cr_expect_not(stays("HTTP/1.1", "Connection: close, keep-alive\r\n"));
}

Test(http_request, a_connection_of_HTTP_1_0_stays_where_the_client_says_keep_alive)
{
    cr_expect_not(stays("HTTP/1.0", ""));
    cr_expect(stays("HTTP/1.0", "Connection: Keep-Alive\r\n"));
    cr_expect_not(stays("HTTP/1.0", "Connection: keep-alive, close\r\n"));
}

Test(http_request, a_client_that_waits_for_100_is_known_where_there_is_a_body)
{
    struct http_request request;

    cr_assert_eq(parse(&request, "PUT / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nExpect: 100-Continue\r\n"),
                 0);
    cr_expect(request.expects_continue);
    cr_assert_eq(parse(&request, "PUT / HTTP/1.1\r\n" HOST "Content-Length: 0\r\nExpect: 100-continue\r\n"),
                 0);
    cr_expect_not(request.expects_continue);
    cr_assert_eq(parse(&request, "PUT / HTTP/1.0\r\nContent-Length: 3\r\nExpect: 100-continue\r\n"), 0);
    cr_expect_not(request.expects_continue);
    expect_status(417, "PUT / HTTP/1.1\r\n" HOST "Expect: more\r\n");
    expect_status(417, "PUT / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nExpect: 100-continue\r\n");
}

/* Whether all of the text lies in the head, or is the path of a target that has none. */
static bool within(struct http_text text, const char *head, size_t len)
{
    return text.len == 0 || (text.at >= head && text.len <= len && text.at + text.len <= head + len) ||
           http_is(text, "/");
}

/* Memory that ends where nobody may read on. */
static char *before_the_end(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    cr_assert_neq(pages, MAP_FAILED);
    cr_assert_eq(mprotect(pages + page, page, PROT_NONE), 0);
    return pages + page;
}

static void check_any(char *end, const char *head, size_t len)
{
    static struct http_request request;
    char *copy = memcpy(end - len, head, len);
    int status = http_parse(&request, copy, len);

    cr_assert(status == 0 || status == 400 || status == 417 || status == 431 || status == 501 ||
              status == 505);
    cr_assert(within(request.method, copy, len) && within(request.target, copy, len) &&
              within(request.version, copy, len) && within(request.path, copy, len) &&
              within(request.query, copy, len) && request.header_count <= HTTP_HEADERS_MAX);
    for (size_t i = 0; i < request.header_count; i++)
        cr_assert(within(request.headers[i].name, copy, len) && within(request.headers[i].value, copy, len));
    if (status == 0)
        cr_assert(request.method.len > 0 && request.path.len > 0);
}

Test(http_request, whatever_comes_nothing_outside_of_it_is_read_or_told)
{
    static const char head[] = "\r\nPOST http://h:1/a%20b?c=d HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\n"
                               "Connection: a , close,,\r\nExpect: 100-continue\r\nX:\t \r\nY: y";
    static const char bytes[] = "\r\n \t:,?/*%\0019\x80\xff"
                                "AhH";
    const size_t size = sizeof head - 1;
    enum { ROUNDS = 20000 };
    char *end = before_the_end();
    uint32_t seed = 1;

    for (size_t len = 0; len <= size; len++)
        check_any(end, head, len);
    for (int round = 0; round < ROUNDS; round++) {
        char changed[sizeof head];
        memcpy(changed, head, size);
        seed = seed * 1664525 + 1013904223;
        size_t begin = seed >> 8 & 1 ? 0 : (seed >> 9) % size;
        for (uint32_t left = 1 + (seed >> 28) % 4; left > 0; left--) {
            seed = seed * 1664525 + 1013904223;
            changed[(seed >> 8) % size] = bytes[(seed >> 24) % sizeof bytes];
        }
        check_any(end, changed + begin, size - begin);
    }
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    cr_expect_eq(munmap(end - page, 2 * page), 0);
}
