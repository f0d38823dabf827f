/* played: for the tests of how `confab check` plays a session: answers each line with the same line, and does something
 * wrong where `fault` names it, or something that a session has to be able to follow. */
#include <confab/plugin.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum fault {
    NONE,
    LAST_WORDS,    /* at the peer's end it says something */
    HELLO,         /* greets */
    CLOSES,        /* behind the first line */
    NEVER_RESUMES, /* behind the first line it does not read on */
    HOARDS,        /* keeps a message that has no end */
    HOARDS_LINES,  /* the same, of lines, which the service bounds */
    PILES_UP,      /* answers a line with 64 KiB, whether they are read or not */
    POURS,         /* answers a line with 1 MiB, piece by piece as it is read */
    TRICKLES,      /* answers with 10 bytes, which take two seconds and more */
    PONDERS,       /* reads on 3 seconds behind a line */
    SHARES,        /* answers with the line of whoever spoke last */
    STAYS_BROKEN,  /* once memory was short, it says so for ever */
    NEVER_RESTS,   /* has always something to do */
    COUNTS_STARTS, /* answers with the number of the service since the process began */
    FILLS,         /* keeps each line up to a bound */
    KEEPS_ALL,     /* keeps them all */
    SPLITS,        /* takes a CR at the end of a piece for a byte of the line */
    WORKS,         /* answers from a job */
    CALLS,         /* asks a server for what to answer */
    LATE,          /* answers after a second */
    NUMBERS,       /* answers with a number that is drawn */
    NOT_READY
};
static const char *const faults[] = {
    [NONE] = "none",
    [LAST_WORDS] = "last-words",
    [HELLO] = "hello",
    [CLOSES] = "closes",
    [NEVER_RESUMES] = "never-resumes",
    [HOARDS] = "hoards",
    [HOARDS_LINES] = "hoards-lines",
    [PILES_UP] = "piles-up",
    [POURS] = "pours",
    [TRICKLES] = "trickles",
    [PONDERS] = "ponders",
    [SHARES] = "shares",
    [STAYS_BROKEN] = "stays-broken",
    [NEVER_RESTS] = "never-rests",
    [COUNTS_STARTS] = "counts-starts",
    [FILLS] = "fills",
    [KEEPS_ALL] = "keeps-all",
    [SPLITS] = "splits",
    [WORKS] = "works",
    [CALLS] = "calls",
    [LATE] = "late",
    [NUMBERS] = "numbers",
    [NOT_READY] = "not-ready",
    NULL,
};

enum { LINE = 128, BOUND = 50, BIG = 65536 };

struct line {
    struct line *next;
    char text[LINE];
};

struct state {
    int fault;
    char *server;
    char last[LINE];
    char *kept[BOUND];
    size_t count;
    struct line *lines;
};

struct session {
    char *hoard;
    size_t len;
};

static bool broken;
static int starts;

static struct state *state_of(confab_chat *chat)
{
    return confab_service_state(confab_chat_service(chat));
}

/* -- What it does with a line ----------------------------------------------------------------- */

static int answer(confab_chat *chat, const char *line)
{
    return confab_chat_printf(chat, "%s\r\n", line);
}

static int pile_up(confab_chat *chat)
{
    static char much[BIG];

    return confab_chat_push(chat, much, sizeof much);
}

static int pour(confab_chat *chat)
{
    static const char much[1 << 20];

    return confab_chat_push_with_producer(chat, &confab_scanning_producer_ops,
                                          confab_scanning_producer_new(much, sizeof much, 0, NULL, NULL));
}

static int trickle(confab_chat *chat)
{
    void *digits = confab_scanning_producer_new("0123456789", 10, 1, NULL, NULL);

    return confab_chat_push_with_producer(
        chat, &confab_throttled_producer_ops,
        confab_throttled_producer_new(&confab_scanning_producer_ops, digits, 4));
}

static void pondered(confab_chat *chat, void *data)
{
    (void)data;
    confab_chat_puts(chat, "well\r\n");
    confab_chat_resume(chat);
}

