/* generate.c: a scenario for each seed.
 *
 * It keeps away from what systems may do differently and normal.c does not speak
 * of: what a connection holds (little is written where nobody reads, or very
 * much), and what falls due at the very same time (time-outs are whole seconds
 * from a step, and each step of time adds 60 ms, more than those that repeat come to be late).  Rates are not in it:
 * how far one has got depends on where the bytes were cut. */
#include "scenario.h"
#include "world.h"
#include <stdarg.h>

enum {
    STEPS_MIN = 4,
    STEPS = 22,
    PASSES_MAX = 8,
    LITTLE = 400,    /* bytes at the most, in one go */
    MANY = 200000,   /* bytes that a connection holds perhaps */
    MUCH = 2500000,  /* bytes that no connection holds */
    MUCH_MAX = 2,    /* times a scenario: it takes a while */
    HELD_MAX = 8000, /* bytes that wait in a connection at the most */
    LOW = 40000,     /* more than ever waits for a producer, so that only what does not fit is over a mark: */
    HIGH = 50000     /* how much else is at one moment depends on how fast it leaves */
};

/* What the generator knows of a channel. */
struct talk {
    bool stalled, ended; /* the far end */
    bool gone;           /* it was reset or closed */
    unsigned held;       /* bytes that may wait for a far end that stalls */
    bool much;           /* it was told to say more than fits */
    bool many;           /* the far end has sent many */
};

struct generator {
    struct bytes *text;
    uint64_t random;
    int listeners, channels, passes, much;
    bool rested; /* nothing is under way */
    bool told;   /* since the last rest a chat was told something */
    struct talk talks[CHANNELS_MAX];
};

/* No two of these in the arguments of one call: compilers take them in different orders, and a seed is to draw the same
 * with each. */
static unsigned under(struct generator *g, unsigned bound)
{
    return drawn_under(&g->random, bound);
}

/* One time in n. */
static bool once_in(struct generator *g, unsigned n)
{
    return under(g, n) == 0;
}

static void say(struct generator *g, const char *format, ...) CONFAB_PRINTF(2, 3);
static void say(struct generator *g, const char *format, ...)
{
    char line[256];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    bytes_text(g->text, line);
}

/* The end of a step: most of the time all comes to rest behind it. */
static void end_step(struct generator *g)
{
    g->rested = !once_in(g, 4);
    g->told = g->told && !g->rested;
    say(g, g->rested ? "\n" : " &\n");
}

/* The same, where all comes to rest in any case. */
static void end_at_rest(struct generator *g)
{
    g->rested = true;
    g->told = false;
    say(g, "\n");
}

static const char *one_of(struct generator *g, const char *const *words)
{
    unsigned n = 0;

    while (words[n])
        n++;
    return words[under(g, n)];
}

/* -- How chats behave --------------------------------------------------------- */

static void manner(struct generator *g)
{
    static const char *const untils[] = { "until=line", "until=line",       "until=line", "until=\"ab\"",
                                          "until=7",    "until=\"\\r\\n\"", "until=none", NULL };
    static const char *const eofs[] = { "done", "close", "keep", NULL };
    static const char *const times[] = {
        "idle=3s", "idle=20s", "message=2s", "lifetime=6s", "write=2s", NULL
    };

    say(g, " %s", one_of(g, untils));
    if (once_in(g, 2))
        say(g, " collect=pieces");
    if (once_in(g, 2))
        say(g, " eof=%s", one_of(g, eofs));
    if (once_in(g, 3))
        say(g, " max-message=%u", 1 + under(g, 60));
    if (once_in(g, 3))
        say(g, " long=skip");
    if (once_in(g, 3))
        say(g, " in-buffer=%u", 1 + under(g, 40));
    if (once_in(g, 4))
        say(g, " low=%u high=%u", LOW, HIGH + under(g, 100000));
    if (once_in(g, 3)) {
        const char *keep = once_in(g, 2) ? " timeout=keep" : "";
        say(g, " %s%s", one_of(g, times), keep);
    }
}

