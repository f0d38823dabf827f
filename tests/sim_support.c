#include "sim_support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

struct simulated simulated;

static int handle_connect(confab_chat *chat)
{
    simulated.connects++;
    simulated.chat = chat;
    if (simulated.plan.connect)
        return simulated.plan.connect(chat);
    return confab_chat_set_terminator_line(chat);
}

static int found_terminator(confab_chat *chat)
{
    size_t len;
    const char *line = confab_chat_message(chat, &len);

    simulated.lines++;
    if (simulated.plan.line)
        return simulated.plan.line(chat);
    if (!line)
        return -ENOMEM;
    confab_chat_push(chat, line, len);
    return confab_chat_push(chat, "\n", 1);
}

static int handle_eof(confab_chat *chat)
{
    simulated.eofs++;
    confab_chat_close_when_done(chat);
    return 0;
}

static void handle_close(confab_chat *chat, enum confab_reason reason)
{
    simulated.closes++;
    simulated.reason = reason;
    simulated.error = confab_chat_error(chat);
    if (simulated.chat == chat)
        simulated.chat = NULL;
}

const struct confab_chat_ops simulated_ops = { .size = sizeof simulated_ops,
                                               .handle_connect = handle_connect,
                                               .collect_incoming_data = confab_chat_collect,
                                               .found_terminator = found_terminator,
                                               .handle_eof = handle_eof,
                                               .handle_close = handle_close };

void simulate_with(uint64_t seed, const struct confab_reactor_options *options)
{
    memset(&simulated, 0, sizeof simulated);
    cr_assert_eq(confab_sim_new(&simulated.sim, seed, NULL, options), 0);
    simulated.reactor = confab_sim_reactor(simulated.sim);
    cr_assert_eq(confab_sim_keep_trace(simulated.sim, SIM_TRACE), 0);
}

void simulate_listen(const char *address, const struct confab_chat_options *options)
{
    cr_assert_eq(confab_listen(&simulated.listener, simulated.reactor, address, &simulated_ops, options), 0,
                 "cannot listen on %s", address);
    simulated.address = confab_listener_address(simulated.listener);
}

void simulate(uint64_t seed, const struct confab_sim_faults *faults,
              const struct confab_chat_options *options)
{
    simulate_with(seed, NULL);
    simulate_listen("127.0.0.1:7", options);
    settle();
    cr_assert_eq(confab_sim_set_faults(simulated.sim, faults), 0);
}

void simulate_end(void)
{
    cr_assert_eq(confab_sim_free(simulated.sim), 0);
    cr_assert_geq(simulated.closes, simulated.connects);
}

confab_sim_end *far_end(void)
{
    confab_sim_end *end;
    int error = confab_sim_connect(simulated.sim, simulated.address, NULL, &end);

    cr_assert_eq(error, 0, "cannot connect to %s: %s", simulated.address, strerror(-error));
    settle();
    return end;
}

void far_send(confab_sim_end *end, const char *text)
{
    cr_assert_eq(confab_sim_send(end, text, strlen(text)), (ssize_t)strlen(text));
}

void far_say(confab_sim_end *end, const char *text)
{
    far_send(end, text);
    settle();
}

void far_expect(confab_sim_end *end, const char *text)
{
    char got[4096];
    ssize_t n = confab_sim_recv(end, got, sizeof got - 1);

    got[n > 0 ? n : 0] = '\0';
    cr_assert_str_eq(got, text, "received \"%s\" (%zd) instead of \"%s\"", got, n, text);
}

void far_expect_result(confab_sim_end *end, ssize_t result)
{
    char got[64];
    ssize_t n = confab_sim_recv(end, got, sizeof got);

    cr_assert_eq(n, result, "received %zd instead of %zd", n, result);
}

size_t far_read_all(confab_sim_end *end)
{
    char got[4096];
    size_t all = 0;
    ssize_t n;

    for (;;) {
        settle();
        n = confab_sim_recv(end, got, sizeof got);
        if (n <= 0)
            break;
        all += (size_t)n;
    }
    cr_assert_eq(n, 0, "the stream ended with %zd", n);
    return all;
}

int settle(void)
{
    int turns = confab_sim_settle(simulated.sim);

    cr_assert_gt(turns, 0, "settling says %d", turns);
    return turns;
}

void advance(int64_t ns)
{
    int turns = confab_sim_advance(simulated.sim, ns);

    cr_assert_gt(turns, 0, "advancing says %d", turns);
}

void expect_share(int happened, int of, unsigned share)
{
    const int spread = 100, least = of * ((int)share - spread) / 1000,
              most = of * ((int)share + spread) / 1000;

    cr_assert_gt(of, 100);
    cr_assert(happened >= least && happened <= most, "%d of %d, where %u of 1000 were asked for", happened,
              of, share);
}

int traced(const char *text)
{
    const char *trace = confab_sim_trace(simulated.sim, NULL);
    int n = 0;

    for (; (trace = strstr(trace, text)); trace += strlen(text))
        n++;
    return n;
}
