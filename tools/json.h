/* json.h: writes JSON, indented, a value a line. */
#ifndef CONFAB_TOOLS_JSON_H
#define CONFAB_TOOLS_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* First zeroed but for out.  Errors are those of out (ferror). */
struct json {
    FILE *out;
    int depth;
    bool follows; /* something stands before on this level */
    bool flat;    /* set by the caller: what follows stands side by side in one line, until it is cleared */
};

/* Each writes one value: behind key in an object; key is NULL in an array and at the top.
 * open and close take the bracket: '{' and '}', '[' and ']'. */
void json_open(struct json *json, const char *key, char bracket);
void json_close(struct json *json, char bracket);
void json_string(struct json *json, const char *key, const char *value); /* value NULL: null */
void json_integer(struct json *json, const char *key, int64_t value);
void json_number(struct json *json, const char *key,
                 double value); /* reads back as the same; NAN, infinite: null */
void json_boolean(struct json *json, const char *key, bool value);

/* An array of strings, which ends with NULL and may be NULL. */
void json_strings(struct json *json, const char *key, const char *const *values);

#endif
