/* Does what each line says: for the tests of what `confab check` sees of a plugin's calls. */
#undef NDEBUG
#include <assert.h>
#include <confab/plugin.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SIZE = 40 };

struct state {
    confab_listener *listener;
    unsigned served; /* connections to it */
    bool keeps;      /* one keeps what it allocates */
};

/* Holds the address of a function and something more, which is not the function's. */
static const char *const inside = (const char *)malloc + 1;

/* -- Memory: each is left, unless the line begins with "free " ---------------------------------------- */

static void *by_malloc(void)
{
    return malloc(SIZE);
}

static void *by_calloc(void)
{
    return calloc(SIZE / 4, 4);
}

static void *by_realloc(void)
{
    void *at = malloc(1), *grown = realloc(at, SIZE);

    if (!grown)
        free(at);
    return grown;
}

static void *by_reallocarray(void)
{
    return reallocarray(NULL, SIZE / 4, 4);
}

static void *by_aligned_alloc(void)
{
    return aligned_alloc(8, SIZE);
}

static void *by_posix_memalign(void)
{
    void *at;

    return posix_memalign(&at, sizeof(void *), SIZE) ? NULL : at;
}

static void *by_strdup(void)
{
    char text[SIZE];

    memset(text, 'x', sizeof text);
    text[SIZE - 1] = '\0';
    return strdup(text);
}

static void *by_strndup(void)
{
    static const char text[] = "as long as need be, and then somewhat longer than that";

    return strndup(text, SIZE - 1);
}

static void *by_asprintf(void)
{
    char *made;

    return asprintf(&made, "%0*d", SIZE - 1, 7) < 0 ? NULL : made;
}

static CONFAB_PRINTF(2, 3) int print(char **made, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int n = vasprintf(made, format, arguments);
    va_end(arguments);
    return n;
}

static void *by_vasprintf(void)
{
    char *made;

    return print(&made, "%0*d", SIZE - 1, 7) < 0 ? NULL : made;
}

static void *by_getline(void)
{
    FILE *file = fopen("/proc/self/stat", "re");
    char *line = NULL;
    size_t room = 0;

    if (file && getline(&line, &room, file) < 0) {
        free(line);
        line = NULL;
    }
    if (file)
        fclose(file);
    return line;
}

static const struct maker {
    const char *name;
    void *(*make)(void);
} makers[] = {
    { "malloc", by_malloc },
    { "calloc", by_calloc },
    { "realloc", by_realloc },
    { "reallocarray", by_reallocarray },
    { "aligned_alloc", by_aligned_alloc },
    { "posix_memalign", by_posix_memalign },
    { "strdup", by_strdup },
    { "strndup", by_strndup },
    { "asprintf", by_asprintf },
    { "vasprintf", by_vasprintf },
    { "getline", by_getline },
};

static int make(confab_chat *chat, const char *name, bool keep)
{
    for (size_t i = 0; i < sizeof makers / sizeof makers[0]; i++) {
        if (strcmp(makers[i].name, name) != 0)
            continue;
        void *made = makers[i].make();
        int error = confab_chat_puts(chat, made ? "made\r\n" : "no memory\r\n");
        if (!keep)
            free(made);
        return error;
    }
    return -ENOENT;
}

/* -- What waits ------------------------------------------------------------------------------------------ */

static void *nothing(void *data)
{
    return data;
}

static void join(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, nothing, NULL) == 0)
        pthread_join(thread, NULL);
}

static int wait_by(const char *name)
{
    struct timespec moment = { .tv_nsec = 1000 };
    struct timeval time = { .tv_usec = 1000 };
    struct addrinfo *found = NULL;

    if (strcmp(name, "sleep") == 0)
        return (int)sleep(1);
    if (strcmp(name, "usleep") == 0)
        return usleep(1000);
    if (strcmp(name, "nanosleep") == 0)
        return nanosleep(&moment, NULL);
    if (strcmp(name, "clock_nanosleep") == 0)
        return clock_nanosleep(CLOCK_MONOTONIC, 0, &moment, NULL);
    if (strcmp(name, "poll") == 0)
        return poll(NULL, 0, 1);
    if (strcmp(name, "poll at once") == 0)
        return poll(NULL, 0, 0);
    if (strcmp(name, "select") == 0)
        return select(0, NULL, NULL, NULL, &time);
    if (strcmp(name, "system") == 0)
        return system("true");
    if (strcmp(name, "getaddrinfo") == 0 && getaddrinfo("localhost", NULL, NULL, &found) == 0)
        freeaddrinfo(found);
    if (strcmp(name, "gethostbyname") == 0)
        return gethostbyname("127.0.0.1") == NULL;
    if (strcmp(name, "pthread_join") == 0)
        join();
    return 0;
}

