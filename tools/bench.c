/* confab bench: its command line. */
#include "command.h"
#include "hosting.h"
#include "plugin_path.h"
#include "tools/bench/launch.h"
#include "tools/bench/load.h"
#include "tools/bench/perform.h"
#include "tools/session/session.h"

#include <confab/host.h>
#include <stdio.h>
#include <string.h>

static const char command[] = "confab bench";

enum { SCENARIOS = 16, SECONDS_MOST = 60 };
#define SECONDS_LEAST 0.01

enum { BACKEND, PEER, ROUNDS, SECONDS, QUICK, JSON, HTML, COMPARE, AGAINST, PLUGIN, SESSION, LIST, HELP };
static const struct argument options[] = {
    [BACKEND] = { 'b', "backend", "a backend" },
    [PEER] = { 0, "peer", "the name of a peer, or none" },
    [ROUNDS] = { 0, "rounds", "a number" },
    [SECONDS] = { 0, "seconds", "a number" },
    [QUICK] = { 0, "quick", NULL },
    [JSON] = { 0, "json", "a file, or - for standard output" },
    [HTML] = { 0, "html", "a file, or - for standard output" },
    [COMPARE] = { 0, "compare", "a report that --json has written" },
    [AGAINST] = { 0, "against", "the program of another build" },
    [PLUGIN] = { 0, "plugin", "a plugin" },
    [SESSION] = { 's', "session", "a session file" },
    [LIST] = { 0, "list", NULL },
    [HELP] = { 'h', "help", NULL },
    { 0, NULL, NULL },
};

static int list(void)
{
    for (size_t i = 0; scenarios[i]; i++)
        printf("%-11s  %s\n", scenarios[i]->name, scenarios[i]->summary);
    return output_done(command);
}

static int help(void)
{
    puts("usage: confab bench [SCENARIO]... [--backend BACKEND]... [--peer PEER]...\n"
         "                    [--rounds N] [--seconds N] [--quick] [--json FILE]\n"
         "                    [--html FILE] [--compare FILE] [--against PROGRAM]\n"
         "       confab bench --plugin PLUGIN [KEY=VALUE]... --session FILE [OPTION]...\n"
         "       confab bench --list\n"
         "\n"
         "Which backend, how fast, and can it be believed?  Measures each backend that\n"
         "works here, and a bare server that knows no limits as the floor of it, in turns:\n"
         "server and load are processes of their own, rounds are interleaved, and what is\n"
         "no larger than chance is called no difference.  All scenarios take under ten\n"
         "minutes, with --quick under one.\n"
         "\n"
         "scenarios (all, where none is named):");
    for (size_t i = 0; scenarios[i]; i++)
        printf("  %-11s  %s\n", scenarios[i]->name, scenarios[i]->summary);
    puts("\n"
         "  -b, --backend BACKEND  only this one; may be given often\n"
         "      --peer PEER        of the other libraries' servers only this one, or 'none';\n"
         "                         all that were built without it (-DCONFAB_BENCH_PEERS=ON)\n"
         "      --rounds N         how often each is measured, 1 to 100\n"
         "      --seconds N        how long each time, 0.01 to 60\n"
         "      --quick            fewer points, fewer rounds, less time\n"
         "      --json FILE        the report for programs; - is standard output\n"
         "      --html FILE        the report as one page with plots; - likewise\n"
         "      --compare FILE     beside an older report that --json wrote: the weaker\n"
         "                         evidence, as two runs at two times differ by themselves\n"
         "      --against PROGRAM  another build of confab, measured in turn with this one;\n"
         "                         ends with 1 where this one is slower\n"
         "      --plugin PLUGIN    measures this plugin instead, with its options, by\n"
         "  -s, --session FILE     what this session says, again and again\n"
         "      --list             the scenarios\n"
         "  -h, --help             this text\n"
         "\n"
         "for example:\n"
         "  confab bench --quick\n"
         "  confab bench --html report.html\n"
         "  confab bench echo churn --against /usr/bin/confab\n"
         "  confab bench --plugin ./hello.so greeting=hi --session talk.session\n"
         "\n"
         "exit status: 0 all was measured, 1 something could not be, or is slower than\n"
         "the build of --against, 2 a wrong command line");
    return output_done(command);
}

/* What the command line asked for, before it is looked at. */
struct request {
    struct bench_wish wish;
    const char *plugin, *session;
    const char **words; /* operands; no list can be longer than the command line */
    int word_count;
    const struct scenario *chosen[SCENARIOS + 1];
    bool list;
};

