/* test_session_errors.c: what is said of a session file that is wrong: each message. */
#include "tests/session_support.h"

#include <errno.h>
#include <stdlib.h>

static void expect_error(const char *text, size_t len, int wanted, const char *words)
{
    struct session *session = (struct session *)&session;
    char error[512] = "";
    int result = session_parse(&session, "f", text, len, error, sizeof error);

    cr_expect_eq(result, wanted, "%.60s: %d, %s", text, result, error);
    cr_expect_str_eq(error, words);
    cr_expect_null(session);
    if (!result)
        session_free(session);
}

/* The lines behind the first; the error is in the last of them. */
static void refused(const char *lines, const char *words)
{
    char text[8192], whole[600];
    unsigned line = 2;

    for (const char *at = lines; *at; at++)
        line += *at == '\n';
    snprintf(text, sizeof text, "confab-session 1\n%s", lines);
    snprintf(whole, sizeof whole, "f:%u: %s", line, words);
    expect_error(text, strlen(text), -EINVAL, whole);
}

Test(session_errors, of_the_first_line)
{
#define WHOLE(text, words) expect_error(text, sizeof(text) - 1, -EINVAL, words)
    WHOLE("", "f:1: an empty file, expected \"confab-session 1\" in its first line");
    WHOLE("# x\n\n", "f:2: an empty file, expected \"confab-session 1\" in its first line");
    WHOLE("> \"x\"\n", "f:1: >: no session file, expected \"confab-session 1\" in its first line");
    WHOLE("\nplugin x", "f:2: plugin: no session file, expected \"confab-session 1\" in its first line");
    WHOLE("confab-session 2\n", "f:1: version \"2\" of the session language, expected version 1");
    WHOLE("confab-session\n", "f:1: version \"\" of the session language, expected version 1");
    WHOLE("confab-session 1 x\n", "f:1: x behind what is complete, expected the end of the line");
    WHOLE("confab-session 1\n> \"a\0b\"\n",
          "f:2: a NUL byte, expected text: \\0 within quotes stands for one");
#undef WHOLE
}

Test(session_errors, of_words)
{
    refused(
        "frob",
        "unknown word \"frob\", expected a step (> < <? <* <~ stall go eof reset closed wait together end "
        "connect accept) or a header line (plugin isolated mask file server)");
    refused("fr\x01"
            "ob 1",
            "unknown word \"fr\\x01ob\", expected a step (> < <? <* <~ stall go eof reset closed wait "
            "together end connect accept) or a header line (plugin isolated mask file server)");
    refused("a > \"x\"", "a without a colon, expected \"a: >\" for a connection of that name");
    refused("a <~ /x/", "a without a colon, expected \"a: <\" for a connection of that name");
    refused("a : > \"x\"", "a without a colon, expected \"a: >\" for a connection of that name");
    refused("a: frob",
            "\"frob\" behind a connection's name, expected one of > < <? <* <~ stall go eof reset closed");
    refused("a:", "\"\" behind a connection's name, expected one of > < <? <* <~ stall go eof reset closed");
    refused("eof: > \"x\"", "\"eof\" is a word of the language, expected a connection's name");
    refused("1a: > \"x\"", "\"1a\" is no name, expected a connection's: a letter, then letters, digits, _ - "
                           "and ., at the most 64");
    refused(": > \"x\"", "\"\" is no name, expected a connection's: a letter, then letters, digits, _ - and "
                         "., at the most 64");
    refused(
        "a12345678901234567890123456789012345678901234567890123456789012345: eof",
        "\"a123456789012345678901234567890123456789...\" is no name, expected a connection's: a letter, then "
        "letters, digits, _ - and ., at the most 64");
    refused("stall now", "now behind what is complete, expected the end of the line");
    refused("> \"a\"b", "b behind what is complete, expected the end of the line");
    refused("> \"a\"\nisolated", "\"isolated\" behind a step, expected it before the first");
    refused("> \"a\"\nplugin x", "\"plugin\" behind a step, expected it before the first");
    refused("together\nisolated", "\"isolated\" behind a step, expected it before the first");
    refused("together\ntruncated", "\"truncated\" behind a step, expected it before the first");
}

