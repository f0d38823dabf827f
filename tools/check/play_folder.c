/* play_folder.c: ${TMP}: a folder of the run's own, with the files that the session gives. */
#include "tools/check/play.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_ROOM = 4096 };

static bool names_it(const struct text *text)
{
    for (size_t i = 0; i < text->count; i++)
        if (text->parts[i].name && !strcmp(text->parts[i].name, "TMP"))
            return true;
    return false;
}

static bool pairs_name_it(const struct session_pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (names_it(&pairs[i].value))
            return true;
    return false;
}

bool folder_wanted(const struct session *session)
{
    if (session->file_count > 0 || pairs_name_it(session->options, session->option_count) ||
        pairs_name_it(session->servers, session->server_count))
        return true;
    for (size_t i = 0; i < session->step_count; i++)
        if (names_it(&session->steps[i].text))
            return true;
    return false;
}

/* Makes the folders that a file is in. */
static int make_folders(char *path, size_t base)
{
    for (char *slash = strchr(path + base, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int error = mkdir(path, 0700) && errno != EEXIST ? -errno : 0;
        *slash = '/';
        if (error)
            return error;
    }
    return 0;
}

static int write_file(const char *path, const char *bytes, size_t len)
{
    FILE *file = fopen(path, "we");

    if (!file)
        return -errno;
    bool whole = len == 0 || fwrite(bytes, len, 1, file) == 1;
    return fclose(file) == 0 && whole ? 0 : -EIO;
}

static int make_file(struct run *run, const struct session_pair *file, const struct variables *variables)
{
    char path[PATH_ROOM];
    struct bytes content = { 0 };
    const char *missing = NULL;
    int n = snprintf(path, sizeof path, "%s/%s", run->folder, file->name);
    int error =
        n < 0 || (size_t)n >= sizeof path ? -ENAMETOOLONG : make_folders(path, strlen(run->folder) + 1);

    if (!error)
        error = text_expand(&file->value, variables, &content, &missing);
    if (!error)
        error = write_file(path, content.at, content.len);
    if (error == -ENOENT && missing)
        run_fail(run, "the file %s needs ${%s}, which has no value", file->name, missing);
    bytes_free(&content);
    return error;
}

int folder_make(struct run *run)
{
    const struct session *world = run->world;
    struct variables variables = { 0 };
    int error = scratch_make(run->folder);

    if (error)
        return error;
    error = variables_set(&variables, "TMP", run->folder, strlen(run->folder));
    for (size_t i = 0; i < world->file_count && !error; i++)
        error = make_file(run, &world->files[i], &variables);
    variables_free(&variables);
    return error;
}

void folder_remove(struct run *run)
{
    scratch_remove(run->folder);
}
