/* confab check: its command line. */
#include "tools/check/check.h"
#include "command.h"
#include "plugin_path.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

static const char command[] = "confab check";

enum { SEED_FIRST = 1, TIMEOUT_SECONDS = 5 };

enum { SESSION, MERGE, SEED, STRICT, JSON, HOOK_TIMEOUT, HELP };
static const struct argument options[] = {
    [SESSION] = { 's', "session", "a session file" },
    [MERGE] = { 0, "merge", NULL },
    [SEED] = { 0, "seed", "a number, or the name of a case" },
    [STRICT] = { 0, "strict", NULL },
    [JSON] = { 0, "json", NULL },
    [HOOK_TIMEOUT] = { 0, "hook-timeout", "seconds" },
    [HELP] = { 'h', "help", NULL },
    { 0, NULL, NULL },
};

static int help(void)
{
    puts("usage: confab check [--session FILE]... [--merge] [--seed SEED] [--strict]\n"
         "                    [--json] [--hook-timeout SECONDS] PLUGIN [KEY=VALUE]...\n"
         "\n"
         "Is it a good plugin?  Looks at its file, then runs it on a simulated network:\n"
         "the sessions that it brings as examples, or those given, are played in every\n"
         "way in which a network may cut them up, with clients that read slowly, that\n"
         "end or reset the connection behind each byte, that send nonsense or never\n"
         "read, with time-outs, stops, and memory that runs out at each allocation.\n"
         "What it answers must be the same where the client said the same, nothing may\n"
         "be left or grow without bound, and no hook may block.\n"
         "\n"
         "PLUGIN is a path if it has a slash in it, else a name, as for 'confab serve';\n"
         "KEY=VALUE sets an option of the plugin or of the host in every run.\n"
         "\n"
         "  -s, --session FILE   a session to play, confab-session(5); may be given often.\n"
         "                       Without it: the plugin's examples ('confab info PLUGIN')\n"
         "      --merge          the sessions, which are recordings of one service, are one:\n"
         "                       their steps in the order of their times\n"
         "      --seed SEED      draws another way: a number, 1 without this; or the name\n"
         "                       of a case as a failure shows it, which is run alone\n"
         "      --strict         a warning is a failure\n"
         "      --hook-timeout SECONDS\n"
         "                       how long a hook may run; 5 without this\n"
         "      --json           the result for programs\n"
         "  -h, --help           this text\n"
         "\n"
         "for example:\n"
         "  confab check line\n"
         "  confab check ./hello.so greeting=hi --session talk.session\n"
         "\n"
         "exit status: 0 all is well, 1 a failure was found, 2 a wrong command line");
    return output_done(command);
}

/* What the command line asked for, before it is looked at. */
struct wish {
    struct request request;
    const char **words, **sessions; /* no list can be longer than the command line */
    int session_count;
    bool merge;
    char *file;
};

static int take_number(const char *option, const char *word, uint64_t *number)
{
    if (confab_parse_u64(word, strlen(word), number) == 0)
        return EXIT_SUCCESS;
    return usage_error(command, "--%s: expected a number, but got \"%s\"", option, word);
}

static int take_seed(struct request *request, const char *word)
{
    unsigned session;
    enum kind kind;
    uint64_t number;
    if (!strchr(word, '.'))
        return take_number("seed", word, &request->seed);
    request->only = word;
    if (schedule_read(word, &request->seed, &session, &kind, &number) == 0)
        return EXIT_SUCCESS;
    return usage_error(
        command, "--seed: expected a number, or the name of a case such as 1.0.two-cuts.77, but got \"%s\"",
        word);
}

static int take_timeout(struct request *request, const char *word)
{
    enum { MOST = 3600 };
    uint64_t seconds = 0;
    int status = take_number("hook-timeout", word, &seconds);
    if (!status && (seconds < 1 || seconds > MOST))
        status = usage_error(command, "--hook-timeout: expected 1 to %d, but got %s", MOST, word);
    request->hook_timeout = (int64_t)seconds * CONFAB_SECOND;
    return status;
}

/* Takes one option or operand; returns an exit status. */
static int take(struct wish *wish, int what, const char *word)
{
    struct request *request = &wish->request;
    switch (what) {
    case SESSION:
        wish->sessions[wish->session_count++] = word;
        return EXIT_SUCCESS;
    case MERGE:
        wish->merge = true;
        return EXIT_SUCCESS;
    case SEED:
        return take_seed(request, word);
    case STRICT:
        request->strict = true;
        return EXIT_SUCCESS;
    case JSON:
        request->json = true;
        return EXIT_SUCCESS;
    case HOOK_TIMEOUT:
        return take_timeout(request, word);
    default:
        if (request->plugin)
            wish->words[request->word_count++] = word;
        else
            request->plugin = word;
        return EXIT_SUCCESS;
    }
}

/* -- What is asked for, made ready -------------------------------------------------- */

static int find_plugin(struct wish *wish)
{
    char error[COMMAND_ERROR];
    char *path = plugin_path_new(wish->request.program);
    if (!path)
        return failure(command, "out of memory");
    int result = confab_module_find(&wish->file, wish->request.plugin, path, error, sizeof(error));
    free(path);
    return result ? failure(command, "%s", error) : EXIT_SUCCESS;
}

