/* regexec_plain.c: where regexec(3) takes text that a NUL ends. */
#include "tools/session/pattern.h"
#include <string.h>

const bool pattern_takes_nul = false;

bool pattern_exec(const struct pattern *pattern, const char *text, size_t len, int flags, regmatch_t *spans,
                  size_t n)
{
    return strlen(text) == len && regexec(&pattern->regex, text, n, spans, flags) == 0;
}
