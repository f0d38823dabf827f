/* test_session_merge.c: several recordings as one session. */
#include "tests/session_support.h"
#include <errno.h>

static const char ann[] = "plugin chat room=one\nbegan 2026-03-01T12:00:00.000000000Z\npeer 127.0.0.1:4000\n"
                          "> \"hello\\n\"\n< \"hi\\n\"\nwait 5s\n> \"bye\\n\"\neof\n";
static const char bob[] = "plugin chat room=one\nbegan 2026-03-01T12:00:02.500000000Z\n"
                          "< \"news\\n\"\nwait 10s\nclosed\n";

/* Merges them; what went wrong is in error. */
static struct session *merged(const char *const *texts, size_t count, int expected, char error[256])
{
    struct session *sessions[4], *made = (struct session *)sessions;

    for (size_t i = 0; i < count; i++)
        sessions[i] = session_of(texts[i]);
    error[0] = '\0';
    cr_assert_eq(session_merge(&made, sessions, count, error, 256), expected, "%s", error);
    cr_assert_eq(made == NULL, expected != 0);
    for (size_t i = 0; i < count; i++)
        session_free(sessions[i]);
    return made;
}

static void becomes(const char *const *texts, size_t count, const char *wanted)
{
    struct bytes text = { 0 };
    char error[256];
    struct session *session = merged(texts, count, 0, error);

    cr_assert_eq(session_print(session, &text), 0);
    cr_assert_str_eq(text.at, wanted);
    bytes_free(&text);
    session_free(session);
}

static void refuses(const char *second, const char *words)
{
    const char *const texts[] = { ann, second };
    char error[256];

    merged(texts, 2, -EINVAL, error);
    cr_assert(strstr(error, words), "it says: %s", error);
}

Test(session_merge, steps_are_in_the_order_of_their_times)
{
    static const char wanted[] =
        "confab-session 1\nplugin chat room=one\nbegan 2026-03-01T12:00:00.000000000Z\n\n"
        "c1: > \"hello\\n\"\nc1: < \"hi\\n\"\nwait 2500ms\nc2: < \"news\\n\"\nwait 2500ms\nc1: > "
        "\"bye\\n\"\nc1: eof\n"
        "wait 7500ms\nc2: closed\n";
    const char *const texts[] = { ann, bob };

    becomes(texts, 2, wanted);
}

Test(session_merge, the_first_is_the_one_that_began_first)
{
    static const char wanted[] =
        "confab-session 1\nplugin chat room=one\nbegan 2026-03-01T12:00:00.000000000Z\n\n"
        "c2: > \"hello\\n\"\nc2: < \"hi\\n\"\nwait 2500ms\nc1: < \"news\\n\"\nwait 2500ms\nc2: > "
        "\"bye\\n\"\nc2: eof\n"
        "wait 7500ms\nc1: closed\n";
    const char *const texts[] = { bob, ann };

    becomes(texts, 2, wanted);
}

Test(session_merge, where_one_is_cut_off_all_are)
{
    const char *const texts[] = { "began 2026-03-01T12:00:00.000000000Z\n> \"a\"\ntruncated\n",
                                  "began 2026-03-01T12:00:00.000000000Z\n> \"b\"\n" };

    becomes(
        texts, 2,
        "confab-session 1\nbegan 2026-03-01T12:00:00.000000000Z\n\nc1: > \"a\"\nc2: > \"b\"\ntruncated\n");
}

Test(session_merge, what_was_not_recorded_is_refused)
{
    refuses("plugin chat room=one\n> \"a\"\n", "it has no `began`: only what `confab serve --record` wrote");
}

Test(session_merge, what_is_of_another_service_is_refused)
{
    refuses("plugin talk room=one\nbegan 2026-03-01T12:00:02.500000000Z\n> \"a\"\n",
            "it is of another plugin, or of other options, than the first one");
    refuses("plugin chat room=two\nbegan 2026-03-01T12:00:02.500000000Z\n> \"a\"\n", "of other options");
    refuses("plugin chat\nbegan 2026-03-01T12:00:02.500000000Z\n> \"a\"\n", "of other options");
}

Test(session_merge, what_no_recording_has_is_refused)
{
    refuses("plugin chat room=one\nbegan 2026-03-01T12:00:02.500000000Z\nmask /a/ B\n> \"a\"\n",
            "it has files, servers or masks");
    refuses("plugin chat room=one\nbegan 2026-03-01T12:00:02.500000000Z\n<~ /a/\n",
            "it has steps that no recording has");
    refuses("plugin chat room=one\nbegan 2026-03-01T12:00:02.500000000Z\n> \"${a}\"\n", "it has ${names}");
}
