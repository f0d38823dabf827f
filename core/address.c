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
    LABEL_MAX = 63,   /* of a name: RFC 1035 */
    PEER_UNIX = 'u'
};

static const char unix_prefix[] = "unix:";
static const char digits[] = "0123456789";
static const char wrong_form[] = "an address is PORT, HOST:PORT, [IPV6]:PORT, *:PORT or unix:PATH";
static const char wrong_target[] = "an address is PORT, HOST:PORT, [IPV6]:PORT or unix:PATH";

/* What is being read, and where its error goes. */
struct reading {
    struct address *address;
    const char *text;
    bool listen;
    char *error;
    size_t room;
    struct target *target; /* NULL: a name will not do */
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

/* Letters, digits, - and _ between dots (RFC 1123), and not digits alone behind the last dot: that is meant to be an IPv4 address. */
static bool is_name(const char *host, size_t len)
{
    size_t label = 0;
    bool number = false;

    if (len == 0 || len >= HOST_TEXT)
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = host[i];
        bool digit = c >= '0' && c <= '9';
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';

        if (c == '.') {
            if (label == 0)
                return false;
            label = 0;
            continue;
        }
        if ((!digit && !letter && (c != '-' || label == 0)) || label == LABEL_MAX)
            return false;
        number = label == 0 ? digit : number && digit;
        label++;
    }
    return !number;
}

static int read_name(const struct reading *reading, const char *host, size_t len, const char *port)
{
    struct target *target = reading->target;
    uint16_t number;
    int error = read_port(reading, port, &number);

    if (error)
        return error;
    memcpy(target->host, host, len);
    target->host[len] = '\0';
    snprintf(target->port, sizeof target->port, "%u", ntohs(number));
    return 0;
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
    if (strcmp(name, "localhost") == 0) {
        sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (reading->target)
            reading->target->localhost = true;
    } else if (inet_pton(AF_INET, name, &sa.sin_addr) != 1) {
        if (reading->target && is_name(host, len))
            return read_name(reading, host, len, port);
        return wrong(reading, reading->target ? "the host is neither an IPv4 address nor a name"
                                              : "the host is neither an IPv4 address nor localhost");
    }
    error = read_port(reading, port, &sa.sin_port);
    return error ? error : store(reading, &sa, sizeof sa);
}

static int read_address(const struct reading *reading)
{
    const char *text = reading->text, *colon = strrchr(text, ':');

    memset(reading->address, 0, sizeof *reading->address);
    if (strncmp(text, unix_prefix, sizeof unix_prefix - 1) == 0)
        return read_unix(reading, text + sizeof unix_prefix - 1);
    if (text[0] == '[')
        return read_six(reading);
    if (!colon) {
        if (!text[0] || text[strspn(text, digits)])
            return wrong(reading, reading->listen ? wrong_form : wrong_target);
        return read_four(reading, "localhost", strlen("localhost"), text);
    }
    size_t len = (size_t)(colon - text);
    if (len == 0 || (len == 1 && text[0] == '*'))
        return read_any(reading, colon + 1);
    return read_four(reading, text, len, colon + 1);
}

int address_parse(struct address *address, const char *text, bool listen, char *error, size_t room)
{
    return read_address(&(struct reading){
        .address = address, .text = text ? text : "", .listen = listen, .error = error, .room = room });
}

int target_parse(struct target *target, const char *text, char *error, size_t room)
{
    *target = (struct target){ 0 };
    return read_address(&(struct reading){ .address = &target->address,
                                           .text = text ? text : "",
                                           .error = error,
                                           .room = room,
                                           .target = target });
}

int confab_address_check(const char *address, bool listen, char *error, size_t room)
{
    struct target target;

    if (listen)
        return address_parse(&target.address, address, true, error, room) ? -EINVAL : 0;
    return target_parse(&target, address, error, room) ? -EINVAL : 0;
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
    char ip[INET6_ADDRSTRLEN] = "", scoped[16] = "";
    struct peer peer;
    uint32_t scope;
    uint16_t port;

    peer_pack(&peer, sa, len);
    memcpy(&scope, peer.scope, sizeof scope);
    memcpy(&port, peer.port, sizeof port);
    switch (peer.family) {
    case PEER_UNIX:
        return format_unix(sa, len, text);
    case 4:
        inet_ntop(AF_INET, peer.ip, ip, sizeof ip);
        snprintf(text, ADDRESS_TEXT, "%s:%u", ip, ntohs(port));
        return text;
    case 6:
        inet_ntop(AF_INET6, peer.ip, ip, sizeof ip);
        if (scope)
            snprintf(scoped, sizeof scoped, "%%%u", (unsigned)scope);
        snprintf(text, ADDRESS_TEXT, "[%s%s]:%u", ip, scoped, ntohs(port));
        return text;
    default:
        strcpy(text, "-");
        return text;
    }
}

static void pack_four(struct peer *peer, const void *ip, uint16_t port)
{
    peer->family = 4;
    memcpy(peer->port, &port, sizeof peer->port);
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
        memcpy(peer->port, &in6.sin6_port, sizeof peer->port);
        memcpy(peer->scope, &in6.sin6_scope_id, sizeof peer->scope);
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
        memcpy(&in.sin_port, peer->port, sizeof peer->port);
        memcpy(&in.sin_addr, peer->ip, sizeof in.sin_addr);
        memcpy(sa, &in, sizeof in);
        return sizeof in;
    case 6:
        memcpy(&in6.sin6_port, peer->port, sizeof peer->port);
        memcpy(&in6.sin6_scope_id, peer->scope, sizeof peer->scope);
        memcpy(&in6.sin6_addr, peer->ip, sizeof in6.sin6_addr);
        memcpy(sa, &in6, sizeof in6);
        return sizeof in6;
    default:
        return 0;
    }
}
