/* bench_terminator.c: how fast the real feed cuts a 64 KiB read into lines, with
 * hooks that only count.  Prints gigabytes a second of processor time, the best of
 * several rounds (the machine's noise only ever makes it slower). */
#include "core/chat.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

enum { READ = 64 << 10, REPEAT = 2000, ROUNDS = 7 };

static uint64_t collected, found;

static int collect(confab_chat *chat, const char *data, size_t len)
{
    (void)chat, (void)data;
    collected += len;
    return 0;
}

static int found_terminator(confab_chat *chat)
{
    (void)chat;
    found++;
    return 0;
}

static const struct confab_chat_ops ops = { .size = sizeof ops,
                                            .collect_incoming_data = collect,
                                            .found_terminator = found_terminator };

static int64_t clock_now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static double measure(confab_chat *chat, char *data)
{
    double best = 0;

    for (int round = 0; round < ROUNDS; round++) {
        int64_t began = clock_now();
        for (int i = 0; i < REPEAT; i++) {
            struct feed *feed = &chat->channel.reactor->feed;
            feed->at = data;
            feed->end = data + READ;
            feed->budget = UINT_MAX;
            chat_feed(chat);
        }
        double rate = (double)READ * REPEAT / (double)(clock_now() - began);
        best = rate > best ? rate : best;
    }
    return best;
}

/* Lines of random length about `length`, each with CR LF. */
static void fill_lines(char *data, size_t length)
{
    size_t at = 0;

    srand(1);
    while (at < READ) {
        size_t n = length / 2 + (size_t)rand() % length;
        for (size_t i = 0; i < n && at < READ; i++, at++)
            data[at] = (char)('a' + (at * 7) % 26);
        if (at + 2 <= READ) {
            data[at++] = '\r';
            data[at++] = '\n';
        }
    }
}

static void report(const char *what, confab_chat *chat, char *data)
{
    printf("%-42s %6.1f GB/s\n", what, measure(chat, data));
}

static void measure_lines(confab_chat *chat, char *data)
{
    static const size_t lengths[] = { 64, 1024 };

    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        char what[64];
        fill_lines(data, lengths[i]);
        confab_chat_set_terminator_line(chat);
        snprintf(what, sizeof what, "line, about %zu bytes", lengths[i]);
        report(what, chat, data);
        confab_chat_set_terminator(chat, "\r\n", 2);
        snprintf(what, sizeof what, "CR LF, about %zu bytes", lengths[i]);
        report(what, chat, data);
    }
}

/* What an adversary sends. */
static void measure_worst(confab_chat *chat, char *data)
{
    char terminator[64];

    memset(data, '\r', READ);
    confab_chat_set_terminator(chat, "\r\n", 2);
    report("CR LF against a flood of CR", chat, data);
    memset(data, '\n', READ);
    report("CR LF against a flood of LF", chat, data);
    memset(data, 'a', READ);
    memset(terminator, 'a', sizeof terminator);
    terminator[sizeof terminator - 1] = 'b';
    confab_chat_set_terminator(chat, terminator, sizeof terminator);
    report("a...ab against a...", chat, data);
    terminator[0] = 'b';
    terminator[sizeof terminator - 1] = 'a';
    confab_chat_set_terminator(chat, terminator, sizeof terminator);
    report("ba...a against a...", chat, data);
}

int main(void)
{
    struct confab_chat_options options = { .size = sizeof options, .max_message = CONFAB_UNLIMITED };
    confab_reactor *reactor;
    int pair[2];
    char *data = malloc(READ + 1);

    if (!data || confab_reactor_new(&reactor, NULL) || socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
        return EXIT_FAILURE;
    confab_chat *chat = confab_chat_new(reactor, pair[0], &ops, &options);
    if (!chat || confab_reactor_run_once(reactor, 0) < 0)
        return EXIT_FAILURE;
    measure_lines(chat, data);
    measure_worst(chat, data);
    printf("(%llu bytes collected, %llu messages)\n", (unsigned long long)collected,
           (unsigned long long)found);
    confab_reactor_free(reactor);
    free(data);
    return EXIT_SUCCESS;
}
