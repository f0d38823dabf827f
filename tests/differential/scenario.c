/* scenario.c: reading a file of steps. */
#include "scenario.h"
#include <stdarg.h>

struct reader {
    struct scenario *scenario;
    struct step *step;
    const char *rest; /* of the line */
    struct bytes word;
    char *why;
    size_t room;
};

static bool wrong(struct reader *reader, const char *format, ...) CONFAB_PRINTF(2, 3);
static bool wrong(struct reader *reader, const char *format, ...)
{
    int n = snprintf(reader->why, reader->room, "line %d: ", reader->step->line);
    va_list args;

    va_start(args, format);
    if (n >= 0 && (size_t)n < reader->room)
        vsnprintf(reader->why + n, reader->room - (size_t)n, format, args);
    va_end(args);
    return false;
}

static bool take(struct reader *reader)
{
    return word_take(&reader->rest, &reader->word, NULL);
}

/* The index of a name; *count: there is none. */
static int find(char (*names)[NAME_ROOM], int count, const char *name)
{
    int i = 0;

    while (i < count && strcmp(names[i], name) != 0)
        i++;
    return i;
}

/* The next word names what is new. */
static bool take_new(struct reader *reader, char (*names)[NAME_ROOM], int *count, int most, int *index)
{
    if (!take(reader) || reader->word.len >= NAME_ROOM)
        return wrong(reader, "a name of up to %d bytes is missing", NAME_ROOM - 1);
    if (find(names, *count, reader->word.at) < *count)
        return wrong(reader, "%s is there already", reader->word.at);
    if (*count == most)
        return wrong(reader, "there are more than %d", most);
    *index = (*count)++;
    memcpy(names[*index], reader->word.at, reader->word.len + 1);
    return true;
}

static bool take_known(struct reader *reader, char (*names)[NAME_ROOM], int count, int *index)
{
    if (!take(reader))
        return wrong(reader, "a name is missing");
    *index = find(names, count, reader->word.at);
    return *index < count || wrong(reader, "there is no %s", reader->word.at);
}

static bool take_manner(struct reader *reader)
{
    while (take(reader))
        if (!word_manner(reader->word.at, reader->word.len, &reader->step->with))
            return wrong(reader, "not understood: %s", reader->word.at);
    return true;
}

static bool read_reactor(struct reader *reader)
{
    while (take(reader))
        if (!word_reactor(reader->word.at, &reader->scenario->reactor))
            return wrong(reader, "not understood: %s", reader->word.at);
    return true;
}

static bool read_listen(struct reader *reader)
{
    struct scenario *s = reader->scenario;

    reader->step->kind = STEP_LISTEN;
    return take_new(reader, s->listener, &s->listeners, LISTENERS_MAX, &reader->step->listener) &&
           take_manner(reader);
}

static bool read_connect(struct reader *reader)
{
    struct scenario *s = reader->scenario;

    reader->step->kind = STEP_CONNECT;
    return take_new(reader, s->channel, &s->channels, CHANNELS_MAX, &reader->step->channel) &&
           take_known(reader, s->listener, s->listeners, &reader->step->listener);
}

static bool read_dial(struct reader *reader)
{
    struct scenario *s = reader->scenario;
    struct step *step = reader->step;
    const char *before;

    step->kind = STEP_DIAL;
    if (!take_new(reader, s->channel, &s->channels, CHANNELS_MAX, &step->channel))
        return false;
    before = reader->rest;
    if (take(reader)) {
        if (!strcmp(reader->word.at, "refused"))
            step->to = DIAL_REFUSED;
        else if (!strcmp(reader->word.at, "localhost"))
            step->to = DIAL_LOCALHOST;
        else
            reader->rest = before;
    }
    return take_manner(reader);
}

static bool read_pass(struct reader *reader)
{
    reader->step->kind = STEP_PASS;
    if (!take(reader) || !word_time(reader->word.at, &reader->step->ns))
        return wrong(reader, "a time is missing");
    return true;
}

/* What the far end sends: "...", or so many letters with a line's end behind them, or without. */
static bool read_send(struct reader *reader)
{
    struct step *step = reader->step;
    bool quoted, line;
    uint64_t size;

    step->kind = STEP_SEND;
    if (!word_take(&reader->rest, &reader->word, &quoted))
        return wrong(reader, "what to send is missing, or a quote is not closed");
    if (quoted) {
        bytes_add(&step->text, reader->word.at, reader->word.len);
        return true;
    }
    line = !strcmp(reader->word.at, "line");
    if (!line && strcmp(reader->word.at, "bytes") != 0)
        return wrong(reader, "\"...\", line N or bytes N was expected");
    if (!take(reader) || !word_size(reader->word.at, &size) || size > BYTES_MAX)
        return wrong(reader, "a number of bytes is missing");
    bytes_letters(&step->text, 'a', 0, (size_t)size);
    bytes_text(&step->text, line ? "\r\n" : "");
    return true;
}

