/* option.h: options: a table of rows, of a plugin or of the host, and the values
 * that one service was given for them.
 *
 * option_table.c  reads and checks a plugin's table
 * option_parse.c  one value of one type
 * option.c        the values of a service
 * host_options.c  the options that every service has
 *
 * Words about an error do not name the service or the file: the caller puts it
 * in front. */
#ifndef CONFAB_CORE_OPTION_H
#define CONFAB_CORE_OPTION_H

#include <confab/plugin.h>

enum {
    OPTION_ROWS_MAX = 256,    /* rows of a table at the most: one without an end is found */
    OPTION_CHOICES_MAX = 256, /* choices of an option at the most */
    OPTION_NAME_MAX = 64,     /* bytes of a name */
    OPTION_TEXT_MAX = 32      /* room for a number as option_format writes it */
};

/* A plugin's table as this host reads it: fields that its ABI lacks are zero. */
struct option_table {
    struct confab_option *rows; /* ends with a NULL name, like any */
    size_t count;
};

/* Copies the table of a plugin (its options, option_size and service_size) and
 * checks each row.  -EINVAL, -ENOMEM. */
int option_table_read(struct option_table *table, const struct confab_plugin *plugin, char *error,
                      size_t room);
void option_table_free(struct option_table *table);

/* The row of a name, or of the positional option where name is NULL; -1: none. */
int option_find(const struct confab_option *rows, size_t count, const char *name);

/* Bytes and alignment of the member that a row fills. */
size_t option_member_size(const struct confab_option *row);
size_t option_member_align(const struct confab_option *row);

/* Whether the member is a string, or several. */
bool option_is_text(const struct confab_option *row);

/* What a text means: of a text type only checked. */
struct option_number {
    int64_t integer; /* INTEGER, DURATION */
    uint64_t size;   /* SIZE */
    bool truth;      /* BOOLEAN */
    int choice;      /* CHOICE */
};
int option_parse(const struct confab_option *row, const char *text, struct option_number *number, char *error,
                 size_t room);

/* A number of a row's type as one would write it (10s, 64K); returns text. */
const char *option_format(enum confab_option_type type, int64_t number, char text[OPTION_TEXT_MAX]);

/* "string", "integer", ...; NULL for what is no type. */
const char *option_type_name(enum confab_option_type type);

/* What one row was given.  The texts are kept here and the member only points
 * at them, so that a plugin may change its members. */
struct option_value {
    size_t times; /* how often it was given */
    char **items; /* texts, of text types: those given, or the default */
    size_t texts;
};

struct option_set {
    const struct confab_option *rows;
    size_t count;
    char *state; /* what the rows' offsets count from */
    struct option_value *values;
};

/* No values yet; rows and state must outlive it.  -ENOMEM. */
int option_set_init(struct option_set *set, const struct confab_option *rows, size_t count, void *state);
void option_set_free(struct option_set *set);

/* Gives a row one value.  -EINVAL, -ERANGE, -EEXIST, -ENOMEM. */
int option_set_give(struct option_set *set, size_t row, const char *text, char *error, size_t room);

/* Gives each row that was not given anything its default.  -EINVAL: one is required. */
int option_set_complete(struct option_set *set, char *error, size_t room);

/* Writes "a, b, c" for the names of a table: what an error about an unknown one lists. */
void option_list_names(const struct confab_option *rows, char *text, size_t room);

/* The limits that a service's host options fill. */
struct host_limits {
    int64_t connect, idle, message, write, lifetime, drain; /* nanoseconds, 0: off */
    uint64_t in_buffer, out_buffer, low, high, output_limit, max_message, rate_in, rate_out;
    int64_t max_connections; /* 0: any number */
};

/* Rows of confab_host_options. */
size_t host_options_count(void);

/* Whether the host takes this name itself: in its options, or in its own
 * configuration. */
bool host_options_reserve(const char *name);

/* The limits as chats take them.  -EINVAL: they contradict each other. */
int host_options_apply(const struct option_set *set, const struct host_limits *limits,
                       struct confab_chat_options *options, char *error, size_t room);

#endif
