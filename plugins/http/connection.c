#include "connection.h"
#include "reply.h"
#include <errno.h>
#include <string.h>

static int expect_head(confab_chat *chat)
{
    struct http_connection *http = confab_chat_session(chat);

    /* Until the next request is read, a reply is for a client of whom nothing is known. */
    *http = (struct http_connection){ .minor = 1 };
    return confab_chat_set_terminator(chat, "\r\n\r\n", 4);
}

int http_handle_connect(confab_chat *chat)
{
    const struct http_limits *limits = confab_service_state(confab_chat_service(chat));
    const int64_t timeout = limits->request_timeout;
    const struct confab_chat_options options = {
        .size = sizeof options,
        .max_message = limits->max_head,
        .timeout = { [CONFAB_TIMEOUT_MESSAGE] = timeout > 0 ? timeout : CONFAB_OFF },
    };

    int error = confab_chat_set_options(chat, &options);
    return error ? error : expect_head(chat);
}

/* Lines may end with a lone LF, says RFC 9112 (2.2), but need not be allowed to, and programs that
 * differ in this differ in where a request ends.  They are refused, here, where the
 * first one comes: the terminator might never come. */
int http_collect_head(confab_chat *chat, const char *data, size_t len)
{
    struct http_connection *http = confab_chat_session(chat);
    const char *end = data + len, *at = data;

    while ((at = memchr(at, '\n', (size_t)(end - at)))) {
        char before = at > data ? at[-1] : http->last;
        if (before != '\r')
            return http_refuse(chat, 400, "a line ends with LF alone; it must be CR LF");
        at++;
    }
    http->last = end[-1];
    return confab_chat_collect(chat, data, len);
}

int http_read_head(confab_chat *chat, struct http_request *request)
{
    struct http_connection *http = confab_chat_session(chat);
    size_t len;
    const char *head = confab_chat_message(chat, &len);

    if (!head)
        return -ENOMEM;
    http->last = '\0';
    if (len == 0)
        return 0; /* empty lines before a request: what some clients have left over from the last one */
    int status = http_parse(request, head, len);
    http->head_only = http_is(request->method, "HEAD");
    if (status)
        return http_refuse(chat, status, request->why);
    http->minor = request->minor;
    http->keep_alive = request->keep_alive;
    confab_service_count(confab_chat_service(chat), HTTP_REQUESTS, 1);
    return 1;
}

void http_skip_body(confab_chat *chat, const struct http_request *request)
{
    struct http_connection *http = confab_chat_session(chat);

    http->skip = request->length;
    /* Such a client sends its body or does not, now that it has an answer: nobody can
     * tell where its next request begins. */
    if (request->expects_continue)
        http->keep_alive = false;
}

int http_expect_body(confab_chat *chat, const struct http_request *request)
{
    struct http_connection *http = confab_chat_session(chat);

    http->body = true;
    if (request->expects_continue)
        confab_chat_puts(chat, "HTTP/1.1 100 Continue\r\n\r\n");
    return confab_chat_set_terminator_count(chat, request->length);
}

int http_next(confab_chat *chat)
{
    struct http_connection *http = confab_chat_session(chat);

    if (!http->keep_alive) {
        confab_chat_close_when_done(chat);
        return 0;
    }
    if (http->skip == 0)
        return expect_head(chat);
    http->body = true;
    uint64_t length = http->skip;
    http->skip = 0;
    return confab_chat_set_terminator_count(chat, length);
}

int http_handle_too_long(confab_chat *chat)
{
    size_t len;
    const char *head = confab_chat_message(chat, &len);

    if (head && !memchr(head, '\n', len))
        return http_refuse(chat, 414, "the request line is too long");
    return http_refuse(chat, 431, "the headers are too long");
}

/* A client that is slow in the middle of a request is told so; one that rests between two is not. */
int http_handle_timeout(confab_chat *chat, enum confab_timeout which)
{
    if (which == CONFAB_TIMEOUT_MESSAGE)
        return http_refuse(chat, 408, "the request did not arrive in time");
    confab_chat_close(chat);
    return 0;
}
