/* chat_fuzz_model.c: what of a chat's input may be delivered, and when. */
#include "chat_fuzz_support.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

unsigned fuzz_under(struct session *s, unsigned bound)
{
    s->random ^= s->random >> 12;
    s->random ^= s->random << 25;
    s->random ^= s->random >> 27;
    return (unsigned)((s->random * UINT64_C(2685821657736338717)) >> 33) % bound;
}

void fuzz_check(const struct session *s, bool good, const char *what)
{
    cr_assert(good, "%s\nseed %u%s, after:%s\nnot delivered: \"%.*s\"", what, s->seed,
              s->collector ? " with the collector" : "", s->done, (int)s->rest_len, s->rest);
}

void fuzz_note(struct session *s, const char *what)
{
    size_t len = strlen(s->done);

    snprintf(s->done + len, sizeof s->done - len, " %s", what);
}

bool fuzz_starts(const char *text, const char *with, size_t len)
{
    return memcmp(text, with, len) == 0;
}

bool fuzz_ends(const struct session *s, size_t *body, size_t *next)
{
    size_t len = s->bytes ? strlen(s->bytes) : 0, held;
    const char *lf;

    *body = *next = s->rest_len;
    switch (s->kind) {
    case CONFAB_TERMINATOR_NONE:
        return false;
    case CONFAB_TERMINATOR_COUNT:
        if (s->count <= s->rest_len)
            *body = *next = (size_t)s->count;
        return s->count <= s->rest_len;
    case CONFAB_TERMINATOR_LINE:
        lf = memchr(s->rest, '\n', s->rest_len);
        if (lf)
            *body = (size_t)(lf - s->rest), *next = *body + 1;
        if (*body > 0 && s->rest[*body - 1] == '\r')
            --*body;
        return lf != NULL;
    case CONFAB_TERMINATOR_BYTES:
        break;
    }
    for (size_t at = 0; at + len <= s->rest_len; at++)
        if (fuzz_starts(s->rest + at, s->bytes, len)) {
            *body = at, *next = at + len;
            return true;
        }
    for (held = len - 1; held > s->rest_len || !fuzz_starts(s->rest + s->rest_len - held, s->bytes, held);
         held--)
        ;
    *body = s->rest_len - held;
    return false;
}

void fuzz_deliver(struct session *s, size_t len)
{
    size_t body, next;
    bool whole = fuzz_ends(s, &body, &next);

    fuzz_check(s, len <= body || (s->eof_sent && !whole && len <= s->rest_len), "too much is delivered");
    fuzz_check(s, s->message_len + len <= ROOM, "room");
    memcpy(s->message + s->message_len, s->rest, len);
    s->message_len += len;
    s->rest_len -= len;
    memmove(s->rest, s->rest + len, s->rest_len);
    if (s->kind == CONFAB_TERMINATOR_COUNT)
        s->count -= len;
}

struct confab_chat_stats fuzz_stats(const struct session *s)
{
    struct confab_chat_stats stats = { .size = sizeof stats };

    confab_chat_get_stats(s->chat, &stats);
    return stats;
}

void fuzz_catch_up(struct session *s)
{
    uint64_t left = 0, size = s->over || s->ending ? s->message_len : fuzz_stats(s).message_size;

    if (s->collector && size > s->message_len)
        fuzz_deliver(s, (size_t)size - s->message_len);
    if (s->over || s->ending)
        return;
    fuzz_check(s, size == s->message_len, "the size of the message");
    fuzz_check(s, confab_chat_get_terminator(s->chat, NULL, &left) == s->kind, "the kind of terminator");
    if (s->kind == CONFAB_TERMINATOR_COUNT)
        fuzz_check(s, left == s->count, "what is left of a count");
}
