#include "range.h"
#include <confab/plugin.h>
#include <errno.h>
#include <string.h>

/* A number; one that is too large is larger than any file. */
static bool number(const char *at, size_t len, uint64_t *value)
{
    int error = confab_parse_u64(at, len, value);

    if (error == -ERANGE)
        *value = UINT64_MAX;
    return !error || error == -ERANGE;
}

int http_range(struct http_text value, uint64_t size, uint64_t *first, uint64_t *count)
{
    static const char unit[] = "bytes=";
    const size_t unit_length = sizeof unit - 1;
    uint64_t from, last = UINT64_MAX;

    if (value.len < unit_length || !http_is_word((struct http_text){ value.at, unit_length }, unit))
        return 200;
    const char *at = value.at + unit_length, *end = value.at + value.len;
    const char *hyphen = memchr(at, '-', (size_t)(end - at));
    if (!hyphen)
        return 200;
    size_t before = (size_t)(hyphen - at), behind = (size_t)(end - hyphen - 1);

    if (behind > 0 && !number(hyphen + 1, behind, &last))
        return 200;
    if (before == 0) {
        if (behind == 0)
            return 200;
        if (last == 0 || size == 0)
            return 416;
        *count = last < size ? last : size;
        *first = size - *count;
        return 206;
    }
    if (!number(at, before, &from) || (behind > 0 && last < from))
        return 200;
    if (from >= size)
        return 416;
    *first = from;
    *count = (last < size ? last : size - 1) - from + 1;
    return 206;
}
