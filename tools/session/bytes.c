/* bytes.c: bytes that grow, and how they are quoted. */
#include "tools/session/session.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 64 };

int bytes_add(struct bytes *bytes, const void *more, size_t n)
{
    size_t room = bytes->room ? bytes->room : FIRST_ROOM;
    char *at;

    if (n == 0)
        return 0;
    if (n > SIZE_MAX / 4 - bytes->len)
        return -ENOMEM;
    while (room <= bytes->len + n)
        room *= 2;
    if (room != bytes->room) {
        at = realloc(bytes->at, room);
        if (!at)
            return -ENOMEM;
        bytes->at = at;
        bytes->room = room;
    }
    memcpy(bytes->at + bytes->len, more, n);
    bytes->len += n;
    bytes->at[bytes->len] = '\0';
    return 0;
}

void bytes_free(struct bytes *bytes)
{
    free(bytes->at);
    *bytes = (struct bytes){ .at = NULL };
}

size_t quote_byte(unsigned char byte, char quoted[QUOTED_BYTE])
{
    static const char plain[] = "\r\n\t\\\"$", letters[] = "rnt\\\"$", digits[] = "0123456789abcdef";
    const char *special = byte ? strchr(plain, byte) : NULL;

    quoted[0] = '\\';
    if (special) {
        quoted[1] = letters[special - plain];
        return 2;
    }
    if (byte >= ' ' && byte <= '~') {
        quoted[0] = (char)byte;
        return 1;
    }
    quoted[1] = 'x';
    quoted[2] = digits[byte >> 4];
    quoted[3] = digits[byte & 15];
    return 4;
}

int bytes_quote(struct bytes *quoted, const void *bytes, size_t n)
{
    const unsigned char *from = bytes;
    char one[QUOTED_BYTE];
    int error = bytes_add(quoted, "\"", 1);

    for (size_t i = 0; i < n && !error; i++)
        error = bytes_add(quoted, one, quote_byte(from[i], one));
    return error ? error : bytes_add(quoted, "\"", 1);
}
