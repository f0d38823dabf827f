/* module_plugin.c: what a plugin says of itself, checked.
 *
 * The header's fields are looked at in order, and nothing behind them is
 * trusted before they are right: another ABI may have anything there. */
#include "core/complain.h"
#include "core/module.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* What every version of the structs has. */
enum {
    PLUGIN_SIZE_MIN = offsetof(struct confab_plugin, chat) + sizeof(void *),
    CHAT_SIZE_MIN = offsetof(struct confab_chat_ops, found_terminator)
};

static int check_header(const struct confab_plugin *plugin, const char *path, char *error, size_t room)
{
    unsigned major = plugin->abi_major, minor = plugin->abi_minor;

    if (plugin->magic != CONFAB_PLUGIN_MAGIC)
        return complain(error, room, -ENOEXEC,
                        "%s: its confab_plugin_entry begins with 0x%016" PRIx64 ", and 0x%016" PRIx64
                        " was expected: it was not made by CONFAB_PLUGIN",
                        path, plugin->magic, CONFAB_PLUGIN_MAGIC);
    if (major < CONFAB_ABI_MAJOR)
        return complain(error, room, -EPROTONOSUPPORT,
                        "%s: built for ABI %u.%u, which is too old: this host runs %d.0 to %d.%d", path,
                        major, minor, CONFAB_ABI_MAJOR, CONFAB_ABI_MAJOR, CONFAB_ABI_MINOR);
    if (major > CONFAB_ABI_MAJOR || minor > CONFAB_ABI_MINOR)
        return complain(error, room, -EPROTONOSUPPORT,
                        "%s: built for ABI %u.%u, which is too new: this host runs %d.0 to %d.%d", path,
                        major, minor, CONFAB_ABI_MAJOR, CONFAB_ABI_MAJOR, CONFAB_ABI_MINOR);
    if (plugin->size < PLUGIN_SIZE_MIN)
        return complain(error, room, -ENOEXEC,
                        "%s: its struct confab_plugin is too small: %" PRIu32
                        " bytes, and %d or more were expected",
                        path, plugin->size, PLUGIN_SIZE_MIN);
    if (plugin->flags != 0)
        return complain(error, room, -EPROTONOSUPPORT, "%s: flags 0x%" PRIx32 ", and 0 was expected", path,
                        plugin->flags);
    return 0;
}

static int check_name(const struct confab_plugin *plugin, const char *path, char *error, size_t room)
{
    const char *name = plugin->name;
    size_t len = name ? strnlen(name, MODULE_NAME_MAX + 1) : 0;

    if (len == 0)
        return complain(error, room, -EINVAL, "%s: .name is missing", path);
    if (len > MODULE_NAME_MAX || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") != len)
        return complain(
            error, room, -EINVAL,
            "%s: .name is \"%.*s\": lower case letters, digits, hyphens and underscores were expected, %d "
            "at the most",
            path, MODULE_NAME_MAX, name, MODULE_NAME_MAX);
    return 0;
}

static int check_chat(const struct confab_plugin *plugin, const char *path, char *error, size_t room)
{
    const struct confab_chat_ops *chat = plugin->chat;

    if (!chat)
        return complain(error, room, -EINVAL,
                        "%s: .chat is missing: CONFAB_CHAT(...) with the hooks was expected", path);
    if (chat->size < CHAT_SIZE_MIN)
        return complain(
            error, room, -EINVAL,
            "%s: its struct confab_chat_ops is too small: %zu bytes, and %d or more were expected", path,
            chat->size, CHAT_SIZE_MIN);
    if (!chat->collect_incoming_data)
        return complain(
            error, room, -EINVAL,
            "%s: the hook collect_incoming_data is missing, and it is required (confab_chat_collect is "
            "the library's own)",
            path);
    return 0;
}

static int count_counters(confab_module *module, const char *path, char *error, size_t room)
{
    const char *const *counters = module->plugin.counters;

    while (counters && counters[module->counters] && module->counters <= MODULE_COUNTERS_MAX)
        module->counters++;
    if (module->counters > MODULE_COUNTERS_MAX)
        return complain(error, room, -EINVAL, "%s: .counters has no NULL within %d names", path,
                        MODULE_COUNTERS_MAX);
    return 0;
}

/* The plugin as this host knows it: what its ABI lacks is zero. */
static void copy_plugin(confab_module *module, const struct confab_plugin *plugin)
{
    const struct confab_chat_ops *chat;

    memset(&module->plugin, 0, sizeof module->plugin);
    memcpy(&module->plugin, plugin, plugin->size < sizeof *plugin ? plugin->size : sizeof *plugin);
    chat = module->plugin.chat;
    memset(&module->chat, 0, sizeof module->chat);
    memcpy(&module->chat, chat, chat->size < sizeof *chat ? chat->size : sizeof *chat);
    module->chat.size = sizeof module->chat;
    module->chat_given = chat;
    module->plugin.chat = &module->chat;
}

int module_read_plugin(confab_module *module, const struct confab_plugin *plugin, const char *path,
                       char *error, size_t room)
{
    char reason[COMPLAINT_SIZE];
    int result = check_header(plugin, path, error, room);

    if (result == 0)
        result = check_name(plugin, path, error, room);
    if (result == 0)
        result = check_chat(plugin, path, error, room);
    if (result)
        return result;
    copy_plugin(module, plugin);
    if (module->plugin.spread != CONFAB_ONE_WORKER && module->plugin.spread != CONFAB_ANY_WORKER)
        return complain(error, room, -EINVAL,
                        "%s: .spread is %d: CONFAB_ONE_WORKER or CONFAB_ANY_WORKER was expected", path,
                        (int)module->plugin.spread);
    result = count_counters(module, path, error, room);
    if (result)
        return result;
    result = option_table_read(&module->options, &module->plugin, reason, sizeof reason);
    if (result)
        return complain(error, room, result, "%s: %s", path, reason);
    if (module->plugin.options)
        module->plugin.options = module->options.rows;
    module->plugin.option_size = sizeof(struct confab_option);
    module->plugin.size = sizeof module->plugin;
    return 0;
}
