/* Options of a service: what each type takes, and what is told of what it does not. */
#include "core/option.h"
#include "core/service.h"
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROOM = 2048 };

struct state {
    char *text;
    int64_t number;
    uint64_t size;
    int64_t time;
    bool flag;
    char *path;
    int colour;
    char *address;
    char *upstream;
    char *secret;
    struct confab_strings words;
    int64_t bounded;
    uint64_t bounded_size;
    int64_t given;
};

static const char *const colours[] = { "red", "green", "blue", NULL };

static const struct confab_option options[] = {
    CONFAB_OPTION(struct state, text, STRING, "text", .fallback = "some text"),
    CONFAB_OPTION(struct state, number, INTEGER, "number", .fallback = "-5"),
    CONFAB_OPTION(struct state, size, SIZE, "size", .fallback = "4K"),
    CONFAB_OPTION(struct state, time, DURATION, "time", .fallback = "2s"),
    CONFAB_OPTION(struct state, flag, BOOLEAN, "flag", .fallback = "on"),
    CONFAB_OPTION(struct state, path, PATH, "path", .fallback = "some/file"),
    CONFAB_OPTION(struct state, colour, CHOICE, "colour", .choices = colours, .fallback = "blue"),
    CONFAB_OPTION(struct state, address, ADDRESS, "address", .fallback = "127.0.0.1:80"),
    CONFAB_OPTION(struct state, upstream, ADDRESS, "upstream", .flags = CONFAB_OPTION_CONNECT),
    CONFAB_OPTION(struct state, secret, SECRET, "secret", .help = "not to be shown"),
    CONFAB_OPTION(struct state, words, STRING, "word",
                  .flags = CONFAB_OPTION_REPEATED | CONFAB_OPTION_POSITIONAL),
    CONFAB_OPTION(struct state, bounded, INTEGER, "bounded", .min = 1, .max = 10, .fallback = "1"),
    CONFAB_OPTION(struct state, bounded_size, SIZE, "bounded-size", .min = 1024, .max = 1 << 20,
                  .fallback = "1K"),
    CONFAB_OPTIONS_END,
};

/* Without defaults, and one that must be given. */
static const struct confab_option bare_options[] = {
    CONFAB_OPTION(struct state, text, STRING, "text", .help = ""),
    CONFAB_OPTION(struct state, number, INTEGER, "number", .help = ""),
    CONFAB_OPTION(struct state, path, PATH, "path", .fallback = ""),
    CONFAB_OPTION(struct state, secret, SECRET, "secret", .help = ""),
    CONFAB_OPTION(struct state, words, STRING, "word", .flags = CONFAB_OPTION_REPEATED),
    CONFAB_OPTION(struct state, given, INTEGER, "given", .flags = CONFAB_OPTION_REQUIRED),
    CONFAB_OPTIONS_END,
};

static confab_module *module;
static confab_service *service;
static struct state *state;
static char error[ROOM];

static void make(const struct confab_option *table)
{
    static const struct confab_chat_ops chat = { .size = sizeof chat,
                                                 .collect_incoming_data = confab_chat_collect };
    const struct confab_plugin plugin = { .magic = CONFAB_PLUGIN_MAGIC,
                                          .size = sizeof plugin,
                                          .option_size = sizeof(struct confab_option),
                                          .abi_major = CONFAB_ABI_MAJOR,
                                          .abi_minor = CONFAB_ABI_MINOR,
                                          .name = "opt",
                                          .chat = &chat,
                                          .options = table,
                                          .service_size = sizeof(struct state) };

    cr_assert_eq(confab_module_from_plugin(&module, &plugin, error, sizeof error), 0, "%s", error);
    cr_assert_eq(confab_service_new(&service, module, NULL, error, sizeof error), 0, "%s", error);
    state = confab_service_state(service);
}

static void setup(void)
{
    make(options);
}

static void teardown(void)
{
    cr_assert_eq(confab_service_free(service), 0);
    cr_assert_eq(confab_module_unload(module), 0);
}

TestSuite(test_option, .init = setup, .fini = teardown);

static int set(const char *key, const char *value)
{
    error[0] = 0;
    return confab_service_option(service, key, value, error, sizeof error);
}

