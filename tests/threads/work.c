/* work.c: jobs of confab_work reach the threads and come back: all of them, once each, with what they
 * wrote, while the loop sleeps and while it works, between posts, and when the reactor is freed. */
#include "check.h"
#include <confab/chat.h>
#include <errno.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    THREADS = 8,
    CALLS = 300,
    LANES = 16,
    CHATS = 8,
    JOBS = 300,
    POSTERS = 3,
    POSTS = 500,
    FREES = 200,
    LATE = 20
};

/* Jobs one after the other: each done asks for the next. */
struct lane {
    confab_reactor *reactor;
    confab_chat *owner;
    struct test *test;
    int jobs; /* that it is to have */

    /* Handed from the loop to a thread and back with each job, under no lock of its own. */
    int asked, ran, told;
    pthread_t thread;
};

struct test {
    pthread_t loop;
    int ticks;
    atomic_int posts; /* by jobs */
    int posts_seen;   /* of theirs, on the loop */
    int jobs_of_posts, told_of_posts;
    int lanes; /* that are not through */
};

static void see_post(confab_reactor *reactor, void *data)
{
    struct test *test = data;

    (void)reactor;
    check(pthread_equal(pthread_self(), test->loop), "a post runs in the loop's thread");
    test->posts_seen++;
}

static int run(void *data)
{
    struct lane *lane = data;

    lane->ran++;
    lane->thread = pthread_self();
    check(lane->ran == lane->asked, "a job runs once, before the next one of its lane");
    if (lane->test && lane->ran % 4 == 0) {
        check(confab_reactor_post(lane->reactor, see_post, lane->test) == 0, "a job may post");
        atomic_fetch_add(&lane->test->posts, 1);
    }
    return lane->ran;
}

static void ask(struct lane *lane);

static void done(confab_chat *owner, int result, void *data)
{
    struct lane *lane = data;

    check(!pthread_equal(lane->thread, pthread_self()), "a job runs in a thread of its own");
    check(owner == lane->owner, "done gets its owner");
    check(++lane->told == result, "each job is done once, with what it returned");
    if (lane->told < lane->jobs)
        ask(lane);
    else if (lane->test && --lane->test->lanes == 0)
        confab_reactor_stop(lane->reactor);
}

static void ask(struct lane *lane)
{
    lane->asked++;
    check(confab_work(lane->reactor, lane->owner, run, done, lane) == 0, "a job is taken");
}

static confab_reactor *reactor_new(void)
{
    struct confab_reactor_options options = { .size = sizeof options, .work_threads = THREADS };
    confab_reactor *reactor;

    check(confab_reactor_new(&reactor, &options) == 0, "a reactor");
    return reactor;
}

/* Nothing else goes on then: a wake-up that is lost leaves the loop asleep for ever. */
static void while_it_sleeps(void)
{
    struct lane lane = { .reactor = reactor_new(), .jobs = CALLS };

    ask(&lane);
    check(confab_reactor_run(lane.reactor) == 0, "run ends after the last job");
    check(lane.told == CALLS, "run does not end before the last job");
    check(confab_reactor_free(lane.reactor) == 0, "the reactor is freed");
}

static void tick(confab_reactor *reactor, void *data)
{
    (void)reactor;
    ((struct test *)data)->ticks++;
}

static int return_seven(void *data)
{
    (void)data;
    return 7;
}

static void count_seven(confab_chat *owner, int result, void *data)
{
    check(!owner && result == 7, "a job's result reaches its done");
    ((struct test *)data)->told_of_posts++;
}

static void ask_on_loop(confab_reactor *reactor, void *data)
{
    struct test *test = data;

    test->jobs_of_posts++;
    check(confab_work(reactor, NULL, return_seven, count_seven, test) == 0, "a job is taken");
}

struct poster {
    confab_reactor *reactor;
    struct test *test;
};

