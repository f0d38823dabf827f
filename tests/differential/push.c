/* push.c: what chats push, in each way that there is. */
#include "play.h"
#include <errno.h>
#include <unistd.h>

/* Bytes with a release, which must be called exactly once. */
struct lent {
    struct play *play;
    struct bytes bytes;
};

static void give_back(void *owner)
{
    struct lent *lent = owner;

    lent->play->given++;
    bytes_free(&lent->bytes);
    free(lent);
}

static struct lent *lend(struct wire *wire, const char *bytes, size_t len)
{
    struct lent *lent = grown(NULL, sizeof *lent);

    *lent = (struct lent){ .play = wire->play };
    wire->play->lent++;
    bytes_add(&lent->bytes, bytes, len);
    return lent;
}

int push_reference(struct wire *wire, const char *bytes, size_t len)
{
    struct lent *lent = lend(wire, bytes, len);

    return confab_chat_push_reference(wire->chat, lent->bytes.at, len, give_back, lent);
}

void *push_lent(struct wire *wire, const char *bytes, size_t len)
{
    struct lent *lent = lend(wire, bytes, len);

    return confab_simple_producer_new(lent->bytes.at, len, 1000, give_back, lent);
}

int push_producer(struct wire *wire, const char *bytes, size_t len)
{
    return confab_chat_push_with_producer(wire->chat, &confab_simple_producer_ops,
                                          push_lent(wire, bytes, len));
}

int push_file(struct wire *wire, const char *bytes, size_t len)
{
    const char *folder = getenv("TMPDIR");
    char path[256];

    snprintf(path, sizeof path, "%s/confab-differential-XXXXXX", folder ? folder : "/tmp");
    int fd = mkstemp(path);

    if (fd < 0 || unlink(path) < 0 || write(fd, bytes, len) != (ssize_t)len)
        play_fail(wire->play, wire, "a file cannot be written: %s", strerror(errno));
    return confab_chat_push_file(wire->chat, fd, 0, (int64_t)len);
}

int push_copy(struct wire *wire, const char *bytes, size_t len)
{
    return confab_chat_push(wire->chat, bytes, len);
}

int push_buffer(struct wire *wire, const char *bytes, size_t len)
{
    return confab_chat_push_buffer(wire->chat, confab_buffer_new(bytes, len));
}

/* Notes what is pushed before it is, and takes that back where it was refused. */
int push_bytes(struct wire *wire, push_way *how, const char *bytes, size_t len)
{
    size_t before = wire->pushed.len;
    int result;

    if (!wire->chat)
        return -EPIPE;
    bytes_add(&wire->pushed, bytes, len);
    if (wire->far.closed || wire->far.last == STEP_CLOSE)
        wire->pushed_to_nobody = true;
    result = how(wire, wire->pushed.at + before, len);
    if (result < 0)
        bytes_cut(&wire->pushed, before);
    return result;
}

int push_letters(struct wire *wire, push_way *how, size_t len)
{
    struct bytes letters = { 0 };
    int result;

    bytes_letters(&letters, 'A', wire->pushed.len, len);
    result = push_bytes(wire, how, letters.at, len);
    bytes_free(&letters);
    return result;
}
