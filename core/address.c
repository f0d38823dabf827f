/* address.c: addresses as text and as sockaddr. */
#include "core/address.h"
#include <arpa/inet.h>
#include <confab/host.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

enum {
    QUOTED_MAX = 80, /* bytes of a wrong text that its error repeats */
    PORT_DIGITS = 5, /* of the longest port */
    PORT_MAX = 65535,
    SCOPE_DIGITS = 9, /* of a scope that is given as a number */
    PEER_UNIX = 'u'
};

static const char unix_prefix[] = "unix:";
static const char digits[] = "0123456789";
static const char wrong_form[] = "an address is PORT, HOST:PORT, [IPV6]:PORT, *:PORT or unix:PATH";

/* What is being read, and where its error goes. */
struct reading {
    struct address *address;
    const char *text;
    bool listen;
    char *error;
    size_t room;
};

static int wrong(const struct reading *reading, const char *why)
{
    bool cut = strlen(reading->text) > QUOTED_MAX;

    if (reading->error && reading->room)
        snprintf(reading->error, reading->room, "\"%.*s%s\": %s", QUOTED_MAX, reading->text, cut ? "..." : "",
                 why);
    return -EINVAL;
}

static int read_port(const struct reading *reading, const char *text, uint16_t *port)
{
    size_t n = strspn(text, digits);
    unsigned long value = n > 0 && n <= PORT_DIGITS && !text[n] ? strtoul(text, NULL, 10) : PORT_MAX + 1;

    if (value > PORT_MAX || (value == 0 && !reading->listen))
        return wrong(reading, reading->listen ? "the port is not a number from 0 to 65535"
                                              : "the port is not a number from 1 to 65535");
    *port = htons((uint16_t)value);
    return 0;
}

static int store(const struct reading *reading, const void *sa, size_t len)
{
    memcpy(&reading->address->sa, sa, len);
    reading->address->len = (socklen_t)len;
    return 0;
}

static int read_unix(const struct reading *reading, const char *path)
{
    struct sockaddr_un sa = { .sun_family = AF_UNIX };
    size_t len = strlen(path);
    char why[64];

    if (len == 0)
        return wrong(reading, "there is no path");
    if (len >= sizeof sa.sun_path) {
        snprintf(why, sizeof why, "the path is longer than %zu bytes", sizeof sa.sun_path - 1);
        wrong(reading, why);
        return -ENAMETOOLONG;
    }
    memcpy(sa.sun_path, path, len);
    return store(reading, &sa, sizeof sa);
}

/* Of a link-local address: a number, or an interface's name. */
static uint32_t read_scope(const char *text)
{
    size_t n = strspn(text, digits);

    if (n > 0 && n <= SCOPE_DIGITS && !text[n])
        return (uint32_t)strtoul(text, NULL, 10);
    return if_nametoindex(text);
}

static int read_six(const struct reading *reading)
{
    struct sockaddr_in6 sa = { .sin6_family = AF_INET6 };
    const char *end = strchr(reading->text, ']');
    char host[INET6_ADDRSTRLEN + 1 + IF_NAMESIZE];
    char *scope;
    size_t len;
    int error;

    if (!end)
        return wrong(reading, "there is no closing bracket");
    if (end[1] != ':')
        return wrong(reading, "there is no port behind the bracket");
    len = (size_t)(end - reading->text) - 1;
    if (len >= sizeof host)
        return wrong(reading, "what the brackets hold is not an IPv6 address");
    memcpy(host, reading->text + 1, len);
    host[len] = '\0';
    scope = strchr(host, '%');
    if (scope) {
        *scope = '\0';
        sa.sin6_scope_id = read_scope(scope + 1);
    }
    if (inet_pton(AF_INET6, host, &sa.sin6_addr) != 1)
        return wrong(reading, "what the brackets hold is not an IPv6 address");
    if (scope && sa.sin6_scope_id == 0)
        return wrong(reading, "there is no interface of that name");
    error = read_port(reading, end + 2, &sa.sin6_port);
    return error ? error : store(reading, &sa, sizeof sa);
}

static int read_any(const struct reading *reading, const char *port)
{
    struct sockaddr_in6 sa = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT };
    int error;

    if (!reading->listen)
        return wrong(reading, "there is no host to connect to");
    error = read_port(reading, port, &sa.sin6_port);
    if (error)
        return error;
    reading->address->any = true;
    return store(reading, &sa, sizeof sa);
}

static int read_four(const struct reading *reading, const char *host, size_t len, const char *port)
{
    struct sockaddr_in sa = { .sin_family = AF_INET };
    char name[INET_ADDRSTRLEN] = "";
    int error;

    if (memchr(host, ':', len))
        return wrong(reading, "an IPv6 address stands in brackets, as in [::1]:80");
    if (len < sizeof name)
        memcpy(name, host, len);
    if (strcmp(name, "localhost") == 0)
        sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    else if (inet_pton(AF_INET, name, &sa.sin_addr) != 1)
        return wrong(reading, "the host is neither an IPv4 address nor localhost");
    error = read_port(reading, port, &sa.sin_port);
    return error ? error : store(reading, &sa, sizeof sa);
}

