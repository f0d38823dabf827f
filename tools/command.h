/* command.h: what the host's commands share: reading a command line, and words
 * for what went wrong.  A command ends with EXIT_SUCCESS, EXIT_FAILURE, or
 * EXIT_USAGE where the command line itself was wrong. */
#ifndef CONFAB_TOOLS_COMMAND_H
#define CONFAB_TOOLS_COMMAND_H

#include <confab/base.h>
#include <stdlib.h>

enum { EXIT_USAGE = 2 };

/* Room for one line of an error, as the library writes it. */
enum { COMMAND_ERROR = 1024 };

struct command {
    const char *name, *summary;
    /* program is the host's own argv[0]; argv[0] here is the command's name. */
    int (*run)(const char *program, int argc, char **argv);
};

extern const struct command serve_command, info_command, check_command, bench_command, new_command,
    backends_command;

/* An option of a command line: -x, --name, with a value where value says what it is. */
struct argument {
    char letter; /* 0: has none */
    const char *name;
    const char *value; /* NULL: takes none */
};

/* Where we are in a command line.  Options may stand anywhere before "--". */
struct arguments {
    const char *command;          /* for messages: "confab serve" */
    const struct argument *table; /* ends with a NULL name */
    int argc;
    char **argv;
    int next;         /* the index of the next word; 1 at first, or 0 where argv[0] is a word too */
    bool ended;       /* "--" was seen */
    const char *word; /* the option's value, or the operand */
};

enum { ARGUMENTS_END = -1, ARGUMENTS_OPERAND = -2, ARGUMENTS_WRONG = -3 };

/* The next option, as its index in the table, or one of the above.  WRONG: the
 * usage error has been printed. */
int arguments_next(struct arguments *arguments);

/* A list of names for a message: "a, b, c".  First zeroed; what does not fit is cut. */
struct names {
    size_t used;
    char text[512];
};
void names_add(struct names *names, const char *before, const char *name);

/* Whether a backend is the simulated network, which nobody can reach from outside. */
bool backend_is_simulated(const char *name);

/* Print one line about it to standard error (the first also how to get help),
 * and return EXIT_USAGE and EXIT_FAILURE. */
int usage_error(const char *command, const char *format, ...) CONFAB_PRINTF(2, 3);
int failure(const char *command, const char *format, ...) CONFAB_PRINTF(2, 3);

/* Ends a command whose result is its standard output: a failure where that could not be written. */
int output_done(const char *command);

#endif
