/* scratch.c: folders for what runs leave behind: the parent's, and in it one for each run that wants one. */
#include "tools/check/check.h"
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    DESCRIPTORS = 8,
    TIMES = 16 /* folders in each other that are closed */
};

/* A folder in memory makes a run ten times as fast. */
static const char *place(void)
{
    static const char memory[] = "/dev/shm";
    const char *wanted = getenv("TMPDIR");

    if (wanted && *wanted)
        return wanted;
    return access(memory, R_OK | W_OK | X_OK) == 0 ? memory : "/tmp";
}

int scratch_make(char folder[SCRATCH_PATH])
{
    int n = snprintf(folder, SCRATCH_PATH, "%s/confab-check-XXXXXX", place());
    bool fits = n > 0 && n < SCRATCH_PATH;

    if (fits && mkdtemp(folder))
        return 0;
    folder[0] = '\0';
    return fits ? -errno : -ENAMETOOLONG;
}

/* A folder that a plugin has closed is opened for the next time. */
static int remove_one(const char *path, const struct stat *what, int kind, struct FTW *where)
{
    (void)what;
    (void)where;
    if (remove(path) && (kind == FTW_DP || kind == FTW_DNR))
        chmod(path, S_IRWXU);
    return 0;
}

void scratch_remove(char folder[SCRATCH_PATH])
{
    for (int i = 0; folder[0] && i < TIMES && access(folder, F_OK) == 0; i++)
        nftw(folder, remove_one, DESCRIPTORS, FTW_DEPTH | FTW_PHYS);
    folder[0] = '\0';
}