/* For several values of one option, which a service takes only once: in a fresh one. */
static int set_anew(const char *key, const char *value)
{
    teardown();
    setup();
    return set(key, value);
}

static void expect_words(const char *words)
{
    cr_assert_str_eq(error, words);
}

static void ready(void)
{
    cr_assert_eq(confab_service_ready(service, error, sizeof error), 0, "%s", error);
}

/* -- Types ---------------------------------------------------------------- */

Test(test_option, string_is_taken_as_it_is)
{
    cr_assert_eq(set("text", " a = b, \"c\" "), 0);
    cr_assert_str_eq(state->text, " a = b, \"c\" ");
}

Test(test_option, integers_are_read_to_their_ends)
{
    cr_assert_eq(set("number", "-12"), 0);
    cr_assert_eq(state->number, -12);
    cr_assert_eq(set_anew("number", "9223372036854775807"), 0);
    cr_assert_eq(state->number, INT64_MAX);
    cr_assert_eq(set_anew("number", "-9223372036854775808"), 0);
    cr_assert_eq(state->number, INT64_MIN);
}

Test(test_option, integer_that_does_not_fit_is_out_of_range)
{
    cr_assert_eq(set("number", "9223372036854775808"), -ERANGE);
    expect_words("opt: option number: 9223372036854775808 does not fit in 64 bits");
    cr_assert_eq(set("number", "-9223372036854775809"), -ERANGE);
    cr_assert_eq(set("number", "99999999999999999999999"), -ERANGE);
}

Test(test_option, what_is_no_integer_is_refused)
{
    static const char *const texts[] = { "", "-", "+1", " 1", "1 ", "1.0", "0x10", "1K", "--1", "one" };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        cr_assert_eq(set("number", texts[i]), -EINVAL, "\"%s\"", texts[i]);
    expect_words("opt: option number: \"one\" is not an integer, as -12");
}

static void expect_size(const char *text, uint64_t bytes)
{
    cr_assert_eq(set_anew("size", text), 0, "%s", error);
    cr_assert_eq(state->size, bytes, "%s is %" PRIu64, text, state->size);
}

Test(test_option, sizes_are_powers_of_1024)
{
    expect_size("0", 0);
    expect_size("512", 512);
    expect_size("64K", 65536);
    expect_size("1M", 1048576);
    expect_size("2G", UINT64_C(2147483648));
    expect_size("18446744073709551615", UINT64_MAX);
}

Test(test_option, size_that_does_not_fit_is_out_of_range)
{
    cr_assert_eq(set("size", "18446744073709551616"), -ERANGE);
    cr_assert_eq(set("size", "18014398509481984K"), -ERANGE);
    cr_assert_eq(set("size", "17179869184G"), -ERANGE);
}

Test(test_option, what_is_no_size_is_refused)
{
    static const char *const texts[] = { "", "K", "-1", "1k", "1KB", "1 K", "1.5M", "1T", "K1" };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        cr_assert_eq(set("size", texts[i]), -EINVAL, "\"%s\"", texts[i]);
    expect_words("opt: option size: \"K1\" is not a size in bytes, as 512, 64K, 1M or 2G");
}

static void expect_time(const char *text, int64_t ns)
{
    cr_assert_eq(set_anew("time", text), 0, "%s", error);
    cr_assert_eq(state->time, ns, "%s is %" PRId64, text, state->time);
}

Test(test_option, durations_have_units)
{
    expect_time("0", 0);
    expect_time("5ns", 5);
    expect_time("100us", 100000);
    expect_time("250ms", 250 * CONFAB_MILLISECOND);
    expect_time("30s", 30 * CONFAB_SECOND);
    expect_time("5m", 5 * CONFAB_MINUTE);
    expect_time("1h", 60 * CONFAB_MINUTE);
    expect_time("1d", 24 * 60 * CONFAB_MINUTE);
}

Test(test_option, duration_that_does_not_fit_is_out_of_range)
{
    cr_assert_eq(set("time", "9223372036854775808ns"), -ERANGE);
    cr_assert_eq(set("time", "106752d"), -ERANGE);
    expect_time("106751d", INT64_C(106751) * 24 * 60 * CONFAB_MINUTE);
}

