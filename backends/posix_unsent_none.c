/* posix_unsent_none.c: for systems that do not tell, or of which we do not ask it
 * (the BSDs have FIONWRITE, macOS has SO_NWRITE). */
#include "backends/posix.h"

int posix_unsent(int fd)
{
    (void)fd;
    return -ENOTSUP;
}
