/* reply.h: the head of a reply, and short replies that are nothing but a few words.
 *
 * What a push returns is looked at in the end only: after one that failed the others
 * fail too, and the chat closes. */
#ifndef HTTP_REPLY_H
#define HTTP_REPLY_H

#include <confab/plugin.h>

enum { HTTP_DATE_SIZE = 30 };

/* "Sun, 06 Nov 1994 08:49:37 GMT", and a NUL; years 1 to 9999, others become the nearest of these. */
const char *http_date(int64_t unix_seconds, char buf[HTTP_DATE_SIZE]);

/* "Not Found" for 404, ... */
const char *http_status_text(int status);

/* Starts a reply: the status line, and the headers that each reply has.  Headers of its own are
 * pushed behind it, each with CR LF, then http_end_head. */
void http_begin_head(confab_chat *chat, int status);

/* Ends the head of a reply with a body of length bytes of that type, which is to be pushed next
 * unless http_wants_body says no. */
int http_end_head(confab_chat *chat, const char *type, uint64_t length);

/* Ends the head of a reply that has no body by nature: 304. */
int http_end_bare_head(confab_chat *chat);

/* Ends the head of a reply whose body is the status and why, a few words. */
int http_end_with_words(confab_chat *chat, int status, const char *why);

/* A whole reply of that kind, after which the connection ends. */
int http_refuse(confab_chat *chat, int status, const char *why);

#endif