Test(session_errors, of_strings)
{
    refused(">", "a string was to come, expected one in quotes, \"...\"");
    refused("> abc", "abc: a string was to come, expected one in quotes, \"...\"");
    refused("> \"abc", "a string that nothing ends, expected a \" behind it");
    refused("> \"abc\\", "a string that nothing ends, expected a \" behind it");
    refused("> \"a\" \\\n  \"b\\q\"",
            "unknown escape \\q in column 5, expected one of \\r \\n \\t \\0 \\\\ \\\" \\$ \\/ \\xHH");
    refused("> \"ab\\a\"",
            "unknown escape \\a in column 6, expected one of \\r \\n \\t \\0 \\\\ \\\" \\$ \\/ \\xHH");
    refused("> \"\\x4\"", "\\x in column 4, expected two hexadecimal digits behind it");
    refused("> \"a\\xg0\"", "\\x in column 5, expected two hexadecimal digits behind it");
    refused("> \"a${b\"", "${ in column 5 without a name, expected ${name}; \\$ stands for a $");
    refused("> \"${}\"", "${ in column 4 without a name, expected ${name}; \\$ stands for a $");
    refused("> \"${1}\"", "${ in column 4 without a name, expected ${name}; \\$ stands for a $");
    refused("> \"a\" * x", "\"x\" behind *, expected how often, from 1 to 67108864");
    refused("> \"a\" *", "\"\" behind *, expected how often, from 1 to 67108864");
    refused("> \"a\" * 0", "\"0\" behind *, expected how often, from 1 to 67108864");
    refused("> \"a\" * -1", "\"-1\" behind *, expected how often, from 1 to 67108864");
    refused("> \"a\" * 67108865", "\"67108865\" behind *, expected how often, from 1 to 67108864");
    refused("> \"a${b}\" * 2", "* behind a string of bytes and ${names}, expected either of both alone");
    refused("> \"${a}${b}\" * 2", "* behind a string of bytes and ${names}, expected either of both alone");
    expect_error("confab-session 1\n> \"ab\" * 33554433", 34, -EFBIG,
                 "f:2: 2 bytes 33554433 times are too many, expected at the most 67108864");
}

Test(session_errors, of_expressions)
{
    refused("<~ abc", "abc: an expression was to come, expected /REGEX/");
    refused("<~", "an expression was to come, expected /REGEX/");
    refused("<~ /abc", "an expression that nothing ends, expected a / behind it in the same line");
    refused("<~ /abc\\/", "an expression that nothing ends, expected a / behind it in the same line");
    refused("<~ //", "an empty expression, expected something to look for");
    refused("<~ /(a/",
            "an expression that cannot be compiled: Unmatched ( or \\(, expected one as in regex(7)");
    refused("<~ /a)/", "a ) in an expression without its (, expected \\) for the character");
    refused("<~ /(?:a)/", "(? in an expression, expected a group with a name, (?<name>...)");
    refused("<~ /(?<1>a)/", "(? in an expression, expected a group with a name, (?<name>...)");
    refused("<~ /(?<a/", "(? in an expression, expected a group with a name, (?<name>...)");
    refused("<~ /(?<a>b)(?<a>c)/", "two groups of an expression have the same name, expected each its own");
    refused("<~ /(?<TMP>b)/", "a group called TMP, expected another name: ${TMP} means something");
    refused(
        "<~ /\\d+/",
        "\\d in an expression, expected \\r, \\n, \\t, \\xHH or a backslash before what is no letter and no "
        "digit");
    refused("<~ /(a)\\1/",
            "\\1 in an expression, expected \\r, \\n, \\t, \\xHH or a backslash before what is no letter "
            "and no digit");
    refused("<~ /\\x00/", "\\x in an expression, expected two hexadecimal digits behind it, not 00");
    refused("<~ /\\xg1/", "\\x in an expression, expected two hexadecimal digits behind it, not 00");
    refused("<~ /[\\x5d]/", "\\xHH within brackets is one of []^-, expected that to stand there itself");
    refused("<~ /[a/", "brackets in an expression that nothing ends, expected ]");
    refused("<~ /[[:alpha]/", "brackets in an expression that nothing ends, expected ]");
    refused(
        "<~ "
        "/()()()()()()()()()()()()()()()()()()()()()()()()()()()()()()()()()()()()()()()()()()()()()()()()("
        ")()()()()()()"
        "()()()()()()()()/",
        "too many groups in an expression, expected at the most 62");
    refused("<~ /a/ x", "x behind what is complete, expected the end of the line");
}

