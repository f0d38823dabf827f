/* Loading plugins: what is found, what is refused and with which words. */
#include "core/module.h"
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROOM = 2048, PATH_ROOM = 1024, WORDS_MAX = 4 };

/* The folder of the plugins that are to be refused, as the build made them. */
static const char *bad_folder(void)
{
    const char *folder = getenv("CONFAB_TEST_BAD_PLUGINS");

    cr_assert_not_null(folder, "CONFAB_TEST_BAD_PLUGINS is not set");
    return folder;
}

/* Loading this path gives this error, and words that name the path and each of
 * the others (NULL ends them). */
static void refuse_path(const char *path, int expected, const char *const words[WORDS_MAX])
{
    confab_module *module = (confab_module *)&module;
    char error[ROOM] = "";
    int result = confab_module_load(&module, path, NULL, error, sizeof error);

    cr_assert_eq(result, expected, "%d: %s", result, error);
    cr_assert_null(module);
    cr_assert_not_null(strstr(error, path), "%s is not in: %s", path, error);
    for (int i = 0; i < WORDS_MAX && words[i]; i++)
        cr_assert_not_null(strstr(error, words[i]), "%s is not in: %s", words[i], error);
    cr_assert_null(strchr(error, '\n'));
}

static void refuse(const char *name, int expected, const char *const words[WORDS_MAX])
{
    char path[PATH_ROOM];

    snprintf(path, sizeof path, "%s/%s.so", bad_folder(), name);
    refuse_path(path, expected, words);
}

#define WORDS(...) ((const char *const[WORDS_MAX]){ __VA_ARGS__ })

/* -- Finding it ---------------------------------------------------------- */

Test(test_module, name_is_looked_for_in_each_folder)
{
    confab_module *module;
    char path[PATH_ROOM], expected[PATH_ROOM], error[ROOM];

    snprintf(path, sizeof path, "/nowhere:%s:%s", test_folder(), bad_folder());
    snprintf(expected, sizeof expected, "%s/smaller_structs.so", bad_folder());
    cr_assert_eq(confab_module_load(&module, "smaller_structs", path, error, sizeof error), 0, "%s", error);
    cr_assert_str_eq(confab_module_path(module), expected);
    cr_assert_eq(confab_module_unload(module), 0);
}

Test(test_module, file_is_found_without_being_loaded)
{
    char path[PATH_ROOM], expected[PATH_ROOM], error[ROOM], *file;

    snprintf(path, sizeof path, "/nowhere:%s", bad_folder());
    snprintf(expected, sizeof expected, "%s/ready_fails.so", bad_folder());
    cr_assert_eq(confab_module_find(&file, "ready_fails", path, error, sizeof error), 0, "%s", error);
    cr_assert_str_eq(file, expected);
    free(file);
    file = error;
    cr_assert_eq(confab_module_find(&file, "absent", path, error, sizeof error), -ENOENT);
    cr_assert_null(file);
    cr_assert_eq(confab_module_find(&file, bad_folder(), path, error, sizeof error), -ENOEXEC);
    cr_assert_null(file);
}

Test(test_module, name_that_is_not_found_says_where_it_was_looked_for)
{
    confab_module *module;
    char error[ROOM];

    cr_assert_eq(confab_module_load(&module, "absent", "/nowhere:/elsewhere", error, sizeof error), -ENOENT);
    cr_assert_str_eq(error, "no plugin \"absent\": looked for absent.so in /nowhere:/elsewhere");
}

Test(test_module, name_that_ends_with_so_is_looked_for_as_it_is)
{
    confab_module *module;
    char error[ROOM];

    cr_assert_eq(confab_module_load(&module, "smaller_structs.so", bad_folder(), error, sizeof error), 0,
                 "%s", error);
    cr_assert_eq(confab_module_unload(module), 0);
    cr_assert_eq(confab_module_load(&module, "absent.so", "/nowhere", error, sizeof error), -ENOENT);
    cr_assert_str_eq(error, "no plugin \"absent.so\": looked for absent.so in /nowhere");
}

