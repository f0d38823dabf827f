#include "listening.h"

#include "command.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    ANNOUNCE_WAIT = 1000, /* milliseconds for which a full standard output may hold us up */
    ANNOUNCE_BYTES = 512  /* of a line, at the most: a pipe takes that many at once or not at all */
};

/* What is in the way of a socket file: one that nobody listens on would have been replaced. */
static const char *path_hint(const char *path)
{
    struct stat st;
    if (lstat(path, &st) < 0)
        return "";
    return S_ISSOCK(st.st_mode) ? "; a process listens there" : "; a file that is no socket is in the way";
}

static const char *hint(int error, const char *address)
{
    static const char unix_prefix[] = "unix:";
    static const struct {
        int error;
        const char *hint;
    } hints[] = {
        { EADDRINUSE, "; choose another, or port 0 for any that is free" },
        { EACCES,
          "; ports under 1024 are for privileged users, a socket file needs a folder that can be written" },
        { EADDRNOTAVAIL, "; no interface of this machine has that address" },
        { ENOENT, "; the socket file's folder does not exist" },
        { EAFNOSUPPORT, "; this system does not have that kind of address" },
    };
    if (error == EADDRINUSE && strncmp(address, unix_prefix, sizeof(unix_prefix) - 1) == 0)
        return path_hint(address + sizeof(unix_prefix) - 1);
    for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
        if (hints[i].error == error)
            return hints[i].hint;
    }
    return "";
}

/* For whoever started us.  Standard output may be closed or full: that must not
 * keep us from serving, nor hold the loop up. */
static void announce(confab_service *service, const char *address)
{
    char line[ANNOUNCE_BYTES];
    struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };
    confab_service_log(service, CONFAB_INFO, "listening on %s", address);
    int len = snprintf(line, sizeof(line), "listening %s %s\n", confab_service_name(service), address);
    if (len < 0 || (size_t)len >= sizeof(line))
        return;
    if (poll(&out, 1, ANNOUNCE_WAIT) == 0 || write(STDOUT_FILENO, line, (size_t)len) != len)
        confab_service_log(service, CONFAB_WARNING, "standard output does not take that this listens on %s",
                           address);
}

/* A supervisor that has read the first line takes us for ready: so none is
 * written before all sockets are there. */
static int listen_on_all(const char *command, confab_service *service, const char *const *addresses,
                         size_t count)
{
    confab_listener **listeners = calloc(count, sizeof(*listeners));
    int status = listeners ? EXIT_SUCCESS : failure(command, "out of memory");
    for (size_t i = 0; !status && i < count; i++) {
        int error = confab_service_listen(service, &listeners[i], addresses[i], NULL, NULL);
        if (error)
            status = failure(command, "cannot listen on %s: %s%s", addresses[i], strerror(-error),
                             hint(-error, addresses[i]));
    }
    for (size_t i = 0; !status && i < count; i++)
        announce(service, confab_listener_address(listeners[i]));
    free(listeners);
    return status;
}

int listening_start(const struct hosting_wish *wish, confab_service *service, uint16_t default_port)
{
    char text[sizeof("65535")];
    const char *port = text;
    if (wish->listen_count > 0)
        return listen_on_all(wish->command, service, wish->listen, (size_t)wish->listen_count);
    snprintf(text, sizeof(text), "%u", default_port);
    return listen_on_all(wish->command, service, &port, 1);
}
