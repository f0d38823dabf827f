/* confab/host.h: embedding plugins: all that the program `confab` uses.
 *
 * Each function that takes `error` writes one line into it that names what was
 * wrong, what was expected and where, and returns -errno.  Nothing here exits
 * or prints.
 *
 *     confab_module_load      a plugin's shared object
 *     confab_service_new      one configured use of it
 *     confab_service_option   KEY=VALUE, any number
 *     confab_service_ready    checks the options, then the plugin's config_complete and ready
 *     confab_service_start    gives it its reactor, then the plugin's start
 *     confab_service_listen   (plugin.h) its sockets; run the reactor
 *     confab_service_stop     drains
 *     confab_reactor_free     ends what is left of it: chats, jobs, posts
 *     confab_service_free, confab_module_unload
 *
 * A reactor that is to outlive the service may: once confab_service_stopped tells
 * that the stop has ended, service and module can go, unless something is left that
 * the plugin made on the reactor itself and not by the service: timers, signals, posts,
 * jobs without an owner (confab_work), channels.  These call into the module, and
 * nobody counts them.
 */
#ifndef CONFAB_HOST_H
#define CONFAB_HOST_H

#include <confab/plugin.h>
#include <stdarg.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* Loads a plugin.  A name with a slash is a path; any other is looked for as
 * NAME.so (as it is where it ends so) in the folders of path, which are separated
 * by colons.  What is wrong
 * with a file is found before any of its code runs, where that can be told.
 * The library's functions it finds in the program: one that is linked with
 * libconfab.so, or with the whole archive and -rdynamic.
 * -ENOENT, -ENOEXEC (not a plugin, or a truncated one), -EPROTONOSUPPORT (an
 * ABI that this host cannot run), -EINVAL (a bad table), -ENOMEM. */
int confab_module_load(confab_module **module, const char *name, const char *path, char *error, size_t room);

/* The file that confab_module_load would load, once it has seen that it may be a plugin; nothing of it runs.  *file is to be
 * freed by the caller, NULL where there is an error.  Errors as confab_module_load. */
int confab_module_find(char **file, const char *name, const char *path, char *error, size_t room);

/* The same as confab_module_load for a plugin that is linked in; it must outlive the module. */
int confab_module_from_plugin(confab_module **module, const struct confab_plugin *plugin, char *error,
                              size_t room);

/* The plugin as this host reads it: fields that its ABI lacks are zero.  Valid
 * until unload; so is the path of the file ("" where linked in). */
const struct confab_plugin *confab_module_plugin(confab_module *module);
const char *confab_module_path(confab_module *module);

/* -EBUSY while a service of it lives. */
int confab_module_unload(confab_module *module);

/* A service of this plugin, called name in logs (NULL: the plugin's name). */
int confab_service_new(confab_service **service, confab_module *module, const char *name, char *error,
                       size_t room);

/* Sets an option, of the plugin or of the host (confab_host_options).  key NULL:
 * a bare word, for the plugin's positional option.  -ENOENT: no such option
 * (error lists those there are); -EINVAL: not of its type; -ERANGE: out of
 * bounds; -EEXIST: given twice; -EBUSY: after ready. */
int confab_service_option(confab_service *service, const char *key, const char *value, char *error,
                          size_t room);

/* The options that every service has (time-outs, limits), ends with a NULL
 * name; offset is of no use to callers. */
const struct confab_option *confab_host_options(void);

/* Sets defaults, looks for what is required and missing (-EINVAL), calls
 * config_complete and ready.  Call it once. */
int confab_service_ready(confab_service *service, char *error, size_t room);

/* The number of this worker, from 0 (which it is at first): before start. */
void confab_service_set_worker(confab_service *service, unsigned worker);

/* Gives it the reactor it runs on, and calls start.  Freeing that reactor stops
 * the service at once. */
int confab_service_start(confab_service *service, confab_reactor *reactor, char *error, size_t room);

