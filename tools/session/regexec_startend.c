/* regexec_startend.c: where regexec(3) takes text that has a length. */
#include "tools/session/pattern.h"

const bool pattern_takes_nul = true;

bool pattern_match(const struct pattern *pattern, const char *at, size_t len, int flags, regmatch_t *spans,
                   size_t n)
{
    regmatch_t found[PATTERN_GROUPS_MAX + 2];

    if (len > PATTERN_LINE_MAX)
        return false;
    found[0] = (regmatch_t){ .rm_so = 0, .rm_eo = (regoff_t)len };
    if (regexec(&pattern->regex, at, n ? n : 1, found, flags | REG_STARTEND) != 0)
        return false;
    for (size_t i = 0; i < n; i++)
        spans[i] = found[i];
    return true;
}
