/* output.c: a file that is written whole, or not at all. */
#include "tools/bench/output.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EVERYBODY = 0666, PERMISSIONS = 0777 };

/* Where it is written: the file itself, or the one that a link leads to. */
struct place {
    char *file, *beside; /* beside NULL: it is written to directly */
    mode_t mode;         /* of the file that is there; 0: there is none */
};

static void place_free(struct place *place)
{
    free(place->file);
    free(place->beside);
}

static int place_find(struct place *place, const char *path)
{

    struct stat info;
    *place = (struct place){ .file = realpath(path, NULL) };
    if (!place->file && errno != ENOENT)
        return -errno;
    if (!place->file && !(place->file = strdup(path)))
        return -ENOMEM;
    if (stat(place->file, &info) == 0) {
        if (S_ISDIR(info.st_mode))
            return -EISDIR;
        if (!S_ISREG(info.st_mode))
            return 0;
        place->mode = info.st_mode & PERMISSIONS;
    }
    size_t room = strlen(place->file) + 24;
    place->beside = malloc(room);
    if (!place->beside)
        return -ENOMEM;
    snprintf(place->beside, room, "%s.%ld", place->file, (long)getpid());
    return 0;
}

/* Opens what is written to; a descriptor or -errno. */
static int place_open(const struct place *place)
{
    int flags = O_WRONLY | O_CLOEXEC;
    int fd =
        place->beside ? open(place->beside, flags | O_CREAT | O_EXCL, EVERYBODY) : open(place->file, flags);
    if (fd < 0)
        return -errno;
    if (place->mode)
        (void)!fchmod(fd, place->mode);
    return fd;
}

int output_try(const char *path)
{
    struct place place;
    int fd, error = place_find(&place, path);
    if (!error && (place.mode || !place.beside) && access(place.file, W_OK) < 0)
        error = -errno;
    /* (A pipe waits for its reader: that is seen to when there is something to read.) */
    if (!error && place.beside) {
        fd = place_open(&place);
        error = fd < 0 ? fd : 0;
        if (fd >= 0) {
            close(fd);
            unlink(place.beside);
        }
    }
    place_free(&place);
    return error;
}

int output_write(const char *path, void (*write)(const void *what, FILE *out), const void *what)
{
    struct place place;
    FILE *out = NULL;
    int error = place_find(&place, path), fd = error ? error : place_open(&place);
    error = fd < 0 ? fd : 0;
    if (!error && !(out = fdopen(fd, "w"))) {
        error = -errno;
        close(fd);
    }
    if (out) {
        write(what, out);
        bool failed = ferror(out) != 0;
        errno = failed ? EIO : 0;
        if (fclose(out) != 0 || failed)
            error = errno ? -errno : -EIO;
    }
    if (!error && place.beside && rename(place.beside, place.file) < 0)
        error = -errno;
    if (error && fd >= 0 && place.beside)
        unlink(place.beside);
    place_free(&place);
    return error;
}