static int sleep_in_job(void *data)
{
    (void)data;
    return (int)sleep(1);
}

static void slept(confab_chat *chat, int result, void *data)
{
    free(data);
    if (chat)
        confab_chat_puts(chat, result ? "woken\r\n" : "slept\r\n");
}

static int sleep_in_work(confab_chat *chat)
{
    void *data = malloc(SIZE);
    int error = data ? confab_work(confab_chat_reactor(chat), chat, sleep_in_job, slept, data) : -ENOMEM;

    if (error)
        free(data);
    return error;
}

/* -- What is given to be called later --------------------------------------------------------------------- */

static void dropped(void *data)
{
    (void)data; /* and not freed */
}

static void timed(confab_chat *chat, void *data)
{
    (void)data; /* and not freed */
    confab_chat_puts(chat, "time\r\n");
}

static void called(confab_reactor *reactor, void *data)
{
    (void)reactor, (void)data; /* and not freed */
}

static void worked(confab_chat *chat, int result, void *data)
{
    (void)chat, (void)result, (void)data; /* and not freed */
}

static int no_work(void *data)
{
    (void)data;
    return 0;
}

static int give_to(confab_chat *chat, const char *name)
{
    confab_reactor *reactor = confab_chat_reactor(chat);
    char *data = malloc(SIZE);

    if (!data)
        return -ENOMEM;
    memcpy(data, "given\r\n", 8);
    if (strcmp(name, "confab_chat_push_reference") == 0)
        return confab_chat_push_reference(chat, data, 7, dropped, data);
    if (strcmp(name, "confab_chat_call_later") == 0)
        return confab_chat_call_later(chat, 1, timed, data) ? 0 : -ENOMEM;
    if (strcmp(name, "confab_call_later") == 0)
        return confab_call_later(reactor, 1, called, data) ? 0 : -ENOMEM;
    if (strcmp(name, "confab_reactor_post") == 0)
        return confab_reactor_post(reactor, called, data);
    if (strcmp(name, "confab_work") == 0)
        return confab_work(reactor, chat, no_work, worked, data);
    free(data);
    return -ENOENT;
}

extern const struct confab_plugin confab_plugin_entry;

/* -- Chats of its own ---------------------------------------------------------------------------------------- */

static int guest_connect(confab_chat *chat)
{
    struct state *state = confab_service_state(confab_chat_service(chat));

    state->served++;
    return confab_chat_set_terminator_line(chat);
}

static int guest_line(confab_chat *chat)
{
    const struct state *state = confab_service_state(confab_chat_service(chat));
    char *made = malloc(SIZE);

    if (!made)
        return -ENOMEM;
    memcpy(made, "bye\r\n", 6);
    confab_chat_push(chat, made, 5);
    if (!state->keeps)
        free(made);
    confab_chat_close_when_done(chat);
    return 0;
}

static const struct confab_chat_ops guest_ops = { .size = sizeof guest_ops,
                                                  .handle_connect = guest_connect,
                                                  .collect_incoming_data = confab_chat_collect,
                                                  .found_terminator = guest_line };

static int far_connect(confab_chat *chat)
{
    confab_chat_puts(chat, "bye\r\n");
    return confab_chat_set_terminator_none(chat);
}

static const struct confab_chat_ops far_ops = { .size = sizeof far_ops,
                                                .handle_connect = far_connect,
                                                .collect_incoming_data = confab_chat_collect };

static int call_guest(confab_chat *chat, bool keeps)
{
    confab_service *service = confab_chat_service(chat);
    struct state *state = confab_service_state(service);
    int error = 0;

    state->keeps = keeps;
    if (!state->listener)
        error = confab_service_listen(service, &state->listener, "127.0.0.1:0", &guest_ops, NULL);
    if (error)
        return error;
    return confab_service_connect(service, confab_listener_address(state->listener), &far_ops, NULL)
               ? 0
               : -ENOMEM;
}

static int count_guests(confab_chat *chat)
{
    confab_service *service = confab_chat_service(chat);
    const struct state *state = confab_service_state(service);
    confab_id cursor = 0;
    unsigned own = 0, far = 0;

    while (confab_service_next(service, &far_ops, &cursor))
        far++;
    cursor = 0;
    while (confab_service_next(service, confab_plugin_entry.chat, &cursor))
        own++;
    return confab_chat_printf(chat, "%u own, %u far, %u served\r\n", own, far, state->served);
}

