/* handler: a handler of HTTP requests, as in the documentation of Python's asynchat.
 *
 *     confab serve handler
 *     curl --data 'name=value' 'http://127.0.0.1:8080/form?x=1'
 *
 * A connection is read by one terminator after the other: CR LF CR LF ends the headers,
 * Content-Length bytes are the body; then none, until the request has been handled.
 * The reply tells what came: method, path, query, how many headers, how many bytes,
 * and then these bytes. */
#include "connection.h"
#include "reply.h"
#include <errno.h>
#include <stdio.h>

/* Of the service: what was given on the command line. */
struct state {
    struct http_limits limits;
    uint64_t max_body;
};

/* Of one connection. */
struct session {
    struct http_connection http;
    confab_buffer *summary; /* of the request whose body is on its way; NULL: there is none */
};

static const struct state *state_of(confab_chat *chat)
{
    return confab_service_state(confab_chat_service(chat));
}

/* As snprintf. */
static int print_summary(char *to, size_t room, const struct http_request *request)
{
    struct http_text method = request->method, path = request->path, query = request->query;

    if (query.len > 0)
        query.at++, query.len--; /* the "?" */
    return snprintf(to, room, "method: %.*s\npath: %.*s\nquery: %.*s\nheaders: %zu\nbody: %llu\n\n",
                    (int)method.len, method.at, (int)path.len, path.at, (int)query.len, query.at,
                    request->header_count, (unsigned long long)request->length);
}

/* What the reply tells of the headers, which are gone when the body is there.  NULL: out of memory. */
static confab_buffer *summarise(const struct http_request *request)
{
    int len = print_summary(NULL, 0, request);
    confab_buffer *summary = len < 0 ? NULL : confab_buffer_new(NULL, (size_t)len);

    if (summary)
        print_summary(confab_buffer_data(summary), (size_t)len + 1, request);
    return summary;
}

/* Owns the summary and the body (NULL: there is none). */
static int answer(confab_chat *chat, confab_buffer *summary, confab_buffer *body)
{
    const struct http_connection *http = confab_chat_session(chat);
    size_t length = confab_buffer_size(summary) + (body ? confab_buffer_size(body) : 0);

    http_begin_head(chat, 200);
    int error = http_end_head(chat, "text/plain; charset=utf-8", length);
    if (http->head_only) {
        confab_buffer_unref(summary);
        confab_buffer_unref(body);
        return error;
    }
    /* The very bytes that arrived leave again: from here on the chat owns both. */
    error = confab_chat_push_buffer(chat, summary);
    return body ? confab_chat_push_buffer(chat, body) : error;
}

/* One limit for both: how much of a head, then of a body, is collected. */
static int collect_at_most(confab_chat *chat, uint64_t bytes)
{
    const struct confab_chat_options options = { .size = sizeof options, .max_message = bytes };
    return confab_chat_set_options(chat, &options);
}

static int found_head(confab_chat *chat)
{
    struct session *session = confab_chat_session(chat);
    struct http_request request;

    int found = http_read_head(chat, &request);
    if (found <= 0)
        return found;
    if (request.length > state_of(chat)->max_body)
        return http_refuse(chat, 413, "the body is over this server's max-body");
    confab_buffer *summary = summarise(&request);
    if (!summary)
        return -ENOMEM;
    if (!request.has_length) {
        int error = answer(chat, summary, NULL);
        return error ? error : http_next(chat);
    }
    session->summary = summary;
    int error = request.length > 0 ? collect_at_most(chat, request.length) : 0;
    return error ? error : http_expect_body(chat, &request);
}

/* There is no terminator now: whatever arrived behind the body waits for http_next, which sets one. */
static int found_body(confab_chat *chat)
{
    struct session *session = confab_chat_session(chat);
    confab_buffer *summary = session->summary, *body = confab_chat_take_message(chat);

    if (!body)
        return -ENOMEM;
    session->summary = NULL;
    int error = answer(chat, summary, body);
    if (!error)
        error = collect_at_most(chat, state_of(chat)->limits.max_head);
    return error ? error : http_next(chat);
}

static int collect_incoming_data(confab_chat *chat, const char *data, size_t len)
{
    const struct session *session = confab_chat_session(chat);
    return session->http.body ? confab_chat_collect(chat, data, len) : http_collect_head(chat, data, len);
}

