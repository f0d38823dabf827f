/* json_read_string.c: strings of JSON. */
#include "tools/bench/json_reader.h"
#include "tools/printable.h"
#include "tools/session/scan.h"

#include <errno.h>
#include <string.h>

/* Four hexadecimal digits; -1: they are not there. */
static long hex_at(const char *at)
{
    long value = 0;

    for (int i = 0; i < 4; i++) {
        char c = at[i], letter = (char)(c | 0x20);
        if (c >= '0' && c <= '9')
            value = value * 16 + (c - '0');
        else if (letter >= 'a' && letter <= 'f')
            value = value * 16 + (letter - 'a' + 10);
        else
            return -1; /* the NUL at the end, too */
    }
    return value;
}

static char *put_utf8(char *to, long code)
{
    if (code < 0x80) {
        *to++ = (char)code;
    } else if (code < 0x800) {
        *to++ = (char)(0xc0 | code >> 6);
        *to++ = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        *to++ = (char)(0xe0 | code >> 12);
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    } else {
        *to++ = (char)(0xf0 | code >> 18);
        *to++ = (char)(0x80 | (code >> 12 & 0x3f));
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    }
    return to;
}

/* \uXXXX: what is beyond U+FFFF is two of them. */
static int take_code(struct reader *reader, char **to)
{
    long code = hex_at(reader->at + 2), low;

    if (code < 0)
        return json_fail(reader, reader->at, -EINVAL, "\\u, expected four hexadecimal digits behind it");
    if (code >= 0xdc00 && code < 0xe000)
        return json_fail(reader, reader->at, -EINVAL,
                         "the second half of a pair of surrogates, expected the first before it");
    if (code >= 0xd800 && code < 0xdc00) {
        low = reader->at[6] == '\\' && reader->at[7] == 'u' ? hex_at(reader->at + 8) : -1;
        if (low < 0xdc00 || low >= 0xe000)
            return json_fail(reader, reader->at, -EINVAL,
                             "the first half of a pair of surrogates, expected the second behind it");
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        reader->at += 6;
    }
    reader->at += 6;
    *to = put_utf8(*to, code);
    return 0;
}

static int take_escape(struct reader *reader, char **to)
{
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    const char *found;

    if (reader->at[1] == 'u')
        return take_code(reader, to);
    found = memchr(letters, reader->at[1], sizeof letters - 1);
    if (!found)
        return json_fail(reader, reader->at, -EINVAL,
                         "an unknown escape, expected one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX");
    *(*to)++ = meant[found - letters];
    reader->at += 2;
    return 0;
}

/* One character as it stands. */
static int take_plain(struct reader *reader, char **to)
{
    int length = utf8_length((const unsigned char *)reader->at);

    if (length == 0)
        return json_fail(reader, reader->at, -EINVAL, "%s in a string, expected UTF-8 without controls",
                         excerpt(reader->at, 1).text);
    memmove(*to, reader->at, (size_t)length);
    *to += length;
    reader->at += length;
    return 0;
}

int json_take_string(struct reader *reader, const char **string, size_t *length)
{
    char *from = ++reader->at, *to = from;
    int error = 0;

    while (!error) {
        if (reader->at == reader->end)
            return json_fail(reader, from - 1, -EINVAL,
                             "a string that nothing ends, expected a \" behind it");
        if (*reader->at == '"')
            break;
        error = *reader->at == '\\' ? take_escape(reader, &to) : take_plain(reader, &to);
    }
    if (error)
        return error;
    reader->at++;
    *string = from;
    *length = (size_t)(to - from);
    *to = '\0'; /* at the closing quote, or before it */
    return 0;
}