static int merge_sessions(struct request *request)
{
    char error[COMMAND_ERROR];
    struct session *merged;
    if (request->session_count == 0)
        return usage_error(command, "--merge: expected sessions to merge: --session FILE");
    if (session_merge(&merged, request->sessions, request->session_count, error, sizeof(error)))
        return failure(command, "--merge: %s", error);
    for (size_t i = 0; i < request->session_count; i++)
        session_free(request->sessions[i]);
    request->sessions[0] = merged;
    request->session_count = 1;
    return EXIT_SUCCESS;
}

static int read_sessions(struct wish *wish)
{
    char error[COMMAND_ERROR];
    struct request *request = &wish->request;
    int most = wish->merge ? SESSION_CONNECTIONS_MAX : CHECK_SESSIONS_MAX - 1;
    if (wish->session_count > most)
        return usage_error(command, "--session: expected %d files at the most", most);
    request->sessions = calloc((size_t)wish->session_count + 1, sizeof(struct session *));
    if (!request->sessions)
        return failure(command, "out of memory");
    for (int i = 0; i < wish->session_count; i++) {
        if (session_read(&request->sessions[i], wish->sessions[i], error, sizeof(error)))
            return failure(command, "%s", error);
        request->session_count++;
    }
    return wish->merge ? merge_sessions(request) : EXIT_SUCCESS;
}

/* A word as a shell takes it. */
static int add_word(struct bytes *line, const char *word)
{
    bool plain = *word != '\0';
    for (const char *c = word; *c; c++)
        plain = plain && (strchr("_-./=,:+@%", *c) || (*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') ||
                          (*c >= 'A' && *c <= 'Z'));
    int error = line->len ? bytes_add(line, " ", 1) : 0;
    if (plain)
        return error ? error : bytes_add(line, word, strlen(word));
    error = error ? error : bytes_add(line, "'", 1);
    for (const char *c = word; *c && !error; c++)
        error = *c == '\'' ? bytes_add(line, "'\\''", 4) : bytes_add(line, c, 1);
    return error ? error : bytes_add(line, "'", 1);
}

/* The command line once more, for whoever wants to see a failure again. */
static int write_again(const struct wish *wish, struct bytes *line)
{
    const struct request *request = &wish->request;
    int error = add_word(line, request->plugin);
    for (int i = 0; i < wish->session_count && !error; i++) {
        error = add_word(line, "--session");
        error = error ? error : add_word(line, wish->sessions[i]);
    }
    if (wish->merge && !error)
        error = add_word(line, "--merge");
    for (int i = 0; i < request->word_count && !error; i++)
        error = add_word(line, request->words[i]);
    return error;
}

static bool any(const struct request *request, const struct board *board)
{
    for (unsigned i = 0; i < board->findings; i++)
        if (board->finding[i].severity == CHECK_FAILURE || request->strict)
            return true;
    return false;
}

static int check(struct wish *wish)
{
    struct request *request = &wish->request;
    int64_t began = watch_clock();
    struct board *board =
        mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (board == MAP_FAILED)
        return failure(command, "out of memory");
    int error = object_check(wish->file, board), status = EXIT_FAILURE;
    if (error) {
        failure(command, "%s: %s", wish->file, strerror(-error));
        goto out;
    }
    error = supervise(request, board);
    if (error) {
        failure(command, "no process or no folder for the plugin to run in: %s", strerror(-error));
        goto out;
    }
    report(request, board, watch_clock() - began);
    status = output_done(command);
    if (!status && any(request, board))
        status = EXIT_FAILURE;
out:
    munmap(board, sizeof(*board));
    return status;
}

static int make_ready(struct wish *wish)
{
    struct bytes again = { 0 };
    int status = find_plugin(wish);
    if (!status)
        status = read_sessions(wish);
    if (!status && write_again(wish, &again))
        status = failure(command, "out of memory");
    if (!status) {
        wish->request.plugin = wish->file;
        wish->request.again = again.at;
        status = check(wish);
    }
    bytes_free(&again);
    return status;
}

static int read_and_run(struct wish *wish, int argc, char **argv)
{
    struct arguments arguments = {
        .command = command, .table = options, .argc = argc, .argv = argv, .next = 1
    };
    int what;
    while ((what = arguments_next(&arguments)) != ARGUMENTS_END) {
        if (what == HELP)
            return help();
        int status = what == ARGUMENTS_WRONG ? EXIT_USAGE : take(wish, what, arguments.word);
        if (status)
            return status;
    }
    if (!wish->request.plugin || !*wish->request.plugin)
        return usage_error(command, "expected the name or the path of a plugin");
    wish->request.words = wish->words;
    return make_ready(wish);
}

static int run(const char *program, int argc, char **argv)
{
    struct wish wish = {
        .words = calloc((size_t)argc, sizeof(char *)),
        .sessions = calloc((size_t)argc, sizeof(char *)),
        .request = { .program = program, .seed = SEED_FIRST, .hook_timeout = TIMEOUT_SECONDS * CONFAB_SECOND }
    };
    int status;
    if (wish.words && wish.sessions)
        status = read_and_run(&wish, argc, argv);
    else
        status = failure(command, "out of memory");
    for (size_t i = 0; i < wish.request.session_count; i++)
        session_free(wish.request.sessions[i]);
    free(wish.request.sessions);
    free(wish.file);
    free(wish.sessions);
    free(wish.words);
    return status;
}

const struct command check_command = { "check", "tells whether a plugin is a good one", run };