/* regcomp(3) would take all memory that there is. */
Test(session_errors, of_repetitions_that_are_too_many)
{
    static const char words[] =
        "too many repetitions in an expression, expected at the most 8192 characters and 1024 "
        "choices where they are written out";

    refused("<~ /((a{100}){90})/", words);
    refused("<~ /a{5000}b{5000}/", words);
    refused("<~ /a{99999999999999999999}/", words);
    refused("<~ /(abcdefgh){2,1025}/", words);
    refused("<~ /a{1,2000}/", words);
    refused("<~ /(a?){1025}/", words);
    refused("<~ /((((((((((((((a)+)+)+)+)+)+)+)+)+)+)+)+)+)+/", words);
    refused("mask /((((((((((((((a)+)+)+)+)+)+)+)+)+)+)+)+)+)+/ X", words);
}

Test(session_errors, of_a_repetition_of_a_repetition)
{
    static const char words[] =
        "a repetition of a repetition in an expression, expected (...) around the inner";

    refused("<~ /a++/", words);
    refused("<~ /a*?/", words);
    refused("<~ /(a)?{3}/", words);
    refused("<~ /[a]{3}*/", words);
    refused("<~ /a{90}{90}/", words);
}

Test(session_errors, of_an_expression_that_is_too_long)
{
    char lines[5000] = "<~ /";

    memset(lines + 4, 'a', 4097);
    lines[4 + 4097] = '/';
    refused(lines, "an expression that is too long, expected at the most 4096 bytes");
}

Test(session_errors, of_plugins_and_options)
{
    refused("plugin", "\"plugin\" without a name, expected plugin NAME KEY=VALUE...");
    refused("plugin a=b", "\"plugin\" without a name, expected plugin NAME KEY=VALUE...");
    refused("plugin \"a\"", "\"plugin\" without a name, expected plugin NAME KEY=VALUE...");
    refused("plugin a b", "\"b\" behind the plugin's name, expected KEY=VALUE");
    refused("plugin a =b", "\"=b\" behind the plugin's name, expected KEY=VALUE");
    refused("plugin a b/c=d", "\"b/c=d\" behind the plugin's name, expected KEY=VALUE");
    refused("plugin a b=c\"d\"", "an option's value with a \" in it, expected it in quotes, \"...\"");
    refused("plugin a b=c\\d", "an option's value with a \\ in it, expected it in quotes, \"...\"");
    refused("plugin a b=${c", "${ in column 12 without a name, expected ${name}; \\$ stands for a $");
    refused("plugin a\nplugin b", "\"plugin\" a second time, expected it once: it is in line 2");
}

