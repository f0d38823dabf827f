/* speech.c: what far ends say, and a model of line and of echo that tells what is
 * to be answered.  The model hears byte by byte and knows nothing of reads. */
#include "seeds.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COMMAND_MAX = 128 }; /* of echo */

void bytes_add(struct bytes *bytes, const char *more, size_t n)
{
    if (!bytes->at || bytes->len + n > bytes->room) {
        bytes->room = 2 * (bytes->len + n) + 64;
        bytes->at = realloc(bytes->at, bytes->room);
        if (!bytes->at)
            abort();
    }
    memcpy(bytes->at + bytes->len, more, n);
    bytes->len += n;
}

/* -- Saying ------------------------------------------------------------------ */

static size_t draw_length(const struct plan *plan, struct dice *dice)
{
    uint64_t most = dice_one_in(dice, 60) ? plan->longest : dice_one_in(dice, 6) ? 2000 : 70;

    return dice_throw(dice, most < plan->longest ? most : plan->longest);
}

/* Bytes of any kind, of which `not` is none. */
static void add_noise(struct bytes *bytes, size_t n, int not, struct dice *dice)
{
    while (n > 0) {
        uint64_t some = dice_throw(dice, 0);
        char text[sizeof some];
        size_t piece = n < sizeof text ? n : sizeof text;

        memcpy(text, &some, sizeof text);
        /* A CR in one of four: false fronts of a line's end. */
        if ((some & 3) == 0)
            text[(some >> 2) & 7] = '\r';
        for (size_t i = 0; i < piece; i++)
            if (text[i] == not )
                text[i] = '.';
        bytes_add(bytes, text, piece);
        n -= piece;
    }
}

static void compose_line(struct speech *speech, struct dice *dice)
{
    add_noise(&speech->words, draw_length(speech->plan, dice), '\n', dice);
    if (dice_one_in(dice, 2))
        bytes_add(&speech->words, "\r", 1);
    bytes_add(&speech->words, "\n", 1);
}

static void compose_echo(struct speech *speech, struct dice *dice)
{
    char command[COMMAND_MAX + 64];
    size_t length = draw_length(speech->plan, dice);

    if (dice_one_in(dice, 80)) {
        static const char *const wrong[] = { "ECHO\n", "ECHO x\n", "ECHO 18446744073709551616\n",
                                             "\n",     "\r\n",     "echo 5\nhello" };
        const char *text = wrong[dice_throw(dice, sizeof wrong / sizeof wrong[0])];

        bytes_add(&speech->words, text, strlen(text));
        return;
    }
    if (dice_one_in(dice, 200)) {
        add_noise(&speech->words, COMMAND_MAX - 5 + dice_throw(dice, 60), '\n', dice);
        bytes_add(&speech->words, "\n", 1);
        return;
    }
    /* One after the other: compilers take the arguments of a call in different orders. */
    const char *cr = dice_one_in(dice, 2) ? "\r" : "";
    snprintf(command, sizeof command, "ECHO %0*zu%s\n", dice_one_in(dice, 50) ? 123 : 0, length, cr);
    bytes_add(&speech->words, command, strlen(command));
    add_noise(&speech->words, length, -1, dice);
}

void speech_compose(struct speech *speech, struct dice *dice)
{
    if (speech->said == speech->words.len)
        speech->words.len = speech->said = 0;
    if (speech->plan->protocol == LINE)
        compose_line(speech, dice);
    else
        compose_echo(speech, dice);
}

/* -- The model ------------------------------------------------------------------ */

static uint64_t longest(const struct speech *speech)
{
    return speech->plan->protocol == LINE ? speech->plan->max_message : COMMAND_MAX;
}

static void answer(struct speech *speech, const char *text)
{
    bytes_add(&speech->answer, text, strlen(text));
}

static void refuse(struct speech *speech, const char *why)
{
    answer(speech, "ERROR ");
    answer(speech, why);
    answer(speech, "\n");
    speech->refused++;
    speech->over = true;
}

static void too_long(struct speech *speech)
{
    speech->too_long = speech->over = true;
    if (speech->plan->protocol == ECHO)
        refuse(speech, "the command is too long");
}

static void body_done(struct speech *speech)
{
    speech->messages++;
    speech->replies++;
    speech->over = speech->plan->once;
}

/* A number of digits alone; false: none, true with *range where it does not fit. */
static bool read_number(const char *text, size_t n, uint64_t *number, bool *range)
{
    *number = 0;
    *range = false;
    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        if (__builtin_mul_overflow(*number, 10, number) ||
            __builtin_add_overflow(*number, (uint64_t)(text[i] - '0'), number))
            *range = true;
    }
    return n > 0;
}

static void hear_command(struct speech *speech)
{
    const char *line = speech->line.at;
    size_t len = speech->line.len;
    uint64_t length;
    bool range;

    if (len < 5 || memcmp(line, "ECHO ", 5) != 0)
        refuse(speech, "not a command: expected ECHO <length>");
    else if (!read_number(line + 5, len - 5, &length, &range))
        refuse(speech, "not a length: expected decimal digits");
    else if (range)
        refuse(speech, "the length is out of range");
    else if (speech->plan->max_length && length > speech->plan->max_length)
        refuse(speech, "the length is over this server's max-length");
    else if (length == 0)
        body_done(speech);
    else
        speech->body = length;
}

static void hear_line(struct speech *speech)
{
    speech->messages++;
    speech->held = false;
    if (speech->plan->protocol == LINE) {
        bytes_add(&speech->answer, speech->line.at, speech->line.len);
        answer(speech, "\r\n");
    } else {
        hear_command(speech);
    }
    speech->line.len = 0;
}

static void hear_byte(struct speech *speech, char byte)
{
    if (byte == '\n') {
        hear_line(speech);
        return;
    }
    if (speech->held)
        bytes_add(&speech->line, "\r", 1);
    speech->held = byte == '\r';
    if (!speech->held)
        bytes_add(&speech->line, &byte, 1);
    if (speech->line.len > longest(speech))
        too_long(speech);
}

void speech_hear(struct speech *speech, const char *bytes, size_t n)
{
    bytes_add(&speech->line, "", 0); /* so that an empty one is somewhere too */
    while (n > 0 && !speech->over) {
        size_t piece = speech->body < n ? (size_t)speech->body : n;

        if (piece == 0) {
            hear_byte(speech, *bytes++);
            n--;
            continue;
        }
        bytes_add(&speech->answer, bytes, piece);
        speech->body -= piece;
        bytes += piece;
        n -= piece;
        if (speech->body == 0)
            body_done(speech);
    }
}

bool speech_midst(const struct speech *speech)
{
    return !speech->over && (speech->line.len > 0 || speech->held || speech->body > 0);
}

void speech_free(struct speech *speech)
{
    free(speech->words.at);
    free(speech->line.at);
    free(speech->answer.at);
}
