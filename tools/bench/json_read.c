/* json_read.c: reads JSON. */
#include "tools/bench/json_read.h"
#include "tools/bench/json_reader.h"
#include "tools/session/scan.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_VALUES = 512 };

struct chunk {
    struct chunk *next;
    size_t used;
    struct json_value values[CHUNK_VALUES];
};

struct json_document {
    char *text; /* strings are decoded where they stand: that is never longer */
    struct chunk *chunks;
    size_t count;
    struct json_value *root;
};

/* -- What is wrong --------------------------------------------------------------------- */

int json_fail(struct reader *reader, const char *at, int result, const char *format, ...)
{
    va_list arguments;
    int n =
        snprintf(reader->why, reader->room, "%zu:%zu: ", reader->line, (size_t)(at - reader->line_from) + 1);

    if (n < 0 || (size_t)n >= reader->room)
        return result;
    va_start(arguments, format);
    vsnprintf(reader->why + n, reader->room - (size_t)n, format, arguments);
    va_end(arguments);
    return result;
}

/* Something else stands here than was expected. */
static int unexpected(struct reader *reader, const char *expected)
{
    static const char ends[] = " \t\r\n,:[]{}\"";
    const char *at = reader->at, *end = at;

    if (at == reader->end)
        return json_fail(reader, at, -EINVAL, "the end, expected %s", expected);
    do
        end++;
    while (end < reader->end && !memchr(ends, *at, sizeof ends) && !memchr(ends, *end, sizeof ends));
    return json_fail(reader, at, -EINVAL, "%s, expected %s", excerpt(at, (size_t)(end - at)).text, expected);
}

static int out_of_memory(struct reader *reader)
{
    return json_fail(reader, reader->at, -ENOMEM, "out of memory");
}

/* -- Values ---------------------------------------------------------------------------- */

static int new_value(struct reader *reader, struct json_value **value)
{
    struct json_document *document = reader->document;
    struct chunk *chunk = document->chunks;

    if (document->count == JSON_VALUES_MAX)
        return json_fail(reader, reader->at, -EFBIG, "too many values, expected at the most %d",
                         JSON_VALUES_MAX);
    if (!chunk || chunk->used == CHUNK_VALUES) {
        chunk = malloc(sizeof *chunk);
        if (!chunk)
            return out_of_memory(reader);
        chunk->next = document->chunks;
        chunk->used = 0;
        document->chunks = chunk;
    }
    document->count++;
    *value = &chunk->values[chunk->used++];
    **value = (struct json_value){ .type = JSON_NULL };
    return 0;
}

static void skip_blanks(struct reader *reader)
{
    for (;; reader->at++) {
        if (*reader->at == '\n') {
            reader->line++;
            reader->line_from = reader->at + 1;
        } else if (*reader->at != ' ' && *reader->at != '\t' && *reader->at != '\r') {
            return;
        }
    }
}

static bool take(struct reader *reader, char byte)
{
    if (reader->at == reader->end || *reader->at != byte)
        return false;
    reader->at++;
    return true;
}

/* -- Numbers and words ----------------------------------------------------------------- */

static size_t digits_at(const char *at)
{
    size_t n = 0;

    while (at[n] >= '0' && at[n] <= '9')
        n++;
    return n;
}

/* How long the number is that stands here; 0: there is none. */
static size_t number_at(const char *from)
{
    const char *at = from + (*from == '-');
    size_t n = digits_at(at);

    if (n == 0)
        return 0;
    at += *at == '0' ? 1 : n; /* a 0 has nothing behind it */
    if (*at == '.' && digits_at(at + 1) > 0)
        at += 1 + digits_at(at + 1);
    if (*at == 'e' || *at == 'E') {
        const char *power = at + 1 + (at[1] == '-' || at[1] == '+');
        if (digits_at(power) > 0)
            at = power + digits_at(power);
    }
    return (size_t)(at - from);
}

/* strtod(3) wants a point, as JSON does, in the C locale, which is the one that this program has.  Where it would go
 * further, as with 0x10, what is behind the number is refused next. */
static int take_number(struct reader *reader, struct json_value *value)
{
    size_t n = number_at(reader->at);

    value->type = JSON_NUMBER;
    value->number = strtod(reader->at, NULL);
    if (!isfinite(value->number))
        return json_fail(reader, reader->at, -EINVAL, "%s, expected a number that a double holds",
                         excerpt(reader->at, n).text);
    reader->at += n;
    return 0;
}

static int take_word(struct reader *reader, struct json_value *value)
{
    static const struct {
        const char *word;
        enum json_type type;
        double number;
    } words[] = { { "null", JSON_NULL, 0 }, { "false", JSON_BOOLEAN, 0 }, { "true", JSON_BOOLEAN, 1 } };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t len = strlen(words[i].word);
        if (strncmp(reader->at, words[i].word, len) == 0) {
            value->type = words[i].type;
            value->number = words[i].number;
            reader->at += len;
            return 0;
        }
    }
    return unexpected(reader, "a value");
}

