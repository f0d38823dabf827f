/* record.h: `confab serve --record`: each connection as a session file, confab-session(5).
 *
 *     record.c       what a service's connections carry, as steps
 *     record_file.c  one recording: its file, its bounds */
#ifndef CONFAB_TOOLS_RECORD_H
#define CONFAB_TOOLS_RECORD_H

#include "tools/session/session.h"

#include <confab/host.h>
#include <sys/types.h>

enum {
    RECORD_STEPS_MAX = SESSION_STEPS_MAX - 16, /* of a file: with more it could not be read back */
    RECORD_LIMIT_MAX = 12 << 20 /* bytes of a session: as text they are up to five times as many */
};

struct recorder;

/* Opens the folder; -errno: it is none, or cannot be written to.  limit: bytes of a session. */
int recorder_open(struct recorder **recorder, const char *folder, uint64_t limit, char *error, size_t room);
void recorder_free(struct recorder *recorder);

/* Looks at what the service accepts: before its start.  words are what the command line sets. */
int recorder_attach(struct recorder *recorder, confab_service *service, const struct confab_plugin *plugin,
                    const char *const *words, int word_count);

/* -- record_file.c -- */

/* What all recordings of a service have in common. */
struct recorder {
    int folder; /* a descriptor */
    uint64_t limit;
    confab_service *service;
    struct bytes header; /* the lines of the plugin */
    bool failed;         /* nothing is recorded any more; that was logged */
};

struct recording {
    struct recorder *recorder;
    char name[256]; /* of its file */
    bool made;      /* it is there, and is this one: */
    dev_t device;
    ino_t inode;
    off_t size;
    struct bytes text;
    struct bytes sent; /* what was answered, and is no step yet */
    uint64_t bytes;    /* of the session, so far */
    unsigned steps;
    int64_t moment; /* of what came last */
    bool over;      /* it has reached its bound, or could not be written */
};

/* NULL: out of memory, which was logged. */
struct recording *recording_new(struct recorder *recorder, confab_chat *chat);

/* A step of bytes; one of a word.  What is over the bound is cut off, and ends the recording. */
void recording_bytes(struct recording *recording, const char *sign, const char *bytes, size_t n);
void recording_word(struct recording *recording, const char *word);

/* Writes what there is, and frees it. */
void recording_end(struct recording *recording);

/* Nothing is recorded any more, for this reason (a positive errno): logged once. */
void recorder_fail(struct recorder *recorder, const char *name, int error);

#endif
