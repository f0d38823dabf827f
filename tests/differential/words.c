/* words.c: the words that a scenario's lines are made of. */
#include "scenario.h"
#include <ctype.h>
#include <limits.h>

static int hex(char c)
{
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* The byte behind a backslash; moves *at on.  -1: it is none. */
static int escaped(const char **at)
{
    char c = *(*at)++;

    switch (c) {
    case 'r':
        return '\r';
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case '"':
    case '\\':
        return c;
    case 'x':
        if (hex((*at)[0]) < 0 || hex((*at)[1]) < 0)
            return -1;
        *at += 2;
        return 16 * hex((*at)[-2]) + hex((*at)[-1]);
    default:
        return -1;
    }
}

static bool take_quoted(const char **text, struct bytes *word)
{
    const char *at = *text + 1;

    while (*at && *at != '"') {
        int c = (unsigned char)*at++;

        if (c == '\\')
            c = escaped(&at);
        if (c < 0)
            return false;
        bytes_add(word, &(char){ (char)c }, 1);
    }
    *text = at + (*at == '"');
    return *at == '"';
}

bool word_take(const char **text, struct bytes *word, bool *quoted)
{
    bytes_cut(word, 0);
    bytes_text(word, "");
    while (**text == ' ')
        ++*text;
    if (quoted)
        *quoted = **text == '"';
    if (!**text)
        return false;
    while (**text && **text != ' ') {
        if (**text != '"')
            bytes_add(word, (*text)++, 1);
        else if (!take_quoted(text, word))
            return false;
    }
    return true;
}

/* Digits, and a unit behind them. */
static bool take_number(const char *word, uint64_t *number, const char **unit)
{
    char *end;

    if (!isdigit((unsigned char)word[0]))
        return false;
    *number = strtoull(word, &end, 10);
    *unit = end;
    return *number <= INT32_MAX;
}

bool word_size(const char *word, uint64_t *size)
{
    const char *unit;

    if (!take_number(word, size, &unit))
        return false;
    if (!strcmp(unit, "k"))
        *size *= 1000;
    else if (!strcmp(unit, "m"))
        *size *= 1000000;
    else
        return !*unit;
    return true;
}

bool word_time(const char *word, int64_t *ns)
{
    const char *unit;
    uint64_t number;

    if (!take_number(word, &number, &unit))
        return false;
    *ns = (int64_t)number;
    if (!strcmp(unit, "ms"))
        *ns *= CONFAB_MILLISECOND;
    else if (!strcmp(unit, "s"))
        *ns *= CONFAB_SECOND;
    else if (!strcmp(unit, "m"))
        *ns *= CONFAB_MINUTE;
    else
        return false;
    return true;
}

bool word_until(const char *word, size_t len, bool quoted, struct until *until)
{
    *until = (struct until){ .kind = CONFAB_TERMINATOR_NONE };
    if (quoted) {
        until->kind = CONFAB_TERMINATOR_BYTES;
        until->len = len;
        if (len > 0 && len <= UNTIL_MAX)
            memcpy(until->bytes, word, len);
        return len > 0 && len <= UNTIL_MAX;
    }
    if (!strcmp(word, "line"))
        until->kind = CONFAB_TERMINATOR_LINE;
    else if (word_size(word, &until->count))
        until->kind = CONFAB_TERMINATOR_COUNT;
    else
        return !strcmp(word, "none");
    return true;
}

/* -- KEY=VALUE ---------------------------------------------------------------- */

/* Whether the word is KEY=VALUE with this key; then *value is set to what is behind the sign. */
static bool keyed(const char *word, const char *key, const char **value)
{
    size_t len = strlen(key);

    if (strncmp(word, key, len) != 0 || word[len] != '=')
        return false;
    *value = word + len + 1;
    return true;
}

static bool one_of(const char *value, const char *const *names, int *index)
{
    for (*index = 0; names[*index]; ++*index)
        if (!strcmp(value, names[*index]))
            return true;
    return false;
}

static bool set_size(const char *word, struct confab_chat_options *o, bool *known)
{
    const struct {
        const char *key;
        size_t *size;
        uint64_t *long_size;
    } all[] = {
        { "in-buffer", &o->in_buffer_size, NULL },
        { "out-buffer", &o->out_buffer_size, NULL },
        { "low", &o->low, NULL },
        { "high", &o->high, NULL },
        { "limit", &o->output_limit, NULL },
        { "max-message", NULL, &o->max_message },
        { "rate-in", NULL, &o->rate_in },
        { "rate-out", NULL, &o->rate_out },
    };
    const char *value;
    uint64_t size;

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (!keyed(word, all[i].key, &value))
            continue;
        *known = true;
        if (!word_size(value, &size))
            return false;
        if (all[i].size)
            *all[i].size = (size_t)size;
        else
            *all[i].long_size = size;
        return true;
    }
    return false;
}

static bool set_time(const char *word, struct confab_chat_options *o)
{
    static const char *const names[CONFAB_TIMEOUTS] = { [CONFAB_TIMEOUT_CONNECT] = "connect",
                                                        [CONFAB_TIMEOUT_IDLE] = "idle",
                                                        [CONFAB_TIMEOUT_MESSAGE] = "message",
                                                        [CONFAB_TIMEOUT_WRITE] = "write",
                                                        [CONFAB_TIMEOUT_LIFETIME] = "lifetime" };
    const char *value;

    for (int i = 0; i < CONFAB_TIMEOUTS; i++)
        if (keyed(word, names[i], &value))
            return word_time(value, &o->timeout[i]);
    return false;
}

bool word_manner(const char *word, size_t len, struct manner *manner)
{
    static const char *const eofs[] = { "default", "done", "close", "keep", NULL };
    static const char *const choices[] = { "close", "keep", "skip", NULL };
    static const char *const collectors[] = { "library", "pieces", NULL };
    const char *value;
    bool known = false;
    int index;

    if (keyed(word, "until", &value)) {
        /* The quotes are gone: what is no other word is bytes. */
        size_t of_value = len - (size_t)(value - word);

        return word_until(value, of_value, false, &manner->until) ||
               word_until(value, of_value, true, &manner->until);
    }
    if (keyed(word, "collect", &value)) {
        known = one_of(value, collectors, &index);
        manner->pieces = index == 1;
        return known;
    }
    if (keyed(word, "eof", &value)) {
        known = one_of(value, eofs, &index);
        manner->eof = (enum eof_manner)index;
        return known;
    }
    if (keyed(word, "timeout", &value)) {
        known = one_of(value, choices, &index);
        manner->keeps = index == 1;
        return known && index != 2;
    }
    if (keyed(word, "long", &value)) {
        known = one_of(value, choices, &index);
        manner->skips = index == 2;
        return known && index != 1;
    }
    return set_size(word, &manner->options, &known) || (!known && set_time(word, &manner->options));
}

bool word_reactor(const char *word, struct confab_reactor_options *options)
{
    const char *value;
    uint64_t size;

    if (keyed(word, "messages", &value) && word_size(value, &size))
        options->messages = (unsigned)size;
    else if (keyed(word, "reads", &value) && word_size(value, &size))
        options->reads = (unsigned)size;
    else if (keyed(word, "accepts", &value) && word_size(value, &size))
        options->accepts = (unsigned)size;
    else if (keyed(word, "read-buffer", &value) && word_size(value, &size))
        options->read_buffer = (size_t)size;
    else
        return false;
    return true;
}
