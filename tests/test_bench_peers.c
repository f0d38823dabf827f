/* test_bench_peers.c: peers that are found beside the host, and how those of them find lines whose library does not. */
#include "support.h"
#include "tools/bench/peers.h"
#include "tools/bench/peers/lines.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* -- Looking for them ------------------------------------------------------------------- */

static struct peers peers;

static void make_folder(const char *format, const char *folder)
{
    char path[512];

    snprintf(path, sizeof path, format, folder);
    cr_assert_eq(mkdir(path, 0700), 0);
}

/* A program that is a script. */
static void make_program(const char *folder, const char *name, const char *script, mode_t mode)
{
    char path[512];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    cr_assert(file);
    cr_assert(fprintf(file, "#!/bin/sh\n%s\n", script) > 0);
    cr_assert_eq(fclose(file), 0);
    cr_assert_eq(chmod(path, mode), 0);
}

/* FOLDER/bin, which is where the host is said to be, and peers of that name beside it. */
static const char *host_with_peers(char folder[512])
{
    static char host[512];

    snprintf(folder, 512, "%s", test_folder());
    make_folder("%s/bin", folder);
    make_folder("%s/bin/peers", folder);
    snprintf(host, sizeof host, "%s/bin/confab", folder);
    strcat(folder, "/bin/peers");
    return host;
}

Test(bench_peers, are_found_beside_the_host_in_the_order_of_their_names)
{
    char folder[512];
    const char *host = host_with_peers(folder);

    make_program(folder, "confab-bench-libzz", "echo 9", 0700);
    make_program(folder, "confab-bench-libaa", "[ $1 = --version ] && echo 1.2-stable", 0700);
    make_program(folder, "other", "echo 1", 0700);
    make_program(folder, "confab-bench-plain", "echo 1", 0600);
    peers_find(host, &peers);
    cr_assert_eq(peers.count, 2);
    cr_assert_str_eq(peers.contenders[0].name, "libaa");
    cr_assert_str_eq(peers.contenders[0].version, "1.2-stable");
    cr_assert_eq(peers.contenders[0].kind, CONTENDER_PEER);
    cr_assert_str_eq(strrchr(peers.contenders[0].program, '/'), "/confab-bench-libaa");
    cr_assert_str_eq(peers.contenders[1].name, "libzz");
}

Test(bench_peers, are_found_where_an_installed_host_has_them)
{
    char folder[512], host[1024];

    snprintf(folder, sizeof folder, "%s", test_folder());
    make_folder("%s/bin", folder);
    make_folder("%s/libexec", folder);
    make_folder("%s/libexec/confab", folder);
    make_folder("%s/libexec/confab/peers", folder);
    snprintf(host, sizeof host, "%s/bin/confab", folder);
    strcat(folder, "/libexec/confab/peers");
    make_program(folder, "confab-bench-libaa", "echo 1", 0700);
    peers_find(host, &peers);
    cr_assert_eq(peers.count, 1);
}

Test(bench_peers, in_the_folder_of_the_environment_come_first)
{
    char folder[512], given[512];
    const char *host = host_with_peers(folder);

    snprintf(given, sizeof given, "%s", test_folder());
    setenv("CONFAB_BENCH_PEERS", given, 1);
    make_program(folder, "confab-bench-libaa", "echo 1", 0700);
    make_program(given, "confab-bench-libaa", "echo 2", 0700);
    make_program(given, "confab-bench-libbb", "echo 3", 0700);
    peers_find(host, &peers);
    cr_assert_eq(peers.count, 2);
    cr_assert_str_eq(peers.contenders[0].version, "2");
    cr_assert_str_eq(peers.contenders[1].name, "libbb");
}

Test(bench_peers, without_a_version_are_there_all_the_same)
{
    char folder[512];
    const char *host = host_with_peers(folder);

    make_program(folder, "confab-bench-fails", "echo 1; exit 1", 0700);
    make_program(folder, "confab-bench-hangs", "echo 1; exec sleep 1000", 0700);
    make_program(folder, "confab-bench-silent", ":", 0700);
    peers_find(host, &peers);
    cr_assert_eq(peers.count, 3);
    for (size_t i = 0; i < 3; i++)
        cr_assert_null(peers.contenders[i].version, "%s", peers.contenders[i].name);
}

