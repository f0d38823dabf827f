/* bad.h: what the plugins here share: each is right but for the one thing that
 * its name tells, and is refused for it. */
#ifndef CONFAB_TESTS_BAD_H
#define CONFAB_TESTS_BAD_H

#include <confab/plugin.h>

/* A hook of its own, so that nothing of the library is needed to load it. */
static inline int bad_collect(confab_chat *chat, const char *data, size_t len)
{
    (void)chat, (void)data, (void)len;
    return 0;
}

#define BAD_CHAT CONFAB_CHAT(.collect_incoming_data = bad_collect)

/* The plugin with no field filled that is not written out. */
#define BAD_PLUGIN(...)                                                                           \
    extern __attribute__((visibility("default"))) const struct confab_plugin confab_plugin_entry; \
    const struct confab_plugin confab_plugin_entry = { __VA_ARGS__ };

/* One that is refused for its options. */
#define BAD_OPTIONS(state_type, table) \
    CONFAB_PLUGIN(.name = "bad", .chat = BAD_CHAT, .options = (table), .service_size = sizeof(state_type))

#endif
