/* report_units.c: figures as people read them. */
#include "tools/bench/units.h"
#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct scale {
    const char *unit; /* as figure_kinds has it */
    double step;      /* from one prefix to the next */
    const char *const *names;
};

static const char *const per_second[] = { "/s", "k/s", "M/s", "G/s", "T/s", NULL };
static const char *const bytes_per_second[] = { "B/s", "KiB/s", "MiB/s", "GiB/s", "TiB/s", NULL };
static const char *const bytes[] = { "B", "KiB", "MiB", "GiB", "TiB", NULL };
static const char *const times[] = { "ns", "us", "ms", "s", NULL };
static const char *const plain[] = { "", "k", "M", "G", "T", NULL };

static const struct scale scales[] = {
    { "1/s", 1000, per_second }, { "B/s", 1024, bytes_per_second },
    { "B", 1024, bytes },        { "ns", 1000, times },
    { "", 1000, plain },
};

/* Three digits of what is not negative; the last place is chosen by what it is rounded to. */
enum { DIGITS = 16 };
static void three_digits(char to[DIGITS], double value)
{
    if (value >= 1e6)
        snprintf(to, DIGITS, "%.2e", value);
    else if (value >= 99.95)
        snprintf(to, DIGITS, "%.0f", value);
    else if (value >= 9.995)
        snprintf(to, DIGITS, "%.1f", value);
    else if (value >= 0.9995)
        snprintf(to, DIGITS, "%.2f", value);
    else if (value >= 0.0005)
        snprintf(to, DIGITS, "%.3f", value);
    else
        snprintf(to, DIGITS, "%s", value > 0 ? "<0.001" : "0");
}

const char *unit_text(char to[UNIT_ROOM], const char *unit, double value)
{
    const struct scale *scale = &scales[0];
    char digits[DIGITS];
    size_t prefix = 0;

    if (!isfinite(value))
        return memcpy(to, "-", 2);
    while (strcmp(scale->unit, unit) && scale < scales + sizeof scales / sizeof *scales - 1)
        scale++;
    double size = fabs(value);
    while (scale->names[prefix + 1] && size >= scale->step - 0.5) {
        size /= scale->step;
        prefix++;
    }
    if (prefix == 0 && scale->step > 1000 && size >= 1)
        snprintf(digits, sizeof digits, "%.0f", size); /* there is no half a byte */
    else
        three_digits(digits, size);
    snprintf(to, UNIT_ROOM, "%s%s%s%s", value < 0 ? "-" : "", digits, *scale->names[prefix] ? " " : "",
             scale->names[prefix]);
    return to;
}

const char *ratio_text(char to[UNIT_ROOM], double ratio)
{
    if (!isfinite(ratio))
        return memcpy(to, "-", 2);
    if (ratio >= 0.0995 && ratio < 0.9995)
        snprintf(to, UNIT_ROOM, "%.2f", ratio);
    else
        three_digits(to, fabs(ratio));
    return to;
}

const char *spread_text(char to[UNIT_ROOM], double middle, double low, double high)
{
    double reach = 100 * fmax(high - middle, middle - low) / fabs(middle);

    if (!isfinite(reach))
        return memcpy(to, "-", 2);
    snprintf(to, UNIT_ROOM, reach < 9.95 ? "%.1f%%" : reach < 1e6 ? "%.0f%%" : "%.0e%%", reach);
    return to;
}

const char *seconds_text(char to[UNIT_ROOM], double seconds)
{
    if (!isfinite(seconds))
        return memcpy(to, "-", 2);
    if (seconds < 9.95)
        snprintf(to, UNIT_ROOM, "%.2g s", seconds);
    else if (seconds < 119.5)
        snprintf(to, UNIT_ROOM, "%.0f s", seconds);
    else if (seconds < 1e9)
        snprintf(to, UNIT_ROOM, "%.0f min %.0f s", floor(round(seconds) / 60), fmod(round(seconds), 60));
    else
        snprintf(to, UNIT_ROOM, "%.2e s", seconds);
    return to;
}

const char *count_text(char to[UNIT_ROOM], int64_t count)
{
    char digits[UNIT_ROOM];
    size_t used = 0, n = (size_t)snprintf(digits, sizeof digits, "%" PRId64, count);

    for (size_t i = 0; i < n; i++) {
        to[used++] = digits[i];
        if (digits[i] != '-' && i + 1 < n && (n - i - 1) % 3 == 0)
            to[used++] = ',';
    }
    to[used] = '\0';
    return to;
}
