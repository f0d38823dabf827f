/* launched.c: what tests of `confab bench` start as a server or a worker: its first word says what it does. */
#include <arpa/inet.h>
#include <confab/base.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A traced process cannot be looked at by LeakSanitizer, which says so. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
    return 1;
}

static void listening(int port)
{
    printf("listening %s 127.0.0.1:%d\n", "launched", port);
    fflush(stdout);
}

static int say(const char *text)
{
    fprintf(stderr, "%s\n", text);
    return 0;
}

/* Until it is told to end. */
static int wait_for_end(void)
{
    sigset_t set;
    int signo;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    listening(7);
    return sigwait(&set, &signo);
}
