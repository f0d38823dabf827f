/* registry.c: the backends of this build. */
#include "backends/backend.h"
#include <confab/reactor.h>

const struct confab_backend *const confab_backends[] = {
#ifdef CONFAB_HAVE_EPOLL
    &confab_backend_epoll,
#endif
#ifdef CONFAB_HAVE_KQUEUE
    &confab_backend_kqueue,
#endif
    &confab_backend_poll,
    &confab_backend_sim, /* last: it is no choice, but to be asked for by name */
    NULL,
};

const char *confab_backend_name(size_t i)
{
    const size_t count = sizeof confab_backends / sizeof confab_backends[0] - 1;

    return i < count ? confab_backends[i]->name : NULL;
}
