/* script.h: a producer that answers as its test has written down, one step each
 * time that it is asked, and then has ended.
 *
 * Each piece is a copy, destroyed when it is asked again or released, as the
 * contract allows.  It fails the test where it is asked after its end or its
 * error, or is released twice. */
#ifndef CONFAB_TESTS_SCRIPT_H
#define CONFAB_TESTS_SCRIPT_H

#include <confab/chat.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct step {
    const char *text; /* a piece; NULL: `answer` */
    ssize_t answer;
    void (*act)(confab_chat *chat); /* before that; NULL: nothing */
};

struct script {
    const struct step *steps;
    size_t count;
    int asked, released;
    bool over;
    char *piece;
    size_t len;
};

#define SCRIPT(list)                                          \
    {                                                         \
        .steps = (list), .count = sizeof(list) / sizeof *list \
    }

static inline void script_destroy_piece(struct script *script)
{
    if (script->piece)
        memset(script->piece, '!', script->len);
    free(script->piece);
    script->piece = NULL;
}

static inline ssize_t script_more(void *self, confab_chat *chat, size_t want, const char **bytes)
{
    struct script *script = self;
    const struct step *step = script->steps;

    (void)want;
    cr_assert_not(script->over, "asked after its end");
    cr_assert_eq(script->released, 0, "asked after its release");
    script_destroy_piece(script);
    script->asked++;
    if (script->count == 0) {
        script->over = true;
        return 0;
    }
    script->steps++;
    script->count--;
    if (step->act)
        step->act(chat);
    if (!step->text) {
        script->over = step->answer != -EAGAIN;
        return step->answer;
    }
    script->len = strlen(step->text);
    script->piece = malloc(script->len + 1);
    memcpy(script->piece, step->text, script->len);
    *bytes = script->piece;
    return (ssize_t)script->len;
}

static inline void script_release(void *self)
{
    struct script *script = self;

    cr_assert_eq(script->released, 0, "released twice");
    script_destroy_piece(script);
    script->released++;
}

static const struct confab_producer_ops script_ops = { .size = sizeof script_ops,
                                                       .more = script_more,
                                                       .release = script_release };

/* The same without more, and of a size that is not known: nobody takes them. */
static const struct confab_producer_ops script_ops_without_more = { .size = sizeof script_ops_without_more,
                                                                    .release = script_release };
static const struct confab_producer_ops script_ops_too_small = { .size = sizeof script_ops_too_small - 1,
                                                                 .more = script_more,
                                                                 .release = script_release };

#endif