Test(bench_peers, that_say_their_version_and_stay_are_not_waited_for)
{
    char folder[512];
    const char *host = host_with_peers(folder);

    make_program(folder, "confab-bench-libaa", "echo 1; exec >&-; sleep 1000", 0700);
    peers_find(host, &peers);
    cr_assert_eq(peers.count, 1);
    cr_assert_null(peers.contenders[0].version);
}

Test(bench_peers, are_bounded_in_number)
{
    char folder[512], name[64];
    const char *host = host_with_peers(folder);

    for (int i = 0; i <= PEERS_MAX; i++) {
        snprintf(name, sizeof name, "confab-bench-%d", i);
        make_program(folder, name, "echo 1", 0700);
    }
    peers_find(host, &peers);
    cr_assert_eq(peers.count, PEERS_MAX);
}

Test(bench_peers, are_none_where_there_is_no_folder)
{
    char host[512];

    snprintf(host, sizeof host, "%s/confab", test_folder());
    peers_find(host, &peers);
    cr_assert_eq(peers.count, 0);
}

/* -- Lines ---------------------------------------------------------------------------------- */

static const char talk[] = "one\r\ntwo\n\n\r\nthree\r\r\nfour\rfive\r\nrest";
static const char answered[] = "one\r\ntwo\r\n\r\n\r\nthree\r\r\nfour\rfive\r\n";

/* Appends the answers to what has come. */
static void give(struct lines *lines, struct answers *answers, const char *bytes, size_t len, char *all)
{
    char *copy = malloc(len); /* just as long: a sanitizer sees who reads on */

    cr_assert(copy);
    memcpy(copy, bytes, len);
    cr_assert_eq(lines_answer(lines, copy, len, answers), 0);
    free(copy);
    strncat(all, answers->bytes ? answers->bytes : "", answers->len);
}

Test(bench_peers, answer_each_line_with_the_same_however_the_bytes_come)
{
    const size_t len = sizeof talk - 1;

    for (size_t i = 1; i < len - 1; i++) {
        for (size_t k = i + 1; k < len; k++) {
            struct lines lines = { .held = NULL };
            struct answers answers = { .bytes = NULL };
            char all[128] = "";
            give(&lines, &answers, talk, i, all);
            give(&lines, &answers, talk + i, k - i, all);
            give(&lines, &answers, talk + k, len - k, all);
            cr_assert_str_eq(all, answered, "split at %zu and %zu", i, k);
            cr_assert_eq(lines.len, 4);
            lines_free(&lines);
            free(answers.bytes);
        }
    }
}

Test(bench_peers, answer_bytes_that_come_one_by_one)
{
    struct lines lines = { .held = NULL };
    struct answers answers = { .bytes = NULL };
    char all[128] = "";

    for (size_t i = 0; i < sizeof talk - 1; i++)
        give(&lines, &answers, talk + i, 1, all);
    cr_assert_str_eq(all, answered);
    lines_free(&lines);
    free(answers.bytes);
}

Test(bench_peers, hold_nothing_between_whole_lines)
{
    struct lines lines = { .held = NULL };
    struct answers answers = { .bytes = NULL };
    char all[128] = "";

    give(&lines, &answers, "on", 2, all);
    cr_assert_not_null(lines.held);
    give(&lines, &answers, "e\r\n", 3, all);
    cr_assert_str_eq(all, "one\r\n");
    cr_assert_null(lines.held);
    free(answers.bytes);
}

Test(bench_peers, have_room_for_answers_that_are_longer_than_what_came)
{
    struct lines lines = { .held = NULL };
    struct answers answers = { .bytes = NULL };
    char all[256] = "", empty[70];

    give(&lines, &answers, "room for answers of this length is had\r\n", 40, all);
    memset(empty, '\n', sizeof empty);
    give(&lines, &answers, empty, sizeof empty, all);
    cr_assert_eq(answers.len, 2 * sizeof empty);
    free(answers.bytes);
}
