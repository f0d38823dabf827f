/* files: serves the files under a folder by HTTP.
 *
 *     confab serve files /srv/www
 *     curl -O http://127.0.0.1:8080/manual.pdf
 *
 * A file leaves through a producer, which reads a piece of it whenever the client has taken the one
 * before: it takes the same little memory whatever its size.  There is no way out of the
 * folder: tree.c sees to that.  A folder is its index.html: there are no listings.
 *
 * While a file is on its way the connection's next request waits: else a client could have any
 * number of files opened by asking for all of them and reading none. */
#include "connection.h"
#include "range.h"
#include "reply.h"
#include "tree.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of the service: what was given on the command line; and the folder, which is opened once, so that
 * it stays the same one whatever is renamed. */
struct state {
    struct http_limits limits;
    char *root;
    uint64_t piece; /* bytes of a file that are read at a time */
    bool hidden;
    bool opened;
    int folder;
};

/* Of one connection. */
struct session {
    struct http_connection http;
    bool sending; /* a file is on its way */
};

static const struct state *state_of(confab_chat *chat)
{
    return confab_service_state(confab_chat_service(chat));
}

/* -- A file on its way ------------------------------------------------------------- */

/* A producer around the one that reads the file: its release tells that the file is sent, or never
 * will be, and the next request is taken up.  (handle_sent is not called where sending failed.)
 * The chat is known by its id, for it may be closed by then. */
struct sender {
    void *file;
    confab_reactor *reactor;
    confab_id chat;
};

static ssize_t sender_more(void *self, confab_chat *chat, size_t want, const char **bytes)
{
    const struct sender *sender = self;
    return confab_file_producer_ops.more(sender->file, chat, want, bytes);
}

static void sender_release(void *self)
{
    struct sender *sender = self;
    confab_chat *chat = confab_chat_find(sender->reactor, sender->chat);

    if (chat) {
        struct session *session = confab_chat_session(chat);
        session->sending = false;
        confab_chat_resume(chat);
    }
    confab_file_producer_ops.release(sender->file);
    free(sender);
}

static const struct confab_producer_ops sender_ops = {
    .size = sizeof sender_ops,
    .more = sender_more,
    .release = sender_release,
};

/* Owns the descriptor.  The producer sends just as many bytes as were promised; where the file has become
 * shorter it ends the connection, which tells the client that some are missing. */
static int send_file(confab_chat *chat, int fd, uint64_t first, uint64_t count)
{
    struct session *session = confab_chat_session(chat);
    void *file = confab_file_producer_new(fd, (int64_t)first, (int64_t)count, (size_t)state_of(chat)->piece);

    if (!file)
        return -ENOMEM;
    struct sender *sender = malloc(sizeof *sender);
    if (!sender) {
        confab_file_producer_ops.release(file);
        return -ENOMEM;
    }
    *sender = (struct sender){ file, confab_chat_reactor(chat), confab_chat_id(chat) };
    session->sending = true;
    return confab_chat_push_with_producer(chat, &sender_ops, sender);
}

/* -- Answers ---------------------------------------------------------------------- */

/* By the end of the name; what is not known is downloaded, not shown. */
static const char *type_of(const char *name)
{
    static const struct {
        const char *ending, *type;
    } types[] = {
        { "css", "text/css; charset=utf-8" },
        { "csv", "text/csv; charset=utf-8" },
        { "gif", "image/gif" },
        { "gz", "application/gzip" },
        { "htm", "text/html; charset=utf-8" },
        { "html", "text/html; charset=utf-8" },
        { "ico", "image/vnd.microsoft.icon" },
        { "jpeg", "image/jpeg" },
        { "jpg", "image/jpeg" },
        { "js", "text/javascript; charset=utf-8" },
        { "json", "application/json" },
        { "md", "text/markdown; charset=utf-8" },
        { "mp3", "audio/mpeg" },
        { "mp4", "video/mp4" },
        { "pdf", "application/pdf" },
        { "png", "image/png" },
        { "svg", "image/svg+xml" },
        { "txt", "text/plain; charset=utf-8" },
        { "wasm", "application/wasm" },
        { "webp", "image/webp" },
        { "woff2", "font/woff2" },
        { "xml", "application/xml" },
        { "zip", "application/zip" },
    };
    const char *dot = strrchr(name, '.');
    struct http_text ending = { dot ? dot + 1 : name, dot ? strlen(dot + 1) : 0 };

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (http_is_word(ending, types[i].ending))
            return types[i].type;
    return "application/octet-stream";
}

static int refuse_method(confab_chat *chat)
{
    http_begin_head(chat, 405);
    confab_chat_puts(chat, "Allow: GET, HEAD\r\n");
    return http_end_with_words(chat, 405, "files can be read by GET and HEAD");
}

