#include "new.h"

#include <assert.h>
#include <confab/base.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_ROOM = 96 }; /* of a file in the folder: a name twice as long does not get here */

#define AS_TEXT_OF(number) #number
#define AS_TEXT(number)    AS_TEXT_OF(number)

/* What stands for @WORD@ in a file. */
struct word {
    const char *word;
    const char *before, *text, *behind; /* nothing where text is empty */
    const struct new_file *file;        /* or what is in this, with words of its own */
};

static const struct new_file *find_file(const char *name)
{
    const struct new_file *file = new_files;
    while (file->name && strcmp(file->name, name) != 0)
        file++;
    return file->name ? file : NULL;
}

static const struct word *find_word(const struct word *words, const char *at, size_t left)
{
    for (; words->word; words++) {
        size_t len = strlen(words->word);
        if (left >= len && memcmp(at, words->word, len) == 0)
            return words;
    }
    return NULL;
}

/* Writes a file with its words put in.  Errors are those of out. */
static void fill_in(FILE *out, const struct new_file *file, const struct word *words)
{
    const char *at = (const char *)file->bytes, *end = at + file->len;
    while (at < end) {
        const struct word *word = find_word(words, at, (size_t)(end - at));
        if (!word)
            fputc(*at++, out);
        else
            at += strlen(word->word);
        if (word && word->file)
            fill_in(out, word->file, words); /* the file behind a word has not that word in it */
        else if (word && word->text[0])
            fprintf(out, "%s%s%s", word->before, word->text, word->behind);
    }
}

/* Makes one file; 0 or -errno. */
static int make_file(int folder, const char *path, const struct new_file *file, const struct word *words)
{
    int fd = openat(folder, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
    if (!out) {
        int error = errno;
        if (fd >= 0)
            close(fd);
        return -error;
    }
    fill_in(out, file, words);
    bool failed = fflush(out) != 0 || ferror(out);
    int error = failed ? errno : 0;
    if (fclose(out) != 0 && !failed)
        error = errno;
    return -error;
}

/* A file to be made, and what of: with the kind's name before that where it begins with a dot. */
struct entry {
    const char *path;
    const char *from;
};
static const struct entry entries[] = {
    { "%s.c", ".c" },
    { "tests/%s.session", ".session" },
    { "Makefile", "Makefile" },
    { "CMakeLists.txt", "CMakeLists.txt" },
    { "README.md", "README.md" },
    { ".gitignore", "gitignore" },
};
enum { ENTRIES = sizeof(entries) / sizeof(entries[0]) };

/* Puts the one %s of the table's text in. */
static void put_name(char path[PATH_ROOM], const char *text, const char *name)
{
    const char *gap = strstr(text, "%s");
    if (gap)
        snprintf(path, PATH_ROOM, "%.*s%s%s", (int)(gap - text), text, name, gap + 2);
    else
        snprintf(path, PATH_ROOM, "%s", text);
}

static const struct new_file *source_of(const struct new_kind *kind, const char *from)
{
    char name[PATH_ROOM];
    snprintf(name, sizeof(name), "%s%s", from[0] == '.' ? kind->name : "", from);
    const struct new_file *file = find_file(name);
    assert(file);
    return file;
}

/* Takes back what make_files made: the first `count` files, and the folder. */
static void take_back(const struct new_wish *wish, int folder, size_t count)
{
    char path[PATH_ROOM];
    for (size_t i = 0; i < count; i++) {
        put_name(path, entries[i].path, wish->name);
        unlinkat(folder, path, 0);
    }
    unlinkat(folder, "tests", AT_REMOVEDIR);
    rmdir(wish->folder);
}

static int make_files(const struct new_wish *wish, int folder, char *error, size_t room)
{
    const struct word words[] = {
        { "@NAME@", "", wish->name, "", NULL },
        { "@SUMMARY@", "", wish->kind->summary, "", NULL },
        { "@VERSION@", "", AS_TEXT(CONFAB_VERSION_MAJOR) "." AS_TEXT(CONFAB_VERSION_MINOR), "", NULL },
        { "@PKG_CONFIG_PATH@", "", wish->pkg_config, "", NULL },
        { "@CMAKE_HINTS@", " HINTS \"", wish->prefix, "\"", NULL },
        { "@TRY@", "", "", "", source_of(wish->kind, ".try") },
        { .word = NULL },
    };
    char path[PATH_ROOM] = "tests";
    int failed = mkdirat(folder, path, 0777) < 0 ? -errno : 0;
    size_t made = 0;
    for (; !failed && made < ENTRIES; made++) {
        put_name(path, entries[made].path, wish->name);
        failed = make_file(folder, path, source_of(wish->kind, entries[made].from), words);
    }
    if (!failed)
        return 0;
    snprintf(error, room, "cannot make %s/%s: %s", wish->folder, path, strerror(-failed));
    take_back(wish, folder, made);
    return -1;
}

int new_folder_make(const struct new_wish *wish, char *error, size_t room)
{
    if (mkdir(wish->folder, 0777) < 0) {
        if (errno == EEXIST)
            snprintf(error, room, "%s is there already: expected the name of a new folder", wish->folder);
        else
            snprintf(error, room, "cannot make the folder %s: %s", wish->folder, strerror(errno));
        return -1;
    }
    int folder = open(wish->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        snprintf(error, room, "cannot open the folder %s: %s", wish->folder, strerror(errno));
        rmdir(wish->folder);
        return -1;
    }
    int failed = make_files(wish, folder, error, room);
    close(folder);
    return failed;
}
