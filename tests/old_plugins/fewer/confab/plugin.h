/* confab/plugin.h as it might have been before fields were appended: of the same major, with shorter structs.
 * An option has no flags and no help, the chat's hooks end before handle_expt and handle_close, the
 * plugin before its counters and examples.  What is there is where ABI 1.0 has it. */
#ifndef CONFAB_PLUGIN_H
#define CONFAB_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct confab_reactor confab_reactor;
typedef struct confab_chat confab_chat;
typedef struct confab_service confab_service;

enum confab_timeout { CONFAB_TIMEOUT_CONNECT };
enum confab_option_type { CONFAB_OPTION_STRING, CONFAB_OPTION_INTEGER };
enum confab_spread { CONFAB_ONE_WORKER, CONFAB_ANY_WORKER };

struct confab_chat_ops {
    size_t size;
    size_t session_size;
    int (*handle_connect)(confab_chat *chat);
    int (*collect_incoming_data)(confab_chat *chat, const char *data, size_t len);
    int (*found_terminator)(confab_chat *chat);
    int (*handle_eof)(confab_chat *chat);
    int (*handle_drain)(confab_chat *chat);
    int (*handle_sent)(confab_chat *chat);
    int (*handle_timeout)(confab_chat *chat, enum confab_timeout which);
    int (*handle_too_long)(confab_chat *chat);
    int (*handle_shutdown)(confab_chat *chat);
};

struct confab_option {
    const char *name;
    enum confab_option_type type;
    size_t offset;
    const char *fallback;
    int64_t min, max;
    const char *const *choices;
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
    const struct confab_option *options;
    size_t service_size;
    uint16_t default_port;
    enum confab_spread spread;
    int (*config_complete)(confab_service *);
    int (*ready)(confab_service *);
    int (*start)(confab_service *, confab_reactor *);
    void (*stop)(confab_service *);
    void (*free)(confab_service *);
};

#define CONFAB_PLUGIN(...)                                                                          \
    extern __attribute__((visibility("default"))) const struct confab_plugin confab_plugin_entry;   \
    const struct confab_plugin confab_plugin_entry = { .magic = UINT64_C(0x4c506261666e6f63),       \
                                                       .size = sizeof(struct confab_plugin),        \
                                                       .option_size = sizeof(struct confab_option), \
                                                       .abi_major = 1,                              \
                                                       .abi_minor = 0,                              \
                                                       __VA_ARGS__ };
#define CONFAB_CHAT(...) \
    (&(const struct confab_chat_ops){ .size = sizeof(struct confab_chat_ops), __VA_ARGS__ })

int confab_chat_set_terminator_line(confab_chat *chat);
int confab_chat_collect(confab_chat *chat, const char *data, size_t len);
char *confab_chat_message(confab_chat *chat, size_t *len);
int confab_chat_printf(confab_chat *chat, const char *format, ...);
void *confab_chat_session(confab_chat *chat);
confab_service *confab_chat_service(confab_chat *chat);
void *confab_service_state(confab_service *service);

#endif