static int ponder(confab_chat *chat)
{
    confab_chat_suspend(chat);
    return confab_chat_call_later(chat, 3 * CONFAB_SECOND, pondered, NULL) ? 0 : -ENOMEM;
}

static int fill(struct state *state, const char *line)
{
    if (state->count == BOUND)
        return 0;
    state->kept[state->count] = strdup(line);
    if (!state->kept[state->count])
        return -ENOMEM;
    state->count++;
    return 0;
}

static int keep(struct state *state, const char *text)
{
    struct line *line = malloc(sizeof *line);

    if (!line)
        return -ENOMEM;
    snprintf(line->text, sizeof line->text, "%s", text);
    line->next = state->lines;
    state->lines = line;
    return 0;
}

static int job(void *data)
{
    (void)data;
    return 7;
}

static void done(confab_chat *chat, int result, void *data)
{
    (void)data;
    if (chat)
        confab_chat_printf(chat, "%d\r\n", result);
}

static void late(confab_chat *chat, void *data)
{
    (void)data;
    confab_chat_puts(chat, "late\r\n");
}

static int remember_failure(confab_chat *chat, const char *line)
{
    char *copy = broken ? NULL : strdup(line);
    int error;

    broken = !copy;
    error = answer(chat, copy ? copy : "broken");
    free(copy);
    return error;
}

/* -- Asking somebody else ------------------------------------------------------------------------ */

struct question {
    confab_id asker;
};

static int asked(confab_chat *chat)
{
    return confab_chat_set_terminator_line(chat);
}

static int answered(confab_chat *chat)
{
    struct question *question = confab_chat_data(chat);
    confab_chat *asker = confab_chat_find(confab_chat_reactor(chat), question->asker);

    if (asker)
        answer(asker, confab_chat_message(chat, NULL));
    confab_chat_close_when_done(chat);
    return 0;
}

static void ended(confab_chat *chat, enum confab_reason reason)
{
    (void)reason;
    free(confab_chat_data(chat));
}

static const struct confab_chat_ops asking = {
    .size = sizeof asking,
    .handle_connect = asked,
    .collect_incoming_data = confab_chat_collect,
    .found_terminator = answered,
    .handle_close = ended,
};

static int ask(confab_chat *chat, const char *line)
{
    struct question *question = calloc(1, sizeof *question);
    const struct confab_chat_options options = { .size = sizeof options, .data = question };
    confab_chat *asks;

    if (!question)
        return -ENOMEM;
    question->asker = confab_chat_id(chat);
    asks = confab_service_connect(confab_chat_service(chat), state_of(chat)->server, &asking, &options);
    if (!asks)
        free(question);
    return asks ? answer(asks, line) : -ENOMEM;
}

/* -- Hooks -------------------------------------------------------------------------------------------- */

static int handle_connect(confab_chat *chat)
{
    const struct confab_chat_options options = { .size = sizeof options, .output_limit = SIZE_MAX };

    if (state_of(chat)->fault == HELLO)
        confab_chat_puts(chat, "hello\r\n");
    if (state_of(chat)->fault == PILES_UP) {
        confab_chat_pace(chat, NULL);
        confab_chat_set_options(chat, &options);
    }
    if (state_of(chat)->fault == HOARDS)
        return confab_chat_set_terminator_none(chat);
    if (state_of(chat)->fault == SPLITS)
        return confab_chat_set_terminator(chat, "\n", 1);
    return confab_chat_set_terminator_line(chat);
}

static int collect_incoming_data(confab_chat *chat, const char *data, size_t len)
{
    struct session *session = confab_chat_session(chat);

    if (state_of(chat)->fault == SPLITS && len > 1 && data[len - 1] == '\r')
        len--;
    if (state_of(chat)->fault != HOARDS && state_of(chat)->fault != HOARDS_LINES)
        return confab_chat_collect(chat, data, len);
    char *more = realloc(session->hoard, session->len + len);
    if (!more)
        return -ENOMEM;
    memcpy(more + session->len, data, len);
    session->hoard = more;
    session->len += len;
    return 0;
}

