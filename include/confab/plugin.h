/* confab/plugin.h: all that a protocol plugin includes.
 *
 * A plugin is a shared object that exports one thing, confab_plugin_entry,
 * which CONFAB_PLUGIN defines.  A whole one:
 *
 *     #include <confab/plugin.h>
 *
 *     static int handle_connect(confab_chat *chat)
 *     {
 *         return confab_chat_set_terminator_line(chat);
 *     }
 *
 *     static int found_terminator(confab_chat *chat)
 *     {
 *         size_t len;
 *         const char *line = confab_chat_message(chat, &len);
 *         confab_chat_push(chat, line, len);
 *         return confab_chat_push(chat, "\r\n", 2);
 *     }
 *
 *     CONFAB_PLUGIN(
 *         .name = "line",
 *         .description = "answers each line with the same line",
 *         .chat = CONFAB_CHAT(
 *             .handle_connect = handle_connect,
 *             .collect_incoming_data = confab_chat_collect,
 *             .found_terminator = found_terminator))
 *
 * Its life:  load, options, config_complete, ready, [fork], start, chats..., stop, free.
 */
#ifndef CONFAB_PLUGIN_H
#define CONFAB_PLUGIN_H

#include <confab/base.h>
#include <confab/buffer.h>
#include <confab/chat.h>
#include <confab/producer.h>
#include <confab/reactor.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* "confabPL" in a hex dump on a little-endian machine. */
#define CONFAB_PLUGIN_MAGIC UINT64_C(0x4c506261666e6f63)

/* A plugin runs on a host of the same major and the same or a newer minor. */
#define CONFAB_ABI_MAJOR 1
#define CONFAB_ABI_MINOR 0

/* How an option is written, and the member of the service's state that it fills. */
enum confab_option_type {
    CONFAB_OPTION_STRING,   /* char *: never NULL once options are complete, "" by default */
    CONFAB_OPTION_INTEGER,  /* int64_t: -12 */
    CONFAB_OPTION_SIZE,     /* uint64_t, bytes: 512, 64K, 1M, 2G (powers of 1024) */
    CONFAB_OPTION_DURATION, /* int64_t, nanoseconds: 250ms, 30s, 5m, 1h, 1d, 100us, 5ns; a bare 0 */
    CONFAB_OPTION_BOOLEAN,  /* bool: true, yes, on, 1, false, no, off, 0 */
    CONFAB_OPTION_PATH,     /* char *: made absolute */
    CONFAB_OPTION_CHOICE,   /* int: the index of one of .choices */
    CONFAB_OPTION_ADDRESS,  /* char *: checked for the form that confab_listen takes */
    CONFAB_OPTION_SECRET    /* char *: never printed */
};

/* Flags of an option. */
enum confab_option_flags {
    CONFAB_OPTION_REQUIRED = 1,   /* must be given */
    CONFAB_OPTION_REPEATED = 2,   /* may be given often; the member is a struct confab_strings */
    CONFAB_OPTION_POSITIONAL = 4, /* a bare word is its value; one option at the most */
    CONFAB_OPTION_CONNECT = 8 /* of an ADDRESS: one that confab_connect takes, a name for instance; else it is
                                     one that confab_listen takes */
};

/* The member of a repeated option (STRING, PATH, ADDRESS, SECRET). */
struct confab_strings {
    size_t count;
    char **items;
};

/* One option.  Made by CONFAB_OPTION; a table ends with CONFAB_OPTIONS_END. */
struct confab_option {
    const char *name; /* lower case letters, digits, hyphens; NULL ends the table */
    enum confab_option_type type;
    size_t offset;              /* of the member in the service's state */
    const char *fallback;       /* the default, as it would be written; NULL: zero, or "" */
    int64_t min, max;           /* both inclusive; both 0: no bounds */
    const char *const *choices; /* of a CHOICE, ends with NULL */
    unsigned flags;
    const char *help; /* one line */
};

/* May the service run in several workers?  There is no state across workers. */
enum confab_spread { CONFAB_ONE_WORKER, CONFAB_ANY_WORKER };

enum confab_level { CONFAB_DEBUG, CONFAB_INFO, CONFAB_WARNING, CONFAB_ERROR };

