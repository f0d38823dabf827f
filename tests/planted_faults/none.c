/* Nothing is wrong with it. */
#include <criterion/criterion.h>
#include <stdlib.h>

Test(planted, none)
{
    char *bytes = malloc(8);

    cr_assert_not_null(bytes);
    bytes[7] = 1;
    free(bytes);
}
