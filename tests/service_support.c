#include "service_support.h"
#include "support.h"
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static const struct confab_option options[] = {
    CONFAB_OPTION(struct served_state, text, STRING, "text", .fallback = ""),
    CONFAB_OPTION(struct served_state, number, INTEGER, "number", .flags = CONFAB_OPTION_POSITIONAL),
    CONFAB_OPTIONS_END,
};

static const char *const counters[] = { "lines", "bytes", NULL };

struct served served;

static void note(const char *text)
{
    snprintf(served.trace + strlen(served.trace), sizeof served.trace - strlen(served.trace), "%s ", text);
}

static int handle_connect(confab_chat *chat)
{
    return confab_chat_set_terminator_line(chat);
}

static int found_terminator(confab_chat *chat)
{
    size_t len;
    const char *line = confab_chat_message(chat, &len);

    confab_service_count(confab_chat_service(chat), 0, 1);
    confab_service_count(confab_chat_service(chat), 1, (int64_t)len);
    if (served.plan.on_line)
        return served.plan.on_line(chat);
    confab_chat_push(chat, line, len);
    return confab_chat_push(chat, "\n", 1);
}

static int handle_shutdown(confab_chat *chat)
{
    note("shutdown");
    served.draining_seen = confab_chat_draining(chat);
    if (!served.plan.keeps_open)
        confab_chat_close_when_done(chat);
    return 0;
}

static void handle_close(confab_chat *chat, enum confab_reason why)
{
    served.closes++;
    served.reason = why;
    if (served.plan.on_close)
        served.plan.on_close(chat);
}

const struct confab_chat_ops served_ops = { .size = sizeof served_ops,
                                            .handle_connect = handle_connect,
                                            .collect_incoming_data = confab_chat_collect,
                                            .found_terminator = found_terminator,
                                            .handle_shutdown = handle_shutdown,
                                            .handle_close = handle_close };

static int config_complete(confab_service *s)
{
    note("config_complete");
    return served.plan.config_fails ? confab_service_error(s, "%s does not go with %d", "text", 7) : 0;
}

static int ready(confab_service *s)
{
    note("ready");
    if (served.plan.ready_fails_silently)
        return -3;
    return served.plan.ready_fails ? confab_service_error(s, "cannot open\nthe table") : 0;
}

static int start(confab_service *s, confab_reactor *r)
{
    note("start");
    cr_assert_eq(confab_service_reactor(s), r);
    if (served.plan.start_listens) {
        confab_listener *listener;
        cr_assert_eq(confab_service_listen(s, &listener, "0", NULL, NULL), 0);
        cr_assert_not_null(confab_service_connect(s, confab_listener_address(listener), &served_ops, NULL));
    }
    return served.plan.start_fails ? confab_service_error(s, "no room in this worker") : 0;
}

static void stop(confab_service *s)
{
    note("stop");
    served.stops++;
    cr_assert_eq(confab_service_reactor(s), served.reactor);
    cr_assert_eq(confab_service_chats(s), 0);
    cr_assert_not(confab_service_stopped(s));
}

static void free_hook(confab_service *s)
{
    (void)s;
    note("free");
}

static const struct confab_plugin plugin = { .magic = CONFAB_PLUGIN_MAGIC,
                                             .size = sizeof plugin,
                                             .option_size = sizeof(struct confab_option),
                                             .abi_major = CONFAB_ABI_MAJOR,
                                             .abi_minor = CONFAB_ABI_MINOR,
                                             .name = "tested",
                                             .chat = &served_ops,
                                             .options = options,
                                             .service_size = sizeof(struct served_state),
                                             .config_complete = config_complete,
                                             .ready = ready,
                                             .start = start,
                                             .stop = stop,
                                             .free = free_hook,
                                             .counters = counters };

/* -- What the tests share --------------------------------------------------------- */

void served_setup(void)
{
    cr_assert_eq(confab_module_from_plugin(&served.module, &plugin, served.error, sizeof served.error), 0,
                 "%s", served.error);
    cr_assert_eq(confab_service_new(&served.service, served.module, NULL, served.error, sizeof served.error),
                 0, "%s", served.error);
    served.reactor = test_reactor();
}

void served_teardown(void)
{
    if (served.reactor)
        test_reactor_free(served.reactor);
    served.reactor = NULL;
    if (served.service)
        cr_assert_eq(confab_service_free(served.service), 0);
    cr_assert_eq(confab_module_unload(served.module), 0);
}

void set(const char *key, const char *value)
{
    cr_assert_eq(confab_service_option(served.service, key, value, served.error, sizeof served.error), 0,
                 "%s", served.error);
}

int make_ready(void)
{
    return confab_service_ready(served.service, served.error, sizeof served.error);
}

int make_start(void)
{
    return confab_service_start(served.service, served.reactor, served.error, sizeof served.error);
}

void serve(void)
{
    cr_assert_eq(make_ready(), 0, "%s", served.error);
    cr_assert_eq(make_start(), 0, "%s", served.error);
}

const char *listen_anywhere(void)
{
    confab_listener *listener;

    cr_assert_eq(confab_service_listen(served.service, &listener, "0", NULL, NULL), 0);
    return confab_listener_address(listener);
}

static size_t wanted;

static bool has_inbound(void *data)
{
    (void)data;
    return confab_service_inbound(served.service) == wanted;
}

static bool has_chats(void *data)
{
    (void)data;
    return confab_service_chats(served.service) == wanted;
}

void until_inbound(size_t n)
{
    wanted = n;
    run_until(served.reactor, has_inbound, NULL);
}

void until_chats(size_t n)
{
    wanted = n;
    run_until(served.reactor, has_chats, NULL);
}

void serve_peers(int peers[], size_t n)
{
    const char *address;

    serve();
    address = listen_anywhere();
    for (size_t i = 0; i < n; i++)
        peers[i] = test_connect(address);
    until_inbound(n);
    run_quiet(served.reactor);
}

void until_stopped(void)
{
    run_until_set(served.reactor, &served.stops);
    cr_assert(confab_service_stopped(served.service));
}

int connect_outbound(int *listener)
{
    static char address[64];
    struct sockaddr_in sa;
    socklen_t len = sizeof sa;

    *listener = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(listen(*listener, 4), 0);
    cr_assert_eq(getsockname(*listener, (struct sockaddr *)&sa, &len), 0);
    snprintf(address, sizeof address, "127.0.0.1:%d", ntohs(sa.sin_port));
    cr_assert_not_null(confab_service_connect(served.service, address, &served_ops, NULL));
    return accept(*listener, NULL, NULL);
}

size_t count_chats(const struct confab_chat_ops *ops)
{
    confab_id cursor = 0;
    size_t n = 0;

    while (confab_service_next(served.service, ops, &cursor))
        n++;
    cr_assert_null(confab_service_next(served.service, ops, &cursor));
    return n;
}
