#include "request.h"
#include <confab/plugin.h>
#include <errno.h>
#include <string.h>

static int refuse(struct http_request *request, int status, const char *why)
{
    request->why = why;
    return status;
}

/* -- Bytes and words: not <ctype.h>, which asks the locale ------------------- */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alphanumeric(char c)
{
    return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z');
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

static bool one_of(char c, const char *these)
{
    return c != '\0' && strchr(these, c);
}

bool http_is(struct http_text text, const char *exactly)
{
    return text.len == strlen(exactly) && (text.len == 0 || memcmp(text.at, exactly, text.len) == 0);
}

bool http_is_word(struct http_text text, const char *word)
{
    if (text.len != strlen(word))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (lower(text.at[i]) != lower(word[i]))
            return false;
    return true;
}

static bool is_token(struct http_text text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!is_alphanumeric(text.at[i]) && !one_of(text.at[i], "!#$%&'*+-.^_`|~"))
            return false;
    return text.len > 0;
}

static struct http_text trim(struct http_text text)
{
    while (text.len > 0 && is_blank(text.at[0]))
        text.at++, text.len--;
    while (text.len > 0 && is_blank(text.at[text.len - 1]))
        text.len--;
    return text;
}

/* Takes what is before the first `mark` off the rest, and the mark; all of it where there is none. */
static struct http_text cut(struct http_text *rest, char mark)
{
    const char *end = memchr(rest->at, mark, rest->len);
    struct http_text first = { rest->at, end ? (size_t)(end - rest->at) : rest->len };
    size_t gone = first.len + (end != NULL);

    rest->at += gone;
    rest->len -= gone;
    return first;
}

/* Takes a line off the rest.  A lone CR or LF stays in it, where nothing lets it pass. */
static struct http_text cut_line(struct http_text *rest)
{
    struct http_text line = *rest;

    for (size_t i = 0; i + 1 < rest->len; i++) {
        if (rest->at[i] != '\r' || rest->at[i + 1] != '\n')
            continue;
        line.len = i;
        rest->at += i + 2;
        rest->len -= i + 2;
        return line;
    }
    rest->at += rest->len;
    rest->len = 0;
    return line;
}

/* -- The request line ---------------------------------------------------------- */

static int read_version(struct http_request *request)
{
    struct http_text version = request->version;

    if (version.len != 8 || memcmp(version.at, "HTTP/", 5) != 0 || !is_digit(version.at[5]) ||
        version.at[6] != '.' || !is_digit(version.at[7]))
        return refuse(request, 400, "a request begins with: METHOD TARGET HTTP/1.1");
    if (version.at[5] != '1')
        return refuse(request, 505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
    request->minor = (unsigned)(version.at[7] - '0');
    return 0;
}

/* What stands before the path in http://host:port/path; 0: it is of another form. */
static size_t absolute_prefix(struct http_text target)
{
    static const char *const schemes[] = { "http://", "https://" };

    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t len = strlen(schemes[i]);
        if (target.len <= len || !http_is_word((struct http_text){ target.at, len }, schemes[i]))
            continue;
        while (len < target.len && !one_of(target.at[len], "/?"))
            len++;
        return len;
    }
    return 0;
}

static int read_target(struct http_request *request)
{
    struct http_text rest = request->target;

    request->query = (struct http_text){ rest.at + rest.len, 0 };
    /* Bytes over 127 are no good target either, but are what clients send for names in UTF-8. */
    for (size_t i = 0; i < rest.len; i++)
        if (is_control(rest.at[i]))
            return refuse(request, 400, "the target has a control character");
    if (http_is(request->method, "CONNECT"))
        return refuse(request, 501, "this is no proxy");
    if (http_is(rest, "*") && http_is(request->method, "OPTIONS")) {
        request->path = rest;
        return 0;
    }
    size_t prefix = absolute_prefix(rest);
    rest.at += prefix;
    rest.len -= prefix;
    request->path = rest;
    if (prefix > 0 && (rest.len == 0 || rest.at[0] == '?'))
        request->path = (struct http_text){ "/", 1 };
    else if (rest.len == 0 || rest.at[0] != '/')
        return refuse(request, 400, "the target begins neither with / nor with http://");
    const char *mark = memchr(rest.at, '?', rest.len);
    if (mark) {
        request->query = (struct http_text){ mark, rest.len - (size_t)(mark - rest.at) };
        if (request->path.at == rest.at)
            request->path.len = (size_t)(mark - rest.at);
    }
    return 0;
}

