/* confab/base.h: what every other header needs: handles, weak names, version.
 *
 * All functions of confab return 0 or -errno unless they say otherwise, times
 * are int64_t nanoseconds, and text that is handed out ends with a NUL.
 * Everything is to be called in the thread that runs the reactor unless a
 * declaration says "any thread". */
#ifndef CONFAB_BASE_H
#define CONFAB_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CONFAB_VERSION       "0.1.0"
#define CONFAB_VERSION_MAJOR 0
#define CONFAB_VERSION_MINOR 1
#define CONFAB_VERSION_PATCH 0

/* Nanoseconds in the units that people write. */
#define CONFAB_MILLISECOND INT64_C(1000000)
#define CONFAB_SECOND      INT64_C(1000000000)
#define CONFAB_MINUTE      (60 * CONFAB_SECOND)

/* In a struct of options 0 means "the default", so "none at all" is -1. */
#define CONFAB_OFF       INT64_C(-1)
#define CONFAB_UNLIMITED UINT64_MAX

#if defined(__GNUC__)
#define CONFAB_PRINTF(text, first) __attribute__((__format__(__printf__, text, first)))
#else
#define CONFAB_PRINTF(text, first)
#endif

/* Opaque handles.  Which thread may use one, and until when, is said where it is made. */
typedef struct confab_reactor confab_reactor;
typedef struct confab_chat confab_chat;
typedef struct confab_service confab_service;
typedef struct confab_listener confab_listener;
typedef struct confab_buffer confab_buffer;
typedef struct confab_dispatcher confab_dispatcher;
typedef struct confab_module confab_module;

/* The weak name of a chat or of a timer.  It never dangles: a call with the id
 * of something that is gone says so.  0 names nothing. */
typedef uint64_t confab_id;

#endif
