/* log.c: the one log of the process: where lines go, and how they are made fit to be read. */
#include "core/log.h"
#include <confab/host.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    TEXT_MAX = 1024,      /* bytes of a line's text */
    NAME_MAX_BYTES = 256, /* bytes of a service's name, and of a peer's address */
    LINE_BYTES = TEXT_MAX + 2 * NAME_MAX_BYTES + 64
};

static const char cut_mark[] = "...";

static struct {
    pthread_mutex_t
        lock; /* held while the sink runs: lines come one at a time, and a sink that was replaced is done */
    confab_log_sink *sink;
    void *data;
    atomic_int level;
} sink_now = { .lock = PTHREAD_MUTEX_INITIALIZER, .level = CONFAB_WARNING };

/* The sink runs in this thread: what it logs itself has nowhere to go. */
static _Thread_local bool in_sink;

const char *confab_level_name(enum confab_level level)
{
    static const char *const names[] = { [CONFAB_DEBUG] = "debug",
                                         [CONFAB_INFO] = "info",
                                         [CONFAB_WARNING] = "warning",
                                         [CONFAB_ERROR] = "error" };

    return (unsigned)level < sizeof names / sizeof names[0] ? names[level] : "unknown";
}

bool log_wanted(enum confab_level level)
{
    return (int)level >= atomic_load_explicit(&sink_now.level, memory_order_relaxed);
}

void confab_log_set(confab_log_sink *sink, void *data, enum confab_level level)
{
    bool locked = !in_sink; /* a sink that replaces itself holds the lock already */

    if (!sink && level < CONFAB_WARNING)
        level = CONFAB_WARNING;
    if (locked)
        pthread_mutex_lock(&sink_now.lock);
    sink_now.sink = sink;
    sink_now.data = data;
    atomic_store(&sink_now.level, (int)level);
    if (locked)
        pthread_mutex_unlock(&sink_now.lock);
}

/* -- Making text fit to be read ------------------------------------------ */

/* Controls and what turns the direction of text: a terminal or an editor would obey them. */
static bool is_hidden(uint32_t point)
{
    return point < 0x20 || (point >= 0x7f && point < 0xa0) || (point >= 0x2028 && point <= 0x202e) ||
           (point >= 0x2066 && point <= 0x2069);
}

/* Bytes of the well-formed UTF-8 sequence at text that may be shown; 0: none. */
static size_t shown(const unsigned char *text, size_t left)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    size_t len = text[0] < 0x80   ? 1
                 : text[0] < 0xc2 ? 0
                 : text[0] < 0xe0 ? 2
                 : text[0] < 0xf0 ? 3
                 : text[0] < 0xf5 ? 4
                                  : 0;
    uint32_t point = len < 2 ? text[0] : text[0] & (0xffu >> (len + 1));

    if (len == 0 || len > left)
        return 0;
    for (size_t i = 1; i < len; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        point = point << 6 | (text[i] & 0x3f);
    }
    if (point < least[len] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff) || is_hidden(point))
        return 0;
    return len;
}

/* Copies a text to out, which has room for most bytes and a NUL, with what must
 * not be shown as \xNN; what does not fit, or was cut before, ends with "...". */
static void escape(char *out, size_t most, const char *text, size_t len, bool cut)
{
    size_t at = 0, whole = 0; /* whole: the last place from where "..." fits */

    for (size_t i = 0; i < len;) {
        size_t n = shown((const unsigned char *)text + i, len - i), wide = n ? n : 4;

        if (at + wide > most) {
            cut = true;
            break;
        }
        if (n)
            memcpy(out + at, text + i, n);
        else
            snprintf(out + at, 5, "\\x%02x", (unsigned)(unsigned char)text[i]);
        at += wide;
        i += n ? n : 1;
        if (at + sizeof cut_mark - 1 <= most)
            whole = at;
    }
    if (cut) {
        memcpy(out + whole, cut_mark, sizeof cut_mark - 1);
        at = whole + sizeof cut_mark - 1;
    }
    out[at] = 0;
}

/* The same for a name or an address, which may be NULL. */
static const char *escape_name(char out[NAME_MAX_BYTES + 1], const char *name)
{
    if (!name)
        return NULL;
    size_t len = strnlen(name, NAME_MAX_BYTES + 1);
    escape(out, NAME_MAX_BYTES, name, len, false);
    return out;
}

/* -- Writing ------------------------------------------------------------- */

/* "confab: warning: echo: 127.0.0.1:5000 #17: text": one write, so that lines of
 * threads and processes do not mix. */
static void write_to_stderr(const struct confab_log_line *line)
{
    char bytes[LINE_BYTES], chat[32] = "";

    if (line->chat)
        snprintf(chat, sizeof chat, "#%" PRIu64 ": ", line->chat);
    int n =
        snprintf(bytes, sizeof bytes, "confab: %s: %s%s%s%s%s%s\n", confab_level_name(line->level),
                 line->service ? line->service : "", line->service ? ": " : "", line->peer ? line->peer : "",
                 line->peer ? (line->chat ? " " : ": ") : "", chat, line->text);
    if (n > 0 && write(STDERR_FILENO, bytes, (size_t)n) < 0) {
        /* There is nowhere left to say so. */
    }
}

static void hand_over(const struct confab_log_line *line)
{
    pthread_mutex_lock(&sink_now.lock);
    in_sink = true;
    if (!sink_now.sink)
        write_to_stderr(line);
    else if (log_wanted(line->level)) /* it may have been replaced meanwhile */
        sink_now.sink(sink_now.data, line);
    in_sink = false;
    pthread_mutex_unlock(&sink_now.lock);
}

void log_line_v(enum confab_level level, const char *service, confab_id chat, const char *peer,
                const char *format, va_list args)
{
    /* With room for the newline that is dropped, so that a text of just the length that is shown is not cut. */
    char raw[TEXT_MAX + 2], text[TEXT_MAX + 1], service_text[NAME_MAX_BYTES + 1],
        peer_text[NAME_MAX_BYTES + 1];
    int saved = errno;

    if (!log_wanted(level) || in_sink)
        return;
    int n = vsnprintf(raw, sizeof raw, format, args);
    if (n < 0)
        n = snprintf(raw, sizeof raw, "%s", format);
    bool cut = n >= (int)sizeof raw;
    size_t len = cut ? sizeof raw - 1 : (size_t)n;
    if (!cut && len > 0 && raw[len - 1] == '\n')
        len--;
    escape(text, TEXT_MAX, raw, len, cut);
    struct confab_log_line line = { .size = sizeof line,
                                    .level = level,
                                    .service = escape_name(service_text, service),
                                    .peer = escape_name(peer_text, peer),
                                    .text = text,
                                    .chat = chat };
    hand_over(&line);
    errno = saved; /* whoever logs an error may still want to look at it */
}

void log_line(enum confab_level level, const char *service, confab_id chat, const char *peer,
              const char *format, ...)
{
    va_list args;

    va_start(args, format);
    log_line_v(level, service, chat, peer, format, args);
    va_end(args);
}