Test(session_errors, of_other_header_lines)
{
    refused("isolated x", "x behind what is complete, expected the end of the line");
    refused("mask x", "x: an expression was to come, expected /REGEX/");
    refused("mask /x/",
            "a mask without a word, expected mask /REGEX/ WORD: printable, no blank, no quote, no "
            "backslash, at the most 64 bytes");
    refused("mask /x/ #x",
            "a mask without a word, expected mask /REGEX/ WORD: printable, no blank, no quote, no "
            "backslash, at the most 64 bytes");
    refused("mask /x/ a\"b",
            "a mask without a word, expected mask /REGEX/ WORD: printable, no blank, no quote, no "
            "backslash, at the most 64 bytes");
    refused("mask /(x/ W",
            "an expression that cannot be compiled: Unmatched ( or \\(, expected one as in regex(7)");
    refused("file", "\"\" for a file's name, expected a relative one without \"..\" and ${names}");
    refused("file /etc/passwd \"x\"",
            "\"/etc/passwd\" for a file's name, expected a relative one without \"..\" and ${names}");
    refused("file a/../b \"x\"",
            "\"a/../b\" for a file's name, expected a relative one without \"..\" and ${names}");
    refused("file a/ \"x\"", "\"a/\" for a file's name, expected a relative one without \"..\" and ${names}");
    refused("file ./a \"x\"",
            "\"./a\" for a file's name, expected a relative one without \"..\" and ${names}");
    refused("file a//b \"x\"",
            "\"a//b\" for a file's name, expected a relative one without \"..\" and ${names}");
    refused("file ${TMP}/a \"x\"",
            "\"\" for a file's name, expected a relative one without \"..\" and ${names}");
    refused("file \"a\\0b\" \"x\"",
            "\"a\\x00b\" for a file's name, expected a relative one without \"..\" and ${names}");
    refused("file a", "a string was to come, expected one in quotes, \"...\"");
    refused("file a \"x\"\nfile a \"y\"", "file \"a\" a second time, expected it once: it is in line 2");
    refused(
        "server",
        "\"\" is no name, expected a server's: a letter, then letters, digits, _ - and ., at the most 64");
    refused("server up", "server up without an address, expected server NAME ADDRESS");
    refused("server up 1:2 x", "x behind what is complete, expected the end of the line");
    refused("server TMP 1:2", "a server called TMP, expected another name: ${TMP} means something");
    refused("server ADDRESS 1:2",
            "a server called ADDRESS, expected another name: ${ADDRESS} means something");
    refused("server wait 1:2", "\"wait\" is a word of the language, expected a server's name");
    refused("server up 1:2\nserver up 1:3", "server \"up\" a second time, expected it once: it is in line 2");
    refused("began yesterday", "\"yesterday\" for a time, expected one from 1970 to 2261 as "
                               "2026-03-01T12:30:00.123456789Z");
    refused("peer", "\"peer\" without an address, expected peer ADDRESS");
    refused("peer ${x}", "\"peer\" without an address, expected peer ADDRESS");
    refused("truncated x", "x behind what is complete, expected the end of the line");
}

Test(session_errors, of_connections)
{
    refused("> \"x\"\na: > \"x\"", "a step with a connection's name, expected one without, as in line 2");
    refused("> \"x\"\na connect", "a step with a connection's name, expected one without, as in line 2");
    refused("a: > \"x\"\n\n> \"x\"",
            "a step without a connection's name, expected one with it, as in line 2");
    refused("a connect\neof", "a step without a connection's name, expected one with it, as in line 2");
    refused("a: > \"x\"\na connect", "the connection a is there already, expected another name");
    refused("a connect x", "x: a string was to come, expected one in quotes, \"...\"");
    refused("wait connect", "\"connect\" behind wait, expected a duration, as 250ms, 30s or 5m");
    refused("up accept", "no server is called up, expected a line \"server up ADDRESS\"");
    refused(
        "1 accept",
        "\"1\" is no name, expected a server's: a letter, then letters, digits, _ - and ., at the most 64");
    refused("server up 1:2\nup: < \"x\"",
            "nobody has connected to the server up, expected \"up accept\" before");
    refused("server up 1:2\nup connect", "\"connect\" of a server, expected \"up accept\"");
    refused("server up 1:2\nup accept\nup accept",
            "the connection up is there already, expected another name");
    refused("server up 1:2\nup accept 1",
            "\"1\" is no name, expected a connection's: a letter, then letters, digits, _ - "
            "and ., at the most 64");
    refused("server up 1:2\nserver b 1:3\nup accept b", "b is another server, expected a connection's name");
    refused("server up 1:2\nup accept a b", "b behind what is complete, expected the end of the line");
}

Test(session_errors, of_steps_that_cannot_be)
{
    refused("eof\n> \"x\"", "\">\" of a connection behind its \"eof\", expected what can be there");
    refused("a: eof\na: eof", "\"eof\" of a connection behind its \"eof\", expected what can be there");
    refused("reset\n< \"x\"", "\"<\" of a connection behind its \"reset\", expected what can be there");
    refused("reset\nclosed", "\"closed\" of a connection behind its \"reset\", expected what can be there");
    refused("closed\n<~ /x/", "\"<~\" of a connection behind its \"closed\", expected what can be there");
    refused("closed\nclosed", "\"closed\" of a connection behind its \"closed\", expected what can be there");
    refused("stall\nstall",
            "\"stall\" of a connection behind another, with no \"go\" between them, expected what can be "
            "there");
    refused("go", "\"go\" of a connection without a \"stall\" before it, expected what can be there");
}

