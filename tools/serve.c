/* confab serve: its command line. */
#include "command.h"
#include "hosting.h"
#include "logger.h"
#include "options.h"
#include "record.h"

#include <confab/host.h>
#include <string.h>

static const char command[] = "confab serve";
static const uint64_t record_limit = 1 << 20;

enum { LISTEN, BACKEND, WORKERS, LOG_LEVEL, RECORD, RECORD_LIMIT, HELP };
static const struct argument options[] = {
    [LISTEN] = { 'l', "listen", "an address" },
    [BACKEND] = { 'b', "backend", "a backend's name" },
    [WORKERS] = { 'w', "workers", "a number of workers" },
    [LOG_LEVEL] = { 0, "log-level", "debug, info, warning or error" },
    [RECORD] = { 0, "record", "a folder" },
    [RECORD_LIMIT] = { 0, "record-limit", "a size" },
    [HELP] = { 'h', "help", NULL },
    { 0, NULL, NULL },
};

static int help(void)
{
    puts("usage: confab serve [-l ADDRESS]... [-b BACKEND] [-w 0] [--log-level LEVEL]\n"
         "                    [--record DIR] [--record-limit SIZE] PLUGIN [KEY=VALUE]...\n"
         "\n"
         "Serves a plugin's protocol until it gets a SIGTERM, SIGINT or SIGQUIT: then it\n"
         "stops listening, lets replies that are under way end, and ends.  A second\n"
         "signal closes what is left at once.\n"
         "\n"
         "PLUGIN is a path if it has a slash in it, else a name, looked for as NAME.so in\n"
         "the folders of CONFAB_PLUGIN_PATH, in 'plugins' beside this program, and where\n"
         "plugins are installed.  KEY=VALUE sets an option of the plugin, which\n"
         "'confab info PLUGIN' lists, or one of those below; a bare word is for the plugin\n"
         "that takes one.\n"
         "\n"
         "  -l, --listen ADDRESS     where to listen; may be given often.  Without it: the\n"
         "                           plugin's default port on 127.0.0.1\n"
         "  -b, --backend BACKEND    one of 'confab backends', but sim.  Without it: the one\n"
         "                           that CONFAB_BACKEND names, else the best\n"
         "  -w, --workers 0          0: all in one process, which is all there is so far\n"
         "      --log-level LEVEL    debug, info, warning or error; default: info\n"
         "      --record DIR         writes each connection into a file of that folder, which\n"
         "                           'confab check --session' plays again.  It holds all that\n"
         "                           clients send, passwords too; only its owner can read it\n"
         "      --record-limit SIZE  bytes of one connection that are written at the most;\n"
         "                           default: 1M, and not over 12M\n"
         "  -h, --help               this text\n"
         "  --                       what follows is no option\n"
         "\n"
         "ADDRESS is one of:\n"
         "  PORT                     on 127.0.0.1; port 0 is one that is free\n"
         "  HOST:PORT, [IPV6]:PORT   on that address; HOST is numeric or localhost\n"
         "  :PORT, *:PORT            on every interface\n"
         "  unix:PATH                a socket file\n"
         "\n"
         "For each it prints a line 'listening NAME ADDRESS' on standard output.  The log\n"
         "goes to standard error.\n"
         "\n"
         "for example:\n"
         "  confab serve line -l 7000\n"
         "  confab serve echo -l :7000 -l unix:/tmp/echo max-length=1M idle-timeout=30s\n"
         "\n"
         "options of every service: name, type, default, meaning");
    options_print(stdout, confab_host_options());
    return output_done(command);
}

static int check_backend(const char *by, const char *wanted)
{
    struct names known = { .used = 0 };
    const char *name;
    for (size_t i = 0; (name = confab_backend_name(i)); i++) {
        if (backend_is_simulated(name))
            continue;
        if (strcmp(wanted, name) == 0)
            return EXIT_SUCCESS;
        names_add(&known, "", name);
    }
    if (backend_is_simulated(wanted))
        return usage_error(command,
                           "%s: \"%s\" is a simulated network, for tests: nobody can reach it from outside; "
                           "expected one of %s",
                           by, wanted, known.text);
    return usage_error(command, "%s: no backend \"%s\": expected one of %s", by, wanted, known.text);
}

