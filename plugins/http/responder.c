/* responder: shows each HTTP request as a web page: its method, target, version and headers.
 *
 *     confab serve responder            then look at http://127.0.0.1:8080/any/thing
 *
 * A request ends at its first empty line, so CR LF CR LF is the terminator.  A body
 * may follow it: bytes that are counted and dropped, lest they be taken for
 * the next request.  What HTTP wants of any server is in connection.c and request.c. */
#include "connection.h"
#include "reply.h"
#include <stdio.h>
#include <stdlib.h>

/* Of the service: what was given on the command line. */
struct state {
    struct http_limits limits;
};

static const char page_begins[] = "<!DOCTYPE html>\n"
                                  "<html lang=\"en\">\n"
                                  "<head><meta charset=\"utf-8\"><title>Request</title></head>\n"
                                  "<body>\n"
                                  "<h1>Your request</h1>\n"
                                  "<table>\n";
static const char page_ends[] = "</table>\n</body>\n</html>\n";

/* Whatever a client sends comes out as text: no byte of it can begin a tag, end an attribute, or be
 * half of a character. */
static void put_escaped(FILE *page, struct http_text text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c == '&' || c == '<' || c == '>' || c == '"' || c == '\'')
            fprintf(page, "&#%d;", c);
        else if (c < ' ' || c > '~')
            fprintf(page, "\\x%02x", c);
        else
            putc(c, page);
    }
}

static void put_row(FILE *page, const char *head, struct http_text value)
{
    fprintf(page, "<tr><th>%s</th><td>", head);
    put_escaped(page, value);
    fputs("</td></tr>\n", page);
}

static void put_page(FILE *page, const struct http_request *request)
{
    fputs(page_begins, page);
    put_row(page, "Method", request->method);
    put_row(page, "Target", request->target);
    put_row(page, "Version", request->version);
    fputs("</table>\n<h2>Headers</h2>\n<table>\n", page);
    for (size_t i = 0; i < request->header_count; i++) {
        fputs("<tr><th>", page);
        put_escaped(page, request->headers[i].name);
        fputs("</th><td>", page);
        put_escaped(page, request->headers[i].value);
        fputs("</td></tr>\n", page);
    }
    fputs(page_ends, page);
}

/* Makes the page as a stream in memory; the caller frees *text. */
static bool make_page(const struct http_request *request, char **text, size_t *size)
{
    FILE *page = open_memstream(text, size);

    if (!page)
        return false;
    put_page(page, request);
    bool whole = !ferror(page);
    return fclose(page) == 0 && whole;
}

static int answer(confab_chat *chat, const struct http_request *request)
{
    const struct http_connection *http = confab_chat_session(chat);
    char *page = NULL;
    size_t size;

    if (!make_page(request, &page, &size)) {
        free(page);
        return http_refuse(chat, 500, "out of memory");
    }
    http_begin_head(chat, 200);
    /* Should a browser find a script in the page after all, it is not to run it. */
    confab_chat_puts(chat, "Content-Security-Policy: default-src 'none'\r\n");
    int error = http_end_head(chat, "text/html; charset=utf-8", size);
    if (error || http->head_only) {
        free(page);
        return error;
    }
    /* Not copied; freed when it has been sent, or when the connection ends. */
    return confab_chat_push_reference(chat, page, size, free, page);
}

static int collect_incoming_data(confab_chat *chat, const char *data, size_t len)
{
    const struct http_connection *http = confab_chat_session(chat);

    return http->body ? 0 : http_collect_head(chat, data, len);
}

static int found_terminator(confab_chat *chat)
{
    const struct http_connection *http = confab_chat_session(chat);
    struct http_request request;

    if (http->body)
        return http_next(chat);
    int found = http_read_head(chat, &request);
    if (found <= 0)
        return found;
    http_skip_body(chat, &request);
    int error = answer(chat, &request);
    return error ? error : http_next(chat);
}

static const struct confab_option options[] = {
    HTTP_LIMIT_OPTIONS(struct state, limits),
    CONFAB_OPTIONS_END,
};
static const char *const counters[] = { HTTP_COUNTERS, NULL };

/* clang-format off */
CONFAB_PLUGIN(
    .name = "responder",
    .version = CONFAB_VERSION,
    .description = "shows each HTTP request as a web page: method, target, version, headers",
    .chat = CONFAB_CHAT(
        .session_size = sizeof(struct http_connection),
        .handle_connect = http_handle_connect,
        .collect_incoming_data = collect_incoming_data,
        .found_terminator = found_terminator,
        .handle_timeout = http_handle_timeout,
        .handle_too_long = http_handle_too_long),
    .options = options,
    .service_size = sizeof(struct state),
    .default_port = 8080,
    .spread = CONFAB_ANY_WORKER,
    .counters = counters,
    .examples = CONFAB_EXAMPLES(
        "confab-session 1\n"
        "plugin responder\n"
        "mask /[A-Z][a-z][a-z], [0-9][0-9] [A-Z][a-z][a-z] [0-9]+ [0-9:]+ GMT/ DATE\n"
        "isolated\n"
        "> \"GET /any/thing?x=1 HTTP/1.1\\r\\nHost: here\\r\\n\\r\\n\"\n"
        "<* \"<tr><th>Target</th><td>/any/thing?x=1</td></tr>\\n\"\n"
        "<* \"<tr><th>Host</th><td>here</td></tr>\\n</table>\\n</body>\\n</html>\\n\"\n",

        "confab-session 1\n"
        "plugin responder\n"
        "mask /[A-Z][a-z][a-z], [0-9][0-9] [A-Z][a-z][a-z] [0-9]+ [0-9:]+ GMT/ DATE\n"
        "# What a client sends comes out as text, never as a tag.\n"
        "> \"GET /?<b> HTTP/1.0\\r\\n\\r\\n\"\n"
        "<* \"<td>/?&#60;b&#62;</td>\"\n"
        "<* \"</html>\\n\"\n"
        "closed\n",

        "confab-session 1\n"
        "plugin responder\n"
        "mask /[A-Z][a-z][a-z], [0-9][0-9] [A-Z][a-z][a-z] [0-9]+ [0-9:]+ GMT/ DATE\n"
        "> \"nonsense\\r\\n\\r\\n\"\n"
        "< \"HTTP/1.1 400 Bad Request\\r\\nDate: DATE\\r\\nConnection: close\\r\\n\" \\\n"
        "  \"Content-Type: text/plain; charset=utf-8\\r\\nContent-Length: 63\\r\\nX-Content-Type-Options: nosniff\\r\\n\\r\\n\" \\\n"
        "  \"400 Bad Request: a request begins with: METHOD TARGET HTTP/1.1\\n\"\n"
        "closed\n"))
