/* test_parse.c: confab_parse_u64. */
#include <confab/plugin.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static const uint64_t untouched = 77;

/* Expects a number, or (wanted untouched) an error. */
static void expect(const char *text, int result, uint64_t wanted)
{
    uint64_t value = untouched;
    int got = confab_parse_u64(text, strlen(text), &value);

    cr_expect_eq(got, result, "'%s': %d, not %d", text, got, result);
    cr_expect_eq(value, wanted, "'%s': %llu", text, (unsigned long long)value);
}

Test(parse, reads_decimal_digits)
{
    expect("0", 0, 0);
    expect("7", 0, 7);
    expect("1234567890", 0, 1234567890);
    expect("000000000000000000000000000042", 0, 42);
}

Test(parse, reads_up_to_the_largest_number)
{
    expect("18446744073709551615", 0, UINT64_MAX);
    expect("18446744073709551616", -ERANGE, untouched);
    expect("18446744073709551620", -ERANGE, untouched);
    expect("99999999999999999999", -ERANGE, untouched);
    expect("184467440737095516150", -ERANGE, untouched);
    /* Wraps to a small number where it is not looked at. */
    expect("100000000000000000000000000000000000000000", -ERANGE, untouched);
}

Test(parse, refuses_what_is_not_all_digits)
{
    static const char *const bad[] = {
        "",     "-1", "+1", " 1",  "1 ",  "\t1",  "1\n", "1,000", "1.0",
        "0x10", "1e", "a",  "1/2", "12:", "\xb2", "/",   ":",     "99999999999999999999x",
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect(bad[i], -EINVAL, untouched);
}

Test(parse, refuses_a_nul_within)
{
    uint64_t value = untouched;

    cr_expect_eq(confab_parse_u64("12\0", 3, &value), -EINVAL);
    cr_expect_eq(value, untouched);
}

Test(parse, reads_no_further_than_len)
{
    uint64_t value = 0;

    cr_expect_eq(confab_parse_u64("12345", 2, &value), 0);
    cr_expect_eq(value, 12);
    cr_expect_eq(confab_parse_u64(NULL, 0, &value), -EINVAL);
}
