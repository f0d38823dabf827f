/* trace.c: what happened on a wire, as text that does not tell how the bytes were cut. */
#include "play.h"
#include <stdarg.h>

enum { SHOWN_WHOLE = 60, SHOWN_FRONT = 24 };

static void add(struct wire *wire, enum note_kind kind, struct bytes *text)
{
    struct trace *trace = &wire->trace;

    wire->play->happened++;
    if (wire->play->over) {
        bytes_free(text);
        return;
    }
    trace->notes = grown(trace->notes, (size_t)(trace->count + 1) * sizeof *trace->notes);
    trace->notes[trace->count++] = (struct note){ .kind = kind, .line = wire->play->line, .text = text->at };
}

void note(struct wire *wire, enum note_kind kind, const char *format, ...)
{
    struct bytes text = { 0 };
    char line[256];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    bytes_text(&text, line);
    add(wire, kind, &text);
}

static void escape(struct bytes *text, unsigned char c)
{
    char shown[8] = { (char)c };

    if (c == '\r' || c == '\n')
        snprintf(shown, sizeof shown, "%s", c == '\r' ? "\\r" : "\\n");
    else if (c == '"' || c == '\\')
        snprintf(shown, sizeof shown, "\\%c", c);
    else if (c < ' ' || c > '~')
        snprintf(shown, sizeof shown, "\\x%02x", c);
    bytes_text(text, shown);
}

/* FNV-1a */
static uint32_t digest(const char *bytes, size_t len)
{
    uint32_t hash = UINT32_C(2166136261);

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * UINT32_C(16777619);
    return hash;
}

void note_bytes(struct wire *wire, enum note_kind kind, const char *what, const char *bytes, size_t len)
{
    size_t shown = len <= SHOWN_WHOLE ? len : SHOWN_FRONT;
    struct bytes text = { 0 };
    char more[64];

    bytes_text(&text, what);
    bytes_text(&text, " \"");
    for (size_t i = 0; i < shown; i++)
        escape(&text, (unsigned char)bytes[i]);
    bytes_text(&text, "\"");
    if (shown < len) {
        snprintf(more, sizeof more, "... %zu bytes, digest %08x", len, digest(bytes, len));
        bytes_text(&text, more);
    }
    add(wire, kind, &text);
}

void note_drop(struct trace *trace, int index)
{
    free(trace->notes[index].text);
    trace->count--;
    memmove(&trace->notes[index], &trace->notes[index + 1],
            (size_t)(trace->count - index) * sizeof *trace->notes);
}

void trace_free(struct trace *trace)
{
    for (int i = 0; i < trace->count; i++)
        free(trace->notes[i].text);
    free(trace->notes);
    *trace = (struct trace){ 0 };
}
