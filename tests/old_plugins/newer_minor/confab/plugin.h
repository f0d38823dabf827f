/* confab/plugin.h as it may be once fields were appended: of the same major, a newer minor, longer structs. */
#ifndef CONFAB_PLUGIN_H
#define CONFAB_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

typedef struct confab_chat confab_chat;

struct confab_chat_ops {
    size_t size;
    size_t session_size;
    int (*handle_connect)(confab_chat *chat);
    int (*collect_incoming_data)(confab_chat *chat, const char *data, size_t len);
    void (*others[32])(void);
};

struct confab_plugin {
    uint64_t magic;
    uint32_t size, option_size;
    uint16_t abi_major, abi_minor;
    uint32_t flags;
    const char *name;
    const char *version;
    const char *description;
    const struct confab_chat_ops *chat;
    const void *others[32];
};

#define CONFAB_PLUGIN(...)                                                                        \
    extern __attribute__((visibility("default"))) const struct confab_plugin confab_plugin_entry; \
    const struct confab_plugin confab_plugin_entry = { .magic = UINT64_C(0x4c506261666e6f63),     \
                                                       .size = sizeof(struct confab_plugin),      \
                                                       .abi_major = 1,                            \
                                                       .abi_minor = 999,                          \
                                                       __VA_ARGS__ };
#define CONFAB_CHAT(...) \
    (&(const struct confab_chat_ops){ .size = sizeof(struct confab_chat_ops), __VA_ARGS__ })

int confab_chat_collect(confab_chat *chat, const char *data, size_t len);

#endif
