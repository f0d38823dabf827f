/* parse.c: numbers as a peer writes them. */
#include <confab/plugin.h>
#include <errno.h>

int confab_parse_u64(const char *text, size_t len, uint64_t *value)
{
    uint64_t sum = 0;
    bool fits = true;

    if (len == 0)
        return -EINVAL;
    /* To the end even where it does not fit: a number that is none is -EINVAL however long it is. */
    for (size_t i = 0; i < len; i++) {
        unsigned digit = (unsigned)(unsigned char)text[i] - '0';

        if (digit > 9)
            return -EINVAL;
        if (sum > (UINT64_MAX - digit) / 10)
            fits = false;
        else
            sum = sum * 10 + digit;
    }
    if (!fits)
        return -ERANGE;
    *value = sum;
    return 0;
}
