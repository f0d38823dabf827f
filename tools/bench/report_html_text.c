/* report_html_text.c: text and figures in a page. */
#include "tools/bench/page.h"
#include "tools/bench/units.h"
#include "tools/bench/words.h"
#include "tools/printable.h"
#include <stdarg.h>
#include <string.h>

void html_text(FILE *out, const char *text)
{
    for (const unsigned char *s = (const unsigned char *)text; *s;) {
        int length = utf8_length(s);
        switch (*s) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        case '\'':
            fputs("&#39;", out);
            break;
        default:
            if (length == 0)
                fputs("&#65533;", out);
            else
                fwrite(s, 1, (size_t)length, out);
        }
        s += length > 0 ? length : 1;
    }
}

void html_format(FILE *out, const char *format, ...)
{
    char text[512];
    va_list list;

    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    html_text(out, text);
}

void html_figure(FILE *out, const char *text)
{
    if (!strcmp(text, "-")) {
        fputs("\xE2\x80\x93", out);
        return;
    }
    for (; *text; text++) {
        if (*text == ' ')
            fputs("&#160;", out);
        else if (*text == 'u')
            fputs("\xC2\xB5", out);
        else if (*text == '<')
            fputs("&lt;", out);
        else
            fputc(*text, out);
    }
}

void html_unit(FILE *out, const char *unit, double value)
{
    char text[UNIT_ROOM];

    html_figure(out, unit_text(text, unit, value));
}

unsigned contender_colour(const struct report *report, size_t contender)
{
    enum { COLOURS = 7 };

    return report->contenders[contender].kind == CONTENDER_BARE ? 0 : 1 + (unsigned)(contender % COLOURS);
}