Test(test_option, what_is_no_duration_is_refused)
{
    static const char *const texts[] = { "", "s", "10", "-1s", "1.5s", "1 s", "1h30m", "1S", "1sec" };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        cr_assert_eq(set("time", texts[i]), -EINVAL, "\"%s\"", texts[i]);
    expect_words("opt: option time: \"1sec\" is not a duration, as 250ms, 30s, 5m, 1h or 0");
}

Test(test_option, booleans_are_eight_words)
{
    static const char *const yes[] = { "true", "yes", "on", "1" }, *const no[] = { "false", "no", "off",
                                                                                   "0" };

    for (size_t i = 0; i < 4; i++) {
        cr_assert_eq(set_anew("flag", yes[i]), 0);
        cr_assert_eq(state->flag, true, "%s", yes[i]);
        teardown();
        setup();
        state->flag = true;
        cr_assert_eq(set("flag", no[i]), 0);
        cr_assert_eq(state->flag, false, "%s", no[i]);
    }
    cr_assert_eq(set_anew("flag", "True"), -EINVAL);
    cr_assert_eq(set_anew("flag", ""), -EINVAL);
    expect_words("opt: option flag: \"\" is not true, yes, on, 1, false, no, off or 0");
}

Test(test_option, path_is_made_absolute)
{
    char expected[4096], folder[4000];

    cr_assert_not_null(getcwd(folder, sizeof folder));
    snprintf(expected, sizeof expected, "%s/dir/file", strcmp(folder, "/") == 0 ? "" : folder);
    cr_assert_eq(set("path", "dir/file"), 0);
    cr_assert_str_eq(state->path, expected);
    cr_assert_eq(set_anew("path", "/dir/file"), 0);
    cr_assert_str_eq(state->path, "/dir/file");
}

Test(test_option, empty_path_is_refused)
{
    cr_assert_eq(set("path", ""), -EINVAL);
}

Test(test_option, choice_is_an_index)
{
    cr_assert_eq(set("colour", "green"), 0);
    cr_assert_eq(state->colour, 1);
}

Test(test_option, what_is_no_choice_is_refused_with_those_there_are)
{
    cr_assert_eq(set("colour", "Green"), -EINVAL);
    expect_words("opt: option colour: \"Green\" is none of its choices: red, green, blue");
}

Test(test_option, address_is_checked_and_kept_as_it_was_written)
{
    cr_assert_eq(set("address", "*:8080"), 0);
    cr_assert_str_eq(state->address, "*:8080");
    cr_assert_eq(set_anew("address", "no address"), -EINVAL);
    cr_assert_not_null(strstr(error, "opt: option address: "), "%s", error);
    cr_assert_not_null(strstr(error, "no address"), "%s", error);
}

Test(test_option, an_address_to_connect_to_may_have_a_name)
{
    cr_assert_eq(set("upstream", "example.com:80"), 0);
    cr_assert_str_eq(state->upstream, "example.com:80");
    cr_assert_eq(set_anew("upstream", "*:80"), -EINVAL);
    cr_assert_eq(set_anew("address", "example.com:80"), -EINVAL);
}

/* -- Given how ------------------------------------------------------------ */

Test(test_option, number_out_of_its_bounds_is_refused_with_them)
{
    cr_assert_eq(set("bounded", "11"), -ERANGE);
    expect_words("opt: option bounded: 11 is out of bounds: 1 to 10");
    cr_assert_eq(set("bounded", "0"), -ERANGE);
    cr_assert_eq(set("bounded", "10"), 0);
    cr_assert_eq(set("bounded-size", "2M"), -ERANGE);
    expect_words("opt: option bounded-size: 2M is out of bounds: 1K to 1M");
    cr_assert_eq(set("bounded-size", "18446744073709551615"), -ERANGE);
    cr_assert_eq(set("bounded-size", "1M"), 0);
}

Test(test_option, option_given_twice_is_refused_and_the_first_stays)
{
    cr_assert_eq(set("text", "first"), 0);
    cr_assert_eq(set("text", "second"), -EEXIST);
    expect_words("opt: option text: given twice, and it takes one value");
    cr_assert_str_eq(state->text, "first");
}

