/* test_bench_json_read.c: JSON: all that is some is read, all else is refused with the place. */
#include "tests/noise.h"
#include "tests/support.h"
#include "tools/bench/json_read.h"
#include "tools/json.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct json_document *document_of(const char *text, size_t len)
{
    struct json_document *document;
    char why[256];
    int result = json_read(&document, text, len, why, sizeof why);

    cr_assert_eq(result, 0, "%s: %s", text, why);
    cr_assert_str_eq(why, "");
    return document;
}

static void expect_number(const char *text, double wanted, int line)
{
    struct json_document *document = document_of(text, strlen(text));
    double got = json_read_number(json_read_root(document));

    cr_expect(memcmp(&got, &wanted, sizeof got) == 0, "line %d: %s: %.17g", line, text, got);
    json_read_free(document);
}
#define NUMBER(text, wanted) expect_number(text, wanted, __LINE__)

static void expect_string(const char *text, const char *wanted, size_t len, int line)
{
    struct json_document *document = document_of(text, strlen(text));
    const struct json_value *value = json_read_root(document);

    cr_assert_eq((int)value->type, (int)JSON_STRING);
    cr_expect(value->length == len && memcmp(value->string, wanted, len + 1) == 0, "line %d: %s: %s", line,
              text, value->string);
    json_read_free(document);
}
#define STRING(text, wanted) expect_string(text, wanted, sizeof wanted - 1, __LINE__)

static void expect_refused(const char *text, size_t len, int result, const char *wanted, int line)
{
    struct json_document *document = (struct json_document *)&line;
    char why[256];
    int got = json_read(&document, text, len, why, sizeof why);

    cr_expect_eq(got, result, "line %d: %d", line, got);
    cr_expect_str_eq(why, wanted, "line %d: '%s', not '%s'", line, why, wanted);
    cr_expect_null(document);
    if (got == 0)
        json_read_free(document);
}
#define REFUSED(text, wanted) expect_refused(text, sizeof text - 1, -EINVAL, wanted, __LINE__)

/* -- What is read ---------------------------------------------------------------------- */

Test(bench_json_read, numbers_are_all_that_the_grammar_has)
{
    NUMBER("0", 0.0);
    NUMBER("-0", -0.0);
    NUMBER(" 17\n", 17.0);
    NUMBER("-12.50", -12.5);
    NUMBER("0.1", 0.1);
    NUMBER("1e3", 1e3);
    NUMBER("1E+3", 1e3);
    NUMBER("25e-1", 2.5);
    NUMBER("1.7976931348623157e308", 1.7976931348623157e308);
    NUMBER("5e-324", 5e-324);
    NUMBER("1e-400", 0.0);
    NUMBER("9007199254740993", 9007199254740992.0);
    NUMBER("123456789012345678901234567890", 123456789012345678901234567890.0);
}

Test(bench_json_read, what_is_like_a_number_is_none)
{
    REFUSED("01", "1:2: 1, expected the end");
    REFUSED("-", "1:1: -, expected a value");
    REFUSED("+1", "1:1: +1, expected a value");
    REFUSED(".5", "1:1: .5, expected a value");
    REFUSED("1.", "1:2: ., expected the end");
    REFUSED("1.e3", "1:2: .e3, expected the end");
    REFUSED("1e", "1:2: e, expected the end");
    REFUSED("1e+", "1:2: e+, expected the end");
    REFUSED("0x10", "1:2: x10, expected the end");
    REFUSED("-0x10", "1:3: x10, expected the end");
    REFUSED("--1", "1:1: --1, expected a value");
    REFUSED("1,5", "1:2: ,, expected the end");
    REFUSED("NaN", "1:1: NaN, expected a value");
    REFUSED("Infinity", "1:1: Infinity, expected a value");
    REFUSED("-Infinity", "1:1: -Infinity, expected a value");
    REFUSED("nan", "1:1: nan, expected a value");
    REFUSED("[1e309]", "1:2: 1e309, expected a number that a double holds");
}

