/* transcript.c: what the far ends did in a run, as a session file, written as it happens: the run may end
 * in a crash. */
#include "tools/check/check.h"
#include <stdio.h>
#include <string.h>

static void add(struct board *board, const char *text, size_t n)
{
    if (board->transcript_len + n < sizeof board->transcript)
        memcpy(board->transcript + board->transcript_len, text, n);
    else
        n = sizeof board->transcript; /* it does not count any more */
    if (board->transcript_len < sizeof board->transcript)
        board->transcript_len += n;
}

static void add_bytes(struct board *board, const struct bytes *bytes)
{
    if (bytes->len)
        add(board, bytes->at, bytes->len);
}

static void add_name(struct board *board, const char *connection)
{
    add(board, connection, strlen(connection));
    if (*connection)
        add(board, ": ", 2);
}

void transcript_begin(struct board *board, const struct session *session)
{
    struct session header = *session;
    struct bytes text = { 0 };

    board->transcript_len = 0;
    if (!board->keep_transcript)
        return;
    header.step_count = 0;
    header.truncated = false;
    if (session_print(&header, &text) == 0)
        add_bytes(board, &text);
    bytes_free(&text);
}

/* Whether there is one that was begun. */
static bool kept(const struct board *board)
{
    return board->keep_transcript && board->transcript_len;
}

void transcript_step(struct board *board, const struct session *session, const struct session_step *step)
{
    struct bytes text = { 0 };

    if (kept(board) && session_print_step(session, step, &text) == 0)
        add_bytes(board, &text);
    bytes_free(&text);
}

void transcript_send(struct board *board, const char *connection, const void *bytes, size_t n)
{
    struct bytes text = { 0 };

    if (!kept(board) || bytes_quote(&text, bytes, n))
        goto done;
    add_name(board, connection);
    add(board, "> ", 2);
    add_bytes(board, &text);
    add(board, "\n", 1);
done:
    bytes_free(&text);
}

void transcript_word(struct board *board, const char *connection, const char *word)
{
    if (!kept(board))
        return;
    add_name(board, connection);
    add(board, word, strlen(word));
    add(board, "\n", 1);
}
