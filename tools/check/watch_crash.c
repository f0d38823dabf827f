/* watch_crash.c: signals: what is told of a plugin that ends the process, by one or by a call; whether it was stopped. */
#include "tools/check/watch.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    STACK_SIZE = 64 << 10, /* of the handler, whose own is the board's only large part */
    CRASH_STATUS = 3       /* of the process */
};

static const struct {
    int signo;
    const char *name;
} signals[] = { { SIGSEGV, "SIGSEGV" },
                { SIGBUS, "SIGBUS" },
                { SIGABRT, "SIGABRT" },
                { SIGFPE, "SIGFPE" },
                { SIGILL, "SIGILL" } };
enum { SIGNALS = sizeof signals / sizeof signals[0] };

struct crash_signals {
    struct sigaction before[SIGNALS], goes_on_before;
    stack_t stack_before;
    char stack[STACK_SIZE];
};

/* -- Text ------------------------------------------------------------------------------------------ */

void words_text(struct words *words, const char *text)
{
    while (*text && words->left > 1) {
        *words->at++ = *text++;
        words->left--;
    }
    *words->at = '\0';
}

static void words_digits(struct words *words, uint64_t number, unsigned base)
{
    char digits[24], *at = digits + sizeof digits - 1;

    *at = '\0';
    do {
        *--at = "0123456789abcdef"[number % base];
        number /= base;
    } while (number > 0);
    words_text(words, at);
}

void words_number(struct words *words, uint64_t number)
{
    words_digits(words, number, 10);
}

void words_address(struct words *words, const void *address)
{
    words_text(words, "0x");
    words_digits(words, (uintptr_t)address, 16);
}

/* -- The end ----------------------------------------------------------------------------------------- */

static void copy_text(char *to, size_t room, const char *from)
{
    struct words words = { to, room };

    words_text(&words, from);
}

_Noreturn void crash_end(struct watch *watch, const char *what)
{
    struct board *board = watch->board;
    struct finding *crash = &board->crash;
    const char *hook = board->hook;

    crash->severity = CHECK_FAILURE;
    copy_text(crash->seed, sizeof crash->seed, board->seed);
    copy_text(crash->session, sizeof crash->session, board->session);
    crash->line = board->line;
    copy_text(crash->hook, sizeof crash->hook, hook ? hook : "");
    if (!crash->what[0] && *what) {
        copy_text(crash->what + 1, sizeof crash->what - 1, what + 1);
        atomic_thread_fence(memory_order_release);
        crash->what[0] = what[0]; /* the parent looks for it */
    }
    _exit(CRASH_STATUS);
}

/* A plugin that does not look at what malloc(3) gave it crashes where it is to be made to. */
static void tell_failed(const struct watch *watch, struct words *words)
{
    if (!watch->failed_call)
        return;
    words_text(words, ", after ");
    words_text(words, watch->failed_call);
    words_text(words, " of ");
    words_number(words, watch->failed_size);
    words_text(words, " bytes in ");
    words_text(words, *watch->failed_hook ? watch->failed_hook : "no hook");
    words_text(words, " had failed");
}

static void tell_freed_twice(const struct memory_block *block, struct words *words)
{
    words_text(words, "freed twice: ");
    words_number(words, block->size);
    words_text(words, " bytes that were allocated by ");
    words_text(words, block->from);
    words_text(words, " in ");
    words_text(words, block->hook);
}

static void caught(int signo, siginfo_t *info, void *context)
{
    struct watch *watch = watch_current();
    char what[WATCH_TEXT];
    struct words words = { what, sizeof what };
    const struct memory_block *freed;
    bool address = signo == SIGSEGV || signo == SIGBUS;
    int i = 0;

    (void)context;
    if (!watch || watch->process != getpid())
        _exit(CRASH_STATUS);
    what[0] = '\0';
    freed = memory_freed_twice(watch->memory);
    if (freed) {
        tell_freed_twice(freed, &words);
    } else if (!address || !guard_tell(watch->guard, info->si_addr, &words)) {
        while (i < SIGNALS - 1 && signals[i].signo != signo)
            i++;
        words_text(&words, "crashed: ");
        words_text(&words, signals[i].name);
        if (address) {
            words_text(&words, " at address ");
            words_address(&words, info->si_addr);
        }
        tell_failed(watch, &words);
    }
    crash_end(watch, what);
}

/* Somebody had stopped the process, on a terminal perhaps: what ran then has taken long, and it is not to blame. */
static void goes_on(int signo)
{
    struct watch *watch = watch_current();

    (void)signo;
    if (watch)
        atomic_fetch_add_explicit(&watch->stops, 1, memory_order_relaxed);
}

/* -- Life ----------------------------------------------------------------------------------------------- */

int crash_catch(struct watch *watch)
{
    struct crash_signals *state = calloc(1, sizeof *state);
    struct sigaction action = { .sa_sigaction = caught, .sa_flags = SA_SIGINFO | SA_ONSTACK };

    if (!state)
        return -ENOMEM;
    stack_t stack = { .ss_sp = state->stack, .ss_size = sizeof state->stack };
    if (sigaltstack(&stack, &state->stack_before) < 0) {
        int error = -errno;
        free(state);
        return error;
    }
    /* None of them while one is told of: a second crash ends the process as it would have. */
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < SIGNALS; i++)
        sigaction(signals[i].signo, &action, &state->before[i]);
    action = (struct sigaction){ .sa_handler = goes_on, .sa_flags = SA_RESTART | SA_ONSTACK };
    sigemptyset(&action.sa_mask);
    sigaction(SIGCONT, &action, &state->goes_on_before);
    watch->signals = state;
    return 0;
}

void crash_release(struct watch *watch)
{
    struct crash_signals *state = watch->signals;

    if (!state)
        return;
    for (int i = 0; i < SIGNALS; i++)
        sigaction(signals[i].signo, &state->before[i], NULL);
    sigaction(SIGCONT, &state->goes_on_before, NULL);
    sigaltstack(&state->stack_before, NULL);
    free(state);
    watch->signals = NULL;
}