static int check_environment(void)
{
    static const char variable[] = "CONFAB_BACKEND";
    const char *name = getenv(variable);
    return name && *name ? check_backend(variable, name) : EXIT_SUCCESS;
}

static int check_listen(const char *address)
{
    char error[COMMAND_ERROR];
    if (confab_address_check(address, true, error, sizeof(error)) == 0)
        return EXIT_SUCCESS;
    return usage_error(command, "--listen: %s", error);
}

static int check_workers(const char *text)
{
    uint64_t workers;
    if (confab_parse_u64(text, strlen(text), &workers) < 0)
        return usage_error(command, "--workers: expected a number, but got \"%s\"", text);
    if (workers != 0)
        return usage_error(command, "--workers: expected 0 (all in one process): more are not there so far");
    return EXIT_SUCCESS;
}

/* 512, 64K, 1M. */
static int check_record_limit(const char *text, uint64_t *limit)
{
    size_t digits = strspn(text, "0123456789");
    const char *unit = text + digits;
    unsigned shift = strcmp(unit, "K") == 0 ? 10 : strcmp(unit, "M") == 0 ? 20 : 0;
    if (confab_parse_u64(text, digits, limit) == 0 && (shift || !*unit) && *limit > 0 &&
        *limit <= (uint64_t)RECORD_LIMIT_MAX >> shift) {
        *limit <<= shift;
        return EXIT_SUCCESS;
    }
    return usage_error(
        command, "--record-limit: expected a size from 1 to 12M, as 512, 64K or 1M, but got \"%s\"", text);
}

/* Takes one option or operand; returns an exit status. */
static int take(struct hosting_wish *wish, int what, const char *word, enum confab_level *level)
{
    switch (what) {
    case LISTEN:
        wish->listen[wish->listen_count++] = word;
        return check_listen(word);
    case BACKEND:
        wish->backend = word;
        return check_backend("--backend", word);
    case WORKERS:
        return check_workers(word);
    case LOG_LEVEL:
        if (logger_level(word, level) == 0)
            return EXIT_SUCCESS;
        return usage_error(command, "--log-level: expected debug, info, warning or error, but got \"%s\"",
                           word);
    case RECORD:
        wish->record = word;
        return EXIT_SUCCESS;
    case RECORD_LIMIT:
        return check_record_limit(word, &wish->record_limit);
    default:
        if (wish->plugin)
            wish->words[wish->word_count++] = word;
        else
            wish->plugin = word;
        return EXIT_SUCCESS;
    }
}

static int read_and_run(struct hosting_wish *wish, int argc, char **argv)
{
    struct arguments arguments = {
        .command = command, .table = options, .argc = argc, .argv = argv, .next = 1
    };
    enum confab_level level = CONFAB_INFO;
    int what;
    while ((what = arguments_next(&arguments)) != ARGUMENTS_END) {
        if (what == HELP)
            return help();
        int status = what == ARGUMENTS_WRONG ? EXIT_USAGE : take(wish, what, arguments.word, &level);
        if (status)
            return status;
    }
    if (!wish->plugin || !*wish->plugin)
        return usage_error(command, "expected the name or the path of a plugin");
    if (!wish->backend && check_environment() != EXIT_SUCCESS)
        return EXIT_USAGE;
    logger_start(level);
    return hosting_run(wish);
}

static int run(const char *program, int argc, char **argv)
{
    /* No list can be longer than the command line. */
    const char **listen = calloc((size_t)argc, sizeof(*listen));
    const char **words = calloc((size_t)argc, sizeof(*words));
    struct hosting_wish wish = {
        .command = command, .program = program, .listen = listen, .words = words, .record_limit = record_limit
    };
    int status;
    if (listen && words)
        status = read_and_run(&wish, argc, argv);
    else
        status = failure(command, "out of memory");
    free(words);
    free(listen);
    return status;
}

const struct command serve_command = { "serve", "serves a plugin's protocol", run };
