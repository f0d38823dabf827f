/* record_file.c: one recording: its file, its bounds. */
#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { WRITE_AT = 65536 };

void recorder_fail(struct recorder *recorder, const char *name, int error)
{
    if (recorder->failed)
        return;
    recorder->failed = true;
    confab_service_log(recorder->service, CONFAB_ERROR,
                       "%s: cannot be written: %s; nothing is recorded any more", name, strerror(error));
}

/* Open while it is written to only: there may be thousands, and connections need descriptors too.  Nobody may put
 * another file, or what is none, in its place meanwhile.  -errno. */
static int open_file(struct recording *recording)
{
    int made = recording->made ? O_APPEND : O_CREAT | O_EXCL, error = 0;
    int fd = openat(recording->recorder->folder, recording->name,
                    O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | made, 0600);
    struct stat st;

    if (fd < 0)
        return -errno;
    if (fstat(fd, &st) < 0)
        error = -errno;
    else if (recording->made && (st.st_dev != recording->device || st.st_ino != recording->inode))
        error = -ESTALE;
    if (error) {
        close(fd);
        return error;
    }
    recording->made = true;
    recording->device = st.st_dev;
    recording->inode = st.st_ino;
    return fd;
}

static int write_bytes(int fd, const char *at, size_t left)
{
    while (left > 0) {
        ssize_t n = write(fd, at, left);

        if (n < 0 && errno != EINTR)
            return -errno;
        at += n > 0 ? n : 0;
        left -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

/* A line that is half written could not be read: the disk is full, most likely, and what was taken away makes room for
 * the word that it is a beginning.  Where nothing was written before it is of no use at all. */
static void take_back(const struct recording *recording, int fd, off_t size)
{
    static const char words[] = "truncated\n";

    if (size == 0)
        unlinkat(recording->recorder->folder, recording->name, 0);
    else if (ftruncate(fd, size) == 0)
        write_bytes(fd, words, sizeof words - 1);
}

static void write_all(struct recording *recording)
{
    int fd, error;

    if (recording->text.len == 0 || recording->recorder->failed) {
        recording->text.len = 0;
        return;
    }
    fd = open_file(recording);
    error = fd < 0 ? fd : write_bytes(fd, recording->text.at, recording->text.len);
    if (fd >= 0 && error)
        take_back(recording, fd, recording->size);
    recording->size += (off_t)recording->text.len;
    if (fd >= 0 && close(fd) < 0 && errno != EINTR && !error)
        error = -errno;
    if (error)
        recorder_fail(recording->recorder, recording->name, -error);
    recording->text.len = 0;
}

static void add(struct recording *recording, const void *bytes, size_t n)
{
    if (bytes_add(&recording->text, bytes, n))
        recorder_fail(recording->recorder, recording->name, ENOMEM);
}

static void add_line(struct recording *recording, const char *a, const char *b)
{
    add(recording, a, strlen(a));
    add(recording, b, strlen(b));
    add(recording, "\n", 1);
}

/* 20260301T123000.123456789Z */
static void name_of(struct recording *recording, confab_chat *chat, int64_t now)
{
    char date[TIME_TEXT];
    size_t n = 0;

    time_write(now, date);
    for (const char *at = date; *at; at++)
        if (*at != '-' && *at != ':')
            date[n++] = *at;
    date[n] = '\0';
    snprintf(recording->name, sizeof recording->name, "%.128s-%s-%" PRIu64 ".session",
             confab_service_name(recording->recorder->service), date, confab_chat_id(chat));
}

struct recording *recording_new(struct recorder *recorder, confab_chat *chat)
{
    struct recording *recording = calloc(1, sizeof *recording);
    confab_reactor *reactor = confab_chat_reactor(chat);
    int64_t now = confab_reactor_wall_time(reactor);
    char peer[128], began[TIME_TEXT];

    if (!recording) {
        recorder_fail(recorder, "a recording", ENOMEM);
        return NULL;
    }
    recording->recorder = recorder;
    recording->moment = confab_reactor_now(reactor);
    name_of(recording, chat, now);
    add_line(recording, "confab-session 1", "");
    add(recording, recorder->header.at, recorder->header.len);
    add_line(recording, "began ", time_write(now, began));
    add(recording, "peer ", 5);
    confab_chat_peer(chat, peer);
    if (bytes_word(&recording->text, peer))
        recorder_fail(recorder, recording->name, ENOMEM);
    add_line(recording, "\n", "");
    return recording;
}

/* -- Steps --------------------------------------------------------------------------- */

static void truncate_here(struct recording *recording)
{
    if (recording->over)
        return;
    recording->over = true;
    add_line(recording, "truncated", "");
    write_all(recording);
}

/* Room for one step more. */
static bool counts(struct recording *recording)
{
    if (recording->recorder->failed)
        recording->over = true;
    else if (recording->steps >= RECORD_STEPS_MAX)
        truncate_here(recording);
    recording->steps++;
    return !recording->over;
}

void recording_bytes(struct recording *recording, const char *sign, const char *bytes, size_t n)
{
    uint64_t room = recording->recorder->limit - recording->bytes;
    size_t fits = n < room ? n : (size_t)room;

    if (fits > 0 && counts(recording)) {
        add(recording, sign, strlen(sign));
        add(recording, " ", 1);
        if (bytes_print(&recording->text, bytes, fits))
            recorder_fail(recording->recorder, recording->name, ENOMEM);
        add(recording, "\n", 1);
        recording->bytes += fits;
    }
    if (fits < n)
        truncate_here(recording);
    else if (recording->text.len >= WRITE_AT)
        write_all(recording);
}

void recording_word(struct recording *recording, const char *word)
{
    if (counts(recording))
        add_line(recording, word, "");
}

void recording_end(struct recording *recording)
{
    write_all(recording);
    bytes_free(&recording->text);
    bytes_free(&recording->sent);
    free(recording);
}
