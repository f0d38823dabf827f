/* Ends by a signal. */
#include <criterion/criterion.h>
#include <stdlib.h>

Test(planted, crash)
{
    abort();
}