static bool read_rest(struct reader *reader, enum step_kind kind)
{
    while (*reader->rest == ' ')
        reader->rest++;
    reader->step->kind = kind;
    bytes_text(&reader->step->text, reader->rest);
    reader->rest = "";
    return reader->step->text.len > 0 || wrong(reader, "something is missing behind %s", reader->word.at);
}

static bool read_channel(struct reader *reader)
{
    static const struct {
        const char *word;
        enum step_kind kind;
    } verbs[] = { { "eof", STEP_EOF },
                  { "reset", STEP_RESET },
                  { "close", STEP_CLOSE },
                  { "stall", STEP_STALL },
                  { "go", STEP_GO } };

    if (!take(reader))
        return wrong(reader, "what happens to the channel is missing");
    if (!strcmp(reader->word.at, ">"))
        return read_send(reader);
    if (!strcmp(reader->word.at, "do"))
        return read_rest(reader, STEP_DO);
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(reader->word.at, verbs[i].word) != 0)
            continue;
        reader->step->kind = verbs[i].kind;
        return true;
    }
    return wrong(reader, "not understood: %s", reader->word.at);
}

static bool read_words(struct reader *reader)
{
    struct scenario *s = reader->scenario;
    struct step *step = reader->step;

    if (!take(reader))
        return true;
    if (!strcmp(reader->word.at, "reactor"))
        return read_reactor(reader);
    if (!strcmp(reader->word.at, "listen"))
        return read_listen(reader);
    if (!strcmp(reader->word.at, "connect"))
        return read_connect(reader);
    if (!strcmp(reader->word.at, "dial"))
        return read_dial(reader);
    if (!strcmp(reader->word.at, "pass"))
        return read_pass(reader);
    if (!strcmp(reader->word.at, "pause") || !strcmp(reader->word.at, "resume")) {
        step->kind = reader->word.at[0] == 'p' ? STEP_PAUSE : STEP_RESUME;
        return take_known(reader, s->listener, s->listeners, &step->listener);
    }
    if (!strcmp(reader->word.at, "expect"))
        return take_known(reader, s->channel, s->channels, &step->channel) && read_rest(reader, STEP_EXPECT);
    step->channel = find(s->channel, s->channels, reader->word.at);
    if (step->channel == s->channels)
        return wrong(reader, "not understood: %s", reader->word.at);
    return read_channel(reader);
}

/* Adds the step of one line, if there is one on it. */
static bool read_line(struct reader *reader, char *line, int number)
{
    struct scenario *s = reader->scenario;
    size_t len = strlen(line);

    if (line[0] == '#')
        len = 0;
    while (len > 0 && line[len - 1] == ' ')
        len--;
    s->steps = grown(s->steps, (size_t)(s->count + 1) * sizeof *s->steps);
    reader->step = &s->steps[s->count];
    *reader->step = (struct step){ .line = number, .channel = -1, .listener = -1 };
    reader->step->with.until.kind = CONFAB_TERMINATOR_LINE;
    reader->step->with.options.size = sizeof reader->step->with.options;
    if (len > 1 && line[len - 1] == '&' && line[len - 2] == ' ') {
        reader->step->goes_on = true;
        len -= 2;
    }
    line[len] = '\0';
    reader->rest = line;
    s->count++; /* so that what it holds is freed, whatever it comes to */
    if (!read_words(reader))
        return false;
    if (take(reader))
        return wrong(reader, "not understood: %s", reader->word.at);
    if (reader->step->kind == STEP_NONE)
        s->count--;
    return true;
}

bool scenario_read(struct scenario *scenario, const char *text, size_t len, char *why, size_t room)
{
    struct reader reader = { .scenario = scenario, .why = why, .room = room };
    struct bytes copy = { 0 };
    bool right = true;
    int number = 1;

    *scenario = (struct scenario){ .reactor.size = sizeof scenario->reactor };
    bytes_add(&scenario->text, text, len);
    bytes_add(&copy, text, strnlen(text, len));
    for (char *line = copy.at, *end; right && *line; line = end, number++) {
        end = line + strcspn(line, "\n");
        if (*end)
            *end++ = '\0';
        right = read_line(&reader, line, number);
    }
    bytes_free(&reader.word);
    bytes_free(&copy);
    if (right && scenario->count == 0) {
        snprintf(why, room, "there is no step in it");
        right = false;
    }
    return right;
}

void scenario_free(struct scenario *scenario)
{
    for (int i = 0; i < scenario->count; i++)
        bytes_free(&scenario->steps[i].text);
    free(scenario->steps);
    bytes_free(&scenario->text);
}
