/* Waits where no connection is held up by it, which is no fault: when it is made ready, stopped and freed. */
#include <confab/plugin.h>
#include <pthread.h>
#include <time.h>

struct state {
    pthread_t thread;
};

static void *think(void *data)
{
    return data;
}

static void wait_a_moment(void)
{
    const struct timespec moment = { .tv_nsec = 1000000 };

    nanosleep(&moment, NULL);
}

static int ready(confab_service *service)
{
    (void)service;
    wait_a_moment();
    return 0;
}

static int start(confab_service *service, confab_reactor *reactor)
{
    struct state *state = confab_service_state(service);

    (void)reactor;
    return -pthread_create(&state->thread, NULL, think, NULL);
}

static void stop(confab_service *service)
{
    const struct state *state = confab_service_state(service);

    pthread_join(state->thread, NULL);
}

static void end(confab_service *service)
{
    (void)service;
    wait_a_moment();
}

static int handle_connect(confab_chat *chat)
{
    return confab_chat_set_terminator_line(chat);
}

static int found_terminator(confab_chat *chat)
{
    return confab_chat_puts(chat, "yes\r\n");
}

/* clang-format off */
CONFAB_PLUGIN(
    .name = "waits_aside",
    .description = "waits where it may",
    .chat = CONFAB_CHAT(
        .handle_connect = handle_connect,
        .collect_incoming_data = confab_chat_collect,
        .found_terminator = found_terminator),
    .service_size = sizeof(struct state),
    .config_complete = ready,
    .ready = ready,
    .start = start,
    .stop = stop,
    .free = end,
    .examples = CONFAB_EXAMPLES(
        "confab-session 1\n"
        "> \"well?\\r\\n\"\n"
        "< \"yes\\r\\n\"\n"))
