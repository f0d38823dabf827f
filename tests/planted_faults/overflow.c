/* Writes behind the end of a block. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

Test(planted, overflow)
{
    char *volatile bytes = malloc(8);
    volatile size_t size = 9;
    volatile char seen; /* or the compiler leaves the writing out */

    cr_assert_not_null(bytes);
    memset(bytes, 1, size);
    seen = bytes[0];
    (void)seen;
    free(bytes);
}
