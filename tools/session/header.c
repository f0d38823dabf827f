/* header.c: the lines before the first step. */
#include "tools/session/mask.h"
#include "tools/session/parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Keeps name and value where they are right; else they are freed. */
static int add_pair(struct parse *parse, struct session_pair **pairs, size_t *count,
                    struct session_pair *pair, const char *what)
{
    struct session_pair *more = NULL;

    for (size_t i = 0; i < *count; i++)
        if (strcmp((*pairs)[i].name, pair->name) == 0)
            return scan_fail(&parse->scan, -EINVAL,
                             "%s \"%s\" a second time, expected it once: it is in line %u", what,
                             excerpt(pair->name, strlen(pair->name)).text, (*pairs)[i].line);
    more = array_room(*pairs, *count, sizeof *more);
    if (!more)
        return parse_memory(parse);
    pair->line = parse->scan.line;
    *pairs = more;
    more[(*count)++] = *pair;
    *pair = (struct session_pair){ .name = NULL };
    return 0;
}

static void pair_free(struct session_pair *pair)
{
    free(pair->name);
    text_free(&pair->value);
}

/* -- plugin ---------------------------------------------------------------------------- */

static bool key_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static int keep_option(struct parse *parse, const char *key, size_t len, struct text *value)
{
    struct session *session = parse->session;
    struct session_pair *options = array_room(session->options, session->option_count, sizeof *options);

    if (!options)
        return parse_memory(parse);
    session->options = options;
    options += session->option_count;
    *options = (struct session_pair){ .name = strndup(key, len), .line = parse->scan.line };
    if (!options->name)
        return parse_memory(parse);
    options->value = *value;
    *value = (struct text){ .parts = NULL };
    session->option_count++;
    return 0;
}

/* KEY=VALUE; a key may come often, as options may. */
static int parse_option(struct parse *parse)
{
    struct scan *scan = &parse->scan;
    struct text value = { .parts = NULL };
    const char *key = scan->at, *word;
    size_t len;
    int error;

    while (scan->at < scan->end && key_byte(*scan->at))
        scan->at++;
    len = (size_t)(scan->at - key);
    if (len == 0 || scan->at == scan->end || *scan->at != '=') {
        scan->at = key;
        len = scan_word(scan, &word);
        return scan_fail(scan, -EINVAL, "\"%s\" behind the plugin's name, expected KEY=VALUE",
                         excerpt(word, len).text);
    }
    scan->at++;
    error = scan_value(scan, &value, "an option's value");
    if (!error)
        error = keep_option(parse, key, len, &value);
    text_free(&value);
    return error;
}

static int parse_plugin(struct parse *parse)
{
    struct session *session = parse->session;
    struct scan *scan = &parse->scan;
    const char *word;
    size_t len;
    int error = 0;

    if (session->plugin)
        return scan_fail(scan, -EINVAL, "\"plugin\" a second time, expected it once: it is in line %u",
                         session->plugin_line);
    scan_blanks(scan);
    len = scan_done(scan) ? 0 : scan_word(scan, &word);
    if (len == 0 || memchr(word, '=', len) || memchr(word, '"', len))
        return scan_fail(scan, -EINVAL, "\"plugin\" without a name, expected plugin NAME KEY=VALUE...");
    session->plugin = strndup(word, len);
    session->plugin_line = scan->line;
    if (!session->plugin)
        return parse_memory(parse);
    for (scan_blanks(scan); !error && !scan_done(scan); scan_blanks(scan))
        error = parse_option(parse);
    return error;
}

/* -- mask, file, server -------------------------------------------------------------------- */

static int parse_mask(struct parse *parse)
{
    struct scan *scan = &parse->scan;
    char words[200];
    const char *source, *word;
    size_t source_len, len;
    int error = scan_pattern(scan, &source, &source_len);

    if (error)
        return error;
    scan_blanks(scan);
    len = scan_done(scan) ? 0 : scan_word(scan, &word);
    if (!mask_word_good(word, len))
        return scan_fail(
            scan, -EINVAL,
            "a mask without a word, expected mask /REGEX/ WORD: printable, no blank, no quote, no "
            "backslash, at the most %d bytes",
            SESSION_NAME_MAX);
    error = masks_add(&parse->session->masks, source, source_len, word, len, words, sizeof words);
    return error ? scan_fail(scan, error, "%s", words) : 0;
}

/* Relative, without "..", and no folder. */
static bool file_name_good(const char *name, size_t len)
{
    const char *part = name, *end = name + len;

    for (const char *at = name;; at++) {
        if (at < end && *at != '/')
            continue;
        if (at == part || word_is(part, (size_t)(at - part), ".") || word_is(part, (size_t)(at - part), ".."))
            return false;
        if (at == end)
            return true;
        part = at + 1;
    }
}