static int redirect_to_folder(confab_chat *chat, const struct http_request *request)
{
    struct http_text path = request->path, query = request->query;

    http_begin_head(chat, 301);
    confab_chat_puts(chat, "Location: ");
    confab_chat_push(chat, path.at, path.len);
    confab_chat_puts(chat, "/");
    confab_chat_push(chat, query.at, query.len);
    confab_chat_puts(chat, "\r\n");
    return http_end_with_words(chat, 301, "this is a folder: its address ends with a slash");
}

static int answer_without_file(confab_chat *chat, const struct http_request *request, int status)
{
    const char *why = status == 400   ? "the path cannot name a file"
                      : status == 403 ? "the file may not be read"
                      : status == 404 ? "there is no such file"
                                      : "the file cannot be read now";

    if (status == 301)
        return redirect_to_folder(chat, request);
    http_begin_head(chat, status);
    return http_end_with_words(chat, status, why);
}

/* Whether the request has this header with just this date, which we gave with an earlier reply.  Any other
 * date may be of another file that once had this name: it does not count. */
static bool has_date(const struct http_request *request, const char *header, const char *date)
{
    const struct http_text *value = http_find(request, header);
    return value && http_is(*value, date);
}

/* Whether a client's own conditions let it have the file at all (RFC 9110, 13.2.2, which has them looked at
 * first).  Files have no entity tags here, so that each tag is another file's. */
static bool may_have(const struct http_request *request, const char *date)
{
    const struct http_text *tags = http_find(request, "If-Match");

    if (tags)
        return http_is(*tags, "*");
    return !http_find(request, "If-Unmodified-Since") || has_date(request, "If-Unmodified-Since", date);
}

/* 412 or 304; else 200, or 206 and the range that is wanted, or 416. */
static int choose(const struct http_request *request, const struct tree_file *file, const char *date,
                  uint64_t *first, uint64_t *count)
{
    const struct http_text *range = http_find(request, "Range");

    *first = 0;
    *count = file->size;
    if (!may_have(request, date))
        return 412;
    if (!http_find(request, "If-None-Match") && has_date(request, "If-Modified-Since", date))
        return 304;
    if (!range || !http_is(request->method, "GET"))
        return 200;
    if (http_find(request, "If-Range") && !has_date(request, "If-Range", date))
        return 200;
    return http_range(*range, file->size, first, count);
}

static int refuse_changed(confab_chat *chat)
{
    http_begin_head(chat, 412);
    return http_end_with_words(chat, 412, "the file is not the one that the condition is about");
}

static int refuse_range(confab_chat *chat, uint64_t size)
{
    http_begin_head(chat, 416);
    confab_chat_printf(chat, "Content-Range: bytes */%llu\r\n", (unsigned long long)size);
    return http_end_with_words(chat, 416, "the file is not that long");
}

/* Owns the file's descriptor. */
static int answer_with_file(confab_chat *chat, const struct http_request *request,
                            const struct tree_file *file)
{
    const struct http_connection *http = confab_chat_session(chat);
    int64_t now = confab_reactor_wall_time(confab_chat_reactor(chat)) / CONFAB_SECOND;
    char date[HTTP_DATE_SIZE];
    uint64_t first, count;
    int error;

    /* A date that is still to come is not to be given (RFC 9110, 8.8.2.1). */
    http_date(file->modified < now ? file->modified : now, date);
    int status = choose(request, file, date, &first, &count);
    if (status == 412 || status == 416) {
        error = status == 412 ? refuse_changed(chat) : refuse_range(chat, file->size);
        goto done;
    }
    http_begin_head(chat, status);
    confab_chat_printf(chat, "Last-Modified: %s\r\n", date);
    if (status == 304) {
        error = http_end_bare_head(chat);
        goto done;
    }
    confab_chat_puts(chat, "Accept-Ranges: bytes\r\n");
    if (status == 206)
        confab_chat_printf(chat, "Content-Range: bytes %llu-%llu/%llu\r\n", (unsigned long long)first,
                           (unsigned long long)(first + count - 1), (unsigned long long)file->size);
    error = http_end_head(chat, type_of(file->name), count);
    if (error || http->head_only || count == 0)
        goto done;
    return send_file(chat, file->fd, first, count);
done:
    close(file->fd);
    return error;
}

static int answer(confab_chat *chat, const struct http_request *request)
{
    const struct state *state = state_of(chat);
    struct tree_file file;

    if (!http_is(request->method, "GET") && !http_is(request->method, "HEAD"))
        return refuse_method(chat);
    int status = tree_open(state->folder, request->path, state->hidden, &file);
    if (status)
        return answer_without_file(chat, request, status);
    return answer_with_file(chat, request, &file);
}

/* -- Hooks -------------------------------------------------------------------------- */

static int collect_incoming_data(confab_chat *chat, const char *data, size_t len)
{
    const struct session *session = confab_chat_session(chat);
    return session->http.body ? 0 : http_collect_head(chat, data, len);
}

