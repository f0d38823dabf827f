/* step.c: the lines that say what happens. */
#include "tools/session/parse.h"
#include "tools/session/pattern.h"

#include <errno.h>
#include <string.h>

bool parse_is_keyword(const char *word, size_t len)
{
    static const char *const keywords[] = {
        "confab-session", "plugin",    "isolated", "mask",    "file",   "server", "began",
        "peer",           "truncated", "stall",    "go",      "eof",    "reset",  "closed",
        "wait",           "together",  "end",      "connect", "accept",
    };

    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        if (word_is(word, len, keywords[i]))
            return true;
    return false;
}

static int add_step(struct parse *parse, enum step_kind kind, unsigned connection, struct session_step **step)
{
    struct session *session = parse->session;

    if (session->step_count == SESSION_STEPS_MAX)
        return scan_fail(&parse->scan, -EFBIG, "too many steps, expected at the most %d", SESSION_STEPS_MAX);
    *step = session_add(session, kind, connection, NULL, 0);
    if (!*step)
        return parse_memory(parse);
    (*step)->line = parse->scan.line;
    (*step)->group = parse->group_line ? parse->groups : 0;
    return 0;
}

/* -- Connections ---------------------------------------------------------------------- */

static bool is_server(const struct session *session, const char *name, unsigned *index)
{
    for (*index = 0; *index < session->server_count; (*index)++)
        if (strcmp(session->servers[*index].name, name) == 0)
            return true;
    return false;
}

static int new_connection(struct parse *parse, const char *name)
{
    int index = session_add_connection(parse->session, name);

    if (index == -EMFILE)
        return scan_fail(&parse->scan, -EFBIG, "too many connections, expected at the most %d",
                         SESSION_CONNECTIONS_MAX);
    return index == -ENOMEM ? parse_memory(parse) : index;
}

/* The connection that a step is of: its index, or -errno. */
static int find_connection(struct parse *parse, const char *word, size_t len)
{
    struct scan *scan = &parse->scan;
    char name[SESSION_NAME_MAX + 1] = "";
    unsigned *here = word ? &parse->named : &parse->unnamed, *other = word ? &parse->unnamed : &parse->named;
    unsigned server;
    int error, index;

    error = word ? parse_name_of(parse, "a connection's", word, len, name) : 0;
    if (error)
        return error;
    if (*other)
        return scan_fail(scan, -EINVAL,
                         word ? "a step with a connection's name, expected one without, as in line %u"
                              : "a step without a connection's name, expected one with it, as in line %u",
                         *other);
    *here = scan->line;
    index = session_find_connection(parse->session, name);
    if (index == -ENOENT && is_server(parse->session, name, &server))
        return scan_fail(scan, -EINVAL,
                         "nobody has connected to the server %s, expected \"%s accept\" before", name, name);
    return index == -ENOENT ? new_connection(parse, name) : index;
}

/* -- Steps of a connection --------------------------------------------------------------- */

enum { SIGNS = 5, WORDS = 5 };
static const enum step_kind signs[SIGNS] = { STEP_SEND, STEP_OPTIONAL, STEP_UNTIL, STEP_MATCH, STEP_EXPECT };
static const enum step_kind words[WORDS] = { STEP_STALL, STEP_GO, STEP_EOF, STEP_RESET, STEP_CLOSED };

static bool expects(enum step_kind kind)
{
    return kind == STEP_EXPECT || kind == STEP_OPTIONAL || kind == STEP_UNTIL || kind == STEP_MATCH;
}

/* What came before may leave no room for a step. */
static const char *impossible(const struct talk *talk, enum step_kind kind)
{
    if (talk->reset)
        return "behind its \"reset\"";
    if (talk->eof && (kind == STEP_SEND || kind == STEP_EOF))
        return "behind its \"eof\"";
    if (talk->closed && (expects(kind) || kind == STEP_CLOSED))
        return "behind its \"closed\"";
    if (kind == STEP_STALL && talk->stalled)
        return "behind another, with no \"go\" between them";
    if (kind == STEP_GO && !talk->stalled)
        return "without a \"stall\" before it";
    return NULL;
}

