/* check_support.c: see check_support.h. */
#include "check_support.h"
#include "tools/check/watch.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FORK_ROOM = 2048 };

struct checked checked;
const char checked_seed[] = "1.0.solo.0", checked_session[] = "example 1";

const char *checked_path(const char *name, char path[CHECKED_ROOM])
{
    bool ours = strcmp(name, "line") == 0 || strcmp(name, "echo") == 0;
    const char *folder = getenv(ours ? "CONFAB_TEST_PLUGINS" : "CONFAB_TEST_CHECKED_PLUGINS");

    cr_assert_not_null(folder, "the folder of the plugins is not set");
    snprintf(path, CHECKED_ROOM, "%s/%s.so", folder, name);
    return path;
}

/* What the library says where memory is short. */
static void no_log(void *data, const struct confab_log_line *line)
{
    (void)data, (void)line;
}

void checked_load(const char *name)
{
    char path[CHECKED_ROOM], error[CHECKED_ROOM] = "";

    confab_log_set(no_log, NULL, CONFAB_ERROR);
    checked = (struct checked){ .watch = NULL };
    checked.board =
        mmap(NULL, sizeof *checked.board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(checked.board, MAP_FAILED);
    cr_assert_eq(
        watch_new(&checked.watch, checked_path(name, path), NULL, checked.board, error, sizeof error), 0,
        "%s", error);
}

void checked_teardown(void)
{
    watch_free(checked.watch);
    if (checked.board)
        munmap(checked.board, sizeof *checked.board);
    checked = (struct checked){ .watch = NULL };
}

/* Where an allocation is made to fail there may be no service, or no connection. */
void checked_begin(uint64_t fail_at)
{
    char error[CHECKED_ROOM] = "";
    const struct confab_reactor_options options = { .size = sizeof options,
                                                    .alloc = watch_alloc,
                                                    .alloc_data = checked.watch };

    checked.said_len = 0;
    checked.said[0] = '\0';
    watch_begin(checked.watch, fail_at);
    if (confab_sim_new(&checked.sim, 1, NULL, &options))
        return;
    if (confab_service_new(&checked.service, watch_module(checked.watch), NULL, error, sizeof error) ||
        confab_service_ready(checked.service, error, sizeof error) ||
        confab_service_start(checked.service, confab_sim_reactor(checked.sim), error, sizeof error) ||
        confab_service_listen(checked.service, &checked.listener, "127.0.0.1:0", NULL, NULL)) {
        cr_assert_neq(fail_at, 0, "%s", error);
        return;
    }
    if (confab_sim_connect(checked.sim, confab_listener_address(checked.listener), NULL, &checked.end))
        checked.end = NULL;
    confab_sim_settle(checked.sim);
}

static void hear(void)
{
    size_t left = sizeof checked.said - checked.said_len - 1;
    ssize_t n = checked.end ? confab_sim_recv(checked.end, checked.said + checked.said_len, left) : 0;

    checked.said_len += n > 0 ? (size_t)n : 0;
    checked.said[checked.said_len] = '\0';
}

void checked_say(const char *text)
{
    if (!text || !checked.end)
        return;
    confab_sim_send(checked.end, text, strlen(text));
    confab_sim_settle(checked.sim);
    hear();
}

void checked_end(void)
{
    if (checked.end) {
        confab_sim_shutdown(checked.end);
        confab_sim_settle(checked.sim);
        hear();
        confab_sim_close(checked.end);
    }
    if (checked.sim && checked.service) {
        confab_service_stop(checked.service, 0);
        confab_sim_settle(checked.sim);
    }
    confab_sim_free(checked.sim);
    cr_assert_eq(confab_service_free(checked.service), 0);
    watch_end(checked.watch);
    checked.sim = NULL;
    checked.service = NULL;
    checked.listener = NULL;
    checked.end = NULL;
}

const char *checked_run(const char *first, const char *second)
{
    checked_begin(0);
    checked_say(first);
    checked_say(second);
    checked_end();
    return watch_complaint(checked.watch);
}

const char *checked_fork(const char *first, const char *second, uint64_t fail_at, const char **complaint)
{
    static char told[FORK_ROOM];
    int status = 0;
    pid_t child;

    memset(checked.board, 0, sizeof *checked.board);
    snprintf(checked.board->seed, sizeof checked.board->seed, "%s", checked_seed);
    snprintf(checked.board->session, sizeof checked.board->session, "%s", checked_session);
    checked.board->line = CHECKED_LINE;
    child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        checked_begin(fail_at);
        checked_say(first);
        checked_say(second);
        checked_end();
        const char *words = watch_complaint(checked.watch);
        snprintf(checked.board->finding[0].what, sizeof checked.board->finding[0].what, "%s",
                 words ? words : "");
        _exit(0);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status), "ended by signal %d", WTERMSIG(status));
    snprintf(told, sizeof told, "%s", checked.board->finding[0].what);
    *complaint = told;
    return checked.board->crash.what[0] ? checked.board->crash.what : NULL;
}

void checked_not_under_valgrind(void)
{
    const char *runner = getenv("CONFAB_TEST_RUNNER");

    if (runner && !strcmp(runner, "valgrind"))
        cr_skip_test("valgrind reports what is wrong on purpose");
}

void checked_holds(const char *text, const char *words)
{
    cr_assert_not_null(text, "nothing was said, and \"%s\" was expected", words);
    cr_assert_not_null(strstr(text, words), "\"%s\" is not in: %s", words, text);
}