Test(bench_json_read, words_are_three)
{
    static const struct {
        const char *text;
        enum json_type type;
        double number;
    } words[] = { { "null", JSON_NULL, 0 },
                  { " true ", JSON_BOOLEAN, 1 },
                  { "\tfalse\r\n", JSON_BOOLEAN, 0 } };

    for (size_t i = 0; i < 3; i++) {
        struct json_document *document = document_of(words[i].text, strlen(words[i].text));
        const struct json_value *value = json_read_root(document);
        cr_expect(value->type == words[i].type && value->number == words[i].number, "%s", words[i].text);
        cr_expect(isnan(json_read_number(value)));
        json_read_free(document);
    }
    REFUSED("nul", "1:1: nul, expected a value");
    REFUSED("True", "1:1: True, expected a value");
    REFUSED("nullx", "1:5: x, expected the end");
    REFUSED("'a'", "1:1: 'a', expected a value");
}

Test(bench_json_read, strings_have_escapes)
{
    STRING("\"\"", "");
    STRING("\"a\\\"\\\\\\/\\b\\f\\n\\r\\tz\"", "a\"\\/\b\f\n\r\tz");
    STRING("\"\\u0041\\u00e9\\u20AC\\uFFFD\"", "A\xc3\xa9\xe2\x82\xac\xef\xbf\xbd");
    STRING("\"\\u007f\\u0080\\u07ff\\u0800\\ud7ff\\ue000\\uffff\"",
           "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf");
    STRING("\"a\\u0000b\"", "a\0b");
    STRING("\"\x7f\"", "\x7f");
    REFUSED("\"\\x41\"", "1:2: an unknown escape, expected one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX");
    REFUSED("\"a\\\0\"", "1:3: an unknown escape, expected one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX");
    REFUSED("\"\\u12g4\"", "1:2: \\u, expected four hexadecimal digits behind it");
    REFUSED("\"\\u123", "1:2: \\u, expected four hexadecimal digits behind it");
    REFUSED("\"\\", "1:2: an unknown escape, expected one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX");
}

Test(bench_json_read, what_is_beyond_16_bits_is_a_pair_of_surrogates)
{
    STRING("\"\\ud83d\\uDE00!\"", "\xf0\x9f\x98\x80!");
    STRING("\"\\ud800\\udc00\"", "\xf0\x90\x80\x80");
    STRING("\"\\udbff\\udfff\"", "\xf4\x8f\xbf\xbf");
    REFUSED("\"\\ud83d\"", "1:2: the first half of a pair of surrogates, expected the second behind it");
    REFUSED("\"\\ud83d\\n\"", "1:2: the first half of a pair of surrogates, expected the second behind it");
    REFUSED("\"\\ud83d\\u0041\"",
            "1:2: the first half of a pair of surrogates, expected the second behind it");
    REFUSED("\"\\ud83d\\ud83d\"",
            "1:2: the first half of a pair of surrogates, expected the second behind it");
    REFUSED("\"x\\ude00\"", "1:3: the second half of a pair of surrogates, expected the first before it");
}

Test(bench_json_read, a_string_is_utf8_without_controls)
{
    STRING("\"\xc3\xa9\xf0\x9f\x98\x80\"", "\xc3\xa9\xf0\x9f\x98\x80");
    REFUSED("\"a\nb\"", "1:3: \\n in a string, expected UTF-8 without controls");
    REFUSED("\"\t\"", "1:2: \\t in a string, expected UTF-8 without controls");
    REFUSED("\"\xff\"", "1:2: \\xff in a string, expected UTF-8 without controls");
    REFUSED("\"\xc0\xaf\"", "1:2: \\xc0 in a string, expected UTF-8 without controls");
    REFUSED("\"\xed\xa0\x80\"", "1:2: \\xed in a string, expected UTF-8 without controls");
    REFUSED("\"\xe2\x82\"", "1:2: \\xe2 in a string, expected UTF-8 without controls");
    REFUSED("\"a\0b\"", "1:3: \\x00 in a string, expected UTF-8 without controls");
    REFUSED("\"\xf0\x9f", "1:2: \\xf0 in a string, expected UTF-8 without controls");
    REFUSED("{\"a\": \"b", "1:7: a string that nothing ends, expected a \" behind it");
}

