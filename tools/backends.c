/* confab backends: those of this build, whether they work here, and which is taken. */
#include "command.h"
#include "json.h"

#include <confab/reactor.h>
#include <stdio.h>
#include <stdlib.h>
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
         "Lists the backends of this build, the best first, and opens each one to see\n"
         "whether it can be used on this system.  The default is the best, or the one that\n"
         "CONFAB_BACKEND names.  'sim' is a simulated network, for tests.\n"
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

/* The backend that is named where a command line names none; NULL: the first. */
static const char *wanted(void)
{
    const char *name = getenv("CONFAB_BACKEND");
    return name && *name ? name : NULL;
}

/* Why the i-th is the default; NULL: it is not. */
static const char *why_default(size_t i)
{
    const char *name = wanted();
    if (name)
        return strcmp(name, confab_backend_name(i)) == 0 ? "CONFAB_BACKEND names it" : NULL;
    return i == 0 ? "the best of this system" : NULL;
}

static void print_text(void)
{
    const char *name;
    for (size_t i = 0; (name = confab_backend_name(i)); i++) {
        int error = try_backend(name);
        const char *why = why_default(i);
        printf("%-10s%-10s%s%s%s%s%s\n", name, why ? "default" : "", error ? "not usable: " : "usable",
               error ? strerror(-error) : "", why ? "; " : "", why ? why : "",
               backend_is_simulated(name) ? "; a simulated network, for tests" : "");
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
        json_boolean(&json, "default", why_default(i));
        json_string(&json, "why", why_default(i));
        json_boolean(&json, "simulated", backend_is_simulated(name));
        json_boolean(&json, "usable", !error);
        json_string(&json, "error", error ? strerror(-error) : NULL);
        json_close(&json, '}');
    }
    json_close(&json, ']');
}

/* What CONFAB_BACKEND names, and 'confab serve' refuses. */
static void tell_of_refused(void)
{
    bool known = false;
    for (size_t i = 0; confab_backend_name(i); i++)
        known = known || why_default(i);
    if (known && !(wanted() && backend_is_simulated(wanted())))
        return;
    fprintf(stderr, "%s: %sCONFAB_BACKEND names \"%s\", %s: 'confab serve' without -b fails\n", command,
            known ? "" : "no default: ", wanted(),
            known ? "which nobody can reach from outside" : "which this build does not have");
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
            tell_of_refused();
            return output_done(command);
        }
    }
}

const struct command backends_command = { "backends", "lists the backends of this build", run };
