"""What a compiler makes of the public headers: the ABI, a dictionary of what a thing is called, and what it is."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

from declarations import Declarations, Unreadable, plain, statements_of

# Constants that tell a version and bind nobody.
NOT_ABI = re.compile(r"CONFAB_(VERSION.*|.*_H|PLUGIN_LINKAGE)$")


class Machine:
    """The compiler, and what it compiles for."""

    def __init__(self, bits=None):
        self.compiler = os.environ.get("CC", "cc").split() + ([f"-m{bits}"] if bits else [])
        self.flags = ["-std=c11", "-D_GNU_SOURCE", "-w"]

    def run(self, arguments, text):
        return subprocess.run(self.compiler + self.flags + arguments, input=text, capture_output=True, text=True)

    def works(self):
        if not shutil.which(self.compiler[0]):
            return False
        with tempfile.TemporaryDirectory() as folder:
            text = "#include <stdint.h>\nint main(void) { return 0; }\n"
            made = self.run(["-x", "c", "-", "-o", folder + "/works"], text)
            return made.returncode == 0 and subprocess.run([folder + "/works"]).returncode == 0

    def name(self):
        macros = self.run(["-dM", "-E", "-x", "c", "-"], "").stdout
        for name in ("x86_64", "i386", "aarch64", "arm", "riscv", "powerpc64", "s390x"):
            if re.search(rf"#define __{name}__ 1\b", macros):
                return name
        return "unknown"

    def preprocess(self, include, headers):
        text = "".join(f"#include <confab/{header}>\n" for header in headers)
        made = self.run(["-I", include, "-E", "-x", "c", "-"], text)
        if made.returncode:
            raise Unreadable(made.stderr.strip())
        return made.stdout

    def print_values(self, include, headers, lines):
        """What a program of these lines in main prints."""
        with tempfile.TemporaryDirectory() as folder:
            text = "#include <stdio.h>\n" + "".join(f"#include <confab/{header}>\n" for header in headers)
            text += "#define VALUE(x) ((x) < 0 ? (int)printf(\"%lld\\n\", (long long)(x)) : \\\n"
            text += "    (int)printf(\"%llu\\n\", (unsigned long long)(x)))\n"
            text += "int main(void)\n{\n" + "\n".join(lines) + "\n    return 0;\n}\n"
            made = self.run(["-I", include, "-x", "c", "-", "-o", folder + "/program"], text)
            if made.returncode:
                raise Unreadable(made.stderr.strip())
            return subprocess.run([folder + "/program"], capture_output=True, text=True, check=True).stdout.split("\n")


def read_headers(machine, include, headers):
    found = Declarations()
    ours, text = False, []
    for line in machine.preprocess(include, headers).split("\n"):
        marker = re.match(r'# \d+ "(.*?)"', line)
        if marker:
            ours = "/confab/" in marker.group(1) and marker.group(1).startswith(include)
        elif ours and not line.startswith("#"):
            text.append(line)
    for statement in statements_of(plain("\n".join(text))):
        found.add(statement)
    for header in headers:
        with open(f"{include}/confab/{header}") as file:
            for name, value in re.findall(r"^#define (CONFAB_\w+)[ \t]+(\S.*)$", file.read(), re.M):
                if not NOT_ABI.match(name) and not value.startswith(('"', "extern", "\\")):
                    found.constants.append(name)
    return found


def symbols_of_build(build):
    made = subprocess.run(["nm", "-D", "--defined-only", build + "/libconfab.so"], capture_output=True, text=True)
    if made.returncode:
        sys.exit(f"check_abi: {build}: not a folder that was built in: {made.stderr.strip()}")
    found = re.findall(r"^[0-9a-f]+ ([A-Zuv]) (\w+)@@?(\w+)$", made.stdout, re.M)
    return {name: f"{version} {'function' if kind in 'TWi' else 'object'}" for kind, name, version in found}


def symbols_of_map(path, declarations):
    with open(path) as file:
        text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
    version = re.match(r"\s*(\w+)", text).group(1)
    names = re.findall(r"(\w+);", text[text.index("global:") : text.index("local:")])
    return {name: f"{version} {'object' if name in declarations.objects else 'function'}" for name in names}


def abi_of(machine, include, symbols):
    """include has confab/*.h; symbols makes a dictionary of the declarations."""
    headers = sorted(name for name in os.listdir(include + "/confab") if name.endswith(".h"))
    declarations = read_headers(machine, include, headers)
    lines, keys = [], []

    def value(key, expression):
        keys.append(key)
        lines.append(f"    VALUE({expression});")

    for name in declarations.constants:
        value(("constant", name), name)
    for name, values in declarations.enums.items():
        value(("enum", name), f"sizeof(enum {name})")
        for word in values:
            value(("enum", f"{name}.{word}"), word)
    for name, members in declarations.structs.items():
        value(("struct", name), f"sizeof(struct {name})")
        value(("align", name), f"_Alignof(struct {name})")
        for member, _ in members:
            value(("offset", f"{name}.{member}"), f"offsetof(struct {name}, {member})")
            value(("size", f"{name}.{member}"), f"sizeof(((struct {name} *)0)->{member})")
    found = dict(zip(keys, machine.print_values(include, headers, lines)))

    abi = {}
    for name, what in sorted(symbols(declarations).items()):
        abi[f"symbol {name}"] = what
    for name in sorted(declarations.constants):
        abi[f"constant {name}"] = found["constant", name]
    for name in sorted(declarations.enums):
        abi[f"enum {name}"] = "size " + found["enum", name]
        for word in declarations.enums[name]:
            abi[f"enum {name}.{word}"] = found["enum", f"{name}.{word}"]
    for name in sorted(declarations.structs):
        abi[f"struct {name}"] = f"size {found['struct', name]}, align {found['align', name]}"
        for member, kind in declarations.structs[name]:
            key = f"{name}.{member}"
            abi[f"struct {key}"] = f"offset {found['offset', key]}, size {found['size', key]}: {kind}"
    for word, table in (("type", declarations.types), ("object", declarations.objects), ("function", declarations.functions)):
        for name in sorted(table):
            abi[f"{word} {name}"] = table[name]
    return abi


def text_of(abi, machine_name):
    lines = [f"# The ABI of libconfab on {machine_name}: tests/check_abi --update writes this file."]
    return "\n".join(lines + [f"{key}: {what}" for key, what in abi.items()]) + "\n"


def read_abi(path):
    with open(path) as file:
        lines = [line.rstrip("\n") for line in file if not line.startswith("#")]
    return dict(line.split(": ", 1) for line in lines)