Test(bench_json_read, arrays_and_objects_are_as_they_stand)
{
    static const char text[] =
        " { \"a\" : [ 1 , [ ] , { } , \"x\" ] ,\r\n\t\"b\":{\"c\":null,\"\":true},\"a\\u0000\":2 } ";
    struct json_document *document = document_of(text, sizeof text - 1);
    const struct json_value *root = json_read_root(document),
                            *item = json_read_items(json_read_member(root, "a"));

    cr_assert_eq((int)root->type, (int)JSON_OBJECT);
    cr_expect_eq(json_read_number(item), 1);
    cr_expect(item->next->type == JSON_ARRAY && !json_read_items(item->next));
    cr_expect(item->next->next->type == JSON_OBJECT && !item->next->next->first);
    cr_expect_str_eq(json_read_string(item->next->next->next), "x");
    cr_expect_null(item->next->next->next->next);
    cr_expect_eq((int)json_read_member(json_read_member(root, "b"), "c")->type, (int)JSON_NULL);
    cr_expect_eq((int)json_read_member(json_read_member(root, "b"), "")->type, (int)JSON_BOOLEAN);
    cr_expect_eq(root->first->next->next->key_length, 2);
    cr_expect_null(root->first->next->next->next);
    json_read_free(document);
}

Test(bench_json_read, of_members_of_one_name_the_last_is_meant)
{
    static const char text[] = "{\"a\": 1, \"b\": 2, \"a\": 3}";
    struct json_document *document = document_of(text, sizeof text - 1);

    cr_expect_eq(json_read_number(json_read_member(json_read_root(document), "a")), 3);
    json_read_free(document);
}

Test(bench_json_read, what_is_not_there_is_asked_for_in_vain)
{
    static const char text[] = "{\"a\": \"b\\u0000\", \"n\": 1}";
    struct json_document *document = document_of(text, sizeof text - 1);
    const struct json_value *root = json_read_root(document), *a = json_read_member(root, "a");

    cr_expect_null(json_read_member(root, "b"));
    cr_expect_null(json_read_member(root, "aa"));
    cr_expect_null(json_read_member(a, "a"));
    cr_expect_null(json_read_member(NULL, "a"));
    cr_expect_null(json_read_items(root));
    cr_expect_null(json_read_items(NULL));
    cr_expect_null(json_read_string(a), "it has a NUL");
    cr_expect_null(json_read_string(json_read_member(root, "n")));
    cr_expect_null(json_read_string(NULL));
    cr_expect(isnan(json_read_number(a)) && isnan(json_read_number(NULL)));
    json_read_free(document);
    json_read_free(NULL);
}

/* -- What is not ----------------------------------------------------------------------- */

Test(bench_json_read, what_is_wrong_is_told_with_its_line_and_column)
{
    REFUSED("", "1:1: the end, expected a value");
    REFUSED(" \n\n  ", "3:3: the end, expected a value");
    REFUSED("{\n  \"a\": 1\n  \"b\": 2\n}", "3:3: \", expected , or }");
    REFUSED("[1, 2,\n 3 4]", "2:4: 4, expected , or ]");
    REFUSED("[1,]", "1:4: ], expected a value");
    REFUSED("[,1]", "1:2: ,, expected a value");
    REFUSED("[1", "1:3: the end, expected , or ]");
    REFUSED("[", "1:2: the end, expected a value");
    REFUSED("{", "1:2: the end, expected a name in quotes, \"...\"");
    REFUSED("{\"a\": 1,}", "1:9: }, expected a name in quotes, \"...\"");
    REFUSED("{a: 1}", "1:2: a, expected a name in quotes, \"...\"");
    REFUSED("{\"a\" 1}", "1:6: 1, expected : behind a name");
    REFUSED("{\"a\":}", "1:6: }, expected a value");
    REFUSED("{\"a\"}", "1:5: }, expected : behind a name");
    REFUSED("[1}", "1:3: }, expected , or ]");
    REFUSED("{} {}", "1:4: {, expected the end");
    REFUSED("[] // that is all", "1:4: //, expected the end");
    REFUSED("]", "1:1: ], expected a value");
    REFUSED("\xef\xbb\xbf{}", "1:1: \\xef\\xbb\\xbf, expected a value");
    REFUSED("1\0", "1:2: \\x00, expected the end");
    REFUSED("[\v1]", "1:2: \\x0b1, expected a value");
}

