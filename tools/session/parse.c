/* parse.c: from a file to a struct session, line by line. */
#include "tools/session/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char first_word[] = "confab-session", version[] = "1";

int parse_memory(struct parse *parse)
{
    return scan_fail(&parse->scan, -ENOMEM, "out of memory");
}

bool word_is(const char *word, size_t len, const char *what)
{
    return strlen(what) == len && memcmp(word, what, len) == 0;
}

int parse_name(struct parse *parse, const char *what, char name[SESSION_NAME_MAX + 1])
{
    const char *word;
    size_t len;

    scan_blanks(&parse->scan);
    len = scan_word(&parse->scan, &word);
    return parse_name_of(parse, what, word, len, name);
}

int parse_name_of(struct parse *parse, const char *what, const char *word, size_t len,
                  char name[SESSION_NAME_MAX + 1])
{
    struct scan *scan = &parse->scan;

    if (parse_is_keyword(word, len))
        return scan_fail(scan, -EINVAL, "\"%s\" is a word of the language, expected %s name",
                         excerpt(word, len).text, what);
    if (!name_good(word, len))
        return scan_fail(
            scan, -EINVAL,
            "\"%s\" is no name, expected %s: a letter, then letters, digits, _ - and ., at the most %d",
            excerpt(word, len).text, what, SESSION_NAME_MAX);
    memcpy(name, word, len);
    name[len] = '\0';
    return 0;
}

/* -- Lines ------------------------------------------------------------------------- */

static int parse_first_line(struct parse *parse)
{
    struct scan *scan = &parse->scan;
    const char *word;
    size_t len = scan_word(scan, &word);

    if (!word_is(word, len, first_word))
        return scan_fail(scan, -EINVAL, "%s%sno session file, expected \"%s %s\" in its first line",
                         excerpt(word, len).text, len ? ": " : "", first_word, version);
    scan_blanks(scan);
    len = scan_word(scan, &word);
    if (!word_is(word, len, version))
        return scan_fail(scan, -EINVAL, "version \"%s\" of the session language, expected version %s",
                         excerpt(word, len).text, version);
    return scan_end(scan);
}

static int unknown_word(struct parse *parse, const char *word, size_t len)
{
    struct scan *scan = &parse->scan;

    scan_blanks(scan);
    if (!scan_done(scan) && (*scan->at == '>' || *scan->at == '<' || *scan->at == ':'))
        return scan_fail(
            scan, -EINVAL, "%s without a colon, expected \"%s: %c\" for a connection of that name",
            excerpt(word, len).text, excerpt(word, len).text, *scan->at == ':' ? '>' : *scan->at);
    return scan_fail(
        scan, -EINVAL,
        "unknown word \"%s\", expected a step (> < <? <* <~ stall go eof reset closed wait together end "
        "connect accept) or a header line (plugin isolated mask file server)",
        excerpt(word, len).text);
}

static int parse_line(struct parse *parse)
{
    struct scan *scan = &parse->scan;
    const char *word;
    size_t len;
    int error;

    if (*scan->at == '>' || *scan->at == '<')
        return parse_talk(parse, NULL, 0);
    len = scan_name(scan, &word);
    if (len && scan->at < scan->end && *scan->at == ':') {
        scan->at++;
        return parse_talk(parse, word, len);
    }
    if (!scan_word_ends(scan)) {
        scan->at = word;
        len = scan_word(scan, &word);
    }
    if (word[len - 1] == ':')
        return parse_talk(parse, word, len - 1);
    error = parse_header(parse, word, len);
    if (error == -ENOENT)
        error = parse_step(parse, word, len);
    return error == -ENOENT ? unknown_word(parse, word, len) : error;
}

static int parse_lines(struct parse *parse)
{
    struct scan *scan = &parse->scan;
    bool begun = false;
    int error = scan_begin(scan);

    if (error)
        return error;
    do {
        scan_blanks(scan);
        if (scan_done(scan))
            continue;
        error = begun ? parse_line(parse) : parse_first_line(parse);
        begun = true;
    } while (!error && scan_next_line(scan));
    if (error)
        return error;
    if (!begun)
        return scan_fail(scan, -EINVAL, "an empty file, expected \"%s %s\" in its first line", first_word,
                         version);
    if (parse->group_line)
        return scan_fail(scan, -EINVAL,
                         "the end of the file, expected the \"end\" of \"together\" in line %u",
                         parse->group_line);
    return 0;
}

int session_parse(struct session **made, const char *name, const char *text, size_t len, char *error,
                  size_t room)
{
    struct parse *parse = calloc(1, sizeof *parse);
    int result = -ENOMEM;

    *made = NULL;
    snprintf(error, room, "%s:1: out of memory", name);
    if (!parse)
        return result;
    parse->scan = (struct scan){ .name = name,
                                 .at = text,
                                 .end = text + len,
                                 .line_from = text,
                                 .line = 1,
                                 .error = error,
                                 .room = room };
    parse->session = session_new(name);
    if (parse->session)
        result = parse_lines(parse);
    if (result) {
        session_free(parse->session);
    } else {
        *error = '\0';
        *made = parse->session;
    }
    free(parse);
    return result;
}

/* -- Files ----------------------------------------------------------------------------- */

/* To its end, or to the first byte that is too many. */
static int read_all(int fd, struct bytes *bytes)
{
    char piece[65536];

    while (bytes->len <= SESSION_SIZE_MAX) {
        ssize_t n = read(fd, piece, sizeof piece);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return 0;
        if (bytes_add(bytes, piece, (size_t)n))
            return -ENOMEM;
    }
    return 0;
}

int session_read(struct session **made, const char *path, char *error, size_t room)
{
    struct bytes bytes = { .at = NULL };
    int fd = open(path, O_RDONLY | O_CLOEXEC), result = fd < 0 ? -errno : read_all(fd, &bytes);

    *made = NULL;
    if (result)
        snprintf(error, room, "%s: cannot be read: %s, expected a session file", path, strerror(-result));
    else
        result = session_parse(made, path, bytes.at ? bytes.at : "", bytes.len, error, room);
    bytes_free(&bytes);
    if (fd >= 0)
        close(fd);
    return result;
}
