/* Shifts by more bits than there are. */
#include <criterion/criterion.h>

Test(planted, shift)
{
    volatile int one = 1, bits = 40;
    volatile int result = one << bits;

    (void)result;
}