Test(test_module, name_of_a_file_in_the_current_folder_is_not_loaded_but_told)
{
    confab_module *module;
    char error[ROOM];

    cr_assert_eq(chdir(bad_folder()), 0);
    cr_assert_eq(confab_module_load(&module, "smaller_structs.so", "/nowhere", error, sizeof error), -ENOENT);
    cr_assert_not_null(strstr(error, "did you mean ./smaller_structs.so?"), "%s", error);
    cr_assert_eq(confab_module_load(&module, "smaller_structs", NULL, error, sizeof error), -ENOENT);
    cr_assert_not_null(strstr(error, "did you mean ./smaller_structs.so?"), "%s", error);
}

Test(test_module, name_without_a_folder_to_look_in_is_not_found)
{
    confab_module *module;
    char error[ROOM];

    cr_assert_eq(confab_module_load(&module, "absent", NULL, error, sizeof error), -ENOENT);
    cr_assert_not_null(strstr(error, "no folder"), "%s", error);
    cr_assert_eq(confab_module_load(&module, "", "/nowhere", error, sizeof error), -ENOENT);
}

Test(test_module, path_that_does_not_exist_is_not_found)
{
    refuse_path("/nowhere/absent.so", -ENOENT, WORDS("No such file"));
}

Test(test_module, path_is_not_looked_for_in_folders)
{
    confab_module *module;
    char error[ROOM];

    cr_assert_eq(confab_module_load(&module, "./smaller_structs", bad_folder(), error, sizeof error),
                 -ENOENT);
}

Test(test_module, error_may_have_no_room)
{
    confab_module *module;
    char error[4] = "xyz";

    cr_assert_eq(confab_module_load(&module, "/nowhere/absent.so", NULL, NULL, 0), -ENOENT);
    cr_assert_eq(confab_module_load(&module, "/nowhere/absent.so", NULL, error, sizeof error), -ENOENT);
    cr_assert_str_eq(error, "/no");
}

/* -- The file ------------------------------------------------------------ */

/* A file of these bytes in the test's folder. */
static const char *make_file(const void *bytes, size_t len)
{
    static char path[PATH_ROOM];
    int fd;

    snprintf(path, sizeof path, "%s/plugin.so", test_folder());
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0700);
    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, bytes, len), (ssize_t)len);
    close(fd);
    return path;
}

/* The bytes of a plugin that loads; to be freed. */
static char *good_bytes(size_t *len)
{
    char path[PATH_ROOM], *bytes;
    struct stat st;
    int fd;

    snprintf(path, sizeof path, "%s/smaller_structs.so", bad_folder());
    fd = open(path, O_RDONLY);
    cr_assert_geq(fd, 0);
    cr_assert_eq(fstat(fd, &st), 0);
    *len = (size_t)st.st_size;
    bytes = malloc(*len);
    cr_assert_eq(read(fd, bytes, *len), (ssize_t)*len);
    close(fd);
    return bytes;
}

Test(test_module, empty_file_is_truncated)
{
    refuse_path(make_file("", 0), -ENOEXEC, WORDS("truncated", "0 bytes"));
}

Test(test_module, text_file_is_no_shared_object)
{
    static const char text[] = "#!/bin/sh\necho not a plugin; exit 1\n";

    refuse_path(make_file(text, strlen(text)), -ENOEXEC, WORDS("not a shared object", "no ELF file"));
}

Test(test_module, folder_is_no_shared_object)
{
    refuse_path(test_folder(), -ENOEXEC, WORDS("a folder", "shared object"));
}

Test(test_module, fifo_is_told_and_not_waited_for)
{
    char path[PATH_ROOM];

    snprintf(path, sizeof path, "%s/fifo.so", test_folder());
    cr_assert_eq(mkfifo(path, 0700), 0);
    refuse_path(path, -ENOEXEC, WORDS("not a regular file"));
}

