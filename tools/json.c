#include "json.h"
#include "printable.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

static void write_string(FILE *out, const char *text)
{
    fputc('"', out);
    for (const unsigned char *s = (const unsigned char *)text; *s;) {
        int length = utf8_length(s);
        if (*s < 0x20) {
            fprintf(out, "\\u%04x", *s++);
        } else if (length == 0) { /* a path may hold any byte; JSON may not */
            fputs("\\ufffd", out);
            s++;
        } else {
            if (*s == '"' || *s == '\\')
                fputc('\\', out);
            fwrite(s, 1, (size_t)length, out);
            s += length;
        }
    }
    fputc('"', out);
}

/* What stands before a value: a comma, a new line, the key. */
static void begin(struct json *json, const char *key)
{
    if (json->follows)
        fputs(json->flat ? ", " : ",", json->out);
    if (json->depth > 0 && !json->flat)
        fprintf(json->out, "\n%*s", 2 * json->depth, "");
    if (key) {
        write_string(json->out, key);
        fputs(": ", json->out);
    }
    json->follows = true;
}

void json_open(struct json *json, const char *key, char bracket)
{
    begin(json, key);
    fputc(bracket, json->out);
    json->depth++;
    json->follows = false;
}

void json_close(struct json *json, char bracket)
{
    json->depth--;
    if (json->follows && !json->flat)
        fprintf(json->out, "\n%*s", 2 * json->depth, "");
    fputc(bracket, json->out);
    if (json->depth == 0)
        fputc('\n', json->out);
    json->follows = true;
}

void json_string(struct json *json, const char *key, const char *value)
{
    begin(json, key);
    if (value)
        write_string(json->out, value);
    else
        fputs("null", json->out);
}

void json_integer(struct json *json, const char *key, int64_t value)
{
    begin(json, key);
    fprintf(json->out, "%" PRId64, value);
}

void json_number(struct json *json, const char *key, double value)
{
    char text[64];

    begin(json, key);
    if (!isfinite(value)) {
        fputs("null", json->out);
        return;
    }
    /* Fifteen digits come through a double unharmed, so that 0.1 stays 0.1; some doubles need up to 17.  The
     * program sets no locale, so that the point is one. */
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (!(strtod(text, NULL) < value || strtod(text, NULL) > value))
            break;
    }
    fputs(text, json->out);
}

void json_boolean(struct json *json, const char *key, bool value)
{
    begin(json, key);
    fputs(value ? "true" : "false", json->out);
}

void json_strings(struct json *json, const char *key, const char *const *values)
{
    json_open(json, key, '[');
    for (; values && *values; values++)
        json_string(json, NULL, *values);
    json_close(json, ']');
}