/* -- One word after another ------------------------------------------------------------ */

static int take_rounds(int *rounds, const char *word)
{
    uint64_t number;
    if (confab_parse_u64(word, strlen(word), &number) < 0 || number < 1 || number > BENCH_ROUNDS)
        return usage_error(command, "--rounds: expected 1 to %d, but got \"%s\"", BENCH_ROUNDS, word);
    *rounds = (int)number;
    return EXIT_SUCCESS;
}

static int take_seconds(double *seconds, const char *word)
{
    char *end;
    *seconds = strtod(word, &end);
    if (!*word || *end || word[strspn(word, "0123456789.")] || *seconds < SECONDS_LEAST ||
        *seconds > SECONDS_MOST)
        return usage_error(command, "--seconds: expected %g to %d, but got \"%s\"", SECONDS_LEAST,
                           SECONDS_MOST, word);
    return EXIT_SUCCESS;
}

static int take_name(const char **names, size_t *count, const char *option, const char *word)
{
    if (*count == BENCH_CONTENDERS)
        return usage_error(command, "--%s: expected %d at the most", option, BENCH_CONTENDERS);
    names[(*count)++] = word;
    return EXIT_SUCCESS;
}

/* An option that has one value. */
static int take_once(const char **value, const char *option, const char *word)
{
    if (*value)
        return usage_error(command, "--%s: expected one, but got \"%s\" and \"%s\"", option, *value, word);
    if (!*word)
        return usage_error(command, "--%s: expected a name, but got none", option);
    *value = word;
    return EXIT_SUCCESS;
}

/* Takes one option or operand; returns an exit status. */
static int take(struct request *request, int what, const char *word)
{
    struct bench_wish *wish = &request->wish;
    const char **const once[] = {
        [JSON] = &wish->json,       [HTML] = &wish->html,        [COMPARE] = &wish->compare,
        [AGAINST] = &wish->against, [PLUGIN] = &request->plugin, [SESSION] = &request->session
    };
    switch (what) {
    case BACKEND:
        return take_name(wish->contenders.backends, &wish->contenders.backend_count, "backend", word);
    case PEER:
        return take_name(wish->contenders.peers, &wish->contenders.peer_count, "peer", word);
    case ROUNDS:
        return take_rounds(&wish->bench.rounds, word);
    case SECONDS:
        return take_seconds(&wish->bench.seconds, word);
    case QUICK:
        wish->bench.quick = true;
        return EXIT_SUCCESS;
    case LIST:
        request->list = true;
        return EXIT_SUCCESS;
    case ARGUMENTS_OPERAND:
        request->words[request->word_count++] = word;
        return EXIT_SUCCESS;
    default:
        return take_once(once[what], options[what].name, word);
    }
}

/* -- What goes with what ---------------------------------------------------------------- */

static const struct scenario *find_scenario(const char *name)
{
    for (size_t i = 0; scenarios[i]; i++)
        if (strcmp(scenarios[i]->name, name) == 0)
            return scenarios[i];
    return NULL;
}

/* In the order of a report, whatever the order in which they were named. */
static int choose_scenarios(struct request *request)
{
    struct names known = { .used = 0 };
    size_t count = 0;
    for (size_t i = 0; scenarios[i]; i++)
        names_add(&known, "", scenarios[i]->name);
    for (int i = 0; i < request->word_count; i++)
        if (!find_scenario(request->words[i]))
            return usage_error(command, "no scenario \"%s\": expected one of %s", request->words[i],
                               known.text);
    for (size_t i = 0; scenarios[i] && count < SCENARIOS; i++) {
        bool wanted = request->word_count == 0;
        for (int k = 0; k < request->word_count; k++)
            wanted = wanted || strcmp(request->words[k], scenarios[i]->name) == 0;
        if (wanted)
            request->chosen[count++] = scenarios[i];
    }
    return EXIT_SUCCESS;
}

static int choose_plugin(struct request *request)
{
    for (int i = 0; i < request->word_count; i++)
        if (find_scenario(request->words[i]))
            return usage_error(command,
                               "--plugin: is measured alone, by its session: not with the scenario %s",
                               request->words[i]);
    request->chosen[0] = &session_scenario;
    request->wish.contenders.hosts_only = true;
    request->wish.bench.words = request->words;
    request->wish.bench.word_count = request->word_count;
    return EXIT_SUCCESS;
}

