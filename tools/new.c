/* confab new: makes the folder of a new plugin. */
#include "new.h"
#include "command.h"
#include "json.h"
#include "plugin_path.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char command[] = "confab new";

enum { KIND, FOLDER, LIST, JSON, HELP };
static const struct argument options[] = {
    [KIND] = { 'k', "kind", "a kind of plugin" },
    [FOLDER] = { 'f', "folder", "a folder" },
    [LIST] = { 'l', "list", NULL },
    [JSON] = { 0, "json", NULL },
    [HELP] = { 'h', "help", NULL },
    { 0, NULL, NULL },
};

/* The first is made where none is named. */
static const struct new_kind kinds[] = {
    { "line", "adds up numbers, a command a line",
      "commands, a line each: two of them, errors, a session for each connection" },
    { "binary", "answers each frame with its bytes turned round",
      "frames that begin with their length, four bytes; bounded by an option" },
    { "request", "shows requests of a head and a body",
      "requests: a head that ends at an empty line, then a body of Content-Length bytes" },
    { "client", "passes lines on to a server, and its answers back",
      "a relay: connects to a server for each client, and anew when that has gone" },
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static void print_kinds(const char *indent)
{
    for (size_t i = 0; i < KINDS; i++)
        printf("%s%-10s%s%s\n", indent, kinds[i].name, kinds[i].help, i == 0 ? " (the default)" : "");
}

static int help(void)
{
    puts("usage: confab new [--kind KIND] [--folder FOLDER] NAME\n"
         "       confab new --list [--json]\n"
         "\n"
         "Makes a folder with a plugin in it that can be built, checked and served as it\n"
         "is: NAME.c, a Makefile and a CMakeLists.txt, tests/NAME.session, a README.md.\n"
         "\n"
         "NAME is lower case letters, digits, hyphens and underscores, a letter first.\n"
         "A folder that is there already is left alone: that is an error.\n"
         "\n"
         "  -k, --kind KIND       which kind of plugin\n"
         "  -f, --folder FOLDER   the folder to make; without it: NAME\n"
         "  -l, --list            lists the kinds, and makes nothing\n"
         "      --json            with --list: the same for programs\n"
         "  -h, --help            this text\n"
         "\n"
         "kinds:");
    print_kinds("  ");
    puts("\n"
         "for example:\n"
         "  confab new hello && cd hello && make && confab check ./hello.so");
    return output_done(command);
}

static int list(bool json)
{
    struct json to = { .out = stdout };
    if (!json) {
        print_kinds("");
        return output_done(command);
    }
    json_open(&to, NULL, '[');
    for (size_t i = 0; i < KINDS; i++) {
        json_open(&to, NULL, '{');
        json_string(&to, "name", kinds[i].name);
        json_boolean(&to, "default", i == 0);
        json_string(&to, "help", kinds[i].help);
        json_close(&to, '}');
    }
    json_close(&to, ']');
    return output_done(command);
}

static int find_kind(const char *name, const struct new_kind **found)
{
    struct names known = { .used = 0 };
    for (size_t i = 0; i < KINDS; i++) {
        names_add(&known, "", kinds[i].name);
        if (strcmp(kinds[i].name, name) == 0) {
            *found = &kinds[i];
            return EXIT_SUCCESS;
        }
    }
    return usage_error(command, "--kind: no kind \"%s\": expected one of %s", name, known.text);
}

/* Where a confab that runs from FOLDER/confab or FOLDER/bin/confab has its confab.pc, and its prefix for CMake.
 * These are "" where every tool looks by itself, or where the path would not survive a Makefile. */
struct place {
    char pkg_config[2048], prefix[2048];
    char host[2048]; /* how a shell in another folder runs it */
};

static bool is_there(const char *file)
{
    return access(file, R_OK) == 0;
}

static void find_place(const char *program, struct place *place)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._+,@~-";
    *place = (struct place){ .host = "confab" };
    char *folder = host_folder_new(program), file[2048];
    if (!folder || folder[strspn(folder, safe)] || strlen(folder) > sizeof(file) / 2)
        goto out;
    if (strchr(program, '/'))
        snprintf(place->host, sizeof(place->host), "%s/confab", folder);
    snprintf(file, sizeof(file), "%s/confab.pc", folder);
    if (is_there(file)) { /* a build's folder */
        snprintf(place->pkg_config, sizeof(place->pkg_config), "%s", folder);
        snprintf(place->prefix, sizeof(place->prefix), "%s", folder);
        goto out;
    }
    char *slash = strrchr(folder, '/');
    if (!slash)
        goto out;
    *slash = '\0';
    snprintf(file, sizeof(file), "%s/" CONFAB_LIBDIR "/pkgconfig/confab.pc", folder);
    if (strcmp(folder, "/usr") == 0 || !is_there(file))
        goto out;
    snprintf(place->pkg_config, sizeof(place->pkg_config), "%s/" CONFAB_LIBDIR "/pkgconfig", folder);
    snprintf(place->prefix, sizeof(place->prefix), "%s", folder);
out:
    free(folder);
}

static int make(const char *program, struct new_wish *wish)
{
    char error[COMMAND_ERROR];
    struct place place;
    if (new_name_check(wish->name, error, sizeof(error)) < 0)
        return usage_error(command, "%s", error);
    if (!wish->folder)
        wish->folder = wish->name;
    find_place(program, &place);
    wish->pkg_config = place.pkg_config;
    wish->prefix = place.prefix;
    if (new_folder_make(wish, error, sizeof(error)) < 0)
        return failure(command, "%s", error);
    printf("made %s: a plugin that %s\n"
           "\n"
           "next:\n"
           "  cd %s\n"
           "  make\n"
           "  %s check ./%s.so\n"
           "  %s serve ./%s.so -l 7000\n",
           wish->folder, wish->kind->summary, wish->folder, place.host, wish->name, place.host, wish->name);
    return output_done(command);
}

static int run(const char *program, int argc, char **argv)
{
    struct arguments arguments = {
        .command = command, .table = options, .argc = argc, .argv = argv, .next = 1
    };
    struct new_wish wish = { .kind = &kinds[0] };
    bool lists = false, json = false;
    int what;
    while ((what = arguments_next(&arguments)) != ARGUMENTS_END) {
        switch (what) {
        case KIND:
            if (find_kind(arguments.word, &wish.kind) != EXIT_SUCCESS)
                return EXIT_USAGE;
            break;
        case FOLDER:
            wish.folder = arguments.word;
            break;
        case LIST:
            lists = true;
            break;
        case JSON:
            json = true;
            break;
        case HELP:
            return help();
        case ARGUMENTS_OPERAND:
            if (wish.name)
                return usage_error(command, "expected one name, but got \"%s\" and \"%s\"", wish.name,
                                   arguments.word);
            wish.name = arguments.word;
            break;
        default:
            return EXIT_USAGE;
        }
    }
    if (lists && wish.name)
        return usage_error(command, "--list: expected no name, but got \"%s\"", wish.name);
    if (lists)
        return list(json);
    if (json)
        return usage_error(command, "--json: expected --list before or behind it");
    if (!wish.name)
        return usage_error(command, "expected a name for the plugin");
    if (wish.folder && !*wish.folder)
        return usage_error(command, "--folder: expected the name of a new folder");
    return make(program, &wish);
}

const struct command new_command = { "new", "makes the folder of a new plugin", run };