/* Which may a group have, and how many. */
static int check_group(struct parse *parse, struct talk *talk, enum step_kind kind)
{
    if (!parse->group_line)
        return 0;
    if (kind != STEP_SEND && !expects(kind))
        return scan_fail(&parse->scan, -EINVAL,
                         "\"%s\" within \"together\", expected steps that send and expect, or \"end\"",
                         step_sign(kind));
    if (talk->group != parse->groups)
        talk->expected = 0;
    talk->group = parse->groups;
    if (expects(kind) && ++talk->expected > SESSION_GROUP_MAX)
        return scan_fail(
            &parse->scan, -EFBIG,
            "too much is expected of a connection within \"together\", expected at the most %d steps",
            SESSION_GROUP_MAX);
    return 0;
}

static int parse_expression(struct parse *parse, struct session_step *step)
{
    const char *source;
    char problem[200];
    size_t len;
    int error = scan_pattern(&parse->scan, &source, &len);

    if (error)
        return error;
    error = pattern_new(&step->pattern, source, len, PATTERN_WHOLE, problem, sizeof problem);
    if (error)
        return scan_fail(&parse->scan, error, "%s", problem);
    for (size_t i = 0; i < step->pattern->name_count; i++)
        if (name_taken(step->pattern->names[i].name))
            return scan_fail(&parse->scan, -EINVAL,
                             "a group called %s, expected another name: ${%s} means something",
                             step->pattern->names[i].name, step->pattern->names[i].name);
    return 0;
}

static int add_talk(struct parse *parse, enum step_kind kind, unsigned connection)
{
    struct talk *talk = &parse->talks[connection];
    const char *why = impossible(talk, kind);
    struct session_step *step;
    int error;

    if (why)
        return scan_fail(&parse->scan, -EINVAL, "\"%s\" of a connection %s, expected what can be there",
                         step_sign(kind), why);
    error = check_group(parse, talk, kind);
    if (!error)
        error = add_step(parse, kind, connection, &step);
    if (error)
        return error;
    talk->eof |= kind == STEP_EOF;
    talk->reset |= kind == STEP_RESET;
    talk->closed |= kind == STEP_CLOSED;
    talk->stalled = kind == STEP_STALL || (talk->stalled && kind != STEP_GO);
    if (kind == STEP_MATCH)
        error = parse_expression(parse, step);
    else if (kind == STEP_SEND || expects(kind))
        error = scan_text(&parse->scan, &step->text);
    return error ? error : scan_end(&parse->scan);
}

/* The kind of the sign or the word at the scan, behind which it is then. */
static bool take_kind(struct scan *scan, enum step_kind *kind)
{
    size_t left = (size_t)(scan->end - scan->at), len;
    const char *word;

    for (size_t i = 0; i < SIGNS; i++) {
        len = strlen(step_sign(signs[i]));
        if (len > left || memcmp(scan->at, step_sign(signs[i]), len) != 0)
            continue;
        scan->at += len;
        *kind = signs[i];
        return true;
    }
    len = scan_word(scan, &word);
    for (size_t i = 0; i < WORDS; i++) {
        *kind = words[i];
        if (word_is(word, len, step_sign(words[i])))
            return true;
    }
    scan->at = word;
    return false;
}

int parse_talk(struct parse *parse, const char *name, size_t len)
{
    struct scan *scan = &parse->scan;
    int connection = find_connection(parse, name, len);
    enum step_kind kind;
    const char *word;

    if (connection < 0)
        return connection;
    scan_blanks(scan);
    if (take_kind(scan, &kind))
        return add_talk(parse, kind, (unsigned)connection);
    len = scan_word(scan, &word);
    return scan_fail(
        scan, -EINVAL,
        "\"%s\" behind a connection's name, expected one of > < <? <* <~ stall go eof reset closed",
        excerpt(word, len).text);
}

/* -- Steps that make a connection ------------------------------------------------------------ */

static int begin_connection(struct parse *parse, const char *name, enum step_kind kind,
                            struct session_step **step)
{
    struct scan *scan = &parse->scan;
    int connection;

    if (parse->group_line)
        return scan_fail(scan, -EINVAL,
                         "\"%s\" within \"together\", expected steps that send and expect, or \"end\"",
                         step_sign(kind));
    if (parse->unnamed)
        return scan_fail(scan, -EINVAL,
                         "a step with a connection's name, expected one without, as in line %u",
                         parse->unnamed);
    if (session_find_connection(parse->session, name) >= 0)
        return scan_fail(scan, -EINVAL, "the connection %s is there already, expected another name", name);
    parse->named = scan->line;
    connection = new_connection(parse, name);
    return connection < 0 ? connection : add_step(parse, kind, (unsigned)connection, step);
}

