/* test_address.c: addresses as text and as sockaddr. */
#include "core/address.h"
#include <arpa/inet.h>
#include <confab/dispatcher.h>
#include <confab/host.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

TestSuite(address);

/* What a text is once read and written again. */
static const char *again(const char *text, bool listen)
{
    static char written[ADDRESS_TEXT];
    struct address address;
    char error[256] = "";

    cr_assert_eq(address_parse(&address, text, listen, error, sizeof error), 0, "%s", error);
    return address_format((struct sockaddr *)&address.sa, address.len, written);
}

static void expect_error(const char *text, bool listen, int code, const char *why)
{
    struct address address;
    char error[256] = "";

    cr_expect_eq(address_parse(&address, text, listen, error, sizeof error), code, "%s", text);
    cr_expect_str_eq(error, why);
}

Test(address, a_port_alone_is_loopback)
{
    cr_expect_str_eq(again("8080", true), "127.0.0.1:8080");
    cr_expect_str_eq(again("8080", false), "127.0.0.1:8080");
}

Test(address, an_ipv4_host_is_numeric_or_localhost)
{
    cr_expect_str_eq(again("192.0.2.1:80", true), "192.0.2.1:80");
    cr_expect_str_eq(again("localhost:80", false), "127.0.0.1:80");
    cr_expect_str_eq(again("0.0.0.0:80", true), "0.0.0.0:80");
}

Test(address, an_ipv6_host_stands_in_brackets)
{
    struct address address;

    cr_expect_str_eq(again("[2001:db8::1]:443", false), "[2001:db8::1]:443");
    cr_expect_str_eq(again("[::]:443", true), "[::]:443");
    cr_assert_eq(address_parse(&address, "[::]:443", true, NULL, 0), 0);
    cr_expect_not(address.any, "[::] is IPv6 alone");
}

Test(address, a_scope_is_a_number_or_an_interface)
{
    char text[64], name[IF_NAMESIZE];

    cr_expect_str_eq(again("[fe80::1%7]:80", false), "[fe80::1%7]:80");
    if (!if_indextoname(1, name))
        return;
    snprintf(text, sizeof text, "[fe80::1%%%s]:80", name);
    cr_expect_str_eq(again(text, false), "[fe80::1%1]:80");
}

Test(address, no_host_and_a_star_are_every_interface)
{
    const char *const texts[] = { ":7000", "*:7000" };

    for (size_t i = 0; i < 2; i++) {
        struct address address;

        cr_assert_eq(address_parse(&address, texts[i], true, NULL, 0), 0);
        cr_expect(address.any);
        cr_expect_eq(address.sa.ss_family, AF_INET6);
        cr_expect_str_eq(again(texts[i], true), "[::]:7000");
    }
}

Test(address, a_unix_path_is_kept_as_it_is)
{
    cr_expect_str_eq(again("unix:/run/a:b.sock", true), "unix:/run/a:b.sock");
    cr_expect_str_eq(again("unix:relative", false), "unix:relative");
}

Test(address, port_0_is_for_listening_only)
{
    cr_expect_str_eq(again("127.0.0.1:0", true), "127.0.0.1:0");
    cr_expect_str_eq(again("0", true), "127.0.0.1:0");
    expect_error("127.0.0.1:0", false, -EINVAL, "\"127.0.0.1:0\": the port is not a number from 1 to 65535");
    expect_error("0", false, -EINVAL, "\"0\": the port is not a number from 1 to 65535");
}

Test(address, connecting_wants_a_host)
{
    expect_error(":80", false, -EINVAL, "\":80\": there is no host to connect to");
    expect_error("*:80", false, -EINVAL, "\"*:80\": there is no host to connect to");
}

Test(address, a_text_of_no_form_is_told_the_forms)
{
    static const char forms[] = "an address is PORT, HOST:PORT, [IPV6]:PORT, *:PORT or unix:PATH";
    const char *const texts[] = { "", "localhost", "80x", "-1" };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char why[128];

        snprintf(why, sizeof why, "\"%s\": %s", texts[i], forms);
        expect_error(texts[i], true, -EINVAL, why);
    }
    cr_expect_eq(confab_address_check(NULL, true, NULL, 0), -EINVAL);
}