/* The plugin.  Fields are only ever appended. */
struct confab_plugin {
    /* Filled by CONFAB_PLUGIN. */
    uint64_t magic;
    uint32_t size, option_size;
    uint16_t abi_major, abi_minor;
    uint32_t flags; /* 0 */

    const char *name;                    /* lower case letters, digits, hyphens, underscores; required */
    const char *version;                 /* as the author likes */
    const char *description;             /* one line */
    const struct confab_chat_ops *chat;  /* of accepted connections; required */
    const struct confab_option *options; /* NULL: none */
    size_t service_size;                 /* bytes of zeroed memory for confab_service_state */
    uint16_t default_port;               /* where `confab serve` listens without -l; 0: the kernel chooses */
    enum confab_spread spread;

    /* Each option has been set: check them together.  0, or negative with the
     * words given to confab_service_error. */
    int (*config_complete)(confab_service *);

    /* Open files, load tables: the last place where an error reaches the
     * terminal.  Runs before any fork: start no threads. */
    int (*ready)(confab_service *);

    /* In each worker, which gives the service its reactor, before the first chat. */
    int (*start)(confab_service *, confab_reactor *);

    /* In each worker, after the last chat that was accepted has closed. */
    void (*stop)(confab_service *);

    /* The last call, also after a config_complete or ready that failed.  The
     * state is freed after it. */
    void (*free)(confab_service *);

    const char *const *counters; /* names for confab_service_count, ends with NULL */

    /* Sessions that show it, each the text of a session file, confab-session(5); ends with NULL.  `confab info`
     * shows them, `confab check` plays them.  CONFAB_EXAMPLES makes the list. */
    const char *const *examples;
};

/* Defines the plugin; no semicolon is needed behind it.  C++ wants the fields in
 * the order of the struct (C++20). */
#ifdef __cplusplus
#define CONFAB_PLUGIN_LINKAGE extern "C"
#else
#define CONFAB_PLUGIN_LINKAGE extern
#endif
#define CONFAB_PLUGIN(...)                                                                          \
    CONFAB_PLUGIN_LINKAGE __attribute__((visibility("default")))                                    \
    const struct confab_plugin confab_plugin_entry;                                                 \
    const struct confab_plugin confab_plugin_entry = { .magic = CONFAB_PLUGIN_MAGIC,                \
                                                       .size = sizeof(struct confab_plugin),        \
                                                       .option_size = sizeof(struct confab_option), \
                                                       .abi_major = CONFAB_ABI_MAJOR,               \
                                                       .abi_minor = CONFAB_ABI_MINOR,               \
                                                       __VA_ARGS__ };

/* Expands to a pointer to chat ops that live as long as the plugin; at file scope.
 * (In C++ hidden: else two plugins in a process would share the ops of the first.) */
#ifdef __cplusplus
#define CONFAB_CHAT(...)                                                                                   \
    []() __attribute__((visibility("hidden")))->const struct confab_chat_ops *                             \
    {                                                                                                      \
        static const struct confab_chat_ops ops = { .size = sizeof(struct confab_chat_ops), __VA_ARGS__ }; \
        return &ops;                                                                                       \
    }                                                                                                      \
    ()
#else
#define CONFAB_CHAT(...) \
    (&(const struct confab_chat_ops){ .size = sizeof(struct confab_chat_ops), __VA_ARGS__ })
#endif

/* Expands to a list of texts, for .examples; at file scope. */
#ifdef __cplusplus
#define CONFAB_EXAMPLES(...)                                         \
    []() __attribute__((visibility("hidden")))->const char *const *  \
    {                                                                \
        static const char *const examples[] = { __VA_ARGS__, NULL }; \
        return examples;                                             \
    }                                                                \
    ()
#else
#define CONFAB_EXAMPLES(...) ((const char *const[]){ __VA_ARGS__, NULL })
#endif

/* One row of an option table: CONFAB_OPTION(struct state, max_length, SIZE, "max-length",
 * .fallback = "1G", .help = "..."), where SIZE is the type's name without its
 * prefix.  A member of another type than the option's does not compile. */
#define CONFAB_OPTION(state_type, member, kind, text, ...)                                                  \
    {                                                                                                       \
        .name = text, .type = CONFAB_OPTION_##kind,                                                         \
        .offset = offsetof(state_type, member) + CONFAB_OPTION_CHECK(state_type, member, kind), __VA_ARGS__ \
    }
