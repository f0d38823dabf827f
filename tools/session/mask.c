/* mask.c: words that stand for what differs from run to run. */
#include "tools/session/mask.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool mask_word_good(const char *word, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (word[i] <= ' ' || word[i] > '~' || word[i] == '"' || word[i] == '\\')
            return false;
    return len > 0 && len <= SESSION_NAME_MAX && word[0] != '#';
}

static void mask_free(struct mask *mask)
{
    pattern_free(mask->whole);
    pattern_free(mask->begins);
    pattern_free(mask->anywhere);
    free(mask->word);
    free(mask);
}

int masks_add(struct masks **masks, const char *source, size_t source_len, const char *word, size_t word_len,
              char *words, size_t room)
{
    struct mask *mask = calloc(1, sizeof *mask);
    int error = -ENOMEM;

    snprintf(words, room, "out of memory");
    if (mask && !*masks && (*masks = calloc(1, sizeof **masks)))
        (*masks)->end = &(*masks)->first;
    if (!mask || !*masks)
        goto failed;
    error = pattern_new(&mask->whole, source, source_len, PATTERN_WHOLE, words, room);
    if (!error)
        error = pattern_new(&mask->begins, source, source_len, PATTERN_BEGINS, words, room);
    if (!error)
        error = pattern_new(&mask->anywhere, source, source_len, PATTERN_ANYWHERE, words, room);
    if (!error && !(mask->word = strndup(word, word_len)))
        error = -ENOMEM;
    if (error)
        goto failed;
    mask->word_len = word_len;
    *(*masks)->end = mask;
    (*masks)->end = &mask->next;
    return 0;

failed:
    if (mask)
        mask_free(mask);
    return error;
}

void masks_free(struct masks *masks)
{
    struct mask *next;

    for (struct mask *mask = masks ? masks->first : NULL; mask; mask = next) {
        next = mask->next;
        mask_free(mask);
    }
    free(masks);
}

/* -- Where one is ------------------------------------------------------------------ */

static bool letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* A word within a longer one is not it: ID is not in IDENTITY. */
static bool alone(const struct mask *mask, const char *at, size_t len, size_t from)
{
    size_t end = from + mask->word_len;

    if (from > 0 && letter(at[from - 1]) && letter(at[from]))
        return false;
    return end == len || !letter(at[end]) || !letter(at[end - 1]);
}

static bool find_word(const struct mask *mask, const char *at, size_t len, size_t from, struct cut *found)
{
    const char *place;

    for (; (place = memmem(at + from, len - from, mask->word, mask->word_len)); from++) {
        from = (size_t)(place - at);
        if (!alone(mask, at, len, from))
            continue;
        *found = (struct cut){ from, mask->word_len, mask };
        return true;
    }
    return false;
}

/* What it matches; an empty match is none. */
static bool find_match(const struct mask *mask, const char *at, size_t len, size_t from, struct cut *found)
{
    regmatch_t span;

    while (from < len &&
           pattern_match(mask->anywhere, at + from, len - from, from ? REG_NOTBOL : 0, &span, 1)) {
        if (span.rm_eo > span.rm_so) {
            *found = (struct cut){ from + (size_t)span.rm_so, (size_t)(span.rm_eo - span.rm_so), mask };
            return true;
        }
        from += (size_t)span.rm_so + 1;
    }
    return false;
}

bool masks_find(const struct masks *masks, const char *at, size_t len, size_t from, struct cut *found)
{
    static bool (*const finds[])(const struct mask *, const char *, size_t, size_t, struct cut *) = {
        find_match,
        find_word,
    };
    struct cut cut;
    bool any = false;

    for (const struct mask *mask = masks->first; mask; mask = mask->next) {
        for (size_t i = 0; i < 2; i++) {
            if (!finds[i](mask, at, len, from, &cut))
                continue;
            if (!any || cut.from < found->from || (cut.from == found->from && cut.len > found->len))
                *found = cut;
            any = true;
        }
    }
    return any;
}

size_t mask_takes(const struct mask *mask, const char *at, size_t len)
{
    regmatch_t span = { 0, 0 };
    size_t most = 0;

    if (pattern_match(mask->begins, at, len, 0, &span, 1))
        most = (size_t)span.rm_eo;
    if (most < mask->word_len && len >= mask->word_len && memcmp(at, mask->word, mask->word_len) == 0)
        most = mask->word_len;
    return most;
}

bool mask_takes_all(const struct mask *mask, const char *at, size_t len)
{
    if (len == mask->word_len && memcmp(at, mask->word, len) == 0)
        return true;
    return len > 0 && pattern_match(mask->whole, at, len, 0, NULL, 0);
}
