/* module.c: finding a plugin, loading it, and its life. */
#include "core/module.h"
#include "core/complain.h"
#include <confab/host.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char entry_name[] = "confab_plugin_entry";
static const char suffix[] = ".so";
static const char linked_in[] = "linked-in plugin"; /* stands for the path in words about one */

enum { PATH_FOLDERS_MAX = 64 }; /* folders of a search path that are looked in */

static int open_file(const char *path)
{
    /* Not blocking: a FIFO of that name is to be told, not to be waited for. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    return fd < 0 ? -errno : fd;
}

/* What NAME.so lacks at the end of name: nothing, where name ends with it already. */
static const char *missing_suffix(const char *name)
{
    size_t len = strlen(name), end = sizeof suffix - 1;

    return len > end && strcmp(name + len - end, suffix) == 0 ? "" : suffix;
}

/* Nothing of the current folder is loaded unless that was said, but it may be what was meant. */
static int not_found(const char *name, const char *folders, char *error, size_t room)
{
    static const char guess[] = "; did you mean ";
    const char *end = missing_suffix(name);
    size_t size = sizeof guess + sizeof "./" + strlen(name) + sizeof suffix + sizeof "?";
    char *hint = malloc(size);

    if (!hint)
        return complain(error, room, -ENOMEM, "out of memory");
    snprintf(hint, size, "%s./%s%s", guess, name, end);
    if (access(hint + sizeof guess - 1, F_OK) == 0)
        strcat(hint, "?");
    else
        hint[0] = '\0';
    if (folders && *folders)
        complain(error, room, -ENOENT, "no plugin \"%s\": looked for %s%s in %s%s", name, name, end, folders,
                 hint);
    else
        complain(error, room, -ENOENT, "no plugin \"%s\": there is no folder to look for %s%s in%s", name,
                 name, end, hint);
    free(hint);
    return -ENOENT;
}

/* Opens NAME.so in the first folder that has one; *found is its path, to be
 * freed.  Stops at a file that cannot be opened: the next one's may be another
 * plugin of that name. */
static int search(const char *name, const char *folders, char **found, char *error, size_t room)
{
    const char *rest = folders ? folders : "";

    for (int i = 0; *rest && i < PATH_FOLDERS_MAX; i++) {
        size_t len = strcspn(rest, ":"), size = len + strlen(name) + sizeof "/" + sizeof suffix;
        char *path = malloc(size);
        int fd;

        if (!path)
            return complain(error, room, -ENOMEM, "out of memory");
        snprintf(path, size, "%.*s/%s%s", (int)len, rest, name, missing_suffix(name));
        fd = len ? open_file(path) : -ENOENT;
        if (fd != -ENOENT && fd != -ENOTDIR) {
            *found = path;
            return fd < 0 ? complain(error, room, fd, "%s: %s", path, strerror(-fd)) : fd;
        }
        free(path);
        rest += len + (rest[len] == ':');
    }
    return not_found(name, folders, error, room);
}

/* Opens the file that name means.  *path is to be freed also after an error. */
static int find(const char *name, const char *folders, char **path, char *error, size_t room)
{
    int fd;

    if (!name || !*name)
        return complain(error, room, -ENOENT, "the name of a plugin was expected, and it is empty");
    if (!strchr(name, '/'))
        return search(name, folders, path, error, room);
    *path = strdup(name);
    if (!*path)
        return complain(error, room, -ENOMEM, "out of memory");
    fd = open_file(name);
    return fd < 0 ? complain(error, room, fd, "%s: %s", name, strerror(-fd)) : fd;
}

static int check_file(int fd, const char *path, char *error, size_t room)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return complain(error, room, -errno, "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return complain(error, room, -ENOEXEC, "%s: %s, and a shared object was expected", path,
                        S_ISDIR(st.st_mode) ? "a folder" : "not a regular file");
    return module_check_file(fd, path, (uint64_t)st.st_size, error, room);
}

/* The loader's own words mostly begin with the path. */
static const char *loader_words(const char *path)
{
    const char *words = dlerror();
    size_t len = strlen(path);

    if (!words)
        return "the loader does not say why";
    return strncmp(words, path, len) == 0 && strncmp(words + len, ": ", 2) == 0 ? words + len + 2 : words;
}

static int load_file(confab_module *module, char *error, size_t room)
{
    const struct confab_plugin *plugin;

    module->handle = dlopen(module->path, RTLD_NOW | RTLD_LOCAL);
    if (!module->handle)
        return complain(error, room, -ENOEXEC, "%s: it cannot be loaded: %s", module->path,
                        loader_words(module->path));
    plugin = dlsym(module->handle, entry_name);
    if (!plugin)
        return complain(error, room, -ENOEXEC, "%s: no entry: it does not export %s (see CONFAB_PLUGIN)",
                        module->path, entry_name);
    return module_read_plugin(module, plugin, module->path, error, room);
}

static void destroy(confab_module *module)
{
    option_table_free(&module->options);
    free(module->path);
    if (module->handle)
        dlclose(module->handle);
    free(module);
}

int confab_module_find(char **file, const char *name, const char *path, char *error, size_t room)
{
    int fd, result;

    *file = NULL;
    fd = find(name, path, file, error, room);
    result = fd < 0 ? fd : check_file(fd, *file, error, room);
    if (fd >= 0)
        close(fd);
    if (result) {
        free(*file);
        *file = NULL;
    }
    return result;
}

int confab_module_load(confab_module **loaded, const char *name, const char *path, char *error, size_t room)
{
    confab_module *module = calloc(1, sizeof *module);
    int result;

    *loaded = NULL;
    if (!module)
        return complain(error, room, -ENOMEM, "out of memory");
    result = confab_module_find(&module->path, name, path, error, room);
    if (result == 0)
        result = load_file(module, error, room);
    if (result)
        destroy(module);
    else
        *loaded = module;
    return result;
}

int confab_module_from_plugin(confab_module **made, const struct confab_plugin *plugin, char *error,
                              size_t room)
{
    confab_module *module = calloc(1, sizeof *module);
    int result;

    *made = NULL;
    if (module)
        module->path = strdup("");
    if (!module || !module->path)
        result = complain(error, room, -ENOMEM, "out of memory");
    else
        result = module_read_plugin(module, plugin, linked_in, error, room);
    if (result == 0)
        *made = module;
    else if (module)
        destroy(module);
    return result;
}

const struct confab_plugin *confab_module_plugin(confab_module *module)
{
    return &module->plugin;
}

const char *confab_module_path(confab_module *module)
{
    return module->path;
}

int confab_module_unload(confab_module *module)
{
    if (!module)
        return 0;
    if (atomic_load(&module->services) > 0)
        return -EBUSY;
    destroy(module);
    return 0;
}
