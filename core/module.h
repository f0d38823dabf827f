/* module.h: a plugin that was loaded, or that is linked in.
 *
 * module.c       finding it, loading it, its life
 * module_plugin.c what a plugin says of itself, checked
 * module_elf.c   what can be told of an ELF file before it is loaded
 * module_plain.c the same where files are of another kind
 */
#ifndef CONFAB_CORE_MODULE_H
#define CONFAB_CORE_MODULE_H

#include "core/option.h"
#include <confab/plugin.h>
#include <stdatomic.h>

enum {
    MODULE_COUNTERS_MAX = 256, /* counters of a plugin at the most */
    MODULE_NAME_MAX = 64       /* bytes of a plugin's name */
};

struct confab_module {
    void *handle;                             /* dlopen's; NULL: linked in */
    char *path;                               /* "": linked in */
    struct confab_plugin plugin;              /* whole, whatever the size that was given */
    struct confab_chat_ops chat;              /* likewise; plugin.chat points here */
    const struct confab_chat_ops *chat_given; /* as the plugin knows them */
    struct option_table options;              /* plugin.options points into it */
    size_t counters;
    atomic_uint services; /* that live: perhaps in several reactors' threads */
};

/* Looks at a regular file before it is loaded.  -ENOEXEC: no shared object of
 * this machine's kind, or a truncated one, which dlopen would crash on. */
int module_check_file(int fd, const char *path, uint64_t size, char *error, size_t room);

/* Reads what a plugin says of itself into module, and checks it: errors as of
 * confab_module_load.  path is for the words. */
int module_read_plugin(confab_module *module, const struct confab_plugin *plugin, const char *path,
                       char *error, size_t room);

#endif
