/* Loads, and then says why it will not serve. */
#include "bad.h"

static int ready(confab_service *service)
{
    return confab_service_error(service, "cannot open the table of %s: it is not there", "quotations");
}

CONFAB_PLUGIN(.name = "bad", .chat = BAD_CHAT, .ready = ready)