static int take_file_name(struct parse *parse, struct session_pair *pair)
{
    struct scan *scan = &parse->scan;
    struct text text = { .parts = NULL };
    const char *name = "";
    size_t len = 0;
    int error;

    scan_blanks(scan);
    error = scan_done(scan) ? 0 : scan_word_or_string(scan, &text, "a file's name");
    if (!error && text.count == 1 && text.parts[0].bytes && text.parts[0].times == 1) {
        name = text.parts[0].bytes;
        len = text.parts[0].len;
    }
    if (!error && (!file_name_good(name, len) || memchr(name, '\0', len)))
        error = scan_fail(scan, -EINVAL,
                          "\"%s\" for a file's name, expected a relative one without \"..\" and "
                          "${names}",
                          excerpt(name, len).text);
    if (!error && !(pair->name = strndup(name, len)))
        error = parse_memory(parse);
    text_free(&text);
    return error;
}

static int parse_file(struct parse *parse)
{
    struct session *session = parse->session;
    struct session_pair pair = { .name = NULL };
    int error = take_file_name(parse, &pair);

    if (!error)
        error = scan_text(&parse->scan, &pair.value);
    if (!error)
        error = add_pair(parse, &session->files, &session->file_count, &pair, "file");
    pair_free(&pair);
    return error;
}

static int parse_server(struct parse *parse)
{
    struct session *session = parse->session;
    struct scan *scan = &parse->scan;
    struct session_pair pair = { .name = NULL };
    char name[SESSION_NAME_MAX + 1];
    int error = parse_name(parse, "a server's", name);

    if (!error && name_taken(name))
        error = scan_fail(scan, -EINVAL, "a server called %s, expected another name: ${%s} means something",
                          name, name);
    if (!error && !(pair.name = strdup(name)))
        error = parse_memory(parse);
    if (!error) {
        scan_blanks(scan);
        if (scan_done(scan))
            error =
                scan_fail(scan, -EINVAL, "server %s without an address, expected server NAME ADDRESS", name);
    }
    if (!error)
        error = scan_value(scan, &pair.value, "an address");
    if (!error)
        error = add_pair(parse, &session->servers, &session->server_count, &pair, "server");
    pair_free(&pair);
    return error;
}

/* -- What a recording says of itself --------------------------------------------------------- */

static int parse_began(struct parse *parse)
{
    struct scan *scan = &parse->scan;
    const char *word;
    size_t len;

    scan_blanks(scan);
    len = scan_word(scan, &word);
    if (time_read(word, len, &parse->session->began) != 0)
        return scan_fail(scan, -EINVAL,
                         "\"%s\" for a time, expected one from 1970 to 2261 as "
                         "2026-03-01T12:30:00.123456789Z",
                         excerpt(word, len).text);
    parse->session->recorded = true;
    return 0;
}

static int parse_peer(struct parse *parse)
{
    struct session *session = parse->session;
    struct scan *scan = &parse->scan;
    struct text text = { .parts = NULL };
    int error;

    scan_blanks(scan);
    error = scan_done(scan) ? 0 : scan_value(scan, &text, "an address");
    if (!error && (text.count != 1 || !text.parts[0].bytes || text.parts[0].times != 1))
        error = scan_fail(scan, -EINVAL, "\"peer\" without an address, expected peer ADDRESS");
    if (!error) {
        free(session->peer);
        session->peer = strndup(text.parts[0].bytes, text.parts[0].len);
        if (!session->peer)
            error = parse_memory(parse);
    }
    session->recorded = true;
    text_free(&text);
    return error;
}

static int parse_isolated(struct parse *parse)
{
    parse->session->isolated = true;
    return 0;
}

static int parse_truncated(struct parse *parse)
{
    parse->session->recorded = true;
    parse->session->truncated = true;
    return 0;
}

static const struct {
    const char *word;
    int (*parse)(struct parse *parse);
    bool anywhere;
} headers[] = {
    { "plugin", parse_plugin, false }, { "isolated", parse_isolated, false },
    { "mask", parse_mask, false },     { "file", parse_file, false },
    { "server", parse_server, false }, { "began", parse_began, false },
    { "peer", parse_peer, false },     { "truncated", parse_truncated, true },
};

int parse_header(struct parse *parse, const char *word, size_t len)
{
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        int error;

        if (!word_is(word, len, headers[i].word))
            continue;
        if (parse->group_line || (!headers[i].anywhere && parse->session->step_count))
            return scan_fail(&parse->scan, -EINVAL, "\"%s\" behind a step, expected it before the first",
                             headers[i].word);
        error = headers[i].parse(parse);
        return error ? error : scan_end(&parse->scan);
    }
    return -ENOENT;
}
