#include "plugin_path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Set by the build: where `install` puts plugins. */
#ifndef CONFAB_PLUGIN_DIR
#define CONFAB_PLUGIN_DIR "/usr/local/lib/confab/plugins"
#endif
/* Likewise: its folder for libraries, below the prefix. */
#ifndef CONFAB_LIBDIR
#define CONFAB_LIBDIR "lib"
#endif

/* The file that a shell would run for the word program; to be freed, NULL: none is found. */
static char *look_in_path(const char *program)
{
    if (strchr(program, '/'))
        return realpath(program, NULL);
    const char *folder = getenv("PATH");
    for (size_t len; folder && *folder; folder += len + (folder[len] == ':')) {
        len = strcspn(folder, ":");
        size_t room = len + strlen(program) + 3;
        char *file = malloc(room);
        if (!file)
            return NULL;
        snprintf(file, room, "%.*s/%s", len ? (int)len : 1, len ? folder : ".", program);
        char *real = access(file, X_OK) == 0 ? realpath(file, NULL) : NULL;
        free(file);
        if (real)
            return real;
    }
    return NULL;
}

char *host_file_new(const char *program)
{
    /* Where a system has one of these, it is the truth; argv[0] is only what the caller said. */
    static const char *const links[] = { "/proc/self/exe", "/proc/curproc/exe", "/proc/curproc/file" };
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        char *file = access(links[i], F_OK) == 0 ? realpath(links[i], NULL) : NULL;
        if (file)
            return file;
    }
    return program ? look_in_path(program) : NULL;
}

/* Cuts the last part of a path off.  "": the root. */
static void cut_last(char *path)
{
    char *slash = strrchr(path, '/');
    *(slash ? slash : path) = '\0';
}

char *host_folder_new(const char *program)
{
    char *folder = host_file_new(program);
    if (folder)
        cut_last(folder);
    return folder;
}

char *plugin_path_new(const char *program)
{
    static const char beside[] = "/plugins", below[] = "/" CONFAB_LIBDIR "/confab/plugins";
    const char *given = getenv("CONFAB_PLUGIN_PATH");
    if (!given)
        given = "";
    char *folder = host_folder_new(program);
    size_t folder_length = folder ? strlen(folder) : 0;
    size_t room =
        strlen(given) + 2 * folder_length + sizeof(beside) + sizeof(below) + sizeof(CONFAB_PLUGIN_DIR) + 3;
    char *path = malloc(room);
    if (!path)
        goto out;
    size_t used = (size_t)snprintf(path, room, "%s%s", given, *given ? ":" : "");
    if (folder) {
        used += (size_t)snprintf(path + used, room - used, "%s%s:", folder, beside);
        cut_last(folder);
        size_t begin = used;
        used += (size_t)snprintf(path + used, room - used, "%s%s", folder, below);
        /* An installed host finds the same folder both ways: an error should name it once. */
        if (strcmp(path + begin, CONFAB_PLUGIN_DIR) == 0)
            goto out;
        used += (size_t)snprintf(path + used, room - used, ":");
    }
    snprintf(path + used, room - used, "%s", CONFAB_PLUGIN_DIR);
out:
    free(folder);
    return path;
}
