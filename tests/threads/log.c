/* log.c: lines that threads log at once reach the sink whole, one at a time, none lost, also while
 * the sink is exchanged for another. */
#include "check.h"
#include <confab/host.h>
#include <stdatomic.h>
#include <string.h>

enum { THREADS = 4, LINES = 3000, CHANGES = 200 };

static confab_service *service;

/* Not atomic: the log's own lock is what keeps two threads from being in it. */
struct sink {
    int lines, of_thread[THREADS];
};

static void take(void *data, const struct confab_log_line *line)
{
    struct sink *sink = data;
    int thread = -1, number = -1, end = 0;

    check(sscanf(line->text, "thread %d line %d, which is all%n", &thread, &number, &end) == 2,
          "a line is whole");
    check(end == (int)strlen(line->text), "nothing of another line is behind it");
    check(thread >= 0 && thread < THREADS, "the number of a thread");
    check(strcmp(line->service, "log-test") == 0, "the service's name");
    check(number >= sink->of_thread[thread], "a thread's lines come in its order");
    sink->of_thread[thread] = number + 1;
    sink->lines++;
}

static void *say(void *data)
{
    int thread = *(int *)data;

    for (int i = 0; i < LINES; i++)
        confab_service_log(service, CONFAB_INFO, "thread %d line %d, which is all", thread, i);
    return NULL;
}

static int collect_incoming_data(confab_chat *chat, const char *data, size_t len)
{
    (void)chat, (void)data, (void)len;
    return 0;
}

static const struct confab_chat_ops ops = { .size = sizeof ops,
                                            .collect_incoming_data = collect_incoming_data };
static const struct confab_plugin plugin = { .magic = CONFAB_PLUGIN_MAGIC,
                                             .size = sizeof plugin,
                                             .option_size = sizeof(struct confab_option),
                                             .abi_major = CONFAB_ABI_MAJOR,
                                             .name = "log-test",
                                             .chat = &ops };

int main(void)
{
    struct sink sink[2] = { 0 };
    pthread_t thread[THREADS];
    int number[THREADS];
    confab_module *module;
    char error[256] = "";

    check(confab_module_from_plugin(&module, &plugin, error, sizeof error) == 0, error);
    check(confab_service_new(&service, module, NULL, error, sizeof error) == 0, error);
    confab_log_set(take, &sink[0], CONFAB_INFO);
    for (int i = 0; i < THREADS; i++) {
        number[i] = i;
        thread[i] = thread_start(say, &number[i]);
    }
    for (int i = 1; i <= CHANGES; i++)
        confab_log_set(take, &sink[i % 2], CONFAB_INFO);
    for (int i = 0; i < THREADS; i++)
        thread_join(thread[i]);
    confab_log_set(NULL, NULL, CONFAB_WARNING);
    check(sink[0].lines + sink[1].lines == THREADS * LINES, "no line is lost, and none comes twice");
    check(confab_service_free(service) == 0, "the service is freed");
    check(confab_module_unload(module) == 0, "the module is unloaded");
    return 0;
}
