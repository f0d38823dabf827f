/* part_bare_accept4.c: where there is accept4(2). */
#include "tools/bench/part_bare.h"

#include <sys/socket.h>

int bare_accept_one(int listener)
{
    return accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}
