/* chat_tap.c: somebody looks at the bytes that a chat moves.
 *
 * A chat without a tap has no CHAT_TAPPED, a bit in masks that are tested anyway; one with it takes the ways of those
 * that are no sockets or have a rate. */
#include "core/chat.h"
#include <errno.h>
#include <unistd.h>

enum { FILE_PIECE = 16384 };

void chat_tap_open(confab_chat *chat)
{
    const struct tap *tap = chat->settings->tap;

    if (!chat_extra(chat))
        return; /* it goes on without */
    chat->extra->tap = tap->opened(tap->data, chat);
    if (chat->extra->tap)
        chat->flags |= CHAT_TAPPED;
}

void chat_tap_received(confab_chat *chat, const char *bytes, size_t n)
{
    const struct tap *tap = chat->settings->tap;

    if (tap->received)
        tap->received(chat->extra->tap, bytes, n);
}

void chat_tap_sent(confab_chat *chat, const struct iovec *iov, int count, size_t n)
{
    const struct tap *tap = chat->settings->tap;

    for (int i = 0; i < count && n > 0 && tap->sent; i++) {
        size_t piece = iov[i].iov_len < n ? iov[i].iov_len : n;

        if (piece > 0)
            tap->sent(chat->extra->tap, iov[i].iov_base, piece);
        n -= piece;
    }
}

/* They went from the page cache, where they still are.  What cannot be read again any more is not told. */
void chat_tap_sent_file(confab_chat *chat, int file, int64_t offset, size_t n)
{
    const struct tap *tap = chat->settings->tap;
    char piece[FILE_PIECE];

    while (n > 0 && tap->sent) {
        ssize_t got = pread(file, piece, n < sizeof piece ? n : sizeof piece, (off_t)offset);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return;
        tap->sent(chat->extra->tap, piece, (size_t)got);
        offset += got;
        n -= (size_t)got;
    }
}

void chat_tap_ended(confab_chat *chat)
{
    const struct tap *tap = chat->settings->tap;

    if (tap->ended)
        tap->ended(chat->extra->tap);
}

void chat_tap_closed(confab_chat *chat)
{
    const struct tap *tap = chat->settings->tap;

    if (tap->closed)
        tap->closed(chat->extra->tap, (enum confab_reason)chat->reason, chat->error);
}