/* -- Arrays and objects ---------------------------------------------------------------- */

static int take_value(struct reader *reader, struct json_value *value, int depth);

static int take_key(struct reader *reader, struct json_value *value)
{
    if (reader->at == reader->end || *reader->at != '"')
        return unexpected(reader, "a name in quotes, \"...\"");
    int error = json_take_string(reader, &value->key, &value->key_length);
    if (error)
        return error;
    skip_blanks(reader);
    return take(reader, ':') ? 0 : unexpected(reader, ": behind a name");
}

static int take_all(struct reader *reader, struct json_value *value, int depth, char close)
{
    const struct json_value **link = &value->first;
    const char *expected = close == '}' ? ", or }" : ", or ]";
    struct json_value *one;

    if (depth == JSON_DEPTH_MAX)
        return json_fail(reader, reader->at, -EFBIG, "too deep, expected at the most %d within each other",
                         JSON_DEPTH_MAX);
    reader->at++;
    skip_blanks(reader);
    if (take(reader, close))
        return 0;
    for (;;) {
        int error = new_value(reader, &one);
        if (!error && close == '}')
            error = take_key(reader, one);
        if (!error)
            error = take_value(reader, one, depth + 1);
        if (error)
            return error;
        *link = one;
        link = &one->next;
        if (take(reader, close))
            return 0;
        if (!take(reader, ','))
            return unexpected(reader, expected);
        skip_blanks(reader);
    }
}

/* With the blanks on both sides of it. */
static int take_value(struct reader *reader, struct json_value *value, int depth)
{
    int error;

    skip_blanks(reader);
    if (*reader->at == '{' || *reader->at == '[') {
        value->type = *reader->at == '{' ? JSON_OBJECT : JSON_ARRAY;
        error = take_all(reader, value, depth, *reader->at == '{' ? '}' : ']');
    } else if (*reader->at == '"') {
        value->type = JSON_STRING;
        error = json_take_string(reader, &value->string, &value->length);
    } else if (number_at(reader->at) > 0) {
        error = take_number(reader, value);
    } else {
        error = take_word(reader, value);
    }
    skip_blanks(reader);
    return error;
}

int json_read(struct json_document **document, const char *text, size_t len, char *why, size_t room)
{
    struct reader reader = { .why = why, .room = room, .line = 1 };
    int error;

    *document = NULL;
    if (room > 0)
        why[0] = '\0';
    if (len > JSON_SIZE_MAX)
        return json_fail(&reader, NULL, -EFBIG, "too long, expected at the most %d bytes", JSON_SIZE_MAX);
    reader.document = calloc(1, sizeof *reader.document);
    char *copy = reader.document ? malloc(len + 1) : NULL;
    if (!copy) {
        free(reader.document);
        return json_fail(&reader, NULL, -ENOMEM, "out of memory");
    }
    if (len > 0)
        memcpy(copy, text, len);
    copy[len] = '\0';
    reader.document->text = reader.at = reader.line_from = copy;
    reader.end = copy + len;
    error = new_value(&reader, &reader.document->root);
    if (!error)
        error = take_value(&reader, reader.document->root, 0);
    if (!error && reader.at != reader.end)
        error = unexpected(&reader, "the end");
    if (error) {
        json_read_free(reader.document);
        return error;
    }
    *document = reader.document;
    return 0;
}

void json_read_free(struct json_document *document)
{
    if (!document)
        return;
    while (document->chunks) {
        struct chunk *chunk = document->chunks;
        document->chunks = chunk->next;
        free(chunk);
    }
    free(document->text);
    free(document);
}

/* -- What has been read ---------------------------------------------------------------- */

const struct json_value *json_read_root(const struct json_document *document)
{
    return document->root;
}

const struct json_value *json_read_items(const struct json_value *array)
{
    return array && array->type == JSON_ARRAY ? array->first : NULL;
}

const struct json_value *json_read_member(const struct json_value *object, const char *key)
{
    const struct json_value *found = NULL;
    size_t len = strlen(key);

    if (!object || object->type != JSON_OBJECT)
        return NULL;
    for (const struct json_value *one = object->first; one; one = one->next)
        if (one->key_length == len && memcmp(one->key, key, len) == 0)
            found = one;
    return found;
}

const char *json_read_string(const struct json_value *value)
{
    if (!value || value->type != JSON_STRING || strlen(value->string) != value->length)
        return NULL;
    return value->string;
}

double json_read_number(const struct json_value *value)
{
    return value && value->type == JSON_NUMBER ? value->number : NAN;
}
