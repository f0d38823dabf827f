/* compare.c: two traces side by side. */
#include "compare.h"
#include <limits.h>

enum { COLUMN = 58 };

static bool same(const struct note *left, const struct note *right)
{
    return left->line == right->line && strcmp(left->text, right->text) == 0;
}

static bool agree(const struct trace *left, const struct trace *right)
{
    if (left->count != right->count)
        return false;
    for (int i = 0; i < left->count; i++)
        if (!same(&left->notes[i], &right->notes[i]))
            return false;
    return true;
}

/* One column; what is too wide for it is cut where both say the same. */
static void print_cell(const struct note *note, bool whole, const char *end)
{
    char head[16] = "";
    const char *text = note ? note->text : "";
    int column = COLUMN - 3, width = *end ? column : 0, most = whole ? INT_MAX : column - 6;

    if (note)
        snprintf(head, sizeof head, "%4d  ", note->line);
    printf("%s%-*.*s%s", head, width ? width - (int)strlen(head) : 0, most, text, end);
}

/* A line of both columns; a note that is NULL leaves its column empty. */
static void print_row(const struct note *left, const struct note *right)
{
    bool differ = !left || !right || !same(left, right);

    printf("%s", differ ? "! " : "  ");
    print_cell(left, differ, " | ");
    print_cell(right, differ, "");
    printf("\n");
}

/* For each i and j, how many notes behind them the two have in common, in order. */
static int *common(const struct trace *left, const struct trace *right)
{
    size_t width = (size_t)right->count + 1;
    int *table = grown(NULL, ((size_t)left->count + 1) * width * sizeof *table);

    for (int i = left->count; i >= 0; i--)
        for (int j = right->count; j >= 0; j--) {
            int *cell = &table[(size_t)i * width + (size_t)j];
            if (i == left->count || j == right->count)
                *cell = 0;
            else if (same(&left->notes[i], &right->notes[j]))
                *cell = cell[width + 1] + 1;
            else
                *cell = cell[width] > cell[1] ? cell[width] : cell[1];
        }
    return table;
}

static void print_both(const struct trace *left, const struct trace *right)
{
    size_t width = (size_t)right->count + 1;
    int *table = common(left, right), i = 0, j = 0;

    while (i < left->count || j < right->count) {
        const int *cell = &table[(size_t)i * width + (size_t)j];
        const struct note *l = i < left->count ? &left->notes[i] : NULL;
        const struct note *r = j < right->count ? &right->notes[j] : NULL;
        if (l && r && same(l, r)) {
            print_row(l, r);
            i++, j++;
        } else if (!r || (l && cell[width] >= cell[1])) {
            print_row(l, NULL);
            i++;
        } else {
            print_row(NULL, r);
            j++;
        }
    }
    free(table);
}

static const char *name_of(const struct play *play, int channel)
{
    return play->scenario->channel[channel];
}

bool compare(const struct play *left, const char *left_name, const struct play *right, const char *right_name)
{
    bool right_too = true;

    for (int i = 0; i < left->scenario->channels; i++) {
        const struct trace *l = &left->wires[i].trace, *r = &right->wires[i].trace;
        if (agree(l, r))
            continue;
        printf("\nchannel %s: line, and what happened\n", name_of(left, i));
        printf("  %-*s | %s\n", COLUMN - 3, left_name, right_name);
        print_both(l, r);
        right_too = false;
    }
    return right_too;
}

void show(const struct play *play, const char *name)
{
    for (int i = 0; i < play->scenario->channels; i++) {
        const struct trace *trace = &play->wires[i].trace;
        printf("%s, channel %s:\n", name, name_of(play, i));
        for (int k = 0; k < trace->count; k++)
            printf("%4d  %s\n", trace->notes[k].line, trace->notes[k].text);
    }
}