/* -- Messages ------------------------------------------------------------------------------------------------- */

static int capitals(confab_chat *chat, bool take)
{
    size_t len, again;
    char *line = confab_chat_message(chat, &len);

    if (!line || line != confab_chat_message(chat, &again) || again != len || line[len] != '\0')
        return -EINVAL;
    line[0] = 'C';
    confab_buffer *buffer = take ? confab_chat_take_message(chat) : confab_buffer_new(line, len);
    return buffer ? confab_chat_push_buffer(chat, buffer) : -ENOMEM;
}

/* -- Hooks ----------------------------------------------------------------------------------------------------- */

static void *sleeper(void *data)
{
    for (;;)
        pause();
    return data;
}

static int leave_thread(void)
{
    pthread_t thread;
    int error = pthread_create(&thread, NULL, sleeper, NULL);

    return error ? -error : pthread_detach(thread);
}

static void end_by(const char *name)
{
    if (strcmp(name, "exit") == 0)
        exit(EXIT_SUCCESS);
    if (strcmp(name, "_exit") == 0)
        _exit(EXIT_SUCCESS);
    if (strcmp(name, "quick_exit") == 0)
        quick_exit(EXIT_SUCCESS);
    if (strcmp(name, "abort") == 0)
        abort();
    if (strcmp(name, "assert") == 0)
        assert(name[0] == 'b');
}

static int fork_and_end(confab_chat *chat)
{
    int status = -1;
    pid_t child = fork();

    if (child == 0)
        end_by("_exit");
    /* A waitpid that sleeps for 20 ms, as it may on a busy machine, is told of as blocking; to look again and again is
     * time in which it ran. */
    while (child > 0 && waitpid(child, &status, WNOHANG) == 0)
        continue;
    return confab_chat_printf(chat, "child %d\r\n", status);
}

static int look_inside(confab_chat *chat)
{
    const char *const *volatile where = &inside; /* as the loader has written it */
    const void *own = dlsym(RTLD_DEFAULT, "malloc");

    return confab_chat_puts(chat, *where - 1 == (const char *)own ? "as it was\r\n" : "replaced\r\n");
}

static int obey(confab_chat *chat, const char *line)
{
    static const char keep[] = "keep ", drop[] = "free ", wait[] = "wait ", give[] = "give ", end[] = "end ";

    if (strncmp(line, keep, sizeof keep - 1) == 0)
        return make(chat, line + sizeof keep - 1, true);
    if (strncmp(line, drop, sizeof drop - 1) == 0)
        return make(chat, line + sizeof drop - 1, false);
    if (strncmp(line, give, sizeof give - 1) == 0)
        return give_to(chat, line + sizeof give - 1);
    if (strncmp(line, wait, sizeof wait - 1) == 0) {
        int result = wait_by(line + sizeof wait - 1);
        return confab_chat_printf(chat, "waited %d\r\n", result);
    }
    if (strncmp(line, end, sizeof end - 1) == 0)
        end_by(line + sizeof end - 1);
    if (strcmp(line, "work") == 0)
        return sleep_in_work(chat);
    if (strcmp(line, "guest") == 0 || strcmp(line, "guest keeps") == 0)
        return call_guest(chat, line[5] != '\0');
    if (strcmp(line, "inside") == 0)
        return look_inside(chat);
    if (strcmp(line, "count") == 0)
        return count_guests(chat);
    if (strcmp(line, "capitals taken") == 0 || strcmp(line, "capitals") == 0)
        return capitals(chat, line[8] != '\0');
    if (strcmp(line, "fork") == 0)
        return fork_and_end(chat);
    if (strcmp(line, "thread") == 0)
        return leave_thread();
    return confab_chat_puts(chat, "what?\r\n");
}

static int handle_connect(confab_chat *chat)
{
    return confab_chat_set_terminator_line(chat);
}

static int found_terminator(confab_chat *chat)
{
    const char *line = confab_chat_message(chat, NULL);

    return line ? obey(chat, line) : -ENOMEM;
}

/* clang-format off */
CONFAB_PLUGIN(
    .name = "calls",
    .description = "does what each line says",
    .chat = CONFAB_CHAT(
        .handle_connect = handle_connect,
        .collect_incoming_data = confab_chat_collect,
        .found_terminator = found_terminator),
    .service_size = sizeof(struct state))
