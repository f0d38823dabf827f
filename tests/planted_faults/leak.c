/* Loses memory. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

Test(planted, leak)
{
    char *volatile bytes = malloc(77);

    cr_assert_not_null(bytes);
    memset(bytes, 1, 77);
    bytes = NULL;
}