Test(bench_json_read, a_word_of_a_message_is_cut)
{
    char text[200], why[256];
    struct json_document *document;

    memset(text, 'x', sizeof text);
    cr_expect_eq(json_read(&document, text, sizeof text, why, sizeof why), -EINVAL);
    cr_expect_str_eq(why, "1:1: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx..., expected a value");
    cr_expect_eq(json_read(&document, text, sizeof text, why, 10), -EINVAL);
    cr_expect_str_eq(why, "1:1: xxxx");
    cr_expect_eq(json_read(&document, text, sizeof text, NULL, 0), -EINVAL);
}

/* depth times `open`, in the innermost 1, and `close` as often. */
static int read_deep(size_t depth, const char *open, const char *close, char why[256])
{
    struct json_document *document;
    size_t opens = strlen(open), len = 0;
    char text[1024];

    for (size_t i = 0; i < depth; i++, len += opens)
        memcpy(text + len, open, opens + 1);
    text[len++] = '1';
    for (size_t i = 0; i < depth; i++)
        text[len++] = *close;
    int result = json_read(&document, text, len, why, 256);
    json_read_free(document);
    return result;
}

Test(bench_json_read, depth_has_a_bound)
{
    char why[256];

    cr_expect_eq(read_deep(JSON_DEPTH_MAX, "[", "]", why), 0);
    cr_expect_eq(read_deep(JSON_DEPTH_MAX, "{\"a\":", "}", why), 0);
    cr_expect_eq(read_deep(JSON_DEPTH_MAX + 1, "[", "]", why), -EFBIG);
    cr_expect_str_eq(why, "1:65: too deep, expected at the most 64 within each other");
    cr_expect_eq(read_deep(JSON_DEPTH_MAX + 1, "{\"a\":", "}", why), -EFBIG);
}

Test(bench_json_read, what_is_beside_each_other_is_not_deep)
{
    char text[4002];

    text[0] = '[';
    for (size_t i = 0; i < 4000; i += 4)
        memcpy(text + 1 + i, "[], ", 4);
    memcpy(text + 3999, "  ]", 3);
    json_read_free(document_of(text, sizeof text));
}

Test(bench_json_read, size_has_a_bound)
{
    expect_refused("", (size_t)JSON_SIZE_MAX + 1, -EFBIG,
                   "1:1: too long, expected at the most 67108864 bytes", 0);
    expect_refused("", SIZE_MAX, -EFBIG, "1:1: too long, expected at the most 67108864 bytes", 0);
}

Test(bench_json_read, the_number_of_values_has_a_bound)
{
    size_t len = 2 * (size_t)JSON_VALUES_MAX + 1;
    struct json_document *document;
    char *text = malloc(len), why[256];

    cr_assert_not_null(text);
    memset(text, ',', len);
    text[0] = '[';
    for (size_t i = 1; i < len; i += 2)
        text[i] = '0';
    /* The array is one of them. */
    text[len - 3] = text[len - 2] = ' ';
    text[len - 1] = ']';
    cr_assert_eq(json_read(&document, text, len, why, sizeof why), 0, "%s", why);
    json_read_free(document);
    text[len - 3] = ',';
    text[len - 2] = '0';
    cr_expect_eq(json_read(&document, text, len, why, sizeof why), -EFBIG);
    cr_expect_str_eq(why, "1:8388608: too many values, expected at the most 4194304");
    free(text);
}

/* -- All kinds of things --------------------------------------------------------------- */

static void write_value(struct json *json, const char *key, const struct json_value *value)
{
    switch (value->type) {
    case JSON_NULL:
        json_string(json, key, NULL);
        break;
    case JSON_BOOLEAN:
        json_boolean(json, key, value->number != 0);
        break;
    case JSON_NUMBER:
        json_number(json, key, value->number);
        break;
    case JSON_STRING:
        json_string(json, key, value->string);
        break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        json_open(json, key, value->type == JSON_ARRAY ? '[' : '{');
        for (const struct json_value *one = value->first; one; one = one->next)
            write_value(json, one->key, one);
        json_close(json, value->type == JSON_ARRAY ? ']' : '}');
        break;
    }
}

