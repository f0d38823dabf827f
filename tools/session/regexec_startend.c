/* regexec_startend.c: where regexec(3) takes text that has a length. */
#include "tools/session/pattern.h"

const bool pattern_takes_nul = true;

bool pattern_exec(const struct pattern *pattern, const char *text, size_t len, int flags, regmatch_t *spans,
                  size_t n)
{
    regmatch_t found[PATTERN_GROUPS_MAX + 2];

    found[0] = (regmatch_t){ .rm_so = 0, .rm_eo = (regoff_t)len };
    if (regexec(&pattern->regex, text, n ? n : 1, found, flags | REG_STARTEND) != 0)
        return false;
    for (size_t i = 0; i < n; i++)
        spans[i] = found[i];
    return true;
}
