"""Reads the C that public headers are written in: what they declare, in a form that can be compared."""
import re


class Unreadable(Exception):
    """A declaration that this script cannot read: it is to be taught, not passed over."""


QUALIFIERS = {"const", "volatile", "restrict"}
BUILTIN = {"void", "char", "short", "int", "long", "float", "double", "signed", "unsigned", "bool"}
TAGS = {"struct", "union", "enum"}
TOKEN = re.compile(r"\s*([A-Za-z_]\w*|0[xX][0-9a-fA-F]+\w*|\d+\w*|\"[^\"]*\"|\.\.\.|<<|>>|[^\s\w])")


def is_name(token):
    return token is not None and re.match(r"[A-Za-z_]", token) and token not in QUALIFIERS | BUILTIN | TAGS


class Tokens:
    def __init__(self, text):
        self.tokens = TOKEN.findall(text)
        self.text = " ".join(text.split())
        self.at = 0

    def peek(self, ahead=0):
        at = self.at + ahead
        return self.tokens[at] if at < len(self.tokens) else None

    def next(self):
        self.at += 1
        return self.tokens[self.at - 1] if self.at <= len(self.tokens) else None

    def expect(self, token):
        if self.next() != token:
            raise Unreadable(f'"{token}" was expected in: {self.text}')

    def up_to(self, closing):
        """What stands before the bracket that closes the one that was just opened."""
        depth, found = 0, []
        opening = {")": "(", "]": "[", "}": "{"}[closing]
        while True:
            token = self.next()
            if token is None:
                raise Unreadable(f'"{closing}" is missing in: {self.text}')
            if token == closing and depth == 0:
                return found
            depth += (token == opening) - (token == closing)
            found.append(token)


def parse_specifiers(tokens):
    qualifiers, words = [], []
    while True:
        token = tokens.peek()
        if token in QUALIFIERS:
            qualifiers.append(tokens.next())
        elif token in TAGS and not words:
            words = [tokens.next(), tokens.next()]
        elif token in BUILTIN and (not words or words[-1] in BUILTIN):
            words.append(tokens.next())
        elif is_name(token) and not words:
            words.append(tokens.next())
        else:
            break
    if not words:
        raise Unreadable(f"a type was expected in: {tokens.text}")
    return " ".join(sorted(qualifiers) + words)


def parse_parameters(tokens):
    """Their types: what they are called is nobody's concern."""
    types = []
    while tokens.peek() != ")":
        if tokens.peek() == "...":
            types.append(tokens.next())
        else:
            specifiers = parse_specifiers(tokens)
            _, declarator = parse_declarator(tokens)
            types.append(joined(specifiers, declarator))
        if tokens.peek() == ",":
            tokens.next()
    tokens.expect(")")
    return "(" + ", ".join(types) + ")"


def parse_declarator(tokens):
    """The name that is declared (None: none), and the declarator without it."""
    stars = ""
    while tokens.peek() == "*" or tokens.peek() in QUALIFIERS:
        token = tokens.next()
        stars += token if token == "*" else token + " "
    name, inner = None, ""
    if tokens.peek() == "(" and tokens.peek(1) == "*":
        tokens.next()
        name, inner = parse_declarator(tokens)
        tokens.expect(")")
        inner = "(" + inner + ")"
    elif is_name(tokens.peek()):
        name = tokens.next()
    while tokens.peek() in ("[", "("):
        if tokens.next() == "[":
            inner += "[" + " ".join(tokens.up_to("]")) + "]"
        else:
            inner += parse_parameters(tokens)
    return name, stars + inner


def joined(specifiers, declarator):
    return specifiers + (" " + declarator if declarator else "")


def declared(tokens):
    """(name, declarator, specifiers) of each name of a declaration."""
    specifiers = parse_specifiers(tokens)
    found = []
    while True:
        name, declarator = parse_declarator(tokens)
        if name is None:
            raise Unreadable(f"a name was expected in: {tokens.text}")
        found.append((name, declarator, specifiers))
        token = tokens.next()
        if token is None or token == ";":
            return found
        if token != ",":
            raise Unreadable(f'"{token}" was not expected in: {tokens.text}')


class Declarations:
    def __init__(self):
        self.structs = {}  # name: [(member, type)]
        self.enums = {}  # name: [value]
        self.types = {}  # typedef: type
        self.functions = {}  # name: prototype
        self.objects = {}  # name: type
        self.constants = []

    def add_struct(self, name, body):
        members = []
        for text in [text for text in " ".join(body).split(";") if text.strip()]:
            for member, declarator, specifiers in declared(Tokens(text)):
                members.append((member, joined(specifiers, declarator)))
        self.structs[name] = members

    def add_enum(self, name, body):
        self.enums[name] = [text.split()[0] for text in " ".join(body).split(",") if text.strip()]

    def add(self, text):
        tokens = Tokens(text)
        if tokens.peek() in TAGS and tokens.peek(2) in ("{", None):
            tag, name = tokens.next(), tokens.next()
            if tokens.peek() is None:
                return  # only says that there is such a struct
            tokens.next()
            body = tokens.up_to("}")
            if tokens.peek() is not None or tag == "union":
                raise Unreadable(f"one struct or enum and no more was expected: {tokens.text}")
            (self.add_struct if tag == "struct" else self.add_enum)(name, body)
            return
        word = tokens.next() if tokens.peek() in ("typedef", "extern") else None
        for name, declarator, specifiers in declared(tokens):
            kind = joined(specifiers, declarator)
            if word == "typedef":
                self.types[name] = kind
            elif re.match(r"\**\(", declarator) and not declarator.startswith("(*"):
                self.functions[name] = kind
            elif word == "extern":
                self.objects[name] = kind
            else:
                raise Unreadable(f"neither type nor function nor extern object: {tokens.text}")


# GNU's words, and how the system's headers write a type that ours do not name.
def plain(text):
    text = re.sub(r"\b_Bool\b", "bool", text)
    while True:
        shorter = re.sub(r"__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)", "", text)
        if shorter == text:
            return text
        text = shorter


def statements_of(text):
    """The declarations of a text: up to a ; that is in no bracket."""
    depth, begin, found = 0, 0, []
    for at, letter in enumerate(text):
        depth += (letter in "{(") - (letter in "})")
        if letter == ";" and depth == 0:
            found.append(text[begin:at])
            begin = at + 1
    if text[begin:].strip():
        raise Unreadable(f"something is left behind the last declaration: {text[begin:].strip()}")
    return [statement for statement in found if statement.strip()]
