/* Never ends. */
#include <criterion/criterion.h>
#include <unistd.h>

Test(planted, hang)
{
    for (;;)
        pause();
}
