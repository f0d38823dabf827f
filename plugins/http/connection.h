/* connection.h: what holds for every connection that speaks HTTP/1, whatever is
 * answered: heads of a bounded size in a bounded time, bodies that are skipped,
 * several requests on one connection, its end.
 *
 * A plugin's state of the service begins with a struct http_limits, its session with
 * a struct http_connection; the functions below find them there. */
#ifndef HTTP_CONNECTION_H
#define HTTP_CONNECTION_H

#include "request.h"
#include <confab/plugin.h>

struct http_limits {
    uint64_t max_head;
    int64_t request_timeout;
};

/* Their rows in the table of options. */
#define HTTP_LIMIT_OPTIONS(state_type, member)                                                             \
    CONFAB_OPTION(state_type, member.max_head, SIZE, "max-head", .fallback = "16K", .min = 64,             \
                  .max = 1 << 20, .help = "bytes of a request line and its headers at the most"),          \
        CONFAB_OPTION(state_type, member.request_timeout, DURATION, "request-timeout", .fallback = "30s",  \
                      .max = 24 * 60 * CONFAB_MINUTE,                                                      \
                      .help = "from a request's first byte to the end of its headers, and between pieces " \
                              "of its body; 0: off")

struct http_connection {
    bool body;       /* what arrives is a request's body, not its head */
    bool keep_alive; /* the connection stays when the request has been answered */
    bool head_only;  /* the request is HEAD: its reply has no body */
    char last;       /* the last byte of the head so far; NUL: none */
    unsigned minor;  /* of the request's HTTP/1.minor */
    uint64_t skip;   /* bytes of a body that are to be skipped when it has been answered */
};

/* The first of a plugin's counters. */
enum http_counter { HTTP_REQUESTS, HTTP_REFUSED };
#define HTTP_COUNTERS [HTTP_REQUESTS] = "requests", [HTTP_REFUSED] = "refused"

/* Hooks, to be used as they are: limits and the first terminator; 431 or 414; 408. */
int http_handle_connect(confab_chat *chat);
int http_handle_too_long(confab_chat *chat);
int http_handle_timeout(confab_chat *chat, enum confab_timeout which);

/* For collect_incoming_data: collects a piece of a head, and refuses one that would never end. */
int http_collect_head(confab_chat *chat, const char *data, size_t len);

/* For found_terminator: reads the head that was found into *request, which is valid until the hook
 * returns.  1: answer it.  0: there is nothing to answer, or it was refused here.  < 0:
 * return it. */
int http_read_head(confab_chat *chat, struct http_request *request);

/* The request's body is of no interest: http_next is to skip it.  To be called before the answer's
 * head is pushed, which must tell whether the connection stays. */
void http_skip_body(confab_chat *chat, const struct http_request *request);

/* Waits for the request's body: found_terminator is called when it is there, at once where it has
 * no bytes. */
int http_expect_body(confab_chat *chat, const struct http_request *request);

/* The request has been answered: goes on to the next one, or ends the connection. */
int http_next(confab_chat *chat);

#endif