Test(address, a_bad_port_is_named)
{
    const char *const texts[] = { "65536",  "127.0.0.1:65536", "127.0.0.1:",    "127.0.0.1:+1", "*:0x50",
                                  "[::1]:", "[::1]:999999",    "127.0.0.1: 80", "127.0.0.1:8a" };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char why[128];

        snprintf(why, sizeof why, "\"%s\": the port is not a number from 0 to 65535", texts[i]);
        expect_error(texts[i], true, -EINVAL, why);
    }
}

Test(address, a_bad_host_is_named)
{
    static const char neither[] = "the host is neither an IPv4 address nor localhost";
    char why[128];

    snprintf(why, sizeof why, "\"example.com:80\": %s", neither);
    expect_error("example.com:80", true, -EINVAL, why);
    snprintf(why, sizeof why, "\"127.1:80\": %s", neither);
    expect_error("127.1:80", true, -EINVAL, why);
    snprintf(why, sizeof why, "\"127.0.0.1.very.long.name:80\": %s", neither);
    expect_error("127.0.0.1.very.long.name:80", true, -EINVAL, why);
    expect_error("::1:80", true, -EINVAL, "\"::1:80\": an IPv6 address stands in brackets, as in [::1]:80");
}

Test(address, bad_brackets_are_named)
{
    expect_error("[::1:80", true, -EINVAL, "\"[::1:80\": there is no closing bracket");
    expect_error("[::1]", true, -EINVAL, "\"[::1]\": there is no port behind the bracket");
    expect_error("[::1]80", true, -EINVAL, "\"[::1]80\": there is no port behind the bracket");
    expect_error("[]:80", true, -EINVAL, "\"[]:80\": what the brackets hold is not an IPv6 address");
    expect_error("[127.0.0.1]:80", true, -EINVAL,
                 "\"[127.0.0.1]:80\": what the brackets hold is not an IPv6 address");
    expect_error("[fe80::1%no-such-if]:80", true, -EINVAL,
                 "\"[fe80::1%no-such-if]:80\": there is no interface of that name");
    expect_error("[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd]:80", true, -EINVAL,
                 "\"[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd]:80\": "
                 "what the brackets hold is not an IPv6 address");
}

Test(address, a_unix_path_has_a_longest_length)
{
    const size_t most = sizeof((struct sockaddr_un *)0)->sun_path - 1;
    char text[256] = "unix:", why[256];

    memset(text + 5, 'a', most);
    cr_expect_str_eq(again(text, true), text);
    text[5 + most] = 'b';
    snprintf(why, sizeof why, "\"%.80s...\": the path is longer than %zu bytes", text, most);
    expect_error(text, true, -ENAMETOOLONG, why);
    cr_expect_eq(confab_address_check(text, true, NULL, 0), -EINVAL);
    expect_error("unix:", true, -EINVAL, "\"unix:\": there is no path");
}

Test(address, an_error_fits_the_room_that_it_is_given)
{
    char error[12];

    memset(error, '#', sizeof error);
    cr_expect_eq(confab_address_check("example.com:80", true, error, 8), -EINVAL);
    cr_expect_str_eq(error, "\"exampl");
    cr_expect_eq(error[8], '#');
}

Test(address, check_takes_what_parse_takes)
{
    char error[128] = "untouched";

    cr_expect_eq(confab_address_check("*:80", true, error, sizeof error), 0);
    cr_expect_eq(confab_address_check("*:80", false, NULL, 0), -EINVAL);
    cr_expect_str_eq(error, "untouched");
}

