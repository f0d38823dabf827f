/* range.h: the header Range: which bytes of a file are wanted (RFC 9110, 14). */
#ifndef HTTP_RANGE_H
#define HTTP_RANGE_H

#include "request.h"

/* Reads "bytes=FIRST-LAST", "bytes=FIRST-" or "bytes=-COUNT" of a file of size bytes.
 *
 * 206: *first and *count tell which bytes.  416: the file has none of them.  200: it is not one
 * range of bytes, and the header is to be taken as not there, as the RFC allows; all
 * of the file is meant.  first and count are stored with 206 only. */
int http_range(struct http_text value, uint64_t size, uint64_t *first, uint64_t *count);

#endif
