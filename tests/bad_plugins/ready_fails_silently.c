/* Loads, and then does not serve without saying why. */
#include "bad.h"

static int ready(confab_service *service)
{
    (void)service;
    return -2;
}

CONFAB_PLUGIN(.name = "bad", .chat = BAD_CHAT, .ready = ready)
