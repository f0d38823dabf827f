/* noise.h: figures as a machine gives them, the same each time: numbers from a seed, and kinds of noise. */
#ifndef CONFAB_TESTS_NOISE_H
#define CONFAB_TESTS_NOISE_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

/* splitmix64 */
static inline uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Between 0 and 1, neither of them. */
static inline double draw_uniform(uint64_t *state)
{
    return ((double)(draw(state) >> 11) + 0.5) / 9007199254740992.0;
}

static inline double draw_normal(uint64_t *state)
{
    double radius = sqrt(-2 * log(draw_uniform(state)));
    return radius * cos(6.283185307179586 * draw_uniform(state));
}

/* Each is of a logarithm, and has its median at 0 or a little above; `spread` is about its standard deviation. */
typedef double noise(uint64_t *state, double spread);

static inline double noise_normal(uint64_t *state, double spread)
{
    return spread * draw_normal(state);
}

/* Every tenth is disturbed, by a half and more. */
static inline double noise_disturbed(uint64_t *state, double spread)
{
    double value = spread * draw_normal(state);
    return draw_uniform(state) < 0.1 ? value - 0.5 * log(draw_uniform(state)) : value;
}

/* Student's, of 2 degrees of freedom: it has no variance. */
static inline double noise_heavy(uint64_t *state, double spread)
{
    return spread * draw_normal(state) / sqrt(-log(draw_uniform(state)));
}

/* Never under what it takes, often a little more, now and then much. */
static inline double noise_above(uint64_t *state, double spread)
{
    return -spread * log(draw_uniform(state));
}

#endif
