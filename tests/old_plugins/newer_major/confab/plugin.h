/* confab/plugin.h as it may be in another major: only what stands before the fields of the author is where
 * each ABI has it, and what follows is not to be looked at. */
#ifndef CONFAB_PLUGIN_H
#define CONFAB_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

typedef struct confab_chat confab_chat;

struct confab_plugin {
    uint64_t magic;
    uint32_t size, option_size;
    uint16_t abi_major, abi_minor;
    uint32_t flags;
    uintptr_t needs; /* what was a pointer to the name in 1.0 is none here */
    struct {
        uintptr_t words[4];
        const char *name;
    } about;
    int (*collect_incoming_data)(confab_chat *chat, const char *data, size_t len);
};

#define CONFAB_PLUGIN(...)                                                                        \
    extern __attribute__((visibility("default"))) const struct confab_plugin confab_plugin_entry; \
    const struct confab_plugin confab_plugin_entry = { .magic = UINT64_C(0x4c506261666e6f63),     \
                                                       .size = sizeof(struct confab_plugin),      \
                                                       .abi_major = 2,                            \
                                                       .abi_minor = 0,                            \
                                                       .needs = 1,                                \
                                                       __VA_ARGS__ };

int confab_chat_collect(confab_chat *chat, const char *data, size_t len);

#endif
