/* confab: the host program.  Each command is a file of its own. */
#include "command.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct command *const commands[] = {
    &serve_command, &info_command, &check_command, &bench_command, &new_command, &backends_command, NULL
};

enum { HELP, VERSION };
static const struct argument options[] = {
    [HELP] = { 'h', "help", NULL },
    [VERSION] = { 'V', "version", NULL },
    { 0, NULL, NULL },
};

static const char help_word[] = "help";

static int help(void)
{
    puts("usage: confab COMMAND [ARGUMENTS]\n"
         "\n"
         "Runs network services whose protocols are plugins.\n"
         "\n"
         "commands:");
    for (size_t i = 0; commands[i]; i++)
        printf("  %-10s%s\n", commands[i]->name, commands[i]->summary);
    puts("  help      tells about a command: confab help COMMAND\n"
         "\n"
         "  -h, --help      this text; 'confab COMMAND --help' tells about a command\n"
         "  -V, --version   the version\n"
         "\n"
         "for example:\n"
         "  confab serve line -l 7000     serves the plugin 'line' on 127.0.0.1:7000\n"
         "  confab info echo              what the plugin 'echo' does, and its options\n"
         "  confab check ./hello.so       whether a plugin is a good one\n"
         "\n"
         "environment:\n"
         "  CONFAB_PLUGIN_PATH   folders, separated by colons, to look for plugins in first\n"
         "  CONFAB_BACKEND       the backend where -b gives none\n"
         "\n"
         "exit status: 0 success, 1 failure, 2 a wrong command line\n"
         "\n"
         "manual: confab(1), confab-COMMAND(1); for those who write plugins confab-plugin(3)");
    return output_done("confab");
}

static int version(void)
{
    puts("confab " CONFAB_VERSION);
    return output_done("confab");
}

static int wrong_command(const char *word)
{
    struct names known = { .used = 0 };
    for (size_t i = 0; commands[i]; i++)
        names_add(&known, "", commands[i]->name);
    names_add(&known, "", help_word);
    if (!word)
        return usage_error("confab", "expected a command: one of %s", known.text);
    return usage_error("confab", "no command \"%s\": expected one of %s", word, known.text);
}

static int too_many(const char *word)
{
    return usage_error("confab", "expected no more words, but got \"%s\"", word);
}

/* Where one of the first three descriptors is closed, a socket would get its
 * number, and what we print would be sent to a peer. */
static void fill_standard_descriptors(void)
{
    int fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO)
        fd = open("/dev/null", O_RDWR);
    if (fd >= 0)
        close(fd);
}

/* Runs the command that argv[0] names. */
static int run_command(const char *program, int argc, char **argv)
{
    for (size_t i = 0; commands[i]; i++) {
        if (strcmp(argv[0], commands[i]->name) == 0)
            return commands[i]->run(program, argc, argv);
    }
    return wrong_command(argv[0]);
}

/* confab help [COMMAND]: the same as confab [COMMAND] --help. */
static int help_about(const char *program, int argc, char **argv)
{
    static char option[] = "--help";
    if (argc < 2 || strcmp(argv[1], help_word) == 0)
        return help();
    char *words[] = { argv[1], option, NULL };
    return run_command(program, 2, words);
}

int main(int argc, char **argv)
{
    fill_standard_descriptors();
    struct arguments arguments = {
        .command = "confab", .table = options, .argc = argc, .argv = argv, .next = 1
    };
    int what = arguments_next(&arguments);
    if ((what == HELP || what == VERSION) && arguments.next < argc)
        return too_many(argv[arguments.next]);
    switch (what) {
    case HELP:
        return help();
    case VERSION:
        return version();
    case ARGUMENTS_END:
        return wrong_command(NULL);
    case ARGUMENTS_WRONG:
        return EXIT_USAGE;
    default:
        break;
    }
    int first = arguments.next - 1; /* the index of the command */
    if (strcmp(arguments.word, help_word) != 0)
        return run_command(argv[0], argc - first, argv + first);
    if (argc - first > 2)
        return too_many(argv[first + 2]);
    return help_about(argv[0], argc - first, argv + first);
}
