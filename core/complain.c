/* complain.c: one line about an error. */
#include "core/complain.h"
#include <stdio.h>

int complain_v(char *error, size_t room, int code, const char *format, va_list args)
{
    if (!error || room == 0)
        return code;
    if (vsnprintf(error, room, format, args) < 0)
        snprintf(error, room, "%s", format);
    for (char *p = error; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = '?';
    return code;
}

int complain(char *error, size_t room, int code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    complain_v(error, room, code, format, args);
    va_end(args);
    return code;
}
