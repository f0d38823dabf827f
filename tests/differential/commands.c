/* commands.c: what a chat is told to do, by a message or by a step. */
#include "play.h"
#include <errno.h>

/* What no hook returns: 0 or more is what goes well. */
enum { NOT_UNDERSTOOD = 1 };

enum { ECHO_MAX = 200 };

struct words {
    struct wire *wire;
    const char *rest;
    struct bytes word;
    bool quoted;
};

static bool take(struct words *words)
{
    return word_take(&words->rest, &words->word, &words->quoted);
}

static bool take_size(struct words *words, size_t *size)
{
    uint64_t number = 0;
    bool taken = take(words) && word_size(words->word.at, &number) && number <= BYTES_MAX;

    *size = (size_t)number;
    return taken;
}

static bool take_time(struct words *words, int64_t *ns)
{
    return take(words) && word_time(words->word.at, ns);
}

/* -- Pushing ------------------------------------------------------------------ */

static int say_sized(struct words *words, push_way *how)
{
    size_t len;

    return take_size(words, &len) ? push_letters(words->wire, how, len) : NOT_UNDERSTOOD;
}

static int do_reply(struct words *words)
{
    return say_sized(words, push_copy);
}

static int do_reference(struct words *words)
{
    return say_sized(words, push_reference);
}

static int do_buffer(struct words *words)
{
    return say_sized(words, push_buffer);
}

static int do_produce(struct words *words)
{
    return say_sized(words, push_producer);
}

static int do_file(struct words *words)
{
    return say_sized(words, push_file);
}

/* Not a long text, so that what a chat sends is bounded by what it was told. */
static int do_echo(struct words *words)
{
    struct bytes text = { 0 };
    int result;

    words->rest += *words->rest == ' ';
    bytes_add(&text, words->rest, strnlen(words->rest, ECHO_MAX));
    bytes_text(&text, "\r\n");
    words->rest = "";
    result = push_bytes(words->wire, push_copy, text.at, text.len);
    bytes_free(&text);
    return result;
}

/* "to NAME N": pushed to another chat; what comes of that is its own matter. */
static int do_to(struct words *words)
{
    struct play *play = words->wire->play;
    size_t len;

    if (!take(words))
        return NOT_UNDERSTOOD;
    for (int i = 0; i < CHANNELS_MAX; i++) {
        struct wire *other = &play->wires[i];
        if (!other->name || strcmp(other->name, words->word.at) != 0)
            continue;
        if (!take_size(words, &len))
            return NOT_UNDERSTOOD;
        push_letters(other, push_copy, len);
        return 0;
    }
    return NOT_UNDERSTOOD;
}

/* -- What comes later --------------------------------------------------------- */

struct later {
    struct later *next, **previous;
    struct wire *wire;
    struct bytes text; /* what to do, or to send */
    void *deferred;    /* a producer to be set; NULL: none */
    size_t len;        /* of what a job is to send */
};

static struct later *later_new(struct wire *wire, const char *text)
{
    struct later *later = grown(NULL, sizeof *later), **list = &wire->play->laters;

    *later = (struct later){ .wire = wire, .next = *list, .previous = list };
    if (*list)
        (*list)->previous = &later->next;
    *list = later;
    wire->play->lent++;
    bytes_text(&later->text, text);
    return later;
}

static void later_free(struct later *later)
{
    later->wire->play->given++;
    *later->previous = later->next;
    if (later->next)
        later->next->previous = later->previous;
    bytes_free(&later->text);
    free(later);
}

static void set_deferred(confab_reactor *reactor, void *data)
{
    struct later *later = data;

    (void)reactor;
    confab_deferred_producer_set(later->deferred, &confab_simple_producer_ops,
                                 push_lent(later->wire, later->text.at, later->text.len));
    later_free(later);
}

static int push_deferred(struct wire *wire, const char *bytes, size_t len)
{
    (void)bytes, (void)len;
    return confab_chat_push_with_producer(wire->chat, &confab_deferred_producer_ops, wire->deferred);
}

/* "defer TIME N": a producer that has nothing until then. */
static int do_defer(struct words *words)
{
    struct wire *wire = words->wire;
    struct later *later;
    size_t len;
    int64_t ns;

    if (!take_time(words, &ns) || !take_size(words, &len))
        return NOT_UNDERSTOOD;
    later = later_new(wire, "");
    bytes_letters(&later->text, 'A', wire->pushed.len, len);
    later->deferred = wire->deferred = confab_deferred_producer_new();
    if (!confab_call_later(wire->play->reactor, ns, set_deferred, later))
        play_fail(wire->play, wire, "confab_call_later has returned 0");
    return push_letters(wire, push_deferred, len);
}

static void say_later(confab_reactor *reactor, void *data)
{
    struct later *later = data;
    struct wire *wire = later->wire;

    (void)reactor;
    if (wire->chat) {
        note(wire, NOTE_TIMER, "timer, at %d s", play_time(wire->play));
        command(wire, later->text.at, false);
    }
    later_free(later);
}

