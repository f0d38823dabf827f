/* plot_axis.c: from values to places, and round numbers beside them. */
#include "tools/bench/plot.h"
#include <math.h>
#include <string.h>

bool axis_shows(const struct axis *axis, double value)
{
    return isfinite(value) && (axis->kind == AXIS_LINEAR ? value >= 0 : value > 0);
}

static double place(const struct axis *axis, double value)
{
    return axis->kind == AXIS_LINEAR ? value : log10(value);
}

double axis_at(const struct axis *axis, double value)
{
    if (!axis_shows(axis, value) || value < axis->least)
        value = axis->least;
    if (value > axis->most)
        value = axis->most;
    double least = place(axis, axis->least), most = place(axis, axis->most);
    return axis->from + (axis->to - axis->from) * (place(axis, value) - least) / (most - least);
}

/* As unit_text, without noughts that say nothing: "50 k/s". */
static void short_label(char to[UNIT_ROOM], const char *unit, double value)
{
    unit_text(to, value > 0 ? unit : "", value);
    char *point = strchr(to, '.');
    if (!point)
        return;
    char *end = point + strspn(point, ".0123456789"), *last = end;
    while (last[-1] == '0')
        last--;
    if (last[-1] == '.')
        last--;
    memmove(last, end, strlen(end) + 1);
}

static void add_tick(struct axis *axis, double at, bool named)
{
    if (axis->count == PLOT_TICKS)
        return;
    struct tick *tick = &axis->ticks[axis->count++];
    tick->at = at;
    tick->label[0] = '\0';
    if (named)
        short_label(tick->label, axis->unit, at);
}

/* The size of the prefix that a value is written with: round numbers of KiB are not those of bytes. */
static double prefix(const char *unit, double value)
{
    double size = 1;

    while (unit[0] == 'B' && value / size >= 1024 && size < 1e12)
        size *= 1024;
    return size;
}

static void fit_linear(struct axis *axis, double most)
{
    static const double steps[] = { 1, 2, 2.5, 5, 10 };
    double size = prefix(axis->unit, most), rough = most / size / 4.5;
    double ten = pow(10, floor(log10(rough))), step = 10 * ten;

    for (size_t i = sizeof steps / sizeof *steps; i-- > 0;)
        if (steps[i] * ten >= rough * 0.999)
            step = steps[i] * ten;
    step *= size;
    double count = ceil(most / step - 1e-9);
    axis->least = 0;
    axis->most = count * step;
    for (double i = 0; i <= count && i < PLOT_TICKS; i++)
        add_tick(axis, i * step, true);
}

/* The last of 1, 2, 5, 10, ... that is not above a value, or the first that is not below it. */
static double round_log(double value, bool up)
{
    static const double steps[] = { 1, 2, 5, 10 };
    double ten = pow(10, floor(log10(value) + 1e-9)), found = up ? 10 * ten : ten;

    for (size_t i = 0; i < 4; i++) {
        double step = steps[up ? 3 - i : i] * ten;
        if (up ? step >= value * (1 - 1e-9) : step <= value * (1 + 1e-9))
            found = step;
    }
    return found;
}

static void fit_log(struct axis *axis, double least, double most)
{
    axis->least = round_log(least, false);
    axis->most = round_log(most, true);
    if (!(axis->most > axis->least)) {
        axis->least /= 2;
        axis->most *= 2;
    }
    double decades = log10(axis->most / axis->least);
    double every = ceil(decades / 8); /* of decades that is one with a name */
    for (double ten = floor(log10(axis->least) + 1e-9); pow(10, ten) <= axis->most * (1 + 1e-9); ten++)
        for (int i = 1; i < 10; i++) {
            double at = i * pow(10, ten);
            bool whole = i == 1 && fmod(fabs(ten), every) < 0.5;
            bool named = decades > 1.9 ? whole : i == 1 || i == 2 || i == 5;
            if (at < axis->least * (1 - 1e-9) || at > axis->most * (1 + 1e-9))
                continue;
            if (named || (i == 1 && decades > 4) || decades <= 4)
                add_tick(axis, at, named);
        }
}

/* A tick for each nine, p50, p90, p99, p99.9, p99.99, up to the first that is behind all that is to be shown. */
static void fit_tail(struct axis *axis, double most)
{
    static const struct tick ticks[] = { { 1, "0" },      { 2, "50 %" },      { 10, "90 %" },
                                         { 100, "99 %" }, { 1000, "99.9 %" }, { 10000, "99.99 %" } };

    axis->count = 2;
    while (axis->count < sizeof ticks / sizeof *ticks && ticks[axis->count - 1].at < most)
        axis->count++;
    memcpy(axis->ticks, ticks, axis->count * sizeof *ticks);
    axis->least = 1;
    axis->most = ticks[axis->count - 1].at;
}

void axis_fit(struct axis *axis, double least, double most)
{
    axis->count = 0;
    /* Where a double ends there are no round numbers any more. */
    least = fmax(fmin(least, 1e100), axis->kind == AXIS_LINEAR ? 0 : 1e-100);
    most = fmax(fmin(most, 1e100), least);
    if (axis->kind == AXIS_TAIL)
        fit_tail(axis, most);
    else if (axis->kind == AXIS_LOG)
        fit_log(axis, least, most);
    else
        fit_linear(axis, most > 1e-100 ? most : 1);
}

void axis_mark(struct axis *axis, const double *values, size_t count)
{
    double end = -INFINITY;

    axis->count = 0;
    for (size_t i = 0; i < count && i < PLOT_TICKS; i++) {
        char label[UNIT_ROOM];
        const char *shown = values[i] < 1e15 ? count_text(label, (int64_t)values[i]) : "";
        double half = (double)strlen(shown) * PLOT_LETTER / 2, at = axis_at(axis, values[i]);
        add_tick(axis, values[i], false);
        if (at - half < end)
            continue;
        strcpy(axis->ticks[axis->count - 1].label, shown);
        end = at + half + PLOT_LETTER;
    }
}
