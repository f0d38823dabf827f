/* json_reader.h: what the files that read JSON share. */
#ifndef CONFAB_TOOLS_BENCH_JSON_READER_H
#define CONFAB_TOOLS_BENCH_JSON_READER_H

#include "tools/bench/json_read.h"

#include <confab/base.h>

struct reader {
    struct json_document *document;
    char *at, *end; /* a NUL stands at the end */
    char *line_from;
    size_t line;
    char *why;
    size_t room;
};

/* "LINE:COLUMN: " of what stands at `at`, and these words; returns result. */
int json_fail(struct reader *reader, const char *at, int result, const char *format, ...) CONFAB_PRINTF(4, 5);

/* The string whose quote is at the reader: decoded where it stands. */
int json_take_string(struct reader *reader, const char **string, size_t *length);

#endif
