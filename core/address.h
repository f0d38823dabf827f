/* address.h: addresses as text and as sockaddr: PORT (loopback), HOST:PORT,
 * [IPV6]:PORT, :PORT and *:PORT (every interface), unix:PATH.  HOST is numeric,
 * or "localhost", which is 127.0.0.1; what is connected to may have a name. */
#ifndef CONFAB_CORE_ADDRESS_H
#define CONFAB_CORE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct address {
    struct sockaddr_storage sa;
    socklen_t len;
    bool any; /* :PORT or *:PORT: an IPv6 socket that takes IPv4 too, or IPv4 alone where there is no IPv6 */
};

enum { ADDRESS_TEXT = 128 }; /* room for any address as text, its NUL included; a longer unix path is cut */

/* Reads one, for listening or for connecting to (which wants a host or a path,
 * and a port that is not 0; PORT alone is loopback).  -EINVAL with one line in error (may be
 * NULL) that says what is wrong with which text; -ENAMETOOLONG likewise for a unix path. */
int address_parse(struct address *address, const char *text, bool listen, char *error, size_t room);

enum { HOST_TEXT = 254, PORT_TEXT = 6 }; /* room for the longest name (RFC 1035), and for a port */

/* What is to be connected to. */
struct target {
    struct address address; /* len 0: it is a name that is to be resolved */
    bool localhost;         /* address is 127.0.0.1; [::1] is meant too */
    char host[HOST_TEXT], port[PORT_TEXT];
};

/* Reads one; otherwise as address_parse. */
int target_parse(struct target *target, const char *text, char *error, size_t room);

/* Writes one as text, in the form that address_parse takes; returns text. */
const char *address_format(const struct sockaddr *sa, socklen_t len, char text[ADDRESS_TEXT]);

/* A peer's address in 23 bytes, which each connection keeps: numbers are stored as bytes, so that it fits anywhere. */
struct peer {
    uint8_t ip[16];
    uint8_t scope[4];
    uint8_t port[2]; /* in the order of the network */
    uint8_t family;  /* 0: none; 4; 6; 'u': a unix socket */
};

void peer_pack(struct peer *peer, const struct sockaddr *sa, socklen_t len);
socklen_t peer_unpack(const struct peer *peer, struct sockaddr_storage *sa); /* 0: none */

#endif
