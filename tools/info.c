/* confab info: what a plugin is: its words, hooks, options, examples and ABI. */
#include "command.h"
#include "options.h"
#include "plugin_path.h"
#include "printable.h"

#include <confab/host.h>
#include <string.h>

static const char command[] = "confab info";

enum { JSON, OPTIONS, HELP };
static const struct argument arguments_table[] = {
    [JSON] = { 0, "json", NULL },
    [OPTIONS] = { 0, "options", NULL },
    [HELP] = { 'h', "help", NULL },
    { 0, NULL, NULL },
};

static int help(void)
{
    puts("usage: confab info [--json | --options] PLUGIN\n"
         "\n"
         "Loads a plugin and tells what it is: name, version, description, file, the ABI\n"
         "that it wants and that this host offers, in how many workers it may run, the\n"
         "port where it listens by default, the memory of its state, its hooks, counters,\n"
         "options (type, default, meaning, bounds) and examples, which are sessions that\n"
         "'confab check' plays.\n"
         "\n"
         "PLUGIN is a path if it has a slash in it, else a name, looked for as NAME.so in\n"
         "the folders of CONFAB_PLUGIN_PATH, in 'plugins' beside this program, and where\n"
         "plugins are installed.\n"
         "\n"
         "  --json       the same for programs\n"
         "  --options    only the options, the plugin's and those of every service: a line\n"
         "               each, with a tab between name, type or choices (a|b|c), and default\n"
         "  -h, --help   this text");
    return output_done(command);
}

/* A hook's name and where its pointer is. */
struct hook {
    const char *name;
    size_t offset;
};

#define CHAT_HOOK(member)                                 \
    {                                                     \
#member, offsetof(struct confab_chat_ops, member) \
    }
#define PLUGIN_HOOK(member)                             \
    {                                                   \
#member, offsetof(struct confab_plugin, member) \
    }

static const struct hook chat_hooks[] = {
    CHAT_HOOK(handle_connect), CHAT_HOOK(collect_incoming_data), CHAT_HOOK(found_terminator),
    CHAT_HOOK(handle_eof),     CHAT_HOOK(handle_drain),          CHAT_HOOK(handle_sent),
    CHAT_HOOK(handle_timeout), CHAT_HOOK(handle_too_long),       CHAT_HOOK(handle_shutdown),
    CHAT_HOOK(handle_expt),    CHAT_HOOK(handle_close),
};
static const struct hook plugin_hooks[] = {
    PLUGIN_HOOK(config_complete),
    PLUGIN_HOOK(ready),
    PLUGIN_HOOK(start),
    PLUGIN_HOOK(stop),
    PLUGIN_HOOK(free),
};

enum { CHAT_HOOKS = sizeof(chat_hooks) / sizeof(chat_hooks[0]) };
enum { PLUGIN_HOOKS = sizeof(plugin_hooks) / sizeof(plugin_hooks[0]) };

/* Appends the names of those hooks that are there; returns how many names there are then. */
static size_t present(const char **names, size_t count, const struct hook *hooks, size_t n, const void *table,
                      size_t size)
{
    for (size_t i = 0; i < n; i++) {
        void (*hook)(void) = NULL;
        if (hooks[i].offset + sizeof(hook) <= size) /* an older plugin's table is shorter */
            memcpy(&hook, (const char *)table + hooks[i].offset, sizeof(hook));
        if (hook)
            names[count++] = hooks[i].name;
    }
    return count;
}

/* Names of all hooks that the plugin has; a NULL ends them. */
static void hooks_of(const struct confab_plugin *plugin, const char *names[CHAT_HOOKS + PLUGIN_HOOKS + 1])
{
    size_t count = present(names, 0, plugin_hooks, PLUGIN_HOOKS, plugin, sizeof(*plugin));
    if (plugin->chat)
        count = present(names, count, chat_hooks, CHAT_HOOKS, plugin->chat, plugin->chat->size);
    names[count] = NULL;
}

static const char *spread_name(enum confab_spread spread)
{
    return spread == CONFAB_ANY_WORKER ? "any" : "one";
}

static void print_words(const char *label, const char *const *words)
{
    char shown[PRINTABLE_ROOM];
    if (!words || !*words)
        return;
    printf("%-14s", label);
    for (size_t i = 0; words[i]; i++)
        printf("%s%s", i ? ", " : "", printable_copy(shown, words[i]));
    putchar('\n');
}

static size_t session_size(const struct confab_plugin *plugin)
{
    return plugin->chat ? plugin->chat->session_size : 0;
}

/* In pieces, where it is long: a character that lies across two of them is shown as ?. */
static void print_line(const char *line, size_t len)
{
    char shown[PRINTABLE_ROOM];
    if (len > 0)
        fputs("    ", stdout);
    for (size_t n; len > 0; line += n, len -= n) {
        n = len < sizeof(shown) ? len : sizeof(shown) - 1;
        memcpy(shown, line, n);
        shown[n] = '\0';
        fputs(printable(shown), stdout);
    }
    putchar('\n');
}