Test(test_option, option_that_was_refused_may_be_given_again)
{
    cr_assert_eq(set("number", "many"), -EINVAL);
    cr_assert_eq(set("number", "7"), 0);
    cr_assert_eq(state->number, 7);
}

Test(test_option, repeated_option_keeps_all_in_order)
{
    char word[24];

    for (int i = 0; i < 20; i++) {
        snprintf(word, sizeof word, "word %d", i);
        cr_assert_eq(set("word", word), 0);
    }
    cr_assert_eq(state->words.count, 20);
    cr_assert_str_eq(state->words.items[0], "word 0");
    cr_assert_str_eq(state->words.items[19], "word 19");
}

Test(test_option, bare_word_is_the_positional_option)
{
    cr_assert_eq(set(NULL, "one"), 0);
    cr_assert_eq(set(NULL, "two"), 0);
    cr_assert_eq(state->words.count, 2);
    cr_assert_str_eq(state->words.items[1], "two");
}

Test(test_option, bare_word_without_a_positional_option_is_refused)
{
    teardown();
    make(bare_options);
    cr_assert_eq(set(NULL, "one"), -ENOENT);
    expect_words("opt: \"one\": the plugin has no option for a bare word; KEY=VALUE was expected");
}

Test(test_option, unknown_option_is_refused_with_those_there_are)
{
    cr_assert_eq(set("sise", "1"), -ENOENT);
    cr_assert_not_null(strstr(error, "no option \"sise\": the plugin has text, number, size, time, "), "%s",
                       error);
    cr_assert_not_null(strstr(error, "every service has connect-timeout, "), "%s", error);
}

Test(test_option, words_about_an_error_are_one_line)
{
    cr_assert_eq(set("number", "1\n2\033[1m"), -EINVAL);
    expect_words("opt: option number: \"1?2?[1m\" is not an integer, as -12");
}

Test(test_option, secret_is_in_no_error)
{
    cr_assert_eq(set("secret", "hunter2"), 0);
    cr_assert_str_eq(state->secret, "hunter2");
    cr_assert_eq(set("secret", "hunter3"), -EEXIST);
    cr_assert_null(strstr(error, "hunter"), "%s", error);
}

Test(test_option, option_after_ready_is_refused)
{
    ready();
    cr_assert_eq(set("number", "7"), -EBUSY);
    cr_assert_eq(state->number, -5);
}

/* -- Complete --------------------------------------------------------------- */

Test(test_option, ready_sets_the_defaults)
{
    ready();
    cr_assert_str_eq(state->text, "some text");
    cr_assert_eq(state->number, -5);
    cr_assert_eq(state->size, 4096);
    cr_assert_eq(state->time, 2 * CONFAB_SECOND);
    cr_assert_eq(state->flag, true);
    cr_assert_eq(state->path[0], '/');
    cr_assert_not_null(strstr(state->path, "/some/file"));
    cr_assert_eq(state->colour, 2);
    cr_assert_str_eq(state->address, "127.0.0.1:80");
    cr_assert_str_eq(state->secret, "");
    cr_assert_eq(state->words.count, 0);
}

Test(test_option, ready_leaves_what_was_given)
{
    cr_assert_eq(set("number", "7"), 0);
    cr_assert_eq(set("flag", "off"), 0);
    cr_assert_eq(set("text", ""), 0);
    ready();
    cr_assert_eq(state->number, 7);
    cr_assert_eq(state->flag, false);
    cr_assert_str_eq(state->text, "");
}

Test(test_option, without_a_default_numbers_are_zero_and_texts_are_empty)
{
    teardown();
    make(bare_options);
    cr_assert_eq(set("given", "1"), 0);
    ready();
    cr_assert_eq(state->number, 0);
    cr_assert_str_eq(state->text, "");
    cr_assert_str_eq(state->path, "");
    cr_assert_str_eq(state->secret, "");
    cr_assert_eq(state->words.count, 0);
}

Test(test_option, required_option_that_is_missing_is_named)
{
    teardown();
    make(bare_options);
    cr_assert_eq(confab_service_ready(service, error, sizeof error), -EINVAL);
    expect_words("opt: option given (integer) is missing, and it is required");
}