/* Somebody who looks at what a service's connections carry, to write it down: bytes as they came from the network and as
 * the network took them, not messages.  Called on the loop; of the chat they may ask confab_chat_id, _peer and
 * _local, and they may log; no other function of that reactor may be called.  Bytes die when the call returns.  Where there
 * is no tap it costs nothing, and where there is one a copy of what each one does. */
struct confab_tap_ops {
    size_t size; /* sizeof(struct confab_tap_ops) */

    /* A connection was accepted; before handle_connect.  What it returns is `self` of the calls below; NULL: this
     * connection is not looked at, and there is no other call.  Required. */
    void *(*opened)(void *data, confab_chat *chat);

    /* What was read, in the pieces in which it was; before the plugin has it.  Never 0 bytes.  What comes after
     * close_when_done is dropped, and not told. */
    void (*received)(void *self, const char *bytes, size_t n);

    /* What the network has taken of the output, bytes of files too (pieces of no certain size). */
    void (*sent)(void *self, const char *bytes, size_t n);

    /* The peer has ended its side. */
    void (*ended)(void *self);

    /* The last call, exactly once, after handle_close: its reason, and confab_chat_error. */
    void (*closed)(void *self, enum confab_reason reason, int error);
};

/* Sets it, for connections that the service accepts; ops is copied.  Before start: -EBUSY later; -EINVAL: no opened. */
int confab_service_tap(confab_service *service, const struct confab_tap_ops *ops, void *data);

/* confab_service_listen for a descriptor that listens already; owns fd in any case. */
int confab_service_listener_adopt(confab_service *service, confab_listener **listener, int fd,
                                  const struct confab_chat_ops *ops,
                                  const struct confab_chat_options *options);

/* Stops: its listeners close, each inbound chat gets handle_shutdown, and what
 * is left after drain nanoseconds (< 0: the option drain-timeout) is closed with
 * STOP.  0 closes them at once, without handle_shutdown.  When the last inbound
 * chat has closed the others are closed with STOP, then the loop calls the
 * plugin's stop; run does not end before.  Called again it can only shorten the
 * wait; no-op for one that was not started. */
void confab_service_stop(confab_service *service, int64_t drain);

/* Whether it was started and its stop has been called since. */
bool confab_service_stopped(confab_service *service);

/* How many chats it has: those it accepted, and all.  A job (confab_work) that outlives its chat counts as one of all. */
size_t confab_service_inbound(const confab_service *service);
size_t confab_service_chats(const confab_service *service);

/* The value of the plugin's own counter of that index.  -ENOENT: it has no such. */
int confab_service_counter(const confab_service *service, unsigned counter, int64_t *value);

/* Frees it, after the plugin's free.  -EBUSY while a chat or listener of it
 * lives, and from start until its stop has ended. */
int confab_service_free(confab_service *service);

/* A line of the log.  service may be NULL (the library's own), chat 0 and peer
 * NULL.  text ends without a newline and holds printable characters and
 * well-formed UTF-8 only; of other bytes, \xNN.  Called in the thread that logs,
 * one call at a time; what it gets dies at return.  A line that is logged inside
 * it is dropped. */
struct confab_log_line {
    size_t size;
    enum confab_level level;
    const char *service, *peer, *text;
    confab_id chat;
};
typedef void confab_log_sink(void *data, const struct confab_log_line *line);

/* Where the log goes, for the whole process; lines under level are not made.
 * NULL: warnings and errors to standard error, which is also so at first. */
void confab_log_set(confab_log_sink *sink, void *data, enum confab_level level);

/* "debug", "info", "warning", "error". */
const char *confab_level_name(enum confab_level level);

/* Whether a text is an address that confab_listen takes (listen) or that
 * confab_connect takes: 0, or -EINVAL with the reason in error. */
int confab_address_check(const char *address, bool listen, char *error, size_t room);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
