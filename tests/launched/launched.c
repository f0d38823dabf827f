/* launched.c: what the tests of `confab bench` start as a server or a worker: its first word says what it does.  With
 * CONFAB_TEST_TELL it writes into that file what it was started with. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int print(const char *text)
{
    fputs(text, stdout);
    return fflush(stdout);
}

static void say(const char *text)
{
    fputs(text, stderr);
}

/* Says that it listens, and waits until it is told to end. */
static int listen_until_end(void)
{
    sigset_t set;
    int signo;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    print("listening launched 127.0.0.1:4711\n");
    return sigwait(&set, &signo);
}

static int listens(char **words)
{
    (void)words;
    return listen_until_end();
}

/* -- Those that do it wrong ------------------------------------------------------------------ */

static int dies(char **words)
{
    (void)words;
    say("first it was well\nthen out of luck\n");
    return 3;
}

static int crashes(char **words)
{
    (void)words;
    say("about to crash\n");
    raise(SIGKILL);
    return 0;
}

static int never_listens(char **words)
{
    (void)words;
    say("thinking\n");
    while (pause() < 0)
        continue;
    return 0;
}

static int closes_output(char **words)
{
    close(STDOUT_FILENO);
    return never_listens(words);
}

static int prints(char **words)
{
    print(words[0]);
    print("\n");
    return never_listens(words);
}

static int prints_for_ever(char **words)
{
    (void)words;
    while (print("..........") == 0)
        continue;
    return 0;
}

/* Listens, and ends when a file is there. */
static int ends_early(char **words)
{
    print("listening launched 127.0.0.1:4711\n");
    while (access(words[0], F_OK) < 0)
        usleep(1000);
    say("had enough\n");
    return 4;
}

static int stubborn(char **words)
{
    signal(SIGTERM, SIG_IGN);
    print("listening launched 127.0.0.1:4711\n");
    return never_listens(words);
}

/* More than a pipe takes, to both; then it listens no less. */
static int talks(char **words)
{
    (void)words;
    for (int i = 0; i < 100000; i++)
        fprintf(stderr, "line %d\n", i);
    print("listening launched 127.0.0.1:4711\n");
    for (int i = 0; i < 100000; i++)
        print("more and more\n");
    say("all said\n");
    return 5;
}

/* Holds a pipe that has a name, and takes its leave. */
static int holds(char **words)
{
    int fd = open(words[0], O_WRONLY);
    return fd < 0 || listen_until_end() || write(fd, "bye", 3) != 3;
}

/* With a child, both of which hold a pipe that has a name.  The child goes when nobody reads that any more, and else stays:
 * it says nothing, as who says something where nobody listens is ended by that. */
static int leaves(char **words)
{
    struct pollfd held = { .fd = open(words[0], O_WRONLY) };
    if (held.fd < 0)
        return 1;
    return fork() == 0 ? poll(&held, 1, -1) : listen_until_end();
}

/* -- What it was started with ---------------------------------------------------------------- */

/* Words and environment into a file. */
static int tell(const char *path, char **words)
{
    extern char **environ;
    FILE *file = fopen(path, "w");
    if (!file)
        return 1;
    for (char **word = words; *word; word++)
        fprintf(file, "%s%s", word == words ? "" : " ", *word);
    fputs("\n", file);
    for (char **entry = environ; *entry; entry++)
        fprintf(file, "%s\n", *entry);
    fclose(file);
    return listen_until_end();
}

/* -- System calls ----------------------------------------------------------------------------- */

static void *calls(void *data)
{
    for (int i = *(const int *)data; i > 0; i--)
        getppid();
    return NULL;
}

/* As many as the first word says. */
static int counts(char **words)
{
    int count = atoi(words[0]);
    calls(&count);
    return listen_until_end();
}

/* In a thread, and in a child. */
static int counts_aside(char **words)
{
    int count = atoi(words[0]);
    pthread_t thread;

    if (pthread_create(&thread, NULL, calls, &count) || pthread_join(thread, NULL))
        return 1;
    pid_t pid = fork();
    if (pid == 0) {
        calls(&count);
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    return listen_until_end();
}

/* -- Workers ---------------------------------------------------------------------------------- */

static int works(char **words)
{
    for (; *words; words++) {
        print(*words);
        print("\n");
    }
    return 0;
}

static int works_in_vain(char **words)
{
    say("nothing to measure\n");
    works(words);
    return 1;
}

static const struct {
    const char *name;
    int (*run)(char **words);
} table[] = {
    { "closes_output", closes_output },
    { "counts", counts },
    { "counts_aside", counts_aside },
    { "crashes", crashes },
    { "dies", dies },
    { "ends_early", ends_early },
    { "holds", holds },
    { "leaves", leaves },
    { "listens", listens },
    { "never_listens", never_listens },
    { "prints", prints },
    { "prints_for_ever", prints_for_ever },
    { "stubborn", stubborn },
    { "talks", talks },
    { "works", works },
    { "works_in_vain", works_in_vain },
};

int main(int argc, char **argv)
{
    const char *path = getenv("CONFAB_TEST_TELL");
    if (path)
        return tell(path, argv + 1);
    for (size_t i = 0; argc > 1 && i < sizeof table / sizeof table[0]; i++)
        if (!strcmp(argv[1], table[i].name))
            return table[i].run(argv + 2);
    say("launched: what?\n");
    return 2;
}
