/* read_sessions: reads session files and writes them as session_print has them; fails where one is none. */
#include "tools/session/session.h"

#include <stdlib.h>

static int read_one(const char *path)
{
    struct session *session;
    struct bytes text = { .at = NULL };
    char error[1024];
    int result = session_read(&session, path, error, sizeof error);

    if (result) {
        fprintf(stderr, "%s\n", error);
        return result;
    }
    result = session_print(session, &text);
    if (!result && fwrite(text.at, 1, text.len, stdout) != text.len)
        result = -1;
    bytes_free(&text);
    session_free(session);
    return result;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (read_one(argv[i]))
            return EXIT_FAILURE;
    return EXIT_SUCCESS;
}