/* dlopen would die of SIGBUS on most of these. */
Test(test_module, copy_that_was_cut_short_is_truncated_wherever_it_was_cut)
{
    size_t len;
    char *bytes = good_bytes(&len);

    for (size_t cut = 4; cut < len; cut += cut < 1024 ? 61 : 997)
        refuse_path(make_file(bytes, cut), -ENOEXEC, WORDS("truncated"));
    refuse_path(make_file(bytes, len - 1), -ENOEXEC, WORDS("truncated"));
    free(bytes);
}

/* Offset of the place of the section table, and bytes of it. */
enum { ELF_SECTIONS = sizeof(void *) == 8 ? 40 : 32 };

Test(test_module, copy_without_a_section_table_that_was_cut_short_is_truncated)
{
    size_t len;
    char *bytes = good_bytes(&len);

    memset(bytes + ELF_SECTIONS, 0, sizeof(void *));
    refuse_path(make_file(bytes, len / 4), -ENOEXEC, WORDS("truncated"));
    free(bytes);
}

Test(test_module, whole_copy_loads)
{
    confab_module *module;
    char error[ROOM];
    size_t len;
    char *bytes = good_bytes(&len);

    cr_assert_eq(confab_module_load(&module, make_file(bytes, len), NULL, error, sizeof error), 0, "%s",
                 error);
    cr_assert_eq(confab_module_unload(module), 0);
    free(bytes);
}

/* Offsets of an ELF header, the same in each class. */
enum { ELF_CLASS = 4, ELF_TYPE = 16, ELF_MACHINE = 18 };

static void refuse_changed(size_t at, char byte, const char *words)
{
    size_t len;
    char *bytes = good_bytes(&len);

    bytes[at] = byte;
    refuse_path(make_file(bytes, len), -ENOEXEC, WORDS(words));
    free(bytes);
}

Test(test_module, object_of_another_machine_is_told)
{
    refuse_changed(ELF_MACHINE, 0x55, "another machine");
}

Test(test_module, object_of_another_class_is_told)
{
    refuse_changed(ELF_CLASS, sizeof(void *) == 8 ? 1 : 2, "another machine");
}

Test(test_module, object_that_was_not_linked_is_told)
{
    refuse_changed(ELF_TYPE, 1, "not linked");
}

Test(test_module, program_is_no_shared_object)
{
    refuse_changed(ELF_TYPE, 2, "a program");
}

/* Compilers mostly make programs of that kind: their files have the type of a shared object. */
Test(test_module, program_that_may_be_mapped_anywhere_is_told)
{
    const char *host = getenv("CONFAB_TEST_HOST"); /* built as this is, which /bin/sh need not be */

    cr_assert_not_null(host, "CONFAB_TEST_HOST is not set");
    refuse_path(host, -ENOEXEC, WORDS("it is a program, not a shared object"));
}

Test(test_module, core_file_is_no_shared_object)
{
    refuse_changed(ELF_TYPE, 4, "a core file");
}

Test(test_module, descriptors_are_closed_after_an_error)
{
    int before = test_open_fds();

    refuse("wrong_magic", -ENOEXEC, WORDS(NULL));
    refuse_path(make_file("", 0), -ENOEXEC, WORDS(NULL));
    refuse_path(test_folder(), -ENOEXEC, WORDS(NULL));
    cr_assert_eq(test_open_fds(), before);
}

/* -- What it says of itself: one file in bad_plugins/ each ----------------- */

Test(test_module, wrong_magic_is_refused)
{
    refuse("wrong_magic", -ENOEXEC, WORDS("0x1122334455667788", "0x4c506261666e6f63", "CONFAB_PLUGIN"));
}

Test(test_module, too_small_is_refused)
{
    refuse("too_small", -ENOEXEC, WORDS("too small", "expected"));
}

Test(test_module, abi_too_old_is_refused)
{
    refuse("abi_too_old", -EPROTONOSUPPORT, WORDS("ABI 0.7", "too old", "1.0"));
}