/* "later TIME COMMAND" */
static int do_later(struct words *words)
{
    struct wire *wire = words->wire;
    int64_t ns;

    if (!take_time(words, &ns))
        return NOT_UNDERSTOOD;
    if (!confab_call_later(wire->play->reactor, ns, say_later, later_new(wire, words->rest)))
        play_fail(wire->play, wire, "confab_call_later has returned 0");
    words->rest = "";
    return 0;
}

static int work_run(void *data)
{
    struct later *later = data;

    return (int)later->len;
}

static void work_done(confab_chat *chat, int result, void *data)
{
    struct later *later = data;
    struct wire *wire = later->wire;

    wire->play->jobs--;
    if (chat && wire->chat) {
        note(wire, NOTE_WORK, "work is done: %d", result);
        push_letters(wire, push_copy, (size_t)result);
    }
    later_free(later);
}

/* "work N": a job, and N bytes when it is done. */
static int do_work(struct words *words)
{
    struct wire *wire = words->wire;
    struct later *later;
    size_t len;
    int error;

    if (!take_size(words, &len))
        return NOT_UNDERSTOOD;
    later = later_new(wire, "");
    later->len = len;
    error = confab_work(wire->play->reactor, wire->chat, work_run, work_done, later);
    if (error)
        later_free(later);
    else
        wire->play->jobs++;
    return error;
}

static void resume(confab_chat *chat, void *data)
{
    (void)data;
    confab_chat_resume(chat);
}

/* "suspend", "suspend TIME" */
static int do_suspend(struct words *words)
{
    confab_chat *chat = words->wire->chat;
    int64_t ns;

    confab_chat_suspend(chat);
    if (!take(words))
        return 0;
    if (!word_time(words->word.at, &ns))
        return NOT_UNDERSTOOD;
    confab_chat_call_later(chat, ns, resume, NULL);
    return 0;
}

/* -- All else ----------------------------------------------------------------- */

static int do_resume(struct words *words)
{
    confab_chat_resume(words->wire->chat);
    return 0;
}

static int do_done(struct words *words)
{
    confab_chat_close_when_done(words->wire->chat);
    return 0;
}

static int do_shut(struct words *words)
{
    words->wire->shut = true;
    confab_chat_shutdown(words->wire->chat);
    return 0;
}

static int do_close(struct words *words)
{
    confab_chat_close(words->wire->chat);
    return 0;
}

static int do_abort(struct words *words)
{
    words->wire->aborted = true;
    confab_chat_abort(words->wire->chat);
    return 0;
}

static int do_fail(struct words *words)
{
    (void)words;
    return -EIO;
}

static int do_until(struct words *words)
{
    struct until until;

    if (!take(words) || !word_until(words->word.at, words->word.len, words->quoted, &until))
        return NOT_UNDERSTOOD;
    return server_until(words->wire, &until);
}

static int do_set(struct words *words)
{
    struct manner *manner = &words->wire->manner;

    manner->options = (struct confab_chat_options){ .size = sizeof manner->options };
    while (take(words))
        if (!word_manner(words->word.at, words->word.len, manner))
            return NOT_UNDERSTOOD;
    return confab_chat_set_options(words->wire->chat, &manner->options);
}

/* "pace NAME": of another chat, of "itself", of "nobody" */
static int do_pace(struct words *words)
{
    struct wire *wire = words->wire;
    confab_chat *sink = NULL;

    if (!take(words))
        return NOT_UNDERSTOOD;
    if (!strcmp(words->word.at, "itself"))
        sink = wire->chat;
    for (int i = 0; i < CHANNELS_MAX; i++)
        if (wire->play->wires[i].name && !strcmp(wire->play->wires[i].name, words->word.at))
            sink = wire->play->wires[i].chat;
    confab_chat_pace(wire->chat, sink);
    return 0;
}

static const struct {
    const char *word;
    int (*run)(struct words *);
} commands[] = {
    { "abort", do_abort }, { "buffer", do_buffer },   { "close", do_close },
    { "defer", do_defer }, { "done", do_done },       { "echo", do_echo },
    { "fail", do_fail },   { "file", do_file },       { "later", do_later },
    { "pace", do_pace },   { "produce", do_produce }, { "reference", do_reference },
    { "reply", do_reply }, { "resume", do_resume },   { "set", do_set },
    { "shut", do_shut },   { "suspend", do_suspend }, { "to", do_to },
    { "until", do_until }, { "work", do_work },
};

int command(struct wire *wire, const char *text, bool must)
{
    struct words words = { .wire = wire, .rest = text };
    int result = NOT_UNDERSTOOD;

    if (!wire->chat)
        result = 0;
    else if (take(&words))
        for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
            if (!strcmp(words.word.at, commands[i].word)) {
                result = commands[i].run(&words);
                break;
            }
    if (result == NOT_UNDERSTOOD && must)
        play_fail(wire->play, wire, "not understood: %s", text);
    bytes_free(&words.word);
    return result;
}

void commands_free(struct play *play)
{
    while (play->laters) {
        if (play->laters->deferred)
            set_deferred(NULL, play->laters);
        else
            later_free(play->laters);
    }
}