Test(test_option, plugin_may_change_its_members)
{
    cr_assert_eq(set("word", "one"), 0);
    ready();
    /* The sanitizers say whether what is freed is what was made. */
    state->text = colours[0] ? (char *)(uintptr_t)colours[0] : NULL;
    state->secret = NULL;
    state->words.count = 1000;
    state->words.items = NULL;
}

Test(test_option, table_of_shorter_rows_is_walked_by_its_own_size)
{
    /* Longer than ours: as a later minor version of the plugin's header would have it. */
    struct longer {
        struct confab_option row;
        void *later[2];
    };
    static const struct longer rows[] = {
        { .row = CONFAB_OPTION(struct state, number, INTEGER, "first", .fallback = "3") },
        { .row = CONFAB_OPTION(struct state, size, SIZE, "second", .fallback = "4") },
        { .row = CONFAB_OPTIONS_END },
    };
    const struct confab_plugin plugin = { .options = &rows[0].row,
                                          .option_size = sizeof(struct longer),
                                          .service_size = sizeof(struct state) };
    struct option_table table;

    cr_assert_eq(option_table_read(&table, &plugin, error, sizeof error), 0, "%s", error);
    cr_assert_eq(table.count, 2);
    cr_assert_str_eq(table.rows[1].name, "second");
    cr_assert_str_eq(table.rows[1].fallback, "4");
    cr_assert_null(table.rows[2].name);
    option_table_free(&table);
}

/* -- The host's own ----------------------------------------------------------- */

Test(test_option, host_options_have_their_defaults)
{
    const struct confab_chat_options *o = &service->chat_options;

    ready();
    cr_assert_eq(o->timeout[CONFAB_TIMEOUT_CONNECT], 10 * CONFAB_SECOND);
    cr_assert_eq(o->timeout[CONFAB_TIMEOUT_IDLE], 5 * CONFAB_MINUTE);
    cr_assert_eq(o->timeout[CONFAB_TIMEOUT_MESSAGE], CONFAB_OFF);
    cr_assert_eq(o->timeout[CONFAB_TIMEOUT_WRITE], 30 * CONFAB_SECOND);
    cr_assert_eq(o->timeout[CONFAB_TIMEOUT_LIFETIME], CONFAB_OFF);
    cr_assert_eq(service->limits.drain, 25 * CONFAB_SECOND);
    cr_assert_eq(o->in_buffer_size, 65536);
    cr_assert_eq(o->out_buffer_size, 65536);
    cr_assert_eq(o->low, 65536);
    cr_assert_eq(o->high, 262144);
    cr_assert_eq(o->output_limit, 16777216);
    cr_assert_eq(o->max_message, 1048576);
    cr_assert_eq(o->rate_in, CONFAB_UNLIMITED);
    cr_assert_eq(o->rate_out, CONFAB_UNLIMITED);
    cr_assert_eq(service->limits.max_connections, 0);
}

Test(test_option, zero_turns_a_limit_of_the_host_off)
{
    static const char *const keys[] = { "connect-timeout", "idle-timeout", "write-timeout", "high-watermark",
                                        "output-limit",    "max-message",  "rate-in",       "rate-out" };
    const struct confab_chat_options *o = &service->chat_options;

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        cr_assert_eq(set(keys[i], "0"), 0, "%s", error);
    ready();
    cr_assert_eq(o->timeout[CONFAB_TIMEOUT_CONNECT], CONFAB_OFF);
    cr_assert_eq(o->timeout[CONFAB_TIMEOUT_IDLE], CONFAB_OFF);
    cr_assert_eq(o->timeout[CONFAB_TIMEOUT_WRITE], CONFAB_OFF);
    cr_assert_eq(o->high, SIZE_MAX);
    cr_assert_eq(o->output_limit, SIZE_MAX);
    cr_assert_eq(o->max_message, CONFAB_UNLIMITED);
    cr_assert_eq(o->rate_in, CONFAB_UNLIMITED);
    cr_assert_eq(o->rate_out, CONFAB_UNLIMITED);
}

