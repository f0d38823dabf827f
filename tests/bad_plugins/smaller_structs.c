/* A good plugin, built when the structs had fewer fields: it must load, and what
 * it lacks must be read as zero.  So it declares them itself, as they were. */
#include <stddef.h>
#include <stdint.h>

struct old_chat_ops {
    size_t size, session_size;
    int (*handle_connect)(void *chat);
    int (*collect_incoming_data)(void *chat, const char *data, size_t len);
};

struct old_option {
    const char *name;
    int type;
    size_t offset;
};

struct old_plugin {
    uint64_t magic;
    uint32_t size, option_size;
    uint16_t abi_major, abi_minor;
    uint32_t flags;
    const char *name, *version, *description;
    const struct old_chat_ops *chat;
    const struct old_option *options;
    size_t service_size;
};

static int collect_incoming_data(void *chat, const char *data, size_t len)
{
    (void)chat, (void)data, (void)len;
    return 0;
}

static const struct old_chat_ops chat_ops = { .size = sizeof(struct old_chat_ops),
                                              .session_size = 24,
                                              .collect_incoming_data = collect_incoming_data };

enum { INTEGER = 1, SIZE = 2 };

static const struct old_option options[] = {
    { .name = "first", .type = INTEGER, .offset = 0 },
    { .name = "second", .type = SIZE, .offset = 8 },
    { .name = NULL },
};

extern __attribute__((visibility("default"))) const struct old_plugin confab_plugin_entry;
const struct old_plugin confab_plugin_entry = { .magic = UINT64_C(0x4c506261666e6f63),
                                                .size = sizeof(struct old_plugin),
                                                .option_size = sizeof(struct old_option),
                                                .abi_major = 1,
                                                .name = "smaller-structs",
                                                .version = "1",
                                                .description = "was built with fewer fields",
                                                .chat = &chat_ops,
                                                .options = options,
                                                .service_size = 16 };
