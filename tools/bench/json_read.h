/* json_read.h: reads JSON (RFC 8259), all of it: escapes, pairs of surrogates, any number.  What is read may come from
 * anywhere: how deep it goes, how long it is and how many values it has is bounded, and a text is UTF-8 or refused. */
#ifndef CONFAB_TOOLS_BENCH_JSON_READ_H
#define CONFAB_TOOLS_BENCH_JSON_READ_H

#include <stddef.h>

enum {
    JSON_SIZE_MAX = 64 * 1024 * 1024, /* bytes */
    JSON_DEPTH_MAX = 64,              /* arrays and objects within each other */
    JSON_VALUES_MAX = 4 * 1024 * 1024
};

enum json_type { JSON_NULL, JSON_BOOLEAN, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

/* All that it points to lives as long as its document. */
struct json_value {
    enum json_type type;
    double number;      /* of a NUMBER; of a BOOLEAN: 0 or 1; else 0 */
    const char *string; /* of a STRING, in UTF-8; a NUL is behind it, and may be in it; else NULL */
    size_t length;      /* of that */
    const char *key;    /* its name, of a member of an object; else NULL */
    size_t key_length;
    const struct json_value *first; /* of what is in an ARRAY or OBJECT, in their order; NULL: nothing */
    const struct json_value *next;  /* behind this one */
};

struct json_document;

/* Reads len bytes, which are copied; an empty document (*document = NULL) where it fails, with a line in why,
 * "LINE:COLUMN: what is wrong, what was expected" (columns are bytes): -EINVAL: no JSON, or a number that no double
 * holds; -EFBIG: a bound; -ENOMEM. */
int json_read(struct json_document **document, const char *text, size_t len, char *why, size_t room);
void json_read_free(struct json_document *document); /* NULL: nothing */

/* The value that the document is. */
const struct json_value *json_read_root(const struct json_document *document);

/* Each takes a value of any type, and NULL, of which it knows nothing. */
const struct json_value *json_read_member(const struct json_value *object,
                                          const char *key);   /* of several the last; NULL */
const char *json_read_string(const struct json_value *value); /* NULL: is none, or has a NUL in it */
double json_read_number(const struct json_value *value);      /* NAN: is none */
const struct json_value *json_read_items(
    const struct json_value *array); /* the first; NULL: none, or no array */

#endif
