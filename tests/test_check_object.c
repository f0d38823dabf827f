/* What `confab check` tells of a plugin's file without loading it. */
#include "check_support.h"
#include "support.h"
#include "tools/check/object.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ROUNDS = 3000, CHANGES = 8, HEADER = 4096 };

static struct board board;

static void look_at(const char *path)
{
    memset(&board, 0, sizeof board);
    cr_assert_eq(object_check(path, &board), 0);
}

static void look_at_plugin(const char *name)
{
    char path[CHECKED_ROOM];

    look_at(checked_path(name, path));
}

/* The finding with these words; NULL: there is none. */
static const struct finding *find(const char *words)
{
    for (unsigned i = 0; i < board.findings; i++)
        if (strstr(board.finding[i].what, words))
            return &board.finding[i];
    return NULL;
}

static void finds(enum severity severity, const char *words)
{
    const struct finding *finding = find(words);

    cr_assert_not_null(finding, "\"%s\" is not found, but %u others, the first: %s", words, board.findings,
                       board.finding[0].what);
    cr_assert_eq(finding->severity, severity);
    cr_assert_null(strchr(finding->what, '\n'));
}

static void finds_only(enum severity severity, const char *words)
{
    finds(severity, words);
    cr_assert_eq(board.findings, 1, "%s; %s", board.finding[0].what, board.finding[1].what);
}

/* A file, whole in memory; to be freed. */
static char *read_plugin(const char *name, size_t *len)
{
    char path[CHECKED_ROOM];
    FILE *file = fopen(checked_path(name, path), "rb");

    cr_assert_not_null(file);
    cr_assert_eq(fseek(file, 0, SEEK_END), 0);
    *len = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*len);
    cr_assert_eq(fread(bytes, 1, *len, file), *len);
    fclose(file);
    return bytes;
}

static void write_file(const char *path, const char *bytes, size_t len)
{
    /* A new file each time: some file systems wait for the disk where an old one is cut and written anew. */
    remove(path);
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(bytes, 1, len, file), len);
    cr_assert_eq(fclose(file), 0);
}

/* -- What is right ------------------------------------------------------------------------------ */

Test(test_check_object, good_plugin_has_no_finding)
{
    look_at_plugin("line");
    cr_assert_eq(board.findings, 0, "%s", board.finding[0].what);
    look_at_plugin("echo");
    cr_assert_eq(board.findings, 0, "%s", board.finding[0].what);
}

Test(test_check_object, plugin_of_each_compiler_has_no_finding)
{
    static const char *const builds[] = { "calls_no_plt", "calls_lazy", "calls_gcc",
                                          "calls_clang",  "calls_cpp",  "calls_cpp_stripped" };
    char path[CHECKED_ROOM];

    for (size_t i = 0; i < sizeof builds / sizeof builds[0]; i++) {
        if (access(checked_path(builds[i], path), R_OK) < 0)
            continue;
        look_at(path);
        cr_assert_eq(board.findings, 0, "%s: %s", builds[i], board.finding[0].what);
    }
}

Test(test_check_object, file_that_is_not_there_is_an_error)
{
    memset(&board, 0, sizeof board);
    cr_assert_eq(object_check("/nowhere/absent.so", &board), -ENOENT);
    cr_assert_eq(object_check("/", &board), -EINVAL);
    cr_assert_eq(board.findings, 0);
}

/* -- Names ---------------------------------------------------------------------------------------- */

Test(test_check_object, names_that_nobody_defines_are_told_in_one_line_with_those_that_were_meant)
{
    look_at_plugin("undefined_names");
    finds_only(CHECK_FAILURE, "names that nobody defines: ");
    finds(CHECK_FAILURE, "confab_chat_psuh (did you mean confab_chat_push?)");
    finds(CHECK_FAILURE, "frobnicate");
    finds(CHECK_FAILURE, "confab_chat_that_never_was");
    cr_assert_null(find("frobnicate (did you mean"));
    cr_assert_null(find("confab_chat_that_never_was (did you mean"));
    cr_assert_null(find("no_matter"), "it is weak");
}

Test(test_check_object, name_is_guessed_with_two_letters_wrong_and_not_with_three)
{
    struct object library;

    cr_assert_eq(object_read_library(&library), 0);
    cr_assert_str_eq(object_guess(&library, "confab_chat_collect"), "confab_chat_collect");
    cr_assert_str_eq(object_guess(&library, "confab_chat_colect"), "confab_chat_collect");
    cr_assert_str_eq(object_guess(&library, "conafb_chat_collectt"), "confab_chat_collect");
    cr_assert_null(object_guess(&library, "conafb_chat_colectt"));
    cr_assert_null(object_guess(&library, ""));
    object_free(&library);
}

Test(test_check_object, more_names_than_a_line_holds_are_counted)
{
    char path[CHECKED_ROOM], *bytes, *at;
    size_t len;

    /* Each name of libc that it calls becomes one that nobody has. */
    bytes = read_plugin("calls", &len);
    for (at = bytes; (size_t)(at - bytes) < len - 8; at++)
        if (memcmp(at, "\0pthread_", 9) == 0 || memcmp(at, "\0confab_s", 9) == 0)
            memset(at + 1, 'Q', 1);
    snprintf(path, sizeof path, "%s/renamed.so", test_folder());
    write_file(path, bytes, len);
    look_at(path);
    finds(CHECK_FAILURE, "Qthread_create");
    finds(CHECK_FAILURE, "Qonfab_service_next");
    free(bytes);
}

