/* core/chat_connect.h: how a chat comes to be connected, for chat_connect.c and chat_race.c. */
#ifndef CONFAB_CORE_CHAT_CONNECT_H
#define CONFAB_CORE_CHAT_CONNECT_H

#include "core/chat.h"

enum { REASON_TEXT = 64 /* room for the words behind an address */ };

/* Gives the chat several addresses to connect to.  -ENOMEM. */
int race_start(confab_chat *chat, const struct address *address, unsigned count);

/* Tries the next address, and those behind it while they fail at once.  Where all have failed the chat fails. */
void race_go_on(struct race *race);

/* Ends it, for one that has won or because the chat is closed.  No-op where there is none. */
void race_end(confab_chat *chat);

/* Keeps what became of each address; error is what ends those that are still under way. */
void race_keep_failures(const struct race *race, int error);

/* A socket that connects to an address, or -errno.  *connected: it is through already. */
int connect_socket(confab_reactor *reactor, const struct address *address, bool *connected);

/* Keeps a line for confab_chat_error_text, which says less where there is no memory for it. */
void connect_keep_failure(confab_chat *chat, const char *format, ...) CONFAB_PRINTF(2, 3);

/* Has the chat closed with CONNECT and -error in the next turn: a handle_close that connects again at once must
 * not keep this one from ending. */
void connect_fail_later(confab_chat *chat, int error);

#endif
