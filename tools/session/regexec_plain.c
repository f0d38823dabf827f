/* regexec_plain.c: where regexec(3) takes text that a NUL ends. */
#include "tools/session/pattern.h"
#include <stdlib.h>
#include <string.h>

const bool pattern_takes_nul = false;

bool pattern_match(const struct pattern *pattern, const char *at, size_t len, int flags, regmatch_t *spans,
                   size_t n)
{
    char *text;
    bool matches;

    if (len > PATTERN_LINE_MAX || (len && memchr(at, '\0', len)))
        return false;
    text = malloc(len + 1);
    if (!text)
        return false;
    if (len)
        memcpy(text, at, len);
    text[len] = '\0';
    matches = regexec(&pattern->regex, text, n, spans, flags) == 0;
    free(text);
    return matches;
}