/* Each under a heading, its lines indented. */
static void print_examples(const char *const *examples)
{
    for (size_t i = 0; examples && examples[i]; i++) {
        printf("\nexample %zu, a session:\n", i + 1);
        for (const char *line = examples[i]; *line;) {
            size_t len = strcspn(line, "\n");
            print_line(line, len);
            line += line[len] ? len + 1 : len;
        }
    }
}

static void print_row(const char *label, const char *text)
{
    char shown[PRINTABLE_ROOM];
    printf("%-14s%s\n", label, text ? printable_copy(shown, text) : "-");
}

static void print_text(const struct confab_plugin *plugin, const char *file)
{
    const char *hooks[CHAT_HOOKS + PLUGIN_HOOKS + 1];
    hooks_of(plugin, hooks);
    print_row("name", plugin->name);
    print_row("version", plugin->version);
    print_row("description", plugin->description);
    printf("%-14s%s\n", "file", file);
    printf("%-14swants %d.%d, this host offers %d.%d\n", "ABI", plugin->abi_major, plugin->abi_minor,
           CONFAB_ABI_MAJOR, CONFAB_ABI_MINOR);
    printf("%-14s%s\n", "workers", spread_name(plugin->spread));
    if (plugin->default_port)
        printf("%-14s%d\n", "default port", plugin->default_port);
    else
        printf("%-14snone\n", "default port");
    printf("%-14s%zu bytes of the service, %zu of each connection\n", "state", plugin->service_size,
           session_size(plugin));
    print_words("hooks", hooks);
    print_words("counters", plugin->counters);
    if (plugin->options && plugin->options->name) {
        puts("\noptions: name, type, default, meaning");
        options_print(stdout, plugin->options);
    } else {
        puts("options       none of its own");
    }
    print_examples(plugin->examples);
}

static void json_abi(struct json *json, const char *key, int major, int minor)
{
    json_open(json, key, '{');
    json_integer(json, "major", major);
    json_integer(json, "minor", minor);
    json_close(json, '}');
}

static void print_json(const struct confab_plugin *plugin, const char *file)
{
    const char *hooks[CHAT_HOOKS + PLUGIN_HOOKS + 1];
    struct json json = { .out = stdout };
    hooks_of(plugin, hooks);
    json_open(&json, NULL, '{');
    json_string(&json, "name", plugin->name);
    json_string(&json, "version", plugin->version);
    json_string(&json, "description", plugin->description);
    json_string(&json, "file", file);
    json_abi(&json, "abi_wanted", plugin->abi_major, plugin->abi_minor);
    json_abi(&json, "abi_offered", CONFAB_ABI_MAJOR, CONFAB_ABI_MINOR);
    json_string(&json, "workers", spread_name(plugin->spread));
    json_integer(&json, "default_port", plugin->default_port);
    json_integer(&json, "service_size", (int64_t)plugin->service_size);
    json_integer(&json, "session_size", (int64_t)session_size(plugin));
    json_strings(&json, "hooks", hooks);
    json_strings(&json, "counters", plugin->counters);
    json_strings(&json, "examples", plugin->examples);
    options_json(&json, "options", plugin->options);
    json_close(&json, '}');
}

static void print_options(const struct confab_plugin *plugin)
{
    options_list(stdout, plugin->options);
    options_list(stdout, confab_host_options());
}

/* As one of the options says, JSON or OPTIONS; else as text. */
static int show(const char *program, const char *name, int way)
{
    char error[COMMAND_ERROR];
    confab_module *module;
    char *path = plugin_path_new(program);
    if (!path)
        return failure(command, "out of memory");
    int status = EXIT_SUCCESS;
    if (confab_module_load(&module, name, path, error, sizeof(error)) < 0)
        status = failure(command, "%s", error);
    free(path);
    if (status)
        return status;
    if (way == JSON)
        print_json(confab_module_plugin(module), confab_module_path(module));
    else if (way == OPTIONS)
        print_options(confab_module_plugin(module));
    else
        print_text(confab_module_plugin(module), confab_module_path(module));
    confab_module_unload(module);
    return output_done(command);
}

static int run(const char *program, int argc, char **argv)
{
    struct arguments arguments = {
        .command = command, .table = arguments_table, .argc = argc, .argv = argv, .next = 1
    };
    const char *plugin = NULL;
    int way = ARGUMENTS_END;
    for (;;) {
        int argument = arguments_next(&arguments);
        switch (argument) {
        case JSON:
        case OPTIONS:
            if (way != ARGUMENTS_END && way != argument)
                return usage_error(command, "expected --json or --options, but got both");
            way = argument;
            break;
        case HELP:
            return help();
        case ARGUMENTS_OPERAND:
            if (plugin)
                return usage_error(command, "expected one plugin, but got \"%s\" and \"%s\"", plugin,
                                   arguments.word);
            plugin = arguments.word;
            break;
        case ARGUMENTS_WRONG:
            return EXIT_USAGE;
        default:
            if (!plugin || !*plugin)
                return usage_error(command, "expected the name or the path of a plugin");
            return show(program, plugin, way);
        }
    }
}

const struct command info_command = { "info", "tells what a plugin is, and its options", run };
