#include "reply.h"
#include "connection.h"
#include <stdio.h>
#include <time.h>

static const struct {
    int status;
    const char *text;
} statuses[] = {
    { 200, "OK" },
    { 206, "Partial Content" },
    { 301, "Moved Permanently" },
    { 304, "Not Modified" },
    { 400, "Bad Request" },
    { 403, "Forbidden" },
    { 404, "Not Found" },
    { 405, "Method Not Allowed" },
    { 408, "Request Timeout" },
    { 412, "Precondition Failed" },
    { 413, "Content Too Large" },
    { 414, "URI Too Long" },
    { 416, "Range Not Satisfiable" },
    { 417, "Expectation Failed" },
    { 431, "Request Header Fields Too Large" },
    { 500, "Internal Server Error" },
    { 501, "Not Implemented" },
    { 503, "Service Unavailable" },
    { 505, "HTTP Version Not Supported" },
};

const char *http_status_text(int status)
{
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        if (statuses[i].status == status)
            return statuses[i].text;
    return "Unknown";
}

/* Not strftime, whose names of days are the locale's. */
const char *http_date(int64_t unix_seconds, char buf[HTTP_DATE_SIZE])
{
    static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    const int64_t first = INT64_C(-62135596800), last = INT64_C(253402300799);
    time_t seconds = (time_t)(unix_seconds < first ? first : unix_seconds > last ? last : unix_seconds);
    struct tm tm;

    /* The remainders change nothing, and tell the compiler that it fits. */
    gmtime_r(&seconds, &tm);
    snprintf(buf, HTTP_DATE_SIZE, "%s, %02u %s %04u %02u:%02u:%02u GMT", days[tm.tm_wday],
             (unsigned)tm.tm_mday % 100, months[tm.tm_mon], (unsigned)(tm.tm_year + 1900) % 10000,
             (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
    return buf;
}

void http_begin_head(confab_chat *chat, int status)
{
    struct http_connection *http = confab_chat_session(chat);
    char date[HTTP_DATE_SIZE];

    if (confab_chat_draining(chat))
        http->keep_alive = false;
    http_date(confab_reactor_wall_time(confab_chat_reactor(chat)) / CONFAB_SECOND, date);
    confab_chat_printf(chat, "HTTP/1.1 %d %s\r\nDate: %s\r\n", status, http_status_text(status), date);
    if (!http->keep_alive)
        confab_chat_puts(chat, "Connection: close\r\n");
    else if (http->minor == 0)
        confab_chat_puts(chat, "Connection: keep-alive\r\n");
}

int http_end_head(confab_chat *chat, const char *type, uint64_t length)
{
    /* nosniff: what a client sent comes back, and is not to be taken for something else. */
    return confab_chat_printf(chat,
                              "Content-Type: %s\r\nContent-Length: %llu\r\n"
                              "X-Content-Type-Options: nosniff\r\n\r\n",
                              type, (unsigned long long)length);
}

int http_end_bare_head(confab_chat *chat)
{
    return confab_chat_puts(chat, "\r\n");
}

int http_end_with_words(confab_chat *chat, int status, const char *why)
{
    const struct http_connection *http = confab_chat_session(chat);
    char words[256];
    int len = snprintf(words, sizeof words, "%d %s: %s\n", status, http_status_text(status), why);
    size_t size = len < 0 ? 0 : (size_t)len < sizeof words ? (size_t)len : sizeof words - 1;

    int error = http_end_head(chat, "text/plain; charset=utf-8", size);
    return error || http->head_only ? error : confab_chat_push(chat, words, size);
}

/* close_when_done, not close: the words must reach the client before the end. */
int http_refuse(confab_chat *chat, int status, const char *why)
{
    struct http_connection *http = confab_chat_session(chat);

    confab_service_count(confab_chat_service(chat), HTTP_REFUSED, 1);
    http->keep_alive = false;
    http_begin_head(chat, status);
    int error = http_end_with_words(chat, status, why);
    confab_chat_close_when_done(chat);
    return error;
}
