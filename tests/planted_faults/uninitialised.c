/* Decides by a byte that was never written. */
#include <criterion/criterion.h>
#include <stdlib.h>

Test(planted, uninitialised)
{
    char *volatile bytes = malloc(8);
    volatile int seen = 0;

    cr_assert_not_null(bytes);
    if (bytes[3] == 17)
        seen = 1;
    (void)seen;
    free(bytes);
}
