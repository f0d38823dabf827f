/* Has no hooks at all. */
#include "bad.h"

CONFAB_PLUGIN(.name = "bad")
