/* load_source.c: from which address the load connects, on a system where all of 127/8 is this machine. */
#include "tools/bench/load_engine.h"
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

enum { CONNECTIONS = 5000 }; /* of one address: of 28,000 ports some may be taken */

/* The port is chosen when it is connected, with a view to the other end: two connections may share one. */
int source_bind(int fd, uint32_t index)
{
    const int yes = 1;
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK + index / CONNECTIONS) };

    if (index < CONNECTIONS)
        return 0;
    if (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes) ||
        bind(fd, (struct sockaddr *)&address, sizeof address))
        return -errno;
    return 0;
}
