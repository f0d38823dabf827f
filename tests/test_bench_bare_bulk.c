/* test_bench_bare_bulk.c: the bare servers of large answers, and of messages that are counted. */
#include "tests/bare_support.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* -- bulk ------------------------------------------------------------------------------ */

enum { FILE_LEN = 3000017 };

/* A file, and the server of it, which has it open. */
static char *start_bulk(struct served *served)
{
    char word[300], *bytes = test_pattern(FILE_LEN);
    FILE *file;

    snprintf(word, sizeof word, "file=%s/data", test_folder());
    file = fopen(word + 5, "w");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(bytes, 1, FILE_LEN, file), FILE_LEN);
    cr_assert_eq(fclose(file), 0);
    bare_start(served, "bulk", word, 0);
    cr_assert_eq(unlink(word + 5), 0);
    return bytes;
}

static void hear_letters(int fd, size_t len)
{
    char *letters = malloc(len);

    for (size_t i = 0; i < len; i++)
        letters[i] = (char)('a' + i % 26);
    bare_hear(fd, letters, len);
    free(letters);
}

Test(bench_bare_bulk, a_command_is_answered_with_letters_or_the_file)
{
    static const char said[] = "produce 30\r\nproduce 0\nfile\nproduce 3000001\nproduce 1\n";
    struct served served;
    char *bytes = start_bulk(&served);

    int fd = bare_connect(&served);
    bare_say(fd, said, sizeof said - 1);
    hear_letters(fd, 30);
    bare_hear(fd, bytes, FILE_LEN);
    hear_letters(fd, 3000001);
    hear_letters(fd, 1);
    shutdown(fd, SHUT_WR);
    bare_hear_end(fd);
    close(fd);
    free(bytes);
    bare_stop(&served);
}

Test(bench_bare_bulk, a_command_may_come_in_pieces)
{
    static const char said[] = "produce 12\r\nproduce 3\n";
    struct served served;
    char *bytes = start_bulk(&served);

    for (size_t cut = 1; cut < sizeof said - 1; cut++) {
        int fd = bare_connect(&served);
        bare_say(fd, said, cut);
        bare_settle(&served);
        bare_say(fd, said + cut, sizeof said - 1 - cut);
        bare_hear(fd, "abcdefghijklabc", 15);
        close(fd);
    }
    free(bytes);
    bare_stop(&served);
}

Test(bench_bare_bulk, an_answer_that_is_not_read_holds_nobody_up)
{
    struct served served;
    char *bytes = start_bulk(&served);

    int slow = bare_connect(&served), file = bare_connect(&served);
    bare_say(slow, "produce 60000000\nfile\n", 22);
    bare_say(file, "file\nfile\nfile\nfile\n", 20);
    bare_settle(&served);
    for (int i = 0; i < 4; i++)
        bare_hear(file, bytes, FILE_LEN);
    hear_letters(slow, 60000000);
    bare_hear(slow, bytes, FILE_LEN);
    close(slow);
    close(file);
    free(bytes);
    bare_stop(&served);
}

Test(bench_bare_bulk, what_is_no_command_closes)
{
    static const char *const wrong[] = {
        "files\n",      "produce\n",
        "produce \n",   "produce -1\n",
        "produce 1x\n", "produce 99999999999999999999\n",
        "\n",           "a line that is longer than any command may be, and has no end in sight",
    };
    struct served served;
    char *bytes = start_bulk(&served);

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int fd = bare_connect(&served);
        bare_say(fd, wrong[i], strlen(wrong[i]));
        bare_hear_end(fd);
        close(fd);
    }
    free(bytes);
    bare_stop(&served);
}

/* -- sink ------------------------------------------------------------------------------ */

static void hear_counts(int fd, size_t messages, size_t bytes)
{
    char line[80];

    shutdown(fd, SHUT_WR);
    bare_hear(fd, line,
              (size_t)snprintf(line, sizeof line, "%zu messages of %zu bytes\r\n", messages, bytes));
    bare_hear_end(fd);
    close(fd);
}

/* The plain way: byte by byte. */
static size_t count(const char *text, size_t len, const char *terminator, size_t terminator_len)
{
    size_t found = 0;

    for (size_t i = 0; i + terminator_len <= len;) {
        bool here = memcmp(text + i, terminator, terminator_len) == 0;
        found += here;
        i += here ? terminator_len : 1;
    }
    return found;
}

static const struct {
    const char *word, *terminator, *text;
} splits[] = {
    { "terminator=\\x0a", "\n", "one\r\n\n\ntwo\nend" },
    { "terminator=\\x0d\\x0a", "\r\n", "one\r\ntwo\n\r\r\n\r\n\r\rthree\r" },
    { "terminator=aa", "aa", "aaabaaaaabaaab" },
    { "terminator=aab", "aab", "aaabaabaaaaabab" },
    { "terminator=abab", "abab", "ababab abaabab babababab aba" },
};

Test(bench_bare_bulk, counts_do_not_depend_on_how_messages_were_split)
{
    for (size_t k = 0; k < sizeof splits / sizeof splits[0]; k++) {
        const char *text = splits[k].text, *terminator = splits[k].terminator;
        size_t len = strlen(text), messages = count(text, len, terminator, strlen(terminator));
        struct served served;

        bare_start(&served, "sink", splits[k].word, 0);
        for (size_t cut = 1; cut < len; cut++) {
            int fd = bare_connect(&served);
            bare_say(fd, text, cut);
            bare_settle(&served);
            bare_say(fd, text + cut, len - cut);
            hear_counts(fd, messages, len - messages * strlen(terminator));
        }
        int fd = bare_connect(&served);
        for (size_t i = 0; i < len; i++) {
            bare_say(fd, text + i, 1);
            bare_settle(&served);
        }
        hear_counts(fd, messages, len - messages * strlen(terminator));
        bare_stop(&served);
    }
}

/* Terminators with little between them: nearly every read ends within one. */
Test(bench_bare_bulk, messages_of_many_reads_are_counted)
{
    static const char terminator[] = "abaababaabab";
    enum { LEN = 2000003, TERMINATOR = sizeof terminator - 1 };
    struct served served;
    char *text = test_pattern(LEN), word[11 + sizeof terminator] = "terminator=";
    size_t at = 0;

    while (at + 4 + TERMINATOR < LEN) {
        for (int gap = text[at] & 3; gap > 0; gap--, at++)
            text[at] = text[at] & 4 ? 'a' : 'b';
        memcpy(text + at, terminator, TERMINATOR);
        at += TERMINATOR;
    }
    strcat(word, terminator);
    bare_start(&served, "sink", word, 0);
    int fd = bare_connect(&served);
    bare_say(fd, text, at);
    size_t messages = count(text, at, terminator, TERMINATOR);
    cr_assert_gt(messages, 100000);
    hear_counts(fd, messages, at - messages * TERMINATOR);
    free(text);
    bare_stop(&served);
}

Test(bench_bare_bulk, each_connection_is_counted_for_itself)
{
    struct served served;

    bare_start(&served, "sink", "terminator=abc", 0);
    int one = bare_connect(&served), other = bare_connect(&served);
    bare_say(one, "1abc1ab", 7);
    bare_settle(&served);
    bare_say(other, "cab", 3);
    bare_settle(&served);
    bare_say(one, "cab", 3);
    bare_settle(&served);
    bare_say(other, "abc22", 5);
    hear_counts(one, 2, 4);
    hear_counts(other, 1, 5);
    bare_stop(&served);
}
