/* calls_ptrace.c: counts the system calls of a process, its threads and its children, with Linux's ptrace(2). */
#include "tools/bench/keep.h"
#include <errno.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

/* PTRACE_GET_SYSCALL_INFO and what is first in its answer: <sys/ptrace.h> and <linux/ptrace.h> cannot both be included, and
 * older ones of the first do not have it. */
enum { GET_SYSCALL_INFO = 0x420e, SYSCALL_ENTRY = 1, EVENT_STOP = 128 };

const int calls_wait_flags = __WALL;

/* An enum's conversion from int is one that clang warns of; not all libraries have an enum. */
/* glibc has a type for it, others take an int. */
#ifdef __GLIBC__
typedef enum __ptrace_request operation;
#else
typedef int operation;
#endif

static long ask(operation what, pid_t pid, uintptr_t address, uintptr_t data)
{
    return ptrace(what, pid, (void *)address, (void *)data);
}

/* 0: none; -errno. */
static long syscall_info(pid_t pid)
{
    uint64_t info[16] = { 0 };
    if (ask((operation)GET_SYSCALL_INFO, pid, sizeof info, (uintptr_t)info) < 0)
        return -errno;
    return *(const uint8_t *)info;
}

static long go_on(pid_t pid, int signo)
{
    return ask(PTRACE_SYSCALL, pid, 0, (uintptr_t)signo);
}

int calls_begin(pid_t pid)
{
    const uintptr_t options = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACECLONE |
                              PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC;
    int status;

    if (ask(PTRACE_SEIZE, pid, 0, options) < 0 || ask(PTRACE_INTERRUPT, pid, 0, 0) < 0)
        return -errno;
    while (waitpid(pid, &status, __WALL) < 0)
        if (errno != EINTR)
            return -errno;
    long info = syscall_info(pid);
    if (info < 0) {
        ask(PTRACE_DETACH, pid, 0, 0);
        return (int)info;
    }
    return go_on(pid, 0) < 0 ? -errno : 0;
}

/* A process that was stopped by a signal stays so until it is sent SIGCONT. */
static bool stays_stopped(int signo)
{
    return signo == SIGSTOP || signo == SIGTSTP || signo == SIGTTIN || signo == SIGTTOU;
}

bool calls_stopped(pid_t pid, int status, pid_t program, volatile uint64_t *calls)
{
    if (!WIFSTOPPED(status))
        return false;
    int signo = WSTOPSIG(status), event = status >> 16;
    if (signo == (SIGTRAP | 0x80)) {
        if (syscall_info(pid) == SYSCALL_ENTRY)
            *calls += 1;
        go_on(pid, 0);
    } else if (event == EVENT_STOP && stays_stopped(signo)) {
        ask(PTRACE_LISTEN, pid, 0, 0);
    } else {
        if (event == PTRACE_EVENT_EXEC && pid == program)
            *calls = 0;
        go_on(pid, event ? 0 : signo);
    }
    return true;
}