Test(test_option, host_options_reach_the_limits_of_chats)
{
    const struct confab_chat_options *o = &service->chat_options;

    cr_assert_eq(set("message-timeout", "7s"), 0);
    cr_assert_eq(set("lifetime", "1h"), 0);
    cr_assert_eq(set("in-buffer", "4K"), 0);
    cr_assert_eq(set("out-buffer", "8K"), 0);
    cr_assert_eq(set("max-message", "100"), 0);
    cr_assert_eq(set("rate-in", "200"), 0);
    cr_assert_eq(set("rate-out", "3K"), 0);
    cr_assert_eq(set("max-connections", "3"), 0);
    ready();
    cr_assert_eq(o->timeout[CONFAB_TIMEOUT_MESSAGE], 7 * CONFAB_SECOND);
    cr_assert_eq(o->timeout[CONFAB_TIMEOUT_LIFETIME], 60 * CONFAB_MINUTE);
    cr_assert_eq(o->in_buffer_size, 4096);
    cr_assert_eq(o->out_buffer_size, 8192);
    cr_assert_eq(o->max_message, 100);
    cr_assert_eq(o->rate_in, 200);
    cr_assert_eq(o->rate_out, 3072);
    cr_assert_eq(service->limits.max_connections, 3);
}

Test(test_option, watermark_that_is_given_alone_moves_the_other_one)
{
    cr_assert_eq(set("high-watermark", "1K"), 0);
    ready();
    cr_assert_eq(service->chat_options.low, 1024);
    cr_assert_eq(set_anew("low-watermark", "1M"), 0);
    ready();
    cr_assert_eq(service->chat_options.high, 1048576);
    cr_assert_eq(set_anew("output-limit", "1K"), 0);
    ready();
    cr_assert_eq(service->chat_options.high, 1024);
    cr_assert_eq(service->chat_options.low, 1024);
}

Test(test_option, watermarks_that_contradict_each_other_are_refused)
{
    cr_assert_eq(set("high-watermark", "1K"), 0);
    cr_assert_eq(set("low-watermark", "2K"), 0);
    cr_assert_eq(confab_service_ready(service, error, sizeof error), -EINVAL);
    expect_words(
        "opt: low-watermark (2048 bytes), high-watermark (1024 bytes) and output-limit (16777216 bytes) "
        "must be in that order");
}

Test(test_option, timeout_that_no_chat_can_have_is_refused)
{
    cr_assert_eq(set("idle-timeout", "27d"), -ERANGE);
    cr_assert_eq(set("idle-timeout", "26d"), 0);
}

Test(test_option, host_options_are_a_table_as_a_plugin_has_it)
{
    struct option_table table;
    const struct confab_option *rows = confab_host_options();

    /* Every row has what a plugin's must have, and help; the names alone are refused. */
    for (size_t i = 0; i < host_options_count(); i++) {
        struct confab_option one[2] = { rows[i], CONFAB_OPTIONS_END };
        const struct confab_plugin plugin = { .options = one,
                                              .option_size = sizeof one[0],
                                              .service_size = sizeof(struct host_limits) };

        cr_assert(host_options_reserve(rows[i].name));
        cr_assert_not_null(rows[i].help);
        one[0].name = "another";
        cr_assert_eq(option_table_read(&table, &plugin, error, sizeof error), 0, "%s: %s", rows[i].name,
                     error);
        option_table_free(&table);
    }
    cr_assert_null(rows[host_options_count()].name);
}

Test(test_option, numbers_are_written_as_one_would)
{
    char text[OPTION_TEXT_MAX];

    cr_assert_str_eq(option_format(CONFAB_OPTION_DURATION, 90 * CONFAB_SECOND, text), "90s");
    cr_assert_str_eq(option_format(CONFAB_OPTION_DURATION, 2 * CONFAB_MINUTE, text), "2m");
    cr_assert_str_eq(option_format(CONFAB_OPTION_DURATION, 1, text), "1ns");
    cr_assert_str_eq(option_format(CONFAB_OPTION_DURATION, 0, text), "0");
    cr_assert_str_eq(option_format(CONFAB_OPTION_SIZE, 1536, text), "1536");
    cr_assert_str_eq(option_format(CONFAB_OPTION_SIZE, 3 << 20, text), "3M");
    cr_assert_str_eq(option_format(CONFAB_OPTION_INTEGER, -1024, text), "-1024");
}
