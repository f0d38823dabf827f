/* board.c: what a child has found, where its parent sees it. */
#include "tools/check/check.h"
#include "tools/printable.h"
#include <errno.h>
#include <string.h>

/* What was found by many cases of a kind is told once. */
static bool same(const struct finding *a, const struct finding *b)
{
    return a->severity == b->severity && a->line == b->line && !strcmp(a->session, b->session) &&
           !strcmp(a->hook, b->hook) && !strcmp(a->what, b->what);
}

int board_note(struct board *board, const struct finding *finding)
{
    unsigned n = board->findings;

    for (unsigned i = 0; i < n; i++)
        if (same(&board->finding[i], finding))
            return 0;
    if (n == FINDINGS_MAX)
        return -ENOSPC;
    board->finding[n] = *finding;
    printable(board->finding[n].session); /* a plugin, its file, a sanitizer say what they like */
    printable(board->finding[n].what);
    board->findings = n + 1;
    return 0;
}
