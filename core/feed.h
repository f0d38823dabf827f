/* feed.h: what is being delivered to a chat: the rest of a read, and where in it the message lies.
 *
 * A reactor has one, as it delivers to one chat at a time.  While it does, what that chat's hooks push is written
 * straight behind `out`, without a look at anything else: the cursor is open as long as that is right, and whoever is
 * about to look at the chat's output, or forbids it to push, closes it first (chat_settle).  Where nothing waited when
 * delivering began, a chunk of the reactor's is lent for it, which becomes output once something was written. */
#ifndef CONFAB_CORE_FEED_H
#define CONFAB_CORE_FEED_H

#include <confab/base.h>
#include <stdbool.h>
#include <stddef.h>

struct segment;

struct feed {
    confab_chat *chat;    /* NULL: nothing is being delivered */
    char *at, *end;       /* what has not been delivered */
    char *out;            /* where the next byte that it pushes belongs, in the last chunk of its output; */
    char *out_end;        /* a piece must end before this; both NULL: closed */
    struct segment *lent; /* the chunk that out is in, while it is no output yet; else NULL */
    char *borrowed;       /* the collector's bytes while they are in one piece in what was read */
    size_t borrowed_size;
    char *nul;       /* where confab_chat_message put a NUL, and what was there; NULL: nowhere that matters */
    unsigned budget; /* messages that may still be told of in this event */
    char saved;
    bool flushing; /* its output is being sent: the cursor stays closed */
};

static inline size_t feed_left(const struct feed *feed)
{
    return (size_t)(feed->end - feed->at);
}

#endif
