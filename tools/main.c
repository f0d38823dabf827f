/* confab: the host program.  Each command is a file of its own. */
#include "command.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct command *const commands[] = { &serve_command, &info_command, &backends_command, NULL };

enum { HELP, VERSION };
static const struct argument options[] = {
    [HELP] = { 'h', "help", NULL },
    [VERSION] = { 'V', "version", NULL },
    { 0, NULL, NULL },
};

static int help(void)
{
    puts("usage: confab COMMAND [ARGUMENTS]\n"
         "\n"
         "Runs network services whose protocols are plugins.\n"
         "\n"
         "commands:");
    for (size_t i = 0; commands[i]; i++)
        printf("  %-10s%s\n", commands[i]->name, commands[i]->summary);
    puts("\n"
         "  -h, --help      this text; 'confab COMMAND --help' tells about a command\n"
         "  -V, --version   the version\n"
         "\n"
         "for example:\n"
         "  confab serve line -l 7000     serves the plugin 'line' on 127.0.0.1:7000\n"
         "  confab info echo              what the plugin 'echo' does, and its options\n"
         "\n"
         "environment:\n"
         "  CONFAB_PLUGIN_PATH   folders, separated by colons, to look for plugins in first\n"
         "  CONFAB_BACKEND       the backend where -b gives none\n"
         "\n"
         "exit status: 0 success, 1 failure, 2 a wrong command line");
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
    if (!word)
        return usage_error("confab", "expected a command: one of %s", known.text);
    return usage_error("confab", "no command \"%s\": expected one of %s", word, known.text);
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

int main(int argc, char **argv)
{
    fill_standard_descriptors();
    struct arguments arguments = {
        .command = "confab", .table = options, .argc = argc, .argv = argv, .next = 1
    };
    switch (arguments_next(&arguments)) {
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
    for (size_t i = 0; commands[i]; i++) {
        if (strcmp(arguments.word, commands[i]->name) == 0)
            return commands[i]->run(argv[0], argc - (arguments.next - 1), argv + (arguments.next - 1));
    }
    return wrong_command(arguments.word);
}
