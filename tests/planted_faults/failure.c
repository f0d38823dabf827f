/* A test that fails. */
#include <criterion/criterion.h>

Test(planted, failure)
{
    cr_assert_eq(1, 2);
}
