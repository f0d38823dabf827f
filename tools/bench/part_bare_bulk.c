/* part_bare_bulk.c: `--part bare bulk file=PATH`: as plugins/bench without a terminator: `produce N` is answered with N
 * letters, in pieces as large as a producer's of the host, `file` with the bytes of the file. */
#include "tools/bench/letters.h"
#include "tools/bench/part.h"
#include "tools/bench/part_bare.h"
#include "tools/command.h"

#include <confab/plugin.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    COMMAND_MAX = 64,
    PIECE = 65536,
    EVENT_BYTES = 1 << 20 /* that are sent before others have their turn, as in the host */
};

/* Of the server. */
struct bulk {
    int file;
    uint64_t file_len;
    char letters[PIECE + LETTERS];
};

/* Of one connection.  While something of an answer is left, it waits for room. */
struct answer {
    struct bare_connection connection;
    bool file;
    uint64_t sent, len;
    size_t command_len;
    char command[COMMAND_MAX];
};

/* How many bytes left; 0: there is no room. */
static ssize_t send_piece(const struct bulk *bulk, struct answer *answer, size_t len)
{
    if (answer->file)
        return bare_send_file(answer->connection.fd, bulk->file, answer->sent, len);
    ssize_t sent = send(answer->connection.fd, bulk->letters + answer->sent % LETTERS, len, 0);
    if (sent >= 0)
        return sent;
    return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

/* Sends of the answer what leaves now: where less leaves than there was, there is no room for more. */
static int send_some(struct bare *bare, struct answer *answer)
{
    const size_t most = answer->file ? EVENT_BYTES : PIECE;
    const uint64_t end = answer->sent + EVENT_BYTES;

    while (answer->sent < answer->len && answer->sent < end) {
        uint64_t left = answer->len - answer->sent;
        size_t len = left < most ? (size_t)left : most;
        ssize_t sent = send_piece(bare->state, answer, len);
        if (sent < 0)
            return (int)sent;
        answer->sent += (uint64_t)sent;
        if ((size_t)sent < len)
            break;
    }
    return 0;
}

/* Takes up the command at the front, if it is whole: 1; 0: it is not; -errno. */
static int take_command(const struct bulk *bulk, struct answer *answer)
{
    static const char verb[] = "produce ";
    const size_t verb_len = sizeof verb - 1;
    const char *command = answer->command, *end = memchr(command, '\n', answer->command_len);
    size_t len = end ? (size_t)(end - command) : 0, used = len + 1;

    if (!end)
        return answer->command_len == COMMAND_MAX ? -EMSGSIZE : 0;
    if (len > 0 && command[len - 1] == '\r')
        len--;
    answer->sent = 0;
    answer->file = len == 4 && memcmp(command, "file", 4) == 0;
    if (answer->file)
        answer->len = bulk->file_len;
    else if (len <= verb_len || memcmp(command, verb, verb_len) != 0 ||
             confab_parse_u64(command + verb_len, len - verb_len, &answer->len) != 0)
        return -EINVAL;
    answer->command_len -= used;
    memmove(answer->command, answer->command + used, answer->command_len);
    return 1;
}

static int bulk_ready(struct bare *bare, struct bare_connection *connection)
{
    struct answer *answer = (struct answer *)connection;
    bool waited = answer->sent < answer->len;
    int error = 1;

    if (waited) {
        error = send_some(bare, answer);
    } else {
        ssize_t len =
            recv(connection->fd, answer->command + answer->command_len, COMMAND_MAX - answer->command_len, 0);
        if (len <= 0)
            return len < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -EPIPE;
        answer->command_len += (size_t)len;
    }
    while (error >= 0 && answer->sent == answer->len) {
        error = take_command(bare->state, answer);
        if (error <= 0)
            break;
        error = send_some(bare, answer);
    }
    if (error < 0)
        return error;
    bool waits = answer->sent < answer->len;
    return waits == waited ? 0 : bare_loop_wait_for_room(bare, connection, waits);
}

static const struct bare_protocol protocol = {
    .name = "bulk",
    .connection_size = sizeof(struct answer),
    .ready = bulk_ready,
};

static int serve_file(struct bulk *bulk, const char *path)
{
    struct stat st;

    bulk->file = open(path, O_RDONLY | O_CLOEXEC);
    if (bulk->file < 0 || fstat(bulk->file, &st) < 0)
        return failure("confab bench", "--part bare bulk: cannot open %s: %s", path, strerror(errno));
    bulk->file_len = (uint64_t)st.st_size;
    return bare_serve(&protocol, bulk);
}

int part_bare_bulk(int argc, char **argv)
{
    static const char key[] = "file=";
    struct bulk *bulk;
    int status;

    if (argc != 1 || strncmp(argv[0], key, sizeof key - 1) != 0)
        return usage_error("confab bench", "--part bare bulk: takes file=PATH");
    bulk = calloc(1, sizeof *bulk);
    if (!bulk)
        return failure("confab bench", "out of memory");
    letters_fill(bulk->letters, sizeof bulk->letters);
    status = serve_file(bulk, argv[0] + sizeof key - 1);
    if (bulk->file >= 0)
        close(bulk->file);
    free(bulk);
    return status;
}