static int parse_connect(struct parse *parse, const char *name)
{
    struct session_step *step;
    unsigned server;
    int error;

    if (is_server(parse->session, name, &server))
        return scan_fail(&parse->scan, -EINVAL, "\"connect\" of a server, expected \"%s accept\"", name);
    error = begin_connection(parse, name, STEP_CONNECT, &step);
    if (error)
        return error;
    scan_blanks(&parse->scan);
    if (!scan_done(&parse->scan))
        error = scan_text(&parse->scan, &step->text);
    return error ? error : scan_end(&parse->scan);
}

static int parse_accept(struct parse *parse, const char *name)
{
    struct session_step *step;
    char own[SESSION_NAME_MAX + 1];
    unsigned server, other;
    int error = 0;

    if (!is_server(parse->session, name, &server))
        return scan_fail(&parse->scan, -EINVAL,
                         "no server is called %s, expected a line \"server %s ADDRESS\"", name, name);
    scan_blanks(&parse->scan);
    strcpy(own, name);
    if (!scan_done(&parse->scan))
        error = parse_name(parse, "a connection's", own);
    if (!error && strcmp(own, name) != 0 && is_server(parse->session, own, &other))
        error = scan_fail(&parse->scan, -EINVAL, "%s is another server, expected a connection's name", own);
    if (!error)
        error = begin_connection(parse, own, STEP_ACCEPT, &step);
    if (error)
        return error;
    step->server = server;
    parse->session->connections[step->connection].server = true;
    return scan_end(&parse->scan);
}

/* -- Steps of none ---------------------------------------------------------------------------- */

static int parse_wait(struct parse *parse)
{
    struct scan *scan = &parse->scan;
    struct session_step *step;
    const char *word;
    size_t len;
    int64_t wait;
    int error;

    if (parse->group_line)
        return scan_fail(scan, -EINVAL,
                         "\"wait\" within \"together\", expected steps that send and expect, or \"end\"");
    scan_blanks(scan);
    len = scan_done(scan) ? 0 : scan_word(scan, &word);
    if (len == 0 || duration_read(word, len, &wait) != 0)
        return scan_fail(scan, -EINVAL, "\"%s\" behind wait, expected a duration, as 250ms, 30s or 5m",
                         len ? excerpt(word, len).text : "");
    error = add_step(parse, STEP_WAIT, 0, &step);
    if (error)
        return error;
    step->wait = wait;
    return scan_end(scan);
}

static int parse_together(struct parse *parse)
{
    if (parse->group_line)
        return scan_fail(&parse->scan, -EINVAL,
                         "\"together\" within the one of line %u, expected its \"end\"", parse->group_line);
    parse->group_line = parse->scan.line;
    parse->groups++;
    return scan_end(&parse->scan);
}

static int parse_group_end(struct parse *parse)
{
    const struct session *session = parse->session;

    if (!parse->group_line)
        return scan_fail(&parse->scan, -EINVAL, "\"end\" without a \"together\" before it, expected a step");
    if (session->step_count == 0 || session->steps[session->step_count - 1].group != parse->groups)
        return scan_fail(&parse->scan, -EINVAL, "nothing between \"together\" and \"end\", expected steps");
    parse->group_line = 0;
    return scan_end(&parse->scan);
}

/* NAME connect, SERVER accept. */
static int parse_made(struct parse *parse, const char *word)
{
    struct scan *scan = &parse->scan;
    const char *from = scan->at, *what;
    char name[SESSION_NAME_MAX + 1];
    size_t n;
    int error;

    scan_blanks(scan);
    n = scan_word(scan, &what);
    if (!word_is(what, n, "connect") && !word_is(what, n, "accept")) {
        scan->at = from;
        return -ENOENT;
    }
    scan->at = word;
    error = parse_name(parse, *what == 'c' ? "a connection's" : "a server's", name);
    scan->at = what + n;
    if (error)
        return error;
    return *what == 'c' ? parse_connect(parse, name) : parse_accept(parse, name);
}

int parse_step(struct parse *parse, const char *word, size_t len)
{
    if (word_is(word, len, "wait"))
        return parse_wait(parse);
    if (word_is(word, len, "together"))
        return parse_together(parse);
    if (word_is(word, len, "end"))
        return parse_group_end(parse);
    for (size_t i = 0; i < WORDS; i++) {
        if (!word_is(word, len, step_sign(words[i])))
            continue;
        parse->scan.at = word;
        return parse_talk(parse, NULL, 0);
    }
    return parse_made(parse, word);
}
