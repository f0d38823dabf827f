/* statistics_student.c: Student's distribution, by the incomplete beta function. */
#include "tools/bench/statistics.h"
#include <float.h>
#include <math.h>

enum { STEPS_MOST = 10000 };

/* What the continued fraction's denominators are kept from: zero. */
static double not_zero(double value)
{
    return fabs(value) < DBL_MIN / DBL_EPSILON ? DBL_MIN / DBL_EPSILON : value;
}

/* The continued fraction of the incomplete beta function (DLMF 8.17.22), by Lentz's method; it converges fast where x is
 * below (a + 1) / (a + b + 2). */
static double fraction(double x, double a, double b)
{
    double c = 1, d = 1 / not_zero(1 - (a + b) * x / (a + 1)), result = d;

    for (int m = 1; m <= STEPS_MOST; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));

        d = 1 / not_zero(1 + even * d);
        c = not_zero(1 + even / c);
        result *= d * c;
        d = 1 / not_zero(1 + odd * d);
        c = not_zero(1 + odd / c);
        result *= d * c;
        if (fabs(d * c - 1) < DBL_EPSILON)
            break;
    }
    return result;
}

/* I_x(a, b); y is 1 - x, which the caller knows more exactly than it can be had from x. */
static double incomplete_beta(double x, double y, double a, double b)
{
    if (x <= 0)
        return 0;
    if (y <= 0)
        return 1;
    double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(y));
    if (x < (a + 1) / (a + b + 2))
        return front * fraction(x, a, b) / a;
    return 1 - front * fraction(y, b, a) / b;
}

double student_two_sided(double t, double freedom)
{
    if (isnan(t) || !(freedom > 0))
        return 1;
    if (isinf(t))
        return 0;
    /* t * t may be more than a double holds. */
    double square = fabs(t) < 1e100 ? t * t : 1e200;
    return incomplete_beta(freedom / (freedom + square), square / (freedom + square), freedom / 2, 0.5);
}