static int found_terminator(confab_chat *chat)
{
    struct session *session = confab_chat_session(chat);
    struct http_request request;

    if (!session->http.body) {
        int found = http_read_head(chat, &request);
        if (found <= 0)
            return found;
        http_skip_body(chat, &request);
        int error = answer(chat, &request);
        if (error)
            return error;
    }
    /* But a body is read first: its client may send all of it before it reads. */
    if (session->sending && session->http.keep_alive && session->http.skip == 0)
        confab_chat_suspend(chat);
    return http_next(chat);
}

/* -- The service ---------------------------------------------------------------------- */

static int ready(confab_service *service)
{
    struct state *state = confab_service_state(service);

    state->folder = open(state->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (state->folder < 0)
        return confab_service_error(service, "cannot open the folder %s: %s", state->root, strerror(errno));
    state->opened = true;
    return 0;
}

static void free_service(confab_service *service)
{
    const struct state *state = confab_service_state(service);

    if (state->opened)
        close(state->folder);
}

static const struct confab_option options[] = {
    CONFAB_OPTION(struct state, root, PATH, "root",
                  .flags = CONFAB_OPTION_REQUIRED | CONFAB_OPTION_POSITIONAL,
                  .help = "the folder whose files are served; symbolic links in it are not followed"),
    CONFAB_OPTION(struct state, hidden, BOOLEAN, "hidden", .fallback = "false",
                  .help = "serve names that begin with a dot, too"),
    CONFAB_OPTION(struct state, piece, SIZE, "piece", .fallback = "8K", .min = 1, .max = 1 << 20,
                  .help =
                      "bytes of a file that are read at a time, and of memory for each that is on its way"),
    HTTP_LIMIT_OPTIONS(struct state, limits),
    CONFAB_OPTIONS_END,
};
static const char *const counters[] = { HTTP_COUNTERS, NULL };

/* clang-format off */
CONFAB_PLUGIN(
    .name = "files",
    .version = CONFAB_VERSION,
    .description = "serves the files under a folder by HTTP, with ranges, in constant memory",
    .chat = CONFAB_CHAT(
        .session_size = sizeof(struct session),
        .handle_connect = http_handle_connect,
        .collect_incoming_data = collect_incoming_data,
        .found_terminator = found_terminator,
        .handle_timeout = http_handle_timeout,
        .handle_too_long = http_handle_too_long),
    .options = options,
    .service_size = sizeof(struct state),
    .default_port = 8080,
    .spread = CONFAB_ANY_WORKER,
    .ready = ready,
    .free = free_service,
    .counters = counters,
    .examples = CONFAB_EXAMPLES(
        "confab-session 1\n"
        "plugin files root=${TMP}\n"
        "mask /[A-Z][a-z][a-z], [0-9][0-9] [A-Z][a-z][a-z] [0-9]+ [0-9:]+ GMT/ DATE\n"
        "isolated\n"
        "file index.html \"<p>hello</p>\\n\"\n"
        "file notes/today.txt \"0123456789\"\n"
        "> \"GET / HTTP/1.1\\r\\nHost: here\\r\\n\\r\\n\"\n"
        "< \"HTTP/1.1 200 OK\\r\\nDate: DATE\\r\\nLast-Modified: DATE\\r\\nAccept-Ranges: bytes\\r\\n\" \\\n"
        "  \"Content-Type: text/html; charset=utf-8\\r\\nContent-Length: 13\\r\\n\" \\\n"
        "  \"X-Content-Type-Options: nosniff\\r\\n\\r\\n<p>hello</p>\\n\"\n"
        "# A part of a file.\n"
        "> \"GET /notes/today.txt HTTP/1.1\\r\\nHost: here\\r\\nRange: bytes=2-4\\r\\n\\r\\n\"\n"
        "< \"HTTP/1.1 206 Partial Content\\r\\nDate: DATE\\r\\nLast-Modified: DATE\\r\\nAccept-Ranges: bytes\\r\\n\" \\\n"
        "  \"Content-Range: bytes 2-4/10\\r\\nContent-Type: text/plain; charset=utf-8\\r\\n\" \\\n"
        "  \"Content-Length: 3\\r\\nX-Content-Type-Options: nosniff\\r\\n\\r\\n234\"\n",

        "confab-session 1\n"
        "plugin files root=${TMP}\n"
        "mask /[A-Z][a-z][a-z], [0-9][0-9] [A-Z][a-z][a-z] [0-9]+ [0-9:]+ GMT/ DATE\n"
        "# What is not under the folder cannot be asked for.\n"
        "> \"GET /../secret HTTP/1.1\\r\\nHost: here\\r\\nConnection: close\\r\\n\\r\\n\"\n"
        "< \"HTTP/1.1 400 Bad Request\\r\\nDate: DATE\\r\\nConnection: close\\r\\n\" \\\n"
        "  \"Content-Type: text/plain; charset=utf-8\\r\\nContent-Length: 45\\r\\nX-Content-Type-Options: nosniff\\r\\n\\r\\n\" \\\n"
        "  \"400 Bad Request: the path cannot name a file\\n\"\n"
        "closed\n"))
