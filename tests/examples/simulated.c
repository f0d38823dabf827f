/* simulated.c: a chat, tested without a network: a client that says hello, a
 * network that cuts every read, and an hour in which nobody says anything. */
#include <confab/chat.h>
#include <confab/sim.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int handle_connect(confab_chat *chat)
{
    return confab_chat_set_terminator_line(chat);
}

static int found_terminator(confab_chat *chat)
{
    size_t len;
    const char *name = confab_chat_message(chat, &len);

    return confab_chat_printf(chat, "hello, %.*s\n", (int)len, name);
}

static void handle_close(confab_chat *chat, enum confab_reason reason)
{
    (void)chat;
    printf("closed: %s\n", confab_reason_name(reason));
}

static const struct confab_chat_ops greeter = {
    .size = sizeof greeter,
    .handle_connect = handle_connect,
    .collect_incoming_data = confab_chat_collect,
    .found_terminator = found_terminator,
    .handle_close = handle_close,
};

static void check(int error, const char *what)
{
    if (error < 0) {
        fprintf(stderr, "%s: %d\n", what, error);
        exit(1);
    }
}

int main(void)
{
    const struct confab_sim_faults faults = { .size = sizeof faults,
                                              .short_reads = 900,
                                              .short_writes = 900 };
    const char *words = "world\nand all who sail in her\n";
    confab_sim *sim;
    confab_sim_end *client;
    confab_listener *listener;
    char reply[128];

    check(confab_sim_new(&sim, 42, &faults, NULL), "confab_sim_new");
    check(confab_listen(&listener, confab_sim_reactor(sim), "127.0.0.1:7", &greeter, NULL), "confab_listen");
    check(confab_sim_connect(sim, "127.0.0.1:7", NULL, &client), "confab_sim_connect");

    check((int)confab_sim_send(client, words, strlen(words)), "confab_sim_send");
    check(confab_sim_settle(sim), "confab_sim_settle");
    ssize_t n = confab_sim_recv(client, reply, sizeof reply);
    check((int)n, "confab_sim_recv");
    printf("%.*s", (int)n, reply);

    /* Nobody says anything: the default of five minutes closes it, and no time is lost waiting. */
    check(confab_sim_advance(sim, 60 * CONFAB_MINUTE), "confab_sim_advance");
    printf("%lld minutes later\n", (long long)(confab_sim_now(sim) / CONFAB_MINUTE));
    check(confab_sim_free(sim), "confab_sim_free");
    return 0;
}
