/* request.h: the head of an HTTP/1 request, taken apart (RFC 9110, RFC 9112).
 *
 * Strict where two programs that read the same bytes could come to different requests:
 * what is doubtful is refused, never mended.  It allocates nothing. */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <confab/base.h>

/* Bytes within the head, without a NUL behind them. */
struct http_text {
    const char *at;
    size_t len;
};

struct http_header {
    struct http_text name, value; /* the value without the blanks around it */
};

enum { HTTP_HEADERS_MAX = 100 };

struct http_request {
    struct http_text method, target, version; /* as they were sent; of no bytes if it did not come to that */
    struct http_text path;                    /* of the target, still encoded: begins with "/", or is "*" */
    struct http_text query;                   /* what the target has from its "?" on; may be of no bytes */
    unsigned minor;                           /* of HTTP/1.minor */
    bool has_length;                          /* it had a Content-Length */
    uint64_t length;                          /* bytes of the body that follows */
    bool keep_alive;                          /* the client wants the connection to stay */
    bool expects_continue;                    /* and will not send the body before it is told to */
    const char *why;                          /* it was refused: a few words, constant */
    size_t header_count;
    struct http_header headers[HTTP_HEADERS_MAX];
};

/* Takes the head apart: from the method to the last header, without the empty line that
 * ends it; line ends are CR LF.  The request's texts point into the head.
 *
 * 0, or the status to refuse it with; what follows it on the connection then is nobody's
 * request.  400: not a request.  417: an expectation that is none.  431: more than
 * HTTP_HEADERS_MAX headers.  501: a transfer coding, or CONNECT.  505: not HTTP/1. */
int http_parse(struct http_request *request, const char *head, size_t len);

/* The value of the first header of that name; NULL: there is none. */
const struct http_text *http_find(const struct http_request *request, const char *name);

/* Whether the text is this word; word: with no regard to the case of letters. */
bool http_is(struct http_text text, const char *exactly);
bool http_is_word(struct http_text text, const char *word);

#endif