static int check_outputs(const struct bench_wish *wish)
{
    bool json = wish->json && strcmp(wish->json, "-") == 0, html = wish->html && strcmp(wish->html, "-") == 0;
    if (json && html)
        return usage_error(command, "--json and --html: standard output can take one of them");
    if (wish->json && wish->html && strcmp(wish->json, wish->html) == 0)
        return usage_error(command, "--json and --html: expected two files, but got \"%s\" twice",
                           wish->json);
    if (wish->compare && (json || html))
        return usage_error(command, "--compare: is told on standard output, which --%s has: give it a file",
                           json ? "json" : "html");
    return EXIT_SUCCESS;
}

static int check(struct request *request)
{
    if (request->plugin && !request->session)
        return usage_error(command, "--plugin: expected --session FILE beside it: what to say to the plugin");
    if (request->session && !request->plugin)
        return usage_error(command, "--session: expected --plugin PLUGIN beside it");
    int status = request->plugin ? choose_plugin(request) : choose_scenarios(request);
    return status ? status : check_outputs(&request->wish);
}

/* -- What is asked for, made ready ------------------------------------------------------ */

/* The command line once more, for the report. */
static char *write_line(int argc, char **argv)
{
    struct bytes line = { .at = NULL };
    int error = bytes_add(&line, command, strlen(command));
    for (int i = 1; i < argc && !error; i++) {
        error = bytes_add(&line, " ", 1);
        if (!error)
            error = bytes_word(&line, argv[i]);
    }
    if (!error)
        return line.at;
    bytes_free(&line);
    return NULL;
}

static int find_plugin(const char *program, const char *name, char **file)
{
    char error[COMMAND_ERROR];
    char *path = plugin_path_new(program);
    if (!path)
        return failure(command, "out of memory");
    int result = confab_module_find(file, name, path, error, sizeof error);
    free(path);
    return result ? failure(command, "--plugin: %s", error) : EXIT_SUCCESS;
}

/* Better told now, and by the command that was called, than by a server that ends. */
static int check_words(const char *program, const char *file, const struct request *request)
{
    const struct hosting_wish wish = { .command = command,
                                       .program = program,
                                       .plugin = file,
                                       .words = request->words,
                                       .word_count = request->word_count };
    return hosting_check(&wish);
}

static int make_ready(struct request *request, const char *program, char **argv, int argc)
{
    char *own = host_file_new(program), *line = write_line(argc, argv), *file = NULL, error[COMMAND_ERROR],
         why[BENCH_WHY];
    struct bench *bench = &request->wish.bench;
    struct session *session = NULL;
    int status = EXIT_SUCCESS;

    if (!line)
        status = failure(command, "out of memory");
    else if (!own)
        status = failure(command, "cannot find out which file this program is");
    if (!status && request->plugin)
        status = find_plugin(program, request->plugin, &file);
    if (!status && file)
        status = check_words(program, file, request);
    if (!status && request->session && session_read(&session, request->session, error, sizeof error))
        status = failure(command, "--session: %s", error);
    if (!status && session && load_session_check(session, why))
        status = failure(command, "--session: %s", why);
    if (!status) {
        bench->program = request->wish.contenders.program = own;
        bench->plugin = file;
        bench->session = session;
        request->wish.chosen = request->chosen;
        request->wish.line = line;
        status = bench_perform(&request->wish);
    }
    session_free(session);
    free(file);
    free(line);
    free(own);
    return status;
}

static int read_and_run(struct request *request, const char *program, int argc, char **argv)
{
    struct arguments arguments = {
        .command = command, .table = options, .argc = argc, .argv = argv, .next = 1
    };
    int what;
    while ((what = arguments_next(&arguments)) != ARGUMENTS_END) {
        if (what == HELP)
            return help();
        int status = what == ARGUMENTS_WRONG ? EXIT_USAGE : take(request, what, arguments.word);
        if (status)
            return status;
    }
    if (request->list)
        return list();
    int status = check(request);
    return status ? status : make_ready(request, program, argv, argc);
}

static int run_bench(const char *program, int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "--part"))
        return part_run(argc - 2, argv + 2);
    struct request *request = calloc(1, sizeof *request);
    int status;
    if (request && (request->words = calloc((size_t)argc + 1, sizeof *request->words)))
        status = read_and_run(request, program, argc, argv);
    else
        status = failure(command, "out of memory");
    if (request)
        free(request->words);
    free(request);
    return status;
}

const struct command bench_command = { "bench", "measures backends: which one, how fast", run_bench };
