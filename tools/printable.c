#include "tools/printable.h"

#include <stdio.h>

int utf8_length(const unsigned char *s)
{
    static const struct {
        unsigned char first, last; /* of the first byte */
        unsigned char low, high;   /* of the second */
        int length;
    } forms[] = {
        { 0x20, 0x7f, 0x00, 0xff, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
        { 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
        { 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
    };
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (s[0] < forms[i].first || s[0] > forms[i].last)
            continue;
        if (forms[i].length > 1 && (s[1] < forms[i].low || s[1] > forms[i].high))
            return 0;
        for (int at = 2; at < forms[i].length; at++) {
            if ((s[at] & 0xc0) != 0x80)
                return 0;
        }
        return forms[i].length;
    }
    return 0;
}

/* U+0080 to U+009F are controls too: terminals take U+009B as the beginning of a sequence. */
static int printable_length(const unsigned char *s)
{
    if (*s == 0x7f || (s[0] == 0xc2 && s[1] < 0xa0))
        return 0;
    return utf8_length(s);
}

char *printable(char *text)
{
    for (char *at = text; *at;) {
        int length = printable_length((const unsigned char *)at);
        if (length == 0)
            *at = '?';
        at += length ? length : 1;
    }
    return text;
}

const char *printable_copy(char to[PRINTABLE_ROOM], const char *text)
{
    snprintf(to, PRINTABLE_ROOM, "%s", text);
    return printable(to);
}