Test(address, what_is_no_address_is_a_hyphen)
{
    struct sockaddr_storage sa = { .ss_family = AF_INET };
    char text[ADDRESS_TEXT];

    cr_expect_str_eq(address_format(NULL, 0, text), "-");
    cr_expect_str_eq(address_format((struct sockaddr *)&sa, 0, text), "-");
    cr_expect_str_eq(address_format((struct sockaddr *)&sa, 4, text), "-", "cut short");
    sa.ss_family = 255;
    cr_expect_str_eq(address_format((struct sockaddr *)&sa, sizeof sa, text), "-");
}

Test(address, a_unix_socket_without_a_path_is_the_bare_prefix)
{
    struct sockaddr_un sa = { .sun_family = AF_UNIX };
    char text[ADDRESS_TEXT];

    cr_expect_str_eq(address_format((struct sockaddr *)&sa, offsetof(struct sockaddr_un, sun_path), text),
                     "unix:");
    memcpy(sa.sun_path, "\0hidden", 7);
    cr_expect_str_eq(address_format((struct sockaddr *)&sa, sizeof sa, text), "unix:");
}

Test(address, a_unix_path_without_a_nul_ends_with_its_length)
{
    struct sockaddr_un sa = { .sun_family = AF_UNIX };
    char text[ADDRESS_TEXT];

    memset(sa.sun_path, 'x', sizeof sa.sun_path);
    cr_expect_str_eq(address_format((struct sockaddr *)&sa, offsetof(struct sockaddr_un, sun_path) + 3, text),
                     "unix:xxx");
    address_format((struct sockaddr *)&sa, sizeof sa, text);
    cr_expect_eq(strlen(text), strlen("unix:") + sizeof sa.sun_path);
}

/* A peer packed and unpacked, as text. */
static const char *packed(const char *address_text)
{
    static char text[ADDRESS_TEXT];
    struct sockaddr_storage sa;
    struct address address;
    struct peer peer;

    cr_assert_eq(address_parse(&address, address_text, false, NULL, 0), 0);
    peer_pack(&peer, (struct sockaddr *)&address.sa, address.len);
    return address_format((struct sockaddr *)&sa, peer_unpack(&peer, &sa), text);
}

Test(address, a_packed_peer_is_the_same_address)
{
    cr_expect_str_eq(packed("192.0.2.1:80"), "192.0.2.1:80");
    cr_expect_str_eq(packed("[fe80::1%3]:80"), "[fe80::1%3]:80");
    cr_expect_str_eq(packed("unix:/run/x"), "unix:", "a path is not kept");
    cr_expect_eq(sizeof(struct peer), 23);
}

Test(address, a_peer_of_none_unpacks_to_nothing)
{
    struct sockaddr_storage sa;
    struct peer peer;

    peer_pack(&peer, NULL, 0);
    cr_expect_eq(peer_unpack(&peer, &sa), 0);
}

Test(address, an_ipv4_peer_of_a_socket_for_both_is_shown_as_ipv4)
{
    cr_expect_str_eq(packed("[::ffff:192.0.2.7]:99"), "192.0.2.7:99");
    cr_expect_str_eq(again("[::ffff:192.0.2.7]:99", false), "192.0.2.7:99");
}

/* -- What is connected to -------------------------------------------------- */

Test(address, a_name_can_be_connected_to)
{
    static const char *const good[] = { "example.com:80", "a:1",     "xn--bcher-kva.example:65535",
                                        "my_host:8080",   "1host:1", "127.0.0.1.very.long.name:80",
                                        "example.com.:80" };

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct target target;
        char error[256] = "", whole[HOST_TEXT + PORT_TEXT];

        cr_assert_eq(target_parse(&target, good[i], error, sizeof error), 0, "%s", error);
        cr_expect_eq(target.address.len, 0);
        snprintf(whole, sizeof whole, "%s:%s", target.host, target.port);
        cr_expect_str_eq(whole, good[i]);
        cr_expect_eq(confab_address_check(good[i], false, NULL, 0), 0);
        cr_expect_eq(confab_address_check(good[i], true, NULL, 0), -EINVAL, "it cannot be listened on");
    }
}