#define CONFAB_OPTIONS_END \
    {                      \
        .name = NULL       \
    }

typedef char *confab_option_type_STRING, *confab_option_type_PATH, *confab_option_type_ADDRESS,
    *confab_option_type_SECRET;
typedef int64_t confab_option_type_INTEGER, confab_option_type_DURATION;
typedef uint64_t confab_option_type_SIZE;
typedef bool confab_option_type_BOOLEAN;
typedef int confab_option_type_CHOICE;

/* 0, or an error at compile time. */
#ifdef __cplusplus
#define CONFAB_OPTION_CHECK(state_type, member, kind) \
    (0 * sizeof(confab_option_check<decltype(((state_type *)0)->member), confab_option_type_##kind>))
#else
#define CONFAB_OPTION_CHECK(state_type, member, kind)                                   \
    (0 * sizeof(char[_Generic(((state_type *)0)->member, confab_option_type_##kind : 1, \
                              struct confab_strings : 1, default                        \
                              : -1)]))
#endif

/* The plugin's own state of the service; its reactor (NULL before start and after
 * stop: in these two it is there); its name; the number of this worker, from 0. */
void *confab_service_state(confab_service *service);
confab_reactor *confab_service_reactor(confab_service *service);
const char *confab_service_name(confab_service *service);
unsigned confab_service_worker(confab_service *service);

/* confab_connect and confab_listen with the limits, the log and the figures of
 * the service.  listen with ops NULL serves the plugin's own.  What connect
 * makes does not hold a stop of the service up.  Before start both refuse: connect
 * with NULL, listen with -ESHUTDOWN.  In a stop listen does from its beginning,
 * connect once the last inbound chat has closed: before the plugin's stop is called. */
confab_chat *confab_service_connect(confab_service *service, const char *address,
                                    const struct confab_chat_ops *ops,
                                    const struct confab_chat_options *options);
int confab_service_listen(confab_service *service, confab_listener **listener, const char *address,
                          const struct confab_chat_ops *ops, const struct confab_chat_options *options);

/* confab_work for a job that is the service's own and no chat's: the service's stop
 * comes after its done, which is called on the loop exactly once, with what run
 * returned, or -ECANCELED where it was never called.  Such jobs run side by side.
 * Errors as confab_work; -ESHUTDOWN: before start, or once its last chat has closed in a stop. */
int confab_service_work(confab_service *service, int (*run)(void *data), void (*done)(int result, void *data),
                        void *data);

/* Every chat of the service with these ops (NULL: of any) that is not closed,
 * the caller's own and those that drain or connect included, one a call: *cursor is
 * 0 at first; NULL behind the last.  Chats may open and close meanwhile.  The
 * plugin's own ops are confab_plugin_entry.chat: declare it above,
 * extern const struct confab_plugin confab_plugin_entry; */
confab_chat *confab_service_next(confab_service *service, const struct confab_chat_ops *ops,
                                 confab_id *cursor);

/* The words that the host shows for an error.  Returns -1, so that a plugin can
 * `return confab_service_error(...)`. */
int confab_service_error(confab_service *service, const char *format, ...) CONFAB_PRINTF(2, 3);

/* A line in the host's log.  Any thread.  The chat's adds its id and peer, and
 * escapes what is not printable; the loop's thread only. */
void confab_service_log(confab_service *service, enum confab_level level, const char *format, ...)
    CONFAB_PRINTF(3, 4);
void confab_chat_log(confab_chat *chat, enum confab_level level, const char *format, ...) CONFAB_PRINTF(3, 4);

/* Adds to the plugin's own counter of that index in .counters; others are ignored. */
void confab_service_count(confab_service *service, unsigned counter, int64_t add);

/* Reads len bytes, all decimal digits: no sign, no blank, at least one.
 * -EINVAL for anything else, -ERANGE where it does not fit. */
int confab_parse_u64(const char *text, size_t len, uint64_t *value);

#pragma GCC visibility pop
#ifdef __cplusplus
}
template <class Member, class Wanted> struct confab_option_check;
template <class Same> struct confab_option_check<Same, Same> {
};
template <class Wanted> struct confab_option_check<confab_strings, Wanted> {
};
#endif
#endif