Test(session_errors, of_waits_and_groups)
{
    refused("wait", "\"\" behind wait, expected a duration, as 250ms, 30s or 5m");
    refused("wait 5", "\"5\" behind wait, expected a duration, as 250ms, 30s or 5m");
    refused("wait 1s x", "x behind what is complete, expected the end of the line");
    refused("end", "\"end\" without a \"together\" before it, expected a step");
    refused("together\nend", "nothing between \"together\" and \"end\", expected steps");
    refused("> \"x\"\ntogether\nend", "nothing between \"together\" and \"end\", expected steps");
    refused("together\n> \"x\"\ntogether", "\"together\" within the one of line 2, expected its \"end\"");
    refused("together\nwait 1s",
            "\"wait\" within \"together\", expected steps that send and expect, or \"end\"");
    refused("together\neof", "\"eof\" within \"together\", expected steps that send and expect, or \"end\"");
    refused("together\na connect",
            "\"connect\" within \"together\", expected steps that send and expect, or \"end\"");
    refused("together\n> \"x\"", "the end of the file, expected the \"end\" of \"together\" in line 2");
    expect_error(
        "confab-session "
        "1\ntogether\n<\"\"\n<\"\"\n<\"\"\n<\"\"\n<\"\"\n<\"\"\n<\"\"\n<\"\"\n<\"\"\n<\"\"\n<\"\"\n<\"\"\n"
        "<\"\"\n<\"\"\n<\"\"\n<\"\"\n<\"\"\nend\n",
        98, -EFBIG,
        "f:19: too much is expected of a connection within \"together\", expected at the most 16 steps");
}

/* -- Bounds --------------------------------------------------------------------------- */

/* A file of the first line and n times this. */
static void too_many(const char *piece, size_t n, const char *words)
{
    struct bytes text = { .at = NULL };

    cr_assert_eq(bytes_add(&text, "confab-session 1\n", 17), 0);
    for (size_t i = 0; i < n; i++)
        cr_assert_eq(bytes_add(&text, piece, strlen(piece)), 0);
    expect_error(text.at, text.len, -EFBIG, words);
    bytes_free(&text);
}

Test(session_errors, of_files_that_are_too_large)
{
    too_many("eof", (1 << 20) / 3 + 1,
             "f:2: a line of more than 1048576 bytes, expected strings that go on in the next "
             "line behind a backslash");
    too_many(">\"\"\n", 100001, "f:100002: too many steps, expected at the most 100000");
    too_many("#12345678901234567890123456789012345678901234567890123456789012\n", 1 << 20,
             "f:1: 67108881 bytes are too many, expected at the most 67108864");
}

Test(session_errors, of_too_many_connections)
{
    struct bytes text = { .at = NULL };
    char line[32];

    cr_assert_eq(bytes_add(&text, "confab-session 1\n", 17), 0);
    for (int i = 0; i < 257; i++) {
        int n = snprintf(line, sizeof line, "c%d connect\n", i);
        cr_assert_eq(bytes_add(&text, line, (size_t)n), 0);
    }
    expect_error(text.at, text.len, -EFBIG, "f:258: too many connections, expected at the most 256");
    bytes_free(&text);
}

Test(session_errors, are_cut_where_there_is_no_room_for_them)
{
    struct session *session;
    char error[10] = "123456789";

    cr_expect_eq(session_parse(&session, "f", "x", 1, error, 6), -EINVAL);
    cr_expect_str_eq(error, "f:1: ");
    cr_expect_str_eq(error + 6, "789");
    cr_expect_eq(session_parse(&session, "a long name", "x", 1, error, sizeof error), -EINVAL);
    cr_expect_str_eq(error, "a long na");
}