Test(test_check_object, names_that_are_shared_are_told)
{
    look_at_plugin("exports");
    finds_only(CHECK_WARNING, ": make them static, or compile with -fvisibility=hidden");
    finds(CHECK_WARNING, "exports ");
    finds(CHECK_WARNING, "frob");
    finds(CHECK_WARNING, "baz");
    cr_assert_null(find("confab_plugin_entry"));
}

/* -- Segments ---------------------------------------------------------------------------------------- */

Test(test_check_object, text_relocations_are_told)
{
    look_at_plugin("text_relocations");
    finds_only(CHECK_FAILURE, "has text relocations");
}

Test(test_check_object, executable_stack_is_told)
{
    look_at_plugin("executable_stack");
    finds_only(CHECK_FAILURE, "has an executable stack");
}

Test(test_check_object, destructors_of_threads_are_told)
{
    look_at_plugin("thread_destructor");
    finds_only(CHECK_FAILURE, "has a destructor of thread-local data");
    look_at_plugin("thread_key");
    finds_only(CHECK_WARNING, "makes keys of thread-local data");
}

/* -- Static data ----------------------------------------------------------------------------------------- */

Test(test_check_object, static_data_is_told_by_its_names)
{
    look_at_plugin("static_data");
    finds_only(CHECK_WARNING, "has static data that can be written to: ");
    finds(CHECK_WARNING, "lines_seen");
    finds(CHECK_WARNING, "last_line");
}

Test(test_check_object, static_data_without_names_is_told_by_its_size)
{
    look_at_plugin("static_data_stripped");
    finds_only(CHECK_WARNING, " bytes of static data that can be written to");
    look_at_plugin("line_stripped");
    cr_assert_eq(board.findings, 0, "%s", board.finding[0].what);
}

/* Where the headers of sections are, in a header of either class. */
static void drop_sections(char *bytes)
{
    size_t at = sizeof(void *) == 8 ? 40 : 32;

    memset(bytes + at, 0, sizeof(void *));
}

Test(test_check_object, file_without_sections_is_read_as_the_loader_does)
{
    static const char *const names[] = { "static_data", "undefined_names", "line_stripped" };
    static const char *const words[] = { " bytes of static data that can be written to", "frobnicate", NULL };
    char path[CHECKED_ROOM];
    size_t len;

    snprintf(path, sizeof path, "%s/no_sections.so", test_folder());
    for (int i = 0; i < 3; i++) {
        char *bytes = read_plugin(names[i], &len);
        drop_sections(bytes);
        write_file(path, bytes, len);
        free(bytes);
        look_at(path);
        cr_assert_eq(board.findings, words[i] ? 1 : 0, "%s: %s", names[i], board.finding[0].what);
        if (words[i])
            cr_assert_not_null(find(words[i]), "%s", board.finding[0].what);
    }
}

/* -- What is no plugin at all ---------------------------------------------------------------------------- */

/* The plugin `line` with one byte changed is refused with these words. */
static void refuses(size_t at, int change, const char *words)
{
    char path[CHECKED_ROOM];
    size_t len;
    char *bytes = read_plugin("line", &len);

    snprintf(path, sizeof path, "%s/changed.so", test_folder());
    bytes[at] = (char)(bytes[at] ^ change);
    write_file(path, bytes, len);
    free(bytes);
    look_at(path);
    finds_only(CHECK_FAILURE, words);
}

Test(test_check_object, file_of_another_kind_is_refused_with_a_word)
{
    refuses(1, 1, "not an ELF file");
    refuses(4, 3, "is built for another machine: not of ");
    refuses(5, 3, "is built for another machine: not ");
    refuses(16, 2, "it was not linked with -shared");
}

Test(test_check_object, file_that_is_cut_short_is_refused_or_told_of_as_far_as_it_goes)
{
    char path[CHECKED_ROOM];
    size_t len;
    char *bytes = read_plugin("line", &len);

    snprintf(path, sizeof path, "%s/cut.so", test_folder());
    write_file(path, bytes, 10);
    look_at(path);
    finds_only(CHECK_FAILURE, "too short for an ELF header");
    write_file(path, bytes, 100);
    look_at(path);
    finds_only(CHECK_FAILURE, "is truncated");
    for (size_t n = 0; n < len; n += 61) {
        write_file(path, bytes, n);
        look_at(path);
    }
    free(bytes);
}

static uint32_t draw(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33);
}

/* What is looked for: that it is read without a step out of the file (the sanitizers and valgrind tell), and that
 * each finding can be printed. */
Test(test_check_object, file_with_bytes_changed_is_read_without_harm, .timeout = 300)
{
    static const char *const names[] = { "static_data", "undefined_names", "static_data_stripped", "calls" };
    char path[CHECKED_ROOM];
    uint64_t state = 1;
    size_t len;

    snprintf(path, sizeof path, "%s/changed.so", test_folder());
    for (int i = 0; i < test_rounds(ROUNDS); i++) {
        char *bytes = read_plugin(names[i % 4], &len);
        for (uint32_t k = draw(&state) % CHANGES + 1; k > 0; k--) {
            size_t within = draw(&state) % 2 ? len : HEADER;
            size_t at = 16 + draw(&state) % ((within < len ? within : len) - 16);
            bytes[at] = (char)(draw(&state) % 4 ? draw(&state) : 0xff);
        }
        write_file(path, bytes, draw(&state) % 8 ? len : draw(&state) % len);
        free(bytes);
        memset(&board, 0, sizeof board);
        object_check(path, &board);
        for (unsigned f = 0; f < board.findings; f++)
            for (const char *c = board.finding[f].what; *c; c++)
                cr_assert(*c >= ' ' && *c <= '~');
    }
}
