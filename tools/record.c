/* record.c: what a service's connections carry, as steps of a session.
 *
 * What was answered is gathered until something else happens: how the network took it is of no meaning.  A step for
 * each piece that came is: plugins may answer differently. */
#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SENT_AT = 32768 };
static const int64_t worth_a_wait = CONFAB_SECOND, millisecond = 1000000;

/* -- The folder -------------------------------------------------------------------- */

int recorder_open(struct recorder **made, const char *folder, uint64_t limit, char *error, size_t room)
{
    struct recorder *recorder = calloc(1, sizeof *recorder);
    int result = -ENOMEM;

    *made = NULL;
    if (recorder) {
        recorder->limit = limit;
        recorder->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        result = recorder->folder < 0 ? -errno : 0;
        if (!result && faccessat(recorder->folder, ".", W_OK | X_OK, 0) < 0)
            result = -errno;
    }
    if (!result) {
        *made = recorder;
        return 0;
    }
    snprintf(error, room, "%s: %s, expected a folder that can be written to", folder, strerror(-result));
    recorder_free(recorder);
    return result;
}

void recorder_free(struct recorder *recorder)
{
    if (!recorder)
        return;
    if (recorder->folder >= 0)
        close(recorder->folder);
    bytes_free(&recorder->header);
    free(recorder);
}

/* -- The header --------------------------------------------------------------------- */

/* The option that a word of the command line sets; NULL: one of the host's. */
static const struct confab_option *option_of(const struct confab_plugin *plugin, const char *word, size_t len)
{
    for (const struct confab_option *row = plugin->options; row && row->name; row++)
        if (len ? strlen(row->name) == len && memcmp(row->name, word, len) == 0
                : (row->flags & CONFAB_OPTION_POSITIONAL) != 0)
            return row;
    return NULL;
}

/* The KEY of KEY=VALUE; 0: a bare word, which is for the positional option. */
static size_t key_length(const char *word)
{
    size_t len = strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");

    return word[len] == '=' ? len : 0;
}

static int add_word(struct bytes *header, const struct confab_plugin *plugin, const char *word)
{
    size_t len = key_length(word);
    const struct confab_option *row = option_of(plugin, word, len);
    const char *key = len ? word : row ? row->name : "", *value = len ? word + len + 1 : word;
    int error;

    if (row && row->type == CONFAB_OPTION_SECRET)
        return 0;
    error = bytes_add(header, " ", 1);
    if (!error)
        error = bytes_add(header, key, len ? len : strlen(key));
    if (!error)
        error = bytes_add(header, "=", 1);
    return error ? error : bytes_word(header, value);
}

static int make_header(struct bytes *header, const struct confab_plugin *plugin, const char *const *words,
                       int count)
{
    int error = bytes_add(header, "plugin ", 7);

    if (!error)
        error = bytes_add(header, plugin->name, strlen(plugin->name));
    for (int i = 0; i < count && !error; i++)
        error = add_word(header, plugin, words[i]);
    return error ? error : bytes_add(header, "\n", 1);
}

/* -- Steps --------------------------------------------------------------------------- */

static void answered(struct recording *recording)
{
    if (recording->sent.len > 0)
        recording_bytes(recording, "<", recording->sent.at, recording->sent.len);
    recording->sent.len = 0;
}

/* Something happens: a wait before it where the last thing is long ago.  Time-outs are to pass in it: rounded up. */
static void happens(struct recording *recording)
{
    confab_reactor *reactor = confab_service_reactor(recording->recorder->service);
    int64_t now = confab_reactor_now(reactor), passed = now - recording->moment;
    char line[DURATION_TEXT + 8], duration[DURATION_TEXT];

    recording->moment = now;
    if (passed < worth_a_wait)
        return;
    answered(recording);
    passed = (passed / millisecond + 1) * millisecond;
    snprintf(line, sizeof line, "wait %s", duration_write(passed, duration));
    recording_word(recording, line);
}

static void *opened(void *data, confab_chat *chat)
{
    struct recorder *recorder = data;

    return recorder->failed ? NULL : recording_new(recorder, chat);
}

static void received(void *self, const char *bytes, size_t n)
{
    struct recording *recording = self;

    if (recording->over)
        return;
    happens(recording);
    answered(recording);
    recording_bytes(recording, ">", bytes, n);
}

static void sent(void *self, const char *bytes, size_t n)
{
    struct recording *recording = self;

    if (recording->over)
        return;
    happens(recording);
    if (bytes_add(&recording->sent, bytes, n))
        recorder_fail(recording->recorder, recording->name, ENOMEM);
    if (recording->sent.len >= SENT_AT)
        answered(recording);
}

static void ended(void *self)
{
    struct recording *recording = self;

    if (recording->over)
        return;
    happens(recording);
    answered(recording);
    recording_word(recording, "eof");
}

/* A plugin may be the first to see it: by a push that fails. */
static bool is_reset(enum confab_reason reason, int error)
{
    return reason == CONFAB_REASON_RESET || error == ECONNRESET || error == EPIPE;
}

static void closed(void *self, enum confab_reason reason, int error)
{
    struct recording *recording = self;

    if (!recording->over) {
        happens(recording);
        answered(recording);
        if (is_reset(reason, error))
            recording_word(recording, "reset");
        else if (reason == CONFAB_REASON_STOP)
            recording_word(recording, "# the service was stopped");
        else
            recording_word(recording, "closed");
    }
    recording_end(recording);
}

int recorder_attach(struct recorder *recorder, confab_service *service, const struct confab_plugin *plugin,
                    const char *const *words, int word_count)
{
    static const struct confab_tap_ops ops = { .size = sizeof ops,
                                               .opened = opened,
                                               .received = received,
                                               .sent = sent,
                                               .ended = ended,
                                               .closed = closed };
    int error = make_header(&recorder->header, plugin, words, word_count);

    recorder->service = service;
    return error ? error : confab_service_tap(service, &ops, recorder);
}
