#include "new.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* A plugin's name names its target in CMake and, with underscores for hyphens, what belongs to it in C. */
static const char *const words_of_c[] = {
    "alignas", "alignof",   "asm",           "auto",     "bool",     "break",        "case",   "char",
    "const",   "constexpr", "continue",      "default",  "do",       "double",       "else",   "enum",
    "extern",  "false",     "float",         "for",      "goto",     "if",           "inline", "int",
    "long",    "main",      "nullptr",       "register", "restrict", "return",       "short",  "signed",
    "sizeof",  "static",    "static_assert", "struct",   "switch",   "thread_local", "true",   "typedef",
    "typeof",  "union",     "unsigned",      "void",     "volatile", "while",        NULL,
};
static const char *const words_of_cmake[] = {
    "all",     "clean", "depend",         "edit_cache", "help",          "install",
    "package", "test",  "package_source", "preinstall", "rebuild_cache", NULL,
};

static bool among(const char *name, const char *const *words)
{
    for (size_t i = 0; words[i]; i++) {
        if (strcmp(words[i], name) == 0)
            return true;
    }
    return false;
}

int new_name_check(const char *name, char *error, size_t room)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    static const char others[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t len = strlen(name);
    const char *who = NULL;
    if (among(name, words_of_c))
        who = "C";
    else if (among(name, words_of_cmake))
        who = "CMake";
    if (len > NEW_NAME_MAX)
        snprintf(error, room, "the name has %zu bytes: expected %d at the most", len, NEW_NAME_MAX);
    else if (len == 0 || !strchr(letters, name[0]) || name[strspn(name, others)])
        snprintf(error, room,
                 "\"%s\" cannot be a plugin's name: expected lower case letters, digits, hyphens and "
                 "underscores, a letter first",
                 name);
    else if (who)
        snprintf(error, room, "\"%s\" cannot be a plugin's name: %s has that word for itself", name, who);
    else
        return 0;
    return -1;
}
