/* The same in a child process, whose end nobody looks at. */
#include <criterion/criterion.h>
#include <sys/wait.h>
#include <unistd.h>

Test(planted, shift_in_child)
{
    volatile int one = 1, bits = 40;
    pid_t child = fork();

    if (child == 0) {
        volatile int result = one << bits;
        _exit(result == 0);
    }
    cr_assert_eq(waitpid(child, NULL, 0), child);
}
