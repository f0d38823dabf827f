/* tree.h: opens the files under a folder, and nothing else.
 *
 * A path is walked name by name with openat(2), each name in the folder that was opened
 * before it, and none of them a symbolic link: so whatever a client asks for, and
 * whoever renames what is on the way meanwhile, there is no step that leads out. */
#ifndef HTTP_TREE_H
#define HTTP_TREE_H

#include "request.h"

enum {
    TREE_NAME_MAX = 255, /* bytes of a name */
    TREE_DEPTH_MAX = 64  /* names in a path */
};

struct tree_file {
    int fd; /* a regular file, open for reading; the caller's */
    uint64_t size;
    int64_t modified; /* seconds since 1970 */
    char name[TREE_NAME_MAX + 1];
};

/* Opens what a request's path names under the folder; one that ends with "/" names the index.html
 * there.  hidden: names that begin with a dot are served like others.
 *
 * 0, or a status: 301: it is a folder with an index.html, and its path lacks the last "/".  400: the path is none that
 * could name a file here.  403, 404.  500, 503: it could not be read, or nothing can be opened now. */
int tree_open(int folder, struct http_text path, bool hidden, struct tree_file *file);

#endif
