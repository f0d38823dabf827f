#include "command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool backend_is_simulated(const char *name)
{
    return strcmp(name, "sim") == 0;
}

int usage_error(const char *command, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%s: ", command);
    vfprintf(stderr, format, args);
    fprintf(stderr, "\nTry '%s --help'.\n", command);
    va_end(args);
    return EXIT_USAGE;
}

int failure(const char *command, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%s: ", command);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return EXIT_FAILURE;
}

int output_done(const char *command)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return EXIT_SUCCESS;
    return failure(command, "cannot write to standard output: %s", strerror(errno));
}

void names_add(struct names *names, const char *before, const char *name)
{
    size_t room = sizeof(names->text) - names->used;
    int n = snprintf(names->text + names->used, room, "%s%s%s", names->used ? ", " : "", before, name);
    if (n > 0)
        names->used += (size_t)n < room ? (size_t)n : room - 1;
}

static int wrong_option(const struct arguments *arguments, const char *word)
{
    struct names known = { .used = 0 };
    for (const struct argument *row = arguments->table; row->name; row++)
        names_add(&known, "--", row->name);
    usage_error(arguments->command, "no option \"%s\": expected one of %s", word, known.text);
    return ARGUMENTS_WRONG;
}

/* Stores the value of the option that was found: what stood behind it in its
 * word (attached, NULL: nothing did), or the next word. */
static int take_value(struct arguments *arguments, int found, const char *attached)
{
    const struct argument *option = &arguments->table[found];
    arguments->word = attached;
    if (option->value && !attached) {
        if (arguments->next >= arguments->argc) {
            usage_error(arguments->command, "--%s: expected %s behind it", option->name, option->value);
            return ARGUMENTS_WRONG;
        }
        arguments->word = arguments->argv[arguments->next++];
    } else if (!option->value && attached) {
        usage_error(arguments->command, "--%s takes no value, but got \"%s\"", option->name, attached);
        return ARGUMENTS_WRONG;
    }
    return found;
}

/* --name, --name=value */
static int long_option(struct arguments *arguments, const char *word)
{
    const char *name = word + 2;
    size_t len = strcspn(name, "=");
    for (int i = 0; arguments->table[i].name; i++) {
        const char *known = arguments->table[i].name;
        if (strlen(known) == len && memcmp(known, name, len) == 0)
            return take_value(arguments, i, name[len] ? name + len + 1 : NULL);
    }
    return wrong_option(arguments, word);
}

/* -x, -x value, -xvalue */
static int short_option(struct arguments *arguments, const char *word)
{
    for (int i = 0; arguments->table[i].name; i++) {
        if (arguments->table[i].letter == word[1])
            return take_value(arguments, i, word[2] ? word + 2 : NULL);
    }
    return wrong_option(arguments, word);
}

int arguments_next(struct arguments *arguments)
{
    if (arguments->next >= arguments->argc)
        return ARGUMENTS_END;
    const char *word = arguments->argv[arguments->next++];
    if (!arguments->ended && strcmp(word, "--") == 0) {
        arguments->ended = true;
        return arguments_next(arguments);
    }
    if (arguments->ended || word[0] != '-' || word[1] == '\0') {
        arguments->word = word;
        return ARGUMENTS_OPERAND;
    }
    return word[1] == '-' ? long_option(arguments, word) : short_option(arguments, word);
}
