/* A suite without a test. */
#include <criterion/criterion.h>
