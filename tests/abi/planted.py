"""Changes of each kind, planted in copies of the headers: each must be found for what it is."""
import re
import shutil
import sys
import tempfile

from changes import compare
from declarations import Unreadable
from machine import abi_of, symbols_of_map

# What is planted: a name, the file, an expression, what takes its place, the verdict, words that tell it.
PLANTED = [
    ("a comment", "chat.h", r"/\* Why a chat was closed. \*/", "/* Why. */", "same", ""),
    ("another name of a parameter", "chat.h", r"void confab_chat_close\(confab_chat \*chat\)",
     "void confab_chat_close(confab_chat *other)", "same", ""),
    ("a new function", "chat.h", r"(void confab_chat_close\()", r"void confab_chat_shut(confab_chat *chat);\n\1",
     "added", "function confab_chat_shut: void (confab_chat *)"),
    ("a new struct", "chat.h", r"(struct confab_chat_stats \{)", r"struct confab_new { int x; };\n\1",
     "added", "struct confab_new.x"),
    ("a new symbol", "confab.map", r"(    confab_chat_close;)", r"\1\n    confab_chat_shut;", "added",
     "symbol confab_chat_shut"),
    ("a hook behind the others", "chat.h", r"(void \(\*handle_close\)\(.*?\);)", r"\1\n    int (*handle_new)(confab_chat *);",
     "added", "struct confab_chat_ops.handle_new"),
    ("a column of option tables", "plugin.h", r"(    const char \*help; /\* one line \*/)",
     r"\1\n    const char *unit;", "added", "struct confab_option.unit"),
    ("a reason behind the others", "chat.h", r"CONFAB_REASON_STOP  /\*", "CONFAB_REASON_STOP, CONFAB_REASON_NEW /*",
     "added", "enum confab_reason.CONFAB_REASON_NEW"),
    ("another minor", "plugin.h", r"ABI_MINOR \d+", "ABI_MINOR 77", "same", ""),
    ("a function is gone", "chat.h", r"void confab_chat_abort\(confab_chat \*chat\);", "", "broken",
     "function confab_chat_abort: is gone"),
    ("a symbol is gone", "confab.map", r"    confab_chat_abort;\n", "", "broken", "symbol confab_chat_abort: is gone"),
    ("another version of the symbols", "confab.map", r"CONFAB_0", "CONFAB_1", "broken",
     "symbol confab_work: was CONFAB_0"),
    ("another result", "chat.h", r"void confab_chat_close\(", "int confab_chat_close(", "broken",
     "function confab_chat_close: was void (confab_chat *), is int"),
    ("another type of a parameter", "chat.h", r"(int confab_chat_push\([^)]*), size_t len\)",
     r"\1, unsigned len)", "broken", "function confab_chat_push: was"),
    ("one parameter more", "reactor.h", r"(int confab_reactor_run\(confab_reactor \*reactor)", r"\1, int turns", "broken",
     "function confab_reactor_run: was"),
    ("another type of a hook", "chat.h", r"int \(\*found_terminator\)\(confab_chat \*chat\)",
     "int (*found_terminator)(confab_chat *chat, int more)", "broken", "struct confab_chat_ops.found_terminator: was"),
    ("a hook between the others", "chat.h", r"(    int \(\*handle_eof\)\()", r"    int (*handle_new)(confab_chat *);\n\1",
     "broken", "struct confab_chat_ops.handle_close: was offset"),
    ("a hook in another's place", "chat.h", r"\(\*handle_eof\)\(", "(*handle_end)(", "broken",
     "struct confab_chat_ops.handle_eof: is gone"),
    ("a member is gone", "plugin.h", r"    const char \*version; .*?\n", "", "broken", "struct confab_plugin.version: is gone"),
    ("a member of another size", "plugin.h", r"uint16_t default_port", "uint32_t default_port", "broken",
     "struct confab_plugin.default_port: was"),
    ("a member in the padding", "plugin.h", r"(    uint16_t default_port;)", r"\1\n    uint8_t more;", "broken",
     "struct confab_plugin.more: added at offset"),
    ("a member behind a struct that says no size", "plugin.h", r"(    char \*\*items;)", r"\1\n    size_t room;", "broken",
     "struct confab_strings: grew"),
    ("a reason between the others", "chat.h", r"CONFAB_REASON_CLOSED, ", "CONFAB_REASON_NEW, CONFAB_REASON_CLOSED,", "broken",
     "enum confab_reason.CONFAB_REASON_CLOSED: was 2, is 3"),
    ("a time-out more", "chat.h", r"    CONFAB_TIMEOUTS\n", "    CONFAB_TIMEOUT_NEW,\n    CONFAB_TIMEOUTS\n", "broken",
     "struct confab_chat_options.timeout: was"),
    ("another constant", "chat.h", r"TERMINATOR_MAX 65536", "TERMINATOR_MAX 4096", "broken",
     "constant CONFAB_TERMINATOR_MAX: was 65536"),
    ("another magic", "plugin.h", r"0x4c506261666e6f63", "0x4c506261666e6f64", "broken", "constant CONFAB_PLUGIN_MAGIC"),
    ("another type", "base.h", r"typedef uint64_t confab_id", "typedef uint32_t confab_id", "broken", "type confab_id: was"),
    ("another type of a function", "reactor.h", r"typedef void confab_call\(confab_reactor \*reactor, void \*data\)",
     "typedef int confab_call(confab_reactor *reactor, void *data)", "broken", "type confab_call: was"),
    ("another type of an object", "producer.h", r"extern const struct confab_producer_ops confab_lines_producer_ops",
     "extern const struct confab_buffer confab_lines_producer_ops", "broken", "object confab_lines_producer_ops: was"),
    ("what cannot be read", "chat.h", r"size_t pending_input;", "unsigned pending_input : 4;", "unreadable", ""),
]


def plant(root, folder, name, expression, replacement):
    """A copy of headers and map with this change."""
    shutil.copytree(root + "/include", folder + "/include")
    shutil.copy(root + "/core/confab.map", folder + "/confab.map")
    path = folder + ("/confab.map" if name == "confab.map" else "/include/confab/" + name)
    with open(path) as file:
        text = file.read()
    changed = re.sub(expression, replacement, text, count=1, flags=re.S)
    if changed == text:
        sys.exit(f"check_abi: self-test: {name} has no place for: {expression}")
    with open(path, "w") as file:
        file.write(changed)


def verdict(machine, folder, old):
    try:
        new = abi_of(machine, folder + "/include", lambda found: symbols_of_map(folder + "/confab.map", found))
    except Unreadable:
        return "unreadable", []
    broken, added = compare(old, new)
    return ("broken", broken) if broken else ("added", added) if added else ("same", [])


def self_test(machine, abi, root):
    failures = 0
    for what, name, expression, replacement, expected, words in PLANTED:
        with tempfile.TemporaryDirectory() as folder:
            plant(root, folder, name, expression, replacement)
            found, lines = verdict(machine, folder, abi)
        right = found == expected and (not words or any(words in line for line in lines))
        print(f"{'ok   ' if right else 'FAIL '} {what}: {found}")
        if not right:
            failures += 1
            print("\n".join(lines), file=sys.stderr)
            print(f"check_abi: expected {expected}, and in its words: {words}", file=sys.stderr)
    print(f"check_abi: self-test: {len(PLANTED) - failures} passed, {failures} failed")
    return 1 if failures else 0