static int read_request_line(struct http_request *request, struct http_text line)
{
    struct http_text method = cut(&line, ' ');

    if (!is_token(method))
        return refuse(request, 400, "a request begins with: METHOD TARGET HTTP/1.1");
    request->method = method;
    request->target = cut(&line, ' ');
    request->version = line;
    int status = read_version(request);
    return status ? status : read_target(request);
}

/* -- Headers --------------------------------------------------------------------- */

static int read_header(struct http_request *request, struct http_text line)
{
    if (line.len > 0 && is_blank(line.at[0]))
        return refuse(request, 400, "a header goes on in a second line");
    if (line.len == 0 || !memchr(line.at, ':', line.len))
        return refuse(request, 400, "a header is: NAME: VALUE");
    struct http_text name = cut(&line, ':');
    if (!is_token(name))
        return refuse(request, 400, "the name of a header has a character that is not allowed");
    for (size_t i = 0; i < line.len; i++)
        if (is_control(line.at[i]) && line.at[i] != '\t')
            return refuse(request, 400, "a header has a control character");
    if (request->header_count == HTTP_HEADERS_MAX)
        return refuse(request, 431, "there are too many headers");
    request->headers[request->header_count++] = (struct http_header){ name, trim(line) };
    return 0;
}

const struct http_text *http_find(const struct http_request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (http_is_word(request->headers[i].name, name))
            return &request->headers[i].value;
    return NULL;
}

static size_t count_of(const struct http_request *request, const char *name)
{
    size_t count = 0;

    for (size_t i = 0; i < request->header_count; i++)
        count += http_is_word(request->headers[i].name, name);
    return count;
}

/* Whether one of the headers of that name, which are lists, has the word. */
static bool lists(const struct http_request *request, const char *name, const char *word)
{
    for (size_t i = 0; i < request->header_count; i++) {
        struct http_text rest = request->headers[i].value;
        if (!http_is_word(request->headers[i].name, name))
            continue;
        while (rest.len > 0)
            if (http_is_word(trim(cut(&rest, ',')), word))
                return true;
    }
    return false;
}

static int check_host(struct http_request *request)
{
    const struct http_text *host = http_find(request, "Host");

    if (count_of(request, "Host") > 1)
        return refuse(request, 400, "there is more than one Host");
    if (!host)
        return request->minor == 0 ? 0 : refuse(request, 400, "there is no Host, which HTTP/1.1 wants");
    for (size_t i = 0; i < host->len; i++)
        if (!is_alphanumeric(host->at[i]) && !one_of(host->at[i], "-._~!$&'()*+,;=%[]:"))
            return refuse(request, 400, "the Host is none");
    return 0;
}

/* Where the body ends.  Whoever stands between us and the client must have come to the
 * same place: else the rest of one request is the beginning of another one. */
static int read_length(struct http_request *request)
{
    size_t lengths = count_of(request, "Content-Length");

    if (http_find(request, "Transfer-Encoding")) {
        if (lengths > 0)
            return refuse(request, 400, "there are both Transfer-Encoding and Content-Length");
        if (request->minor == 0)
            return refuse(request, 400, "HTTP/1.0 has no Transfer-Encoding");
        return refuse(request, 501, "a body needs a Content-Length here");
    }
    if (lengths == 0)
        return 0;
    const struct http_text *length = http_find(request, "Content-Length");
    if (lengths > 1 || confab_parse_u64(length->at, length->len, &request->length))
        return refuse(request, 400, "the Content-Length is not one number");
    request->has_length = true;
    return 0;
}

static int read_expectation(struct http_request *request)
{
    const struct http_text *expect = http_find(request, "Expect");

    if (!expect || request->minor == 0)
        return 0;
    if (count_of(request, "Expect") > 1 || !http_is_word(*expect, "100-continue"))
        return refuse(request, 417, "only 100-continue can be expected");
    request->expects_continue = request->length > 0;
    return 0;
}

int http_parse(struct http_request *request, const char *head, size_t len)
{
    struct http_text rest = { head, len };

    /* Not the headers: they are many, and counted. */
    memset(request, 0, offsetof(struct http_request, headers));
    request->why = "";

    /* Some clients end a body with a line end that they do not count. */
    if (len >= 2 && memcmp(head, "\r\n", 2) == 0)
        cut_line(&rest);
    int status = read_request_line(request, cut_line(&rest));
    while (status == 0 && rest.len > 0)
        status = read_header(request, cut_line(&rest));
    status = status ? status : check_host(request);
    status = status ? status : read_length(request);
    status = status ? status : read_expectation(request);
    if (status)
        return status;
    request->keep_alive = !lists(request, "Connection", "close") &&
                          (request->minor > 0 || lists(request, "Connection", "keep-alive"));
    return 0;
}
