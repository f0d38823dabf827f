/* confab backends: those of this build, and whether they work here. */
#include "command.h"
#include "json.h"

#include <confab/reactor.h>
#include <stdio.h>
#include <string.h>

static const char command[] = "confab backends";

enum { JSON, HELP };
static const struct argument options[] = {
    [JSON] = { 0, "json", NULL },
    [HELP] = { 'h', "help", NULL },
    { 0, NULL, NULL },
};

static int help(void)
{
    puts("usage: confab backends [--json]\n"
         "\n"
         "Lists the backends of this build, the default first, and opens each one to\n"
         "see whether it can be used on this system.\n"
         "\n"
         "  --json       the same for programs\n"
         "  -h, --help   this text");
    return output_done(command);
}

/* 0, or the -errno that opening it gave. */
static int try_backend(const char *name)
{
    const struct confab_reactor_options wish = { .size = sizeof(wish), .backend = name };
    confab_reactor *reactor;
    int error = confab_reactor_new(&reactor, &wish);
    if (!error)
        confab_reactor_free(reactor);
    return error;
}

static void print_text(void)
{
    const char *name;
    for (size_t i = 0; (name = confab_backend_name(i)); i++) {
        int error = try_backend(name);
        printf("%-10s%-10s%s%s\n", name, i == 0 ? "default" : "", error ? "not usable: " : "usable",
               error ? strerror(-error) : "");
    }
}

static void print_json(void)
{
    struct json json = { .out = stdout };
    const char *name;
    json_open(&json, NULL, '[');
    for (size_t i = 0; (name = confab_backend_name(i)); i++) {
        int error = try_backend(name);
        json_open(&json, NULL, '{');
        json_string(&json, "name", name);
        json_boolean(&json, "default", i == 0);
        json_boolean(&json, "usable", !error);
        json_string(&json, "error", error ? strerror(-error) : NULL);
        json_close(&json, '}');
    }
    json_close(&json, ']');
}

static int run(const char *program, int argc, char **argv)
{
    (void)program;
    struct arguments arguments = {
        .command = command, .table = options, .argc = argc, .argv = argv, .next = 1
    };
    bool json = false;
    for (;;) {
        switch (arguments_next(&arguments)) {
        case JSON:
            json = true;
            break;
        case HELP:
            return help();
        case ARGUMENTS_OPERAND:
            return usage_error(command, "expected no more words, but got \"%s\"", arguments.word);
        case ARGUMENTS_WRONG:
            return EXIT_USAGE;
        default:
            if (json)
                print_json();
            else
                print_text();
            return output_done(command);
        }
    }
}

const struct command backends_command = { "backends", "lists the backends of this build", run };