static void *post_many(void *data)
{
    struct poster *poster = data;

    for (int i = 0; i < POSTS; i++)
        check(confab_reactor_post(poster->reactor, ask_on_loop, poster->test) == 0, "a post is taken");
    return NULL;
}

static int collect(confab_chat *chat, const char *data, size_t len)
{
    (void)chat, (void)data, (void)len;
    return 0;
}

static confab_chat *chat_new(confab_reactor *reactor, int *peer)
{
    static const struct confab_chat_ops ops = { .size = sizeof ops, .collect_incoming_data = collect };
    int pair[2];

    check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "a pair of sockets");
    *peer = pair[1];
    confab_chat *chat = confab_chat_new(reactor, pair[0], &ops, NULL);
    check(chat != NULL, "a chat");
    return chat;
}

static void while_it_works(void)
{
    struct test test = { .loop = pthread_self(), .lanes = LANES };
    confab_reactor *reactor = reactor_new();
    struct poster poster = { .reactor = reactor, .test = &test };
    struct lane lane[LANES];
    pthread_t posting[POSTERS];
    int peer[CHATS], told = 0;

    confab_id ticking = confab_call_every(reactor, CONFAB_MILLISECOND, tick, &test);
    for (int i = 0; i < LANES; i++) {
        lane[i] = (struct lane){ .reactor = reactor, .test = &test, .jobs = JOBS };
        if (i < CHATS)
            lane[i].owner = chat_new(reactor, &peer[i]);
        ask(&lane[i]);
    }
    for (int i = 0; i < POSTERS; i++)
        posting[i] = thread_start(post_many, &poster);
    check(confab_reactor_run(reactor) == 0, "run ends");
    for (int i = 0; i < POSTERS; i++)
        thread_join(posting[i]);
    check(confab_call_cancel(reactor, ticking) == 0, "the timer ran until the end");
    for (int i = 0; i < CHATS; i++)
        close(peer[i]);
    check(confab_reactor_run(reactor) == 0, "run ends when nothing is left");
    for (int i = 0; i < LANES; i++)
        told += lane[i].told;
    check(told == LANES * JOBS, "each job is done");
    check(test.posts_seen == atomic_load(&test.posts), "each post of a job has run");
    check(test.jobs_of_posts == POSTERS * POSTS && test.told_of_posts == test.jobs_of_posts,
          "each job that a post asked for is done");
    check(confab_reactor_free(reactor) == 0, "the reactor is freed");
}

struct late {
    atomic_int ran;
    int told, cancelled;
};

static int run_late(void *data)
{
    struct late *late = data;

    atomic_fetch_add(&late->ran, 1);
    return 0;
}

static void count_late(confab_chat *owner, int result, void *data)
{
    struct late *late = data;

    (void)owner;
    check(result == 0 || result == -ECANCELED, "it has run, or was cancelled");
    late->told++;
    late->cancelled += result == -ECANCELED;
}

/* Wherever the threads are then: starting, at a job, on their way to sleep. */
static void while_it_is_freed(void)
{
    for (int i = 0; i < FREES; i++) {
        confab_reactor *reactor = reactor_new();
        struct late late = { 0 };
        int peer;
        confab_chat *chat = chat_new(reactor, &peer);

        for (int k = 0; k < i % LATE; k++) {
            check(confab_work(reactor, k % 2 ? chat : NULL, run_late, count_late, &late) == 0,
                  "a job is taken");
            if (k % 5 == 4)
                check(confab_reactor_run_once(reactor, 0) >= 0, "a turn");
        }
        check(confab_reactor_free(reactor) == 0, "the reactor is freed");
        check(late.told == i % LATE, "each job is done once");
        check(late.told == late.cancelled + atomic_load(&late.ran), "what was cancelled has not run");
        close(peer);
    }
}

int main(void)
{
    while_it_sleeps();
    while_it_works();
    while_it_is_freed();
    return 0;
}
