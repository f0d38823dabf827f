/* peer.c: the command line of a peer, and the address it serves on. */
#include "peer.h"
#include "tools/bench/launch.h"
#include "tools/command.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static int help(const struct peer *peer)
{
    printf("usage: %s line\n"
           "       %s dispatch COUNT ACTIVE WRITES\n"
           "       %s timers COUNT\n"
           "       %s --version\n"
           "\n"
           "What 'confab bench' measures beside confab: a server that answers each line with the\n"
           "same line, events on COUNT descriptors, and COUNT timers.\n",
           peer->command, peer->command, peer->command, peer->command);
    return output_done(peer->command);
}

static int serve(const struct peer *peer)
{
    int error;

    descriptors_raise();
    signal(SIGPIPE, SIG_IGN);
    error = peer->line();
    return error ? failure(peer->command, "line: %s", strerror(-error)) : EXIT_SUCCESS;
}

int peer_main(const struct peer *peer, int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";

    if (!strcmp(what, "dispatch"))
        return dispatch_main(peer->dispatch, NULL, argc - 2, argv + 2);
    if (!strcmp(what, "timers"))
        return timers_main(peer->timers, NULL, argc - 2, argv + 2);
    if (argc > 2)
        return usage_error(peer->command, "expected no more words, but got \"%s\"", argv[2]);
    if (!strcmp(what, "line"))
        return serve(peer);
    if (!strcmp(what, "--help"))
        return help(peer);
    if (strcmp(what, "--version"))
        return usage_error(peer->command, "expected line, dispatch, timers or --version, but got \"%s\"",
                           what);
    puts(peer->version());
    return output_done(peer->command);
}

struct sockaddr_in peer_address(void)
{
    return (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

int peer_listening(int listener)
{
    struct sockaddr_in address;
    socklen_t len = sizeof address;
    int yes = 1;

    if (setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) < 0 ||
        getsockname(listener, (struct sockaddr *)&address, &len) < 0 ||
        printf("listening line 127.0.0.1:%d\n", ntohs(address.sin_port)) < 0 || fflush(stdout) != 0)
        return -errno;
    return 0;
}
