/* times.c: durations and dates, as people write them. */
#include "tools/session/session.h"
#include <confab/plugin.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

static const struct unit {
    const char *suffix;
    int64_t nanoseconds;
} units[] = {
    { "d", INT64_C(86400000000000) }, /* the largest first, for duration_write */
    { "h", INT64_C(3600000000000) },  { "m", INT64_C(60000000000) }, { "s", INT64_C(1000000000) },
    { "ms", INT64_C(1000000) },       { "us", INT64_C(1000) },       { "ns", 1 },
};
enum { UNITS = sizeof units / sizeof *units };

int duration_read(const char *text, size_t len, int64_t *nanoseconds)
{
    size_t digits = 0;
    uint64_t number;
    int error;

    while (digits < len && text[digits] >= '0' && text[digits] <= '9')
        digits++;
    error = confab_parse_u64(text, digits, &number);
    if (!error && number == 0 && digits == 1 && len == 1) {
        *nanoseconds = 0;
        return 0;
    }
    for (size_t i = 0; i < UNITS && error != -EINVAL; i++) {
        if (strlen(units[i].suffix) != len - digits ||
            memcmp(units[i].suffix, text + digits, len - digits) != 0)
            continue;
        if (error || number > (uint64_t)(INT64_MAX / units[i].nanoseconds))
            return -ERANGE;
        *nanoseconds = (int64_t)number * units[i].nanoseconds;
        return 0;
    }
    return -EINVAL;
}

const char *duration_write(int64_t nanoseconds, char text[DURATION_TEXT])
{
    const struct unit *unit = units;

    while (nanoseconds % unit->nanoseconds != 0)
        unit++;
    if (nanoseconds == 0)
        snprintf(text, DURATION_TEXT, "0");
    else
        snprintf(text, DURATION_TEXT, "%" PRId64 "%s", nanoseconds / unit->nanoseconds, unit->suffix);
    return text;
}

/* -- Dates ------------------------------------------------------------------------ */

enum { FIRST_YEAR = 1970, LAST_YEAR = 2261, SECONDS_A_DAY = 86400, LONGEST = 30 };

static bool leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_of_month(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

    return days[month - 1] + (month == 2 && leap(year));
}

/* Days from 1970 to the first of the month. */
static int64_t days_before(int year, int month)
{
    int64_t days = 0;

    for (int y = FIRST_YEAR; y < year; y++)
        days += 365 + leap(y);
    for (int m = 1; m < month; m++)
        days += days_of_month(year, m);
    return days;
}

/* n digits and, where it is not 0, the character behind them. */
static bool take(const char **at, const char *end, int n, char behind, int *number)
{
    *number = 0;
    for (int i = 0; i < n; i++, (*at)++) {
        if (*at == end || **at < '0' || **at > '9')
            return false;
        *number = *number * 10 + (**at - '0');
    }
    if (behind == '\0')
        return true;
    return *at < end && *(*at)++ == behind;
}

/* Up to nine digits behind a point, then Z. */
static bool take_fraction(const char **at, const char *end, int64_t *nanoseconds)
{
    int digit;

    *nanoseconds = 0;
    if (*at < end && **at == '.') {
        (*at)++;
        for (int64_t value = 100000000; take(at, end, 1, '\0', &digit); value /= 10)
            *nanoseconds += digit * value;
        if ((*at)[-1] == '.')
            return false;
    }
    return *at + 1 == end && **at == 'Z';
}

int time_read(const char *text, size_t len, int64_t *nanoseconds)
{
    const char *at = text, *end = text + len;
    int year, month, day, hour, minute, second;
    int64_t fraction;

    if (len > LONGEST || !take(&at, end, 4, '-', &year) || !take(&at, end, 2, '-', &month) ||
        !take(&at, end, 2, 'T', &day) || !take(&at, end, 2, ':', &hour) || !take(&at, end, 2, ':', &minute) ||
        !take(&at, end, 2, '\0', &second) || !take_fraction(&at, end, &fraction))
        return -EINVAL;
    if (month < 1 || month > 12 || day < 1 || day > days_of_month(year, month) || hour > 23 || minute > 59 ||
        second > 59)
        return -EINVAL;
    if (year < FIRST_YEAR || year > LAST_YEAR)
        return -ERANGE;
    *nanoseconds = (((days_before(year, month) + day - 1) * 24 + hour) * 60 + minute) * INT64_C(60000000000) +
                   second * INT64_C(1000000000) + fraction;
    return 0;
}

const char *time_write(int64_t nanoseconds, char text[TIME_TEXT])
{
    uint64_t moment = nanoseconds > 0 ? (uint64_t)nanoseconds : 0;
    uint64_t seconds = moment / 1000000000;
    unsigned clock = (unsigned)(seconds % SECONDS_A_DAY);
    int days = (int)(seconds / SECONDS_A_DAY), year = FIRST_YEAR, month = 1;

    while (days >= 365 + leap(year))
        days -= 365 + leap(year++);
    while (days >= days_of_month(year, month))
        days -= days_of_month(year, month++);
    snprintf(text, TIME_TEXT, "%04d-%02d-%02dT%02u:%02u:%02u.%09uZ", year, month, days + 1, clock / 3600,
             clock / 60 % 60, clock % 60, (unsigned)(moment % 1000000000));
    return text;
}