int address_parse(struct address *address, const char *text, bool listen, char *error, size_t room)
{
    struct reading reading = { address, text ? text : "", listen, error, room };
    const char *colon = strrchr(reading.text, ':');
    size_t len;

    memset(address, 0, sizeof *address);
    if (strncmp(reading.text, unix_prefix, sizeof unix_prefix - 1) == 0)
        return read_unix(&reading, reading.text + sizeof unix_prefix - 1);
    if (reading.text[0] == '[')
        return read_six(&reading);
    if (!colon) {
        if (!reading.text[0] || reading.text[strspn(reading.text, digits)])
            return wrong(&reading, wrong_form);
        return read_four(&reading, "localhost", strlen("localhost"), reading.text);
    }
    len = (size_t)(colon - reading.text);
    if (len == 0 || (len == 1 && reading.text[0] == '*'))
        return read_any(&reading, colon + 1);
    return read_four(&reading, reading.text, len, colon + 1);
}

int confab_address_check(const char *address, bool listen, char *error, size_t room)
{
    struct address parsed;

    return address_parse(&parsed, address, listen, error, room) ? -EINVAL : 0;
}

static const char *format_unix(const struct sockaddr *sa, socklen_t len, char text[ADDRESS_TEXT])
{
    size_t start = offsetof(struct sockaddr_un, sun_path);
    const char *path = (const char *)sa + start;
    size_t room = len > start ? (size_t)len - start : 0;

    /* A name without a path (Linux's abstract ones begin with a NUL) is like none. */
    snprintf(text, ADDRESS_TEXT, "%s%.*s", unix_prefix, (int)room, path);
    return text;
}

const char *address_format(const struct sockaddr *sa, socklen_t len, char text[ADDRESS_TEXT])
{
    char ip[INET6_ADDRSTRLEN] = "", scope[16] = "";
    struct peer peer;

    peer_pack(&peer, sa, len);
    switch (peer.family) {
    case PEER_UNIX:
        return format_unix(sa, len, text);
    case 4:
        inet_ntop(AF_INET, peer.ip, ip, sizeof ip);
        snprintf(text, ADDRESS_TEXT, "%s:%u", ip, ntohs(peer.port));
        return text;
    case 6:
        inet_ntop(AF_INET6, peer.ip, ip, sizeof ip);
        if (peer.scope)
            snprintf(scope, sizeof scope, "%%%u", (unsigned)peer.scope);
        snprintf(text, ADDRESS_TEXT, "[%s%s]:%u", ip, scope, ntohs(peer.port));
        return text;
    default:
        strcpy(text, "-");
        return text;
    }
}

static void pack_four(struct peer *peer, const void *ip, uint16_t port)
{
    peer->family = 4;
    peer->port = port;
    memcpy(peer->ip, ip, sizeof(struct in_addr));
}

void peer_pack(struct peer *peer, const struct sockaddr *sa, socklen_t len)
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6;

    memset(peer, 0, sizeof *peer);
    if (!sa || len < offsetof(struct sockaddr, sa_data))
        return;
    if (sa->sa_family == AF_UNIX) {
        peer->family = PEER_UNIX;
    } else if (sa->sa_family == AF_INET && len >= sizeof in) {
        memcpy(&in, sa, sizeof in);
        pack_four(peer, &in.sin_addr, in.sin_port);
    } else if (sa->sa_family == AF_INET6 && len >= sizeof in6) {
        memcpy(&in6, sa, sizeof in6);
        if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr)) {
            /* How an IPv4 peer looks to a socket for both: tell the peer, not the socket. */
            pack_four(peer, in6.sin6_addr.s6_addr + 12, in6.sin6_port);
            return;
        }
        peer->family = 6;
        peer->port = in6.sin6_port;
        peer->scope = in6.sin6_scope_id;
        memcpy(peer->ip, &in6.sin6_addr, sizeof peer->ip);
    }
}

socklen_t peer_unpack(const struct peer *peer, struct sockaddr_storage *sa)
{
    struct sockaddr_in in = { .sin_family = AF_INET };
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

    memset(sa, 0, sizeof *sa);
    switch (peer->family) {
    case PEER_UNIX:
        sa->ss_family = AF_UNIX;
        return offsetof(struct sockaddr_un, sun_path);
    case 4:
        in.sin_port = peer->port;
        memcpy(&in.sin_addr, peer->ip, sizeof in.sin_addr);
        memcpy(sa, &in, sizeof in);
        return sizeof in;
    case 6:
        in6.sin6_port = peer->port;
        in6.sin6_scope_id = peer->scope;
        memcpy(&in6.sin6_addr, peer->ip, sizeof in6.sin6_addr);
        memcpy(sa, &in6, sizeof in6);
        return sizeof in6;
    default:
        return 0;
    }
}