Test(test_module, abi_too_new_is_refused)
{
    refuse("abi_too_new", -EPROTONOSUPPORT, WORDS("ABI 2.0", "too new", "1.0"));
}

Test(test_module, abi_minor_too_new_is_refused)
{
    refuse("abi_minor_too_new", -EPROTONOSUPPORT, WORDS("ABI 1.1", "too new", "1.0"));
}

Test(test_module, flags_unknown_is_refused)
{
    refuse("flags_unknown", -EPROTONOSUPPORT, WORDS("flags 0x80"));
}

Test(test_module, name_missing_is_refused)
{
    refuse("name_missing", -EINVAL, WORDS(".name is missing"));
}

Test(test_module, name_bad_is_refused)
{
    refuse("name_bad", -EINVAL, WORDS("\"Bad Name\"", "lower case"));
}

Test(test_module, chat_missing_is_refused)
{
    refuse("chat_missing", -EINVAL, WORDS(".chat is missing"));
}

Test(test_module, chat_too_small_is_refused)
{
    refuse("chat_too_small", -EINVAL, WORDS("confab_chat_ops", "too small"));
}

Test(test_module, hook_missing_is_refused)
{
    refuse("hook_missing", -EINVAL, WORDS("collect_incoming_data", "missing"));
}

Test(test_module, spread_unknown_is_refused)
{
    refuse("spread_unknown", -EINVAL, WORDS(".spread is 7"));
}

Test(test_module, counters_endless_is_refused)
{
    refuse("counters_endless", -EINVAL, WORDS(".counters", "256"));
}

Test(test_module, no_entry_is_refused)
{
    refuse("no_entry", -ENOEXEC, WORDS("no entry", "confab_plugin_entry"));
}

Test(test_module, undefined_symbol_is_refused)
{
    refuse("undefined_symbol", -ENOEXEC, WORDS("cannot be loaded", "confab_chat_that_never_was"));
}

Test(test_module, option_name_bad_is_refused)
{
    refuse("option_name_bad", -EINVAL, WORDS("\"First One\"", "lower case"));
}

Test(test_module, option_name_reserved_is_refused)
{
    refuse("option_name_reserved", -EINVAL, WORDS("idle-timeout", "host uses"));
}

Test(test_module, option_twice_is_refused)
{
    refuse("option_twice", -EINVAL, WORDS("same", "two of this name"));
}

Test(test_module, option_type_unknown_is_refused)
{
    refuse("option_type_unknown", -EINVAL, WORDS("type 99"));
}

Test(test_module, option_flags_unknown_is_refused)
{
    refuse("option_flags_unknown", -EINVAL, WORDS("flags 0x40"));
}

Test(test_module, option_outside_state_is_refused)
{
    refuse("option_outside_state", -EINVAL, WORDS("option second", "byte 16", "8 bytes"));
}

Test(test_module, option_misaligned_is_refused)
{
    refuse("option_misaligned", -EINVAL, WORDS("offset 1", "not aligned"));
}

Test(test_module, option_bad_default_is_refused)
{
    refuse("option_bad_default", -EINVAL, WORDS("bad default", "\"soon\""));
}

Test(test_module, option_default_out_of_bounds_is_refused)
{
    refuse("option_default_out_of_bounds", -EINVAL, WORDS("bad default", "out of bounds: 10 to 20"));
}

Test(test_module, option_bounds_crossed_is_refused)
{
    refuse("option_bounds_crossed", -EINVAL, WORDS(".min is over .max"));
}

Test(test_module, option_bounds_of_text_is_refused)
{
    refuse("option_bounds_of_text", -EINVAL, WORDS("option text", "bounds are for numbers"));
}

Test(test_module, option_no_choices_is_refused)
{
    refuse("option_no_choices", -EINVAL, WORDS("option choice", ".choices"));
}

Test(test_module, option_two_positional_is_refused)
{
    refuse("option_two_positional", -EINVAL, WORDS("first and second", "positional"));
}

Test(test_module, option_same_member_is_refused)
{
    refuse("option_same_member", -EINVAL, WORDS("first and second", "same member"));
}

