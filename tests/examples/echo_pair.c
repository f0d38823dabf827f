/* echo_pair.c: a server and its client in one program and on one reactor: the
 * pair with which Python's asynchat is usually taught.
 *
 *     client    ECHO 166\n      a command: how much is to be sent back
 *     client    166 bytes       the message, from a producer that hands out 64 bytes at a time
 *     handler   166 bytes       the same, then it closes
 *
 * Buffers of 64 bytes make the message travel in pieces.  Each side writes down what it
 * is called with, so that one can see when a terminator is found: first a line end,
 * then a number of bytes.  Ends with 0 when the message has come back. */
#include <confab/chat.h>
#include <confab/host.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char message[] = "A message that is longer than two buffers and shorter than three\n"
                              "has to be sent in three pieces, and is put together again by him\n"
                              "who counts it up to the final byte.\n";

enum { BUFFER = 64, MESSAGE = sizeof message - 1 };
_Static_assert(MESSAGE == 166, "the trace that the test expects is of a message of 166 bytes");

/* What the two sides have to do with each other. */
struct pair {
    confab_listener *listener;
    bool returned; /* the client has its message back */
};

/* -- What is written down ------------------------------------------------- */

/* In quotes, on one line. */
static void print_quoted(const char *bytes, size_t len)
{
    putchar('\'');
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '\n')
            fputs("\\n", stdout);
        else
            putchar(bytes[i]);
    }
    putchar('\'');
}

/* A call that has bytes. */
static void note_bytes(const char *who, const char *call, const char *bytes, size_t len)
{
    printf("%s: %s -> (%zu bytes) ", who, call, len);
    print_quoted(bytes, len);
    putchar('\n');
}

/* -- The handler: the server's side of a connection ----------------------- */

struct handler {
    int (*process)(confab_chat *chat); /* what was awaited, a command or a message, is here */
};

static int process_message(confab_chat *chat)
{
    size_t len;
    const char *text = confab_chat_message(chat, &len);

    if (!text)
        return -ENOMEM;
    note_bytes("EchoHandler", "process_message() echoing", text, len);
    int error = confab_chat_push(chat, text, len);
    confab_chat_close_when_done(chat); /* once the whole reply is sent */
    return error;
}

static int process_command(confab_chat *chat)
{
    static const char verb[] = "ECHO ";
    struct handler *handler = confab_chat_session(chat);
    uint64_t expected;
    size_t len;
    const char *command = confab_chat_message(chat, &len);

    if (!command)
        return -ENOMEM;
    note_bytes("EchoHandler", "process_command()", command, len);
    if (strncmp(command, verb, strlen(verb)) != 0)
        return -EPROTO;
    int error = confab_parse_u64(command + strlen(verb), len - strlen(verb), &expected);
    if (error)
        return error;
    handler->process = process_message;
    return confab_chat_set_terminator_count(chat, expected);
}

static int handler_connected(confab_chat *chat)
{
    struct handler *handler = confab_chat_session(chat);
    struct pair *pair = confab_chat_data(chat);

    /* There is one client. */
    confab_listener_close(pair->listener);
    handler->process = process_command;
    return confab_chat_set_terminator(chat, "\n", 1);
}

static int handler_collect(confab_chat *chat, const char *data, size_t len)
{
    note_bytes("EchoHandler", "collect_incoming_data()", data, len);
    return confab_chat_collect(chat, data, len);
}

static int handler_found_terminator(confab_chat *chat)
{
    const struct handler *handler = confab_chat_session(chat);

    puts("EchoHandler: found_terminator()");
    return handler->process(chat);
}

static const struct confab_chat_ops handler_ops = { .size = sizeof handler_ops,
                                                    .session_size = sizeof(struct handler),
                                                    .handle_connect = handler_connected,
                                                    .collect_incoming_data = handler_collect,
                                                    .found_terminator = handler_found_terminator };

/* -- The producer: a simple one that tells what it is asked --------------- */

static ssize_t produce(void *self, confab_chat *chat, size_t want, const char **bytes)
{
    ssize_t n = confab_simple_producer_ops.more(self, chat, want, bytes);

    if (n >= 0)
        note_bytes("EchoProducer", "more()", *bytes, (size_t)n);
    return n;
}

static void release(void *self)
{
    confab_simple_producer_ops.release(self);
}

static const struct confab_producer_ops producer_ops = { .size = sizeof producer_ops,
                                                         .more = produce,
                                                         .release = release };

/* -- The client ----------------------------------------------------------- */

static int client_connected(confab_chat *chat)
{
    puts("EchoClient: handle_connect()");
    int error = confab_chat_printf(chat, "ECHO %d\n", MESSAGE);
    if (error)
        return error;
    error = confab_chat_push_with_producer(chat, &producer_ops,
                                           confab_simple_producer_new(message, MESSAGE, BUFFER, NULL, NULL));
    if (error)
        return error;
    /* The message is to come back as it is, so its length ends it. */
    return confab_chat_set_terminator_count(chat, MESSAGE);
}

static int client_collect(confab_chat *chat, const char *data, size_t len)
{
    note_bytes("EchoClient", "collect_incoming_data()", data, len);
    return confab_chat_collect(chat, data, len);
}

static int client_found_terminator(confab_chat *chat)
{
    struct pair *pair = confab_chat_data(chat);
    const char *received = confab_chat_message(chat, NULL);

    if (!received)
        return -ENOMEM;
    pair->returned = memcmp(received, message, MESSAGE) == 0;
    puts("EchoClient: found_terminator()");
    puts(pair->returned ? "EchoClient: received copy of message" : "EchoClient: received something else");
    return 0;
}

static const struct confab_chat_ops client_ops = { .size = sizeof client_ops,
                                                   .handle_connect = client_connected,
                                                   .collect_incoming_data = client_collect,
                                                   .found_terminator = client_found_terminator };

/* ------------------------------------------------------------------------- */

static int echo(confab_reactor *reactor, struct pair *pair)
{
    const struct confab_chat_options options = {
        .size = sizeof options, .in_buffer_size = BUFFER, .out_buffer_size = BUFFER, .data = pair
    };
    int error = confab_listen(&pair->listener, reactor, "127.0.0.1:0", &handler_ops, &options);

    if (error)
        return error;
    if (!confab_connect(reactor, confab_listener_address(pair->listener), &client_ops, &options))
        return -ENOMEM;
    /* Until the listener and both sides are closed. */
    return confab_reactor_run(reactor);
}

int main(void)
{
    confab_reactor *reactor;
    struct pair pair = { 0 };
    int error = confab_reactor_new(&reactor, NULL);

    if (!error) {
        error = echo(reactor, &pair);
        confab_reactor_free(reactor);
    }
    if (error)
        fprintf(stderr, "echo_pair: %s\n", strerror(-error));
    return !error && pair.returned ? EXIT_SUCCESS : EXIT_FAILURE;
}