static void reactor(struct generator *g)
{
    if (once_in(g, 2))
        return;
    unsigned accepts = 1 + under(g, 2), reads = 1 + under(g, 3);
    say(g, "reactor messages=%u reads=%u accepts=%u", 1 + under(g, 4), reads, accepts);
    unsigned buffer = 1 + under(g, 300);
    say(g, once_in(g, 2) ? " read-buffer=%u\n" : "\n", buffer);
}

/* -- What chats are told ------------------------------------------------------ */

/* Something with output: how much.  A far end that does not read must get little, or more than fits. */
static unsigned output(struct generator *g, struct talk *talk)
{
    bool much = g->much < MUCH_MAX && once_in(g, 8);
    unsigned n = much ? MUCH : under(g, LITTLE);

    g->much += much;
    talk->much = talk->much || much;
    if (!talk->stalled)
        return n;
    if (!much && talk->held + n > HELD_MAX)
        return 0;
    talk->held += n;
    return n;
}

static void push_command(struct generator *g, struct talk *talk)
{
    static const char *const kinds[] = { "reply",   "reply", "reply", "reference", "buffer",
                                         "produce", "file",  "work",  NULL };
    const char *kind = one_of(g, kinds);

    say(g, "%s %u", kind, output(g, talk));
}

static void state_command(struct generator *g)
{
    static const char *const all[] = { "suspend",
                                       "suspend 1s",
                                       "resume",
                                       "done",
                                       "shut",
                                       "close",
                                       "abort",
                                       "fail",
                                       "until line",
                                       "until none",
                                       "until 5",
                                       "until 0",
                                       "until \\\"ba\\\"",
                                       "pace nobody",
                                       "pace itself",
                                       "set max-message=30",
                                       "set idle=4s",
                                       "set message=2s",
                                       "set in-buffer=3",
                                       "set low=40000 high=50000",
                                       NULL };

    say(g, "%s", one_of(g, all));
}

/* In quotes, within which a command's own ones are escaped. */
static void any_command(struct generator *g, struct talk *talk)
{
    unsigned n;

    switch (under(g, 8)) {
    case 0:
    case 1:
        state_command(g);
        break;
    case 2:
        n = output(g, talk) % LITTLE;
        say(g, "later %us reply %u", 1 + under(g, 3), n);
        break;
    case 3:
        n = output(g, talk) % LITTLE;
        say(g, "defer %us %u", 1 + under(g, 3), n);
        break;
    case 4:
        say(g, "echo %u", under(g, 1000));
        break;
    default:
        push_command(g, talk);
        break;
    }
}

/* A job that no message asked for races with whatever else is under way, so it is alone in its step. */
static void do_command(struct generator *g, int channel)
{
    struct bytes text = { 0 }, *whole = g->text;
    const char *command;
    bool job;

    g->text = &text;
    any_command(g, &g->talks[channel]);
    g->text = whole;
    command = text.at;
    job = !strncmp(command, "work", 4);
    say(g, "c%d do ", channel);
    if (job && !g->rested) {
        say(g, "reply");
        command += 4;
        job = false;
    }
    for (; *command; command++)
        if (*command != '\\')
            bytes_add(g->text, command, 1);
    bytes_free(&text);
    g->told = true;
    if (job)
        end_at_rest(g);
    else
        end_step(g);
}

/* -- What far ends do --------------------------------------------------------- */

static void letters(struct generator *g)
{
    static const char *const all[] = { "a", "b", "ab", "ba", "\\r", "\\n", "\\r\\n", "x", "\\x00", NULL };

    for (unsigned n = 1 + under(g, 12); n > 0; n--)
        say(g, "%s", one_of(g, all));
}

