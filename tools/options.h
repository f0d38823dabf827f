/* options.h: tables of options, of a plugin or of the host, as people and as programs read them. */
#ifndef CONFAB_TOOLS_OPTIONS_H
#define CONFAB_TOOLS_OPTIONS_H

#include "json.h"

#include <confab/plugin.h>

/* A line an option, in columns: name, type or choices, default, help with what else binds it. */
void options_print(FILE *out, const struct confab_option *options);

/* A line an option, for scripts: name, type or choices (a|b|c), default as options_print has it; a tab between them. */
void options_list(FILE *out, const struct confab_option *options);

/* An array, an object an option. */
void options_json(struct json *json, const char *key, const struct confab_option *options);

#endif