Test(test_module, option_repeated_number_is_refused)
{
    refuse("option_repeated_number", -EINVAL, WORDS("integer cannot be repeated"));
}

Test(test_module, option_table_endless_is_refused)
{
    refuse("option_table_endless", -EINVAL, WORDS("does not end", "256"));
}

Test(test_module, option_rows_too_small_is_refused)
{
    refuse("option_rows_too_small", -EINVAL, WORDS(".option_size"));
}

/* -- What loads ------------------------------------------------------------ */

Test(test_module, plugin_with_smaller_structs_loads_and_lacks_nothing_that_is_not_zero)
{
    confab_module *module;
    char error[ROOM];

    cr_assert_eq(confab_module_load(&module, "smaller_structs", bad_folder(), error, sizeof error), 0, "%s",
                 error);
    const struct confab_plugin *plugin = confab_module_plugin(module);
    cr_assert_str_eq(plugin->name, "smaller-structs");
    cr_assert_eq(plugin->service_size, 16);
    cr_assert_eq(plugin->default_port, 0);
    cr_assert_null(plugin->ready);
    cr_assert_null(plugin->examples);
    cr_assert_eq(plugin->chat->session_size, 24);
    cr_assert_not_null(plugin->chat->collect_incoming_data);
    cr_assert_null(plugin->chat->found_terminator);
    cr_assert_null(plugin->chat->handle_close);
    cr_assert_str_eq(plugin->options[1].name, "second");
    cr_assert_eq(plugin->options[1].offset, 8);
    cr_assert_null(plugin->options[1].help);
    cr_assert_null(plugin->options[2].name);
    cr_assert_eq(confab_module_unload(module), 0);
}

static int collect(confab_chat *chat, const char *data, size_t len)
{
    (void)chat, (void)data, (void)len;
    return 0;
}

static const struct confab_chat_ops chat_ops = { .size = sizeof chat_ops, .collect_incoming_data = collect };

static struct confab_plugin linked(void)
{
    return (struct confab_plugin){ .magic = CONFAB_PLUGIN_MAGIC,
                                   .size = sizeof(struct confab_plugin),
                                   .option_size = sizeof(struct confab_option),
                                   .abi_major = CONFAB_ABI_MAJOR,
                                   .abi_minor = CONFAB_ABI_MINOR,
                                   .name = "linked",
                                   .chat = &chat_ops };
}

Test(test_module, linked_in_plugin_has_no_path)
{
    const struct confab_plugin plugin = linked();
    confab_module *module;

    cr_assert_eq(confab_module_from_plugin(&module, &plugin, NULL, 0), 0);
    cr_assert_str_eq(confab_module_path(module), "");
    cr_assert_str_eq(confab_module_plugin(module)->name, "linked");
    cr_assert_null(confab_module_plugin(module)->options);
    cr_assert_eq(confab_module_unload(module), 0);
}

Test(test_module, linked_in_plugin_is_checked_too)
{
    struct confab_plugin plugin = linked();
    confab_module *module;
    char error[ROOM];

    plugin.name = "";
    cr_assert_eq(confab_module_from_plugin(&module, &plugin, error, sizeof error), -EINVAL);
    cr_assert_str_eq(error, "linked-in plugin: .name is missing");
}

Test(test_module, module_is_not_unloaded_while_a_service_lives)
{
    const struct confab_plugin plugin = linked();
    confab_module *module;
    confab_service *service;

    cr_assert_eq(confab_module_from_plugin(&module, &plugin, NULL, 0), 0);
    cr_assert_eq(confab_service_new(&service, module, NULL, NULL, 0), 0);
    cr_assert_eq(confab_module_unload(module), -EBUSY);
    cr_assert_eq(confab_service_free(service), 0);
    cr_assert_eq(confab_module_unload(module), 0);
}

Test(test_module, unloading_nothing_is_no_error)
{
    cr_assert_eq(confab_module_unload(NULL), 0);
}