static int found_terminator(confab_chat *chat)
{
    struct state *state = state_of(chat);
    const char *line = confab_chat_message(chat, NULL);

    if (!line)
        return -ENOMEM;
    switch (state->fault) {
    case CLOSES:
        answer(chat, line);
        confab_chat_close_when_done(chat);
        return 0;
    case NEVER_RESUMES:
        confab_chat_suspend(chat);
        break;
    case TRICKLES:
        return trickle(chat);
    case PONDERS:
        return ponder(chat);
    case POURS:
        return pour(chat);
    case PILES_UP:
        return pile_up(chat);
    case SHARES:
        answer(chat, state->last[0] ? state->last : line);
        snprintf(state->last, sizeof state->last, "%s", line);
        return 0;
    case STAYS_BROKEN:
        return remember_failure(chat, line);
    case COUNTS_STARTS:
        return confab_chat_printf(chat, "%d\r\n", starts);
    case FILLS:
        return fill(state, line) ? -ENOMEM : answer(chat, line);
    case KEEPS_ALL:
        return keep(state, line) ? -ENOMEM : answer(chat, line);
    case WORKS:
        return confab_work(confab_chat_reactor(chat), chat, job, done, NULL);
    case CALLS:
        return ask(chat, line);
    case LATE:
        return confab_chat_call_later(chat, CONFAB_SECOND, late, NULL) ? 0 : -ENOMEM;
    case NUMBERS:
        return confab_chat_printf(chat, "number %llu\r\n",
                                  (unsigned long long)confab_reactor_random(confab_chat_reactor(chat)) %
                                      1000000);
    default:
        break;
    }
    return answer(chat, line);
}

static int handle_eof(confab_chat *chat)
{
    if (state_of(chat)->fault == LAST_WORDS)
        confab_chat_puts(chat, "bye\r\n");
    confab_chat_close_when_done(chat);
    return 0;
}

static void handle_close(confab_chat *chat, enum confab_reason reason)
{
    struct session *session = confab_chat_session(chat);

    (void)reason;
    free(session->hoard);
}

/* -- The service ----------------------------------------------------------------------------------------- */

static void again(confab_reactor *reactor, void *data)
{
    if (reactor) /* else it will not run any more */
        confab_reactor_post(reactor, again, data);
}

static int ready(confab_service *service)
{
    const struct state *state = confab_service_state(service);

    return state->fault == NOT_READY ? confab_service_error(service, "there is no such thing") : 0;
}

static int start(confab_service *service, confab_reactor *reactor)
{
    struct state *state = confab_service_state(service);

    starts++;
    return state->fault == NEVER_RESTS ? confab_reactor_post(reactor, again, state) : 0;
}

static void free_service(confab_service *service)
{
    struct state *state = confab_service_state(service);

    for (size_t i = 0; i < state->count; i++)
        free(state->kept[i]);
    for (struct line *next, *line = state->lines; line; line = next) {
        next = line->next;
        free(line);
    }
}

static const struct confab_option options[] = {
    CONFAB_OPTION(struct state, fault, CHOICE, "fault", .fallback = "none", .choices = faults,
                  .help = "what is wrong"),
    CONFAB_OPTION(struct state, server, ADDRESS, "server", .flags = CONFAB_OPTION_CONNECT,
                  .help = "who is asked"),
    CONFAB_OPTIONS_END,
};

/* clang-format off */
CONFAB_PLUGIN(
    .name = "played",
    .description = "does what a test wants",
    .chat = CONFAB_CHAT(
        .session_size = sizeof(struct session),
        .handle_connect = handle_connect,
        .collect_incoming_data = collect_incoming_data,
        .found_terminator = found_terminator,
        .handle_eof = handle_eof,
        .handle_close = handle_close),
    .options = options,
    .service_size = sizeof(struct state),
    .ready = ready,
    .start = start,
    .free = free_service)