static int found_terminator(confab_chat *chat)
{
    const struct session *session = confab_chat_session(chat);
    return session->http.body ? found_body(chat) : found_head(chat);
}

/* The library's default would close between the headers and the first byte of the body.  A request
 * that has begun is to be answered; then http_next ends the connection. */
static int handle_shutdown(confab_chat *chat)
{
    const struct session *session = confab_chat_session(chat);

    if (!session->http.body && session->http.last == '\0' && confab_chat_pending_input(chat) == 0)
        confab_chat_close_when_done(chat);
    return 0;
}

static void handle_close(confab_chat *chat, enum confab_reason reason)
{
    const struct session *session = confab_chat_session(chat);

    (void)reason;
    confab_buffer_unref(session->summary);
}

static const struct confab_option options[] = {
    CONFAB_OPTION(struct state, max_body, SIZE, "max-body", .fallback = "8M", .max = 1 << 30,
                  .help = "bytes of a request's body at the most; it is held in memory"),
    HTTP_LIMIT_OPTIONS(struct state, limits),
    CONFAB_OPTIONS_END,
};
static const char *const counters[] = { HTTP_COUNTERS, NULL };

/* clang-format off */
CONFAB_PLUGIN(
    .name = "handler",
    .version = CONFAB_VERSION,
    .description = "answers each HTTP request with what it was: method, path, headers counted, body",
    .chat = CONFAB_CHAT(
        .session_size = sizeof(struct session),
        .handle_connect = http_handle_connect,
        .collect_incoming_data = collect_incoming_data,
        .found_terminator = found_terminator,
        .handle_timeout = http_handle_timeout,
        .handle_too_long = http_handle_too_long,
        .handle_shutdown = handle_shutdown,
        .handle_close = handle_close),
    .options = options,
    .service_size = sizeof(struct state),
    .default_port = 8080,
    .spread = CONFAB_ANY_WORKER,
    .counters = counters,
    .examples = CONFAB_EXAMPLES(
        "confab-session 1\n"
        "plugin handler\n"
        "mask /[A-Z][a-z][a-z], [0-9][0-9] [A-Z][a-z][a-z] [0-9]+ [0-9:]+ GMT/ DATE\n"
        "isolated\n"
        "> \"POST /form?x=1 HTTP/1.1\\r\\nHost: here\\r\\n\" \\\n"
        "  \"Content-Length: 10\\r\\n\\r\\nname=value\"\n"
        "< \"HTTP/1.1 200 OK\\r\\nDate: DATE\\r\\nContent-Type: text/plain; charset=utf-8\\r\\n\" \\\n"
        "  \"Content-Length: 67\\r\\nX-Content-Type-Options: nosniff\\r\\n\\r\\n\" \\\n"
        "  \"method: POST\\npath: /form\\nquery: x=1\\nheaders: 2\\nbody: 10\\n\\nname=value\"\n",

        "confab-session 1\n"
        "plugin handler\n"
        "mask /[A-Z][a-z][a-z], [0-9][0-9] [A-Z][a-z][a-z] [0-9]+ [0-9:]+ GMT/ DATE\n"
        "# The next request may come before the reply to the last one has.\n"
        "> \"HEAD /a HTTP/1.1\\r\\nHost: here\\r\\n\\r\\n\" \\\n"
        "  \"GET /b HTTP/1.1\\r\\nHost: here\\r\\nConnection: close\\r\\n\\r\\n\"\n"
        "< \"HTTP/1.1 200 OK\\r\\nDate: DATE\\r\\nContent-Type: text/plain; charset=utf-8\\r\\n\" \\\n"
        "  \"Content-Length: 50\\r\\nX-Content-Type-Options: nosniff\\r\\n\\r\\n\"\n"
        "< \"HTTP/1.1 200 OK\\r\\nDate: DATE\\r\\nConnection: close\\r\\nContent-Type: text/plain; charset=utf-8\\r\\n\" \\\n"
        "  \"Content-Length: 49\\r\\nX-Content-Type-Options: nosniff\\r\\n\\r\\n\" \\\n"
        "  \"method: GET\\npath: /b\\nquery: \\nheaders: 2\\nbody: 0\\n\\n\"\n"
        "closed\n"))
