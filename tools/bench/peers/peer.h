/* peer.h: what the programs in this folder share.  Each does on another library what `confab` and its plugin `line` do,
 * for `confab bench` to measure it beside them:
 *
 *     confab-bench-NAME line                           answers lines on a port of 127.0.0.1, until SIGTERM
 *     confab-bench-NAME dispatch COUNT ACTIVE WRITES   tools/bench/dispatch.h
 *     confab-bench-NAME timers COUNT                   tools/bench/timers.h
 *     confab-bench-NAME --version                      the library's, as it is loaded
 *
 * Each is meant to be written as the library's own documentation teaches.  Where it can be done better in that sense,
 * it should be. */
#ifndef CONFAB_TOOLS_BENCH_PEERS_PEER_H
#define CONFAB_TOOLS_BENCH_PEERS_PEER_H

#include "tools/bench/dispatch.h"
#include "tools/bench/timers.h"
#include <netinet/in.h>
#include <sys/socket.h>

enum { PEER_BACKLOG = 4096 };

struct peer {
    const char *command;          /* "confab-bench-libevent" */
    const char *(*version)(void); /* "2.1.12-stable" */
    int (*line)(void);            /* serves.  0 where it was ended, or -errno */
    const struct dispatch_loop *dispatch;
    const struct timers_loop *timers;
};

int peer_main(const struct peer *peer, int argc, char **argv);

/* 127.0.0.1, a port that the kernel chooses. */
struct sockaddr_in peer_address(void);

/* Says where a listener listens, and has what it accepts inherit TCP_NODELAY: a call a connection less.  0, or -errno. */
int peer_listening(int listener);

#endif