static char *written(const struct json_document *document, size_t *len)
{
    char *text = NULL;
    struct json json = { .out = open_memstream(&text, len) };

    cr_assert_not_null(json.out);
    write_value(&json, NULL, json_read_root(document));
    fclose(json.out);
    return text;
}

static const char seed[] = "{\"confab_bench\": 1, \"date\": \"2026-11-21T16:52:03Z\", \"machine\": "
                           "{\"system\": \"Linux \\u00e9\\ud83d\\ude00\"},\n"
                           " \"quick\": false, \"took\": 1.5e2, \"none\": null, \"results\": [ {\"point\": "
                           "\"50 connections\", \"series\":\n"
                           " [{\"values\": [1, -2.25, 3e-7, null], \"x\\n\\\"\\\\\": {}}, [], [[[]]], "
                           "\"\xc3\xa9\"]}], \"last\": true}\n";

/* What is read is written as the same again. */
static void expect_same_again(const char *text, size_t len)
{
    struct json_document *document = document_of(text, len), *again;
    size_t first_len, second_len;
    char *first = written(document, &first_len), *second;

    again = document_of(first, first_len);
    second = written(again, &second_len);
    cr_expect(first_len == second_len && memcmp(first, second, first_len) == 0, "%s", text);
    free(first);
    free(second);
    json_read_free(document);
    json_read_free(again);
}

Test(bench_json_read, what_is_written_is_read_as_the_same)
{
    expect_same_again(seed, sizeof seed - 1);
}

Test(bench_json_read, nothing_less_than_the_whole_is_taken_for_it)
{
    for (size_t len = 0; len < sizeof seed - 2; len++) {
        struct json_document *document;
        char *text = malloc(len + 1), why[256];
        cr_assert_not_null(text);
        memcpy(text, seed, len);
        cr_expect_eq(json_read(&document, text, len, why, sizeof why), -EINVAL, "%zu", len);
        free(text);
    }
}

static size_t change(uint64_t *state, char *text, size_t len, size_t room)
{
    static const char likely[] = "\"\\{}[]:,0123456789+-.eEunltf \n\t\r\0";
    size_t at = (size_t)draw(state) % len, n = 1 + (size_t)draw(state) % 12;

    switch (draw(state) % 4) {
    case 0:
        text[at] = likely[draw(state) % sizeof likely];
        return len;
    case 1:
        text[at] = (char)draw(state);
        return len;
    case 2: /* left out */
        n = n < len - at ? n : len - at;
        memmove(text + at, text + at + n, len - at - n);
        return len > n ? len - n : len;
    default: /* doubled */
        n = n < len - at ? n : len - at;
        if (len + n > room)
            return len;
        memmove(text + at + n, text + at, len - at);
        return len + n;
    }
}

/* "3:17: words", in one line, of printable ASCII. */
static bool tells_where(const char *why)
{
    size_t digits = strspn(why, "0123456789"), more = strspn(why + digits + 1, "0123456789");

    for (const char *at = why; *at; at++)
        if (*at < ' ' || *at > '~')
            return false;
    return digits > 0 && why[digits] == ':' && more > 0 && strncmp(why + digits + 1 + more, ": ", 2) == 0;
}

/* Each in memory of its own size, so that a byte too many is noticed. */
Test(bench_json_read, whatever_has_been_changed_is_read_or_refused_with_its_place)
{
    int read = 0, tries = test_rounds(40000);

    for (int i = 0; i < tries; i++) {
        struct json_document *document;
        char text[2 * sizeof seed], why[256], *exact;
        size_t len = sizeof seed - 1;
        uint64_t state = (uint64_t)i;
        memcpy(text, seed, sizeof seed);
        for (uint64_t n = 1 + draw(&state) % 4; n > 0; n--)
            len = change(&state, text, len, sizeof text);
        exact = malloc(len);
        cr_assert_not_null(exact);
        memcpy(exact, text, len);
        int result = json_read(&document, exact, len, why, sizeof why);
        cr_expect(result == 0 || (result == -EINVAL && tells_where(why)), "seed %d: %d, %s", i, result, why);
        json_read_free(document);
        read += result == 0;
        if (result == 0 && i % 16 == 0)
            expect_same_again(exact, len);
        free(exact);
    }
    cr_expect(read > tries / 20 && read < tries * 9 / 10, "%d of %d are read", read, tries);
}