Test(address, what_is_no_name_is_refused)
{
    static const char *const bad[] = { "256.0.0.1:80", "127.1:80", "1:80:",  ".com:80",      "a..b:80",
                                       "-a.com:80",    "a b:80",   "a/b:80", "h\xc3\xa9:80", "1.2.3.4.5:80" };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct target target;

        cr_expect_eq(target_parse(&target, bad[i], NULL, 0), -EINVAL, "%s", bad[i]);
        cr_expect_eq(target.host[0], '\0');
    }
}

Test(address, a_name_is_as_long_as_dns_has_it)
{
    struct target target;
    char text[HOST_TEXT + 10], label[80];

    memset(text, 'a', sizeof text);
    for (size_t i = 63; i < HOST_TEXT; i += 64)
        text[i] = '.';
    strcpy(text + HOST_TEXT - 1, ":80"); /* 253 bytes of name */
    cr_expect_eq(target_parse(&target, text, NULL, 0), 0);
    cr_expect_eq(strlen(target.host), HOST_TEXT - 1);
    strcpy(text + HOST_TEXT - 1, "a:80");
    cr_expect_eq(target_parse(&target, text, NULL, 0), -EINVAL);
    memset(label, 'a', sizeof label);
    strcpy(label + 63, ":80");
    cr_expect_eq(target_parse(&target, label, NULL, 0), 0);
    strcpy(label + 63, "a:80");
    cr_expect_eq(target_parse(&target, label, NULL, 0), -EINVAL);
}

Test(address, the_error_of_a_name_says_what_it_may_be)
{
    struct target target;
    char error[256];

    target_parse(&target, "a..b:80", error, sizeof error);
    cr_expect_str_eq(error, "\"a..b:80\": the host is neither an IPv4 address nor a name");
    target_parse(&target, "example.com:0", error, sizeof error);
    cr_expect_str_eq(error, "\"example.com:0\": the port is not a number from 1 to 65535");
}

Test(address, localhost_and_a_port_alone_are_both_loopbacks)
{
    static const char *const texts[] = { "localhost:80", "80" };

    for (size_t i = 0; i < 2; i++) {
        struct target target;
        char text[ADDRESS_TEXT];

        cr_assert_eq(target_parse(&target, texts[i], NULL, 0), 0);
        cr_expect(target.localhost);
        address_format((struct sockaddr *)&target.address.sa, target.address.len, text);
        cr_expect_str_eq(text, "127.0.0.1:80");
    }
}

Test(address, a_number_is_no_name)
{
    struct target target;

    cr_assert_eq(target_parse(&target, "192.0.2.1:80", NULL, 0), 0);
    cr_expect_eq(target.host[0], '\0');
    cr_expect_not(target.localhost);
    cr_expect_gt(target.address.len, 0);
}

Test(address, one_of_a_socket_is_a_text_and_a_text_is_one_of_a_socket)
{
    static const char *const texts[] = { "192.0.2.1:80", "[2001:db8::1]:443", "unix:/run/x" };
    struct sockaddr_storage sa;
    socklen_t len;
    char text[128];

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        len = sizeof sa;
        cr_assert_eq(confab_address_read(texts[i], (struct sockaddr *)&sa, &len), 0);
        cr_expect_str_eq(confab_address_text((struct sockaddr *)&sa, len, text), texts[i]);
    }
    len = 4;
    cr_expect_eq(confab_address_read("192.0.2.1:80", (struct sockaddr *)&sa, &len), -ENOBUFS);
    len = sizeof sa;
    cr_expect_eq(confab_address_read("example.com:80", (struct sockaddr *)&sa, &len), -EINVAL);
    cr_expect_str_eq(confab_address_text(NULL, 0, text), "-");
}

Test(address, what_cannot_be_connected_to_is_told_the_forms_that_can)
{
    expect_error("localhost", false, -EINVAL,
                 "\"localhost\": an address is PORT, HOST:PORT, [IPV6]:PORT or unix:PATH");
}