static void send_step(struct generator *g, int channel)
{
    struct talk *talk = &g->talks[channel];

    say(g, "c%d > ", channel);
    if (once_in(g, 8)) {
        bool many = once_in(g, 4);
        unsigned n = under(g, many ? MANY : LITTLE);
        say(g, once_in(g, 2) ? "line %u" : "bytes %u", n);
        talk->many = talk->many || many;
        end_step(g);
        return;
    }
    say(g, "\"");
    for (unsigned n = 1 + under(g, 3); n > 0; n--) {
        if (once_in(g, 4))
            letters(g);
        else
            any_command(g, talk);
        say(g, once_in(g, 12) ? "" : "\\r\\n");
    }
    say(g, "\"");
    end_step(g);
}

/* How a far end ends.  One that breaks off must have sent all it was to, even where the chat does not read; and
 * whether what a chat was told is done before it finds that out is a race. */
static void end_of_far(struct generator *g, int channel)
{
    struct talk *talk = &g->talks[channel];
    bool gone = !talk->many && !g->told && (talk->ended || once_in(g, 2));

    if (!gone)
        say(g, "c%d eof", channel);
    else if (talk->ended || talk->much || once_in(g, 2))
        say(g, "c%d reset", channel);
    else
        say(g, "c%d close", channel);
    talk->gone = gone;
    talk->ended = true;
    end_at_rest(g);
}

static void far_step(struct generator *g, int channel)
{
    struct talk *talk = &g->talks[channel];

    if (talk->gone || (talk->ended && once_in(g, 2))) {
        do_command(g, channel);
    } else if (once_in(g, 6)) {
        talk->stalled = !talk->stalled;
        talk->held = 0;
        say(g, "c%d %s", channel, talk->stalled ? "stall" : "go");
        end_step(g);
    } else if (talk->ended && (talk->many || g->told)) {
        do_command(g, channel);
    } else if (talk->ended || once_in(g, 12)) {
        end_of_far(g, channel);
    } else {
        send_step(g, channel);
    }
}

/* -- All of it ---------------------------------------------------------------- */

static void new_channel(struct generator *g)
{
    struct talk *talk = &g->talks[g->channels];

    *talk = (struct talk){ 0 };
    if (once_in(g, 4)) {
        say(g, "dial c%d%s", g->channels, once_in(g, 8) ? " refused" : "");
        manner(g);
    } else {
        say(g, "connect c%d s%u", g->channels, under(g, (unsigned)g->listeners));
    }
    g->channels++;
    end_step(g);
}

/* Not while a connection is full: a system may find room in it after all, and that counts as progress. */
static void pass_step(struct generator *g)
{
    for (int i = 0; i < g->channels; i++) {
        if (!g->talks[i].stalled || !g->talks[i].much)
            continue;
        say(g, "c%d go\n", i);
        g->talks[i].stalled = false;
        g->talks[i].held = 0;
    }
    g->passes++;
    say(g, "pass %ums", 1000 * (1 + under(g, 4)) + 60);
    end_at_rest(g);
}

static void pause_step(struct generator *g)
{
    unsigned listener = under(g, (unsigned)g->listeners);

    say(g, "%s s%u", once_in(g, 2) ? "pause" : "resume", listener);
    end_step(g);
}

static void one_step(struct generator *g)
{
    int channel = (int)under(g, (unsigned)g->channels);
    unsigned what = under(g, 16);

    if (what == 0 && g->channels < 5)
        new_channel(g);
    else if (what <= 2 && g->passes < PASSES_MAX)
        pass_step(g);
    else if (what <= 5)
        do_command(g, channel);
    else if (what == 6 && once_in(g, 3))
        pause_step(g);
    else
        far_step(g, channel);
}

void scenario_generate(struct bytes *text, uint64_t seed)
{
    struct generator g = { .text = text, .random = seed };

    say(&g, "# seed %llu\n", (unsigned long long)seed);
    reactor(&g);
    for (unsigned n = 1 + under(&g, 2); n > 0; n--) {
        say(&g, "listen s%d", g.listeners++);
        manner(&g);
        say(&g, "\n");
    }
    for (unsigned n = 1 + under(&g, 2); n > 0; n--)
        new_channel(&g);
    for (unsigned n = STEPS_MIN + under(&g, STEPS); n > 0; n--)
        one_step(&g);
}
