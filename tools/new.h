/* new.h: what `confab new` makes a folder of.
 *
 *     new.c          the command line
 *     new_name.c     what a plugin may be called
 *     new_folder.c   the folder and its files
 *     new/           the files, as they are before words are put in; the build makes new_files.c of them */
#ifndef CONFAB_TOOLS_NEW_H
#define CONFAB_TOOLS_NEW_H

#include <stddef.h>

/* A file of tools/new, as it was when the host was built. */
struct new_file {
    const char *name; /* in that folder; NULL ends the table */
    const unsigned char *bytes;
    size_t len;
};
extern const struct new_file new_files[];

/* A kind of plugin: KIND.c, KIND.session and KIND.try of tools/new. */
struct new_kind {
    const char *name, *summary,
        *help; /* what the plugin does, in half a sentence; what the kind is good for */
};

struct new_wish {
    const char *name;   /* of the plugin */
    const char *folder; /* to be made; its parent is there */
    const struct new_kind *kind;
    const char *pkg_config,
        *prefix; /* where confab.pc is, and what find_package is to look in; "": not said */
};

/* A plugin's name has this many bytes at the most. */
enum { NEW_NAME_MAX = 64 };

/* 0, or -1 with what was wrong and expected in error: a name is lower case letters, digits, hyphens and
 * underscores, a letter first, and no word that C or CMake has for itself. */
int new_name_check(const char *name, char *error, size_t room);

/* Makes the folder with all that is in it, or nothing: -1, one line in error. */
int new_folder_make(const struct new_wish *wish, char *error, size_t room);

#endif
