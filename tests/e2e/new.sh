#!/usr/bin/env bash
# `confab new`: each kind is made, built, spoken to and checked.
. "$(dirname "$0")/lib.sh"

KINDS='line binary request client'

assert_status() { # EXPECTED
    [ "$STATUS" -eq "$1" ] || fail "expected exit status $1, found $STATUS: $(cat "$WORK/err")"
}

# Runs a program in the folder of the plugin; its output is shown if it fails.
inside() { # FOLDER COMMAND...
    (cd "$1" && shift && "$@") >"$WORK/said" 2>&1 || fail "$* in $1: $(cat "$WORK/said")"
}

# Makes a plugin of KIND and builds it without a warning.
make_plugin() { # KIND
    cd "$WORK" || fail "no folder"
    ask new --kind "$1" my-plugin
    assert_status 0
    inside my-plugin "${MAKE:-make}" WARNINGS="-std=c11 -Wall -Wextra -Wshadow -Wconversion -Werror"
}

# A client of the host that ends its side, and wants ANSWER.
answers() { # TEXT ANSWER
    # shellcheck disable=SC2059 # escapes are wanted
    printf "$1" | talk 127.0.0.1 "$PORT" | od -c >"$WORK/found"
    # shellcheck disable=SC2059
    printf "$2" | od -c >"$WORK/expected"
    cmp "$WORK/expected" "$WORK/found" || fail "not the answer to $1: $(cat "$WORK/found")"
}

lists_the_kinds() {
    ask new --list
    assert_status 0
    # shellcheck disable=SC2086 # one word a kind
    assert_equal "$(printf '%s\n' $KINDS)" "$(awk '{ print $1 }' "$WORK/out")" "the kinds"
    ask new --list --json
    assert_status 0
    # shellcheck disable=SC2016 # no expression of the shell
    assert_equal "$KINDS" "$(python3 -c 'import json, sys; print(*[k["name"] for k in json.load(sys.stdin)])' <"$WORK/out")" "the kinds"
}

wrong_usage_is_2_and_says_what_was_expected() {
    local words
    cd "$WORK" || fail "no folder"
    while IFS='|' read -r words text; do
        # shellcheck disable=SC2086 # one word an argument
        ask new $words
        assert_status 2
        assert_contains "$WORK/err" "$text"
        assert_contains "$WORK/err" '--help'
    done <<'WRONG'
|expected a name for the plugin
one two|expected one name, but got "one" and "two"
--kind wat hello|no kind "wat": expected one of line, binary, request, client
--folder= hello|--folder: expected the name of a new folder
--list hello|--list: expected no name, but got "hello"
--json hello|--json: expected --list
Hello|"Hello" cannot be a plugin's name: expected lower case letters
9lives|expected lower case letters, digits, hyphens and underscores, a letter first
a/b|"a/b" cannot be a plugin's name
..|".." cannot be a plugin's name
-- -a|"-a" cannot be a plugin's name
while|"while" cannot be a plugin's name: C has that word
install|"install" cannot be a plugin's name: CMake has that word
aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa|the name has 65 bytes: expected 64 at the most
WRONG
    assert_equal '' "$(find . -mindepth 1 -type d)" "folders that were made"
}

a_name_of_64_bytes_will_do() {
    cd "$WORK" || fail "no folder"
    local name
    name=$(printf 'a%.0s' {1..64})
    ask new "$name"
    assert_status 0
    [ -s "$name/tests/$name.session" ] || fail "no session"
}

what_is_there_is_left_alone() {
    cd "$WORK" || fail "no folder"
    mkdir hello
    echo precious >hello/hello.c
    ask new hello
    assert_status 1
    assert_contains "$WORK/err" 'hello is there already: expected the name of a new folder'
    assert_equal precious "$(cat hello/hello.c)" "the file"
    : >other
    ask new other
    assert_status 1
    assert_contains "$WORK/err" 'other is there already'
    ask new hello --folder "$WORK/none/hello"
    assert_status 1
    assert_contains "$WORK/err" "cannot make the folder $WORK/none/hello: No such file"
}

# A limit on the size of a file, as a full disk would be.
what_could_not_be_finished_is_taken_back() {
    cd "$WORK" || fail "no folder"
    mkdir here
    STATUS=0
    (
        trap '' XFSZ
        ulimit -f 2
        cd here && exec "$HOST" new hello
    ) >"$WORK/out" 2>"$WORK/err" || STATUS=$?
    assert_status 1
    assert_contains "$WORK/err" 'cannot make hello/hello.c: File too large'
    assert_equal '' "$(ls here)" "what is left"
}

makes_the_folder_that_is_named() {
    cd "$WORK" || fail "no folder"
    ask new hello --folder there
    assert_status 0
    assert_contains "$WORK/out" 'cd there'
    assert_equal "$(printf '%s\n' .gitignore CMakeLists.txt Makefile README.md hello.c tests/hello.session)" \
        "$(cd there && find . -type f | sed 's,^\./,,' | LC_ALL=C sort)" "the files"
    ! grep -rn '@[A-Z_]*@' there || fail "a word that was not put in"
}

line_is_built_and_answers() {
    make_plugin line
    host_start ./my-plugin/my-plugin.so -l 0
    answers 'ADD 5\nADD 37\r\nADD\nWAT\nQUIT\nADD 1\n' \
        'OK 5\r\nOK 42\r\nERROR expected ADD <number>\r\nERROR not a command: expected ADD or QUIT\r\nOK bye\r\n'
    answers "$(printf 'x%.0s' {1..600})\nADD 1\n" 'ERROR the line is too long\r\nOK 1\r\n'
    host_stop
    assert_contains "$WORK/log" 'my-plugin: stopped: commands 6, errors 3'
}

binary_is_built_and_answers() {
    make_plugin binary
    host_start ./my-plugin/my-plugin.so -l 0 max-length=4
    answers '\0\0\0\3abc\0\0\0\0\0\0\0\4\n\r\0x' '\0\0\0\3cba\0\0\0\0\0\0\0\4x\0\r\n'
    answers '\0\0\0\1a\0\0\0\5abcde\0\0\0\1b' '\0\0\0\1a'
    answers '\377\377\377\377' ''
    host_stop
    assert_contains "$WORK/log" 'stopped: frames 4, refused 2'
}

request_is_built_and_answers() {
    make_plugin request
    host_start ./my-plugin/my-plugin.so -l 0 max-body=5
    answers 'PUT /a\r\nX: y\r\ncontent-LENGTH:  5\r\n\r\nhelloGET /\r\n\r\n' 'OK PUT /a 5\r\nhello\r\nOK GET / 0\r\n\r\n'
    answers 'PUT\r\nContent-Length: 6\r\n\r\n' "ERROR the body is over this server's max-body\r\n"
    answers 'PUT\r\nContent-Length: -1\r\n\r\n' 'ERROR expected one Content-Length, of decimal digits\r\n'
    answers 'PUT\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n' 'ERROR expected one Content-Length, of decimal digits\r\n'
    answers '\r\n\r\n' 'ERROR expected a first line of 1 to 256 bytes\r\n'
    answers "$(printf 'x%.0s' {1..5000})" 'ERROR the head is too long\r\n'
    host_stop
    assert_contains "$WORK/log" 'stopped: requests 2, refused 5'
}

# An upstream that answers its first connection once, goes away, comes back on the same port, and then ends.
client_is_built_passes_lines_on_and_connects_anew() {
    make_plugin client
    mkfifo "$WORK/port"
    python3 - >"$WORK/port" 2>"$WORK/upstream" <<'PYTHON' &
import socket, sys
def serve(port):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen()
    print(listener.getsockname()[1], flush=True)
    chat, _ = listener.accept()
    listener.close()
    chat.settimeout(30)
    return chat, chat.makefile("rb"), chat.getsockname()[1]
chat, lines, port = serve(0)
chat.sendall(lines.readline().upper())
lines.close()
chat.close()
chat, lines, port = serve(port)
for line in lines:
    chat.sendall(line.upper())
PYTHON
    CLIENT_PID=$!
    local port=''
    exec 7<"$WORK/port"
    read -r -t $LIMIT port <&7 || fail "no upstream: $(cat "$WORK/upstream")"
    host_start ./my-plugin/my-plugin.so -l 0 "upstream=127.0.0.1:$port"
    python3 - "$PORT" <<'PYTHON' || fail "not what the upstream answered: $(cat "$WORK/log")"
import socket, sys, time
chat = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 30)
lines = chat.makefile("rb")
chat.sendall(b"one\n")
assert lines.readline() == b"ONE\r\n"
# The upstream has closed or soon will: what is said meanwhile may be lost with it, so it is said until it is answered.
end = time.monotonic() + 30
chat.settimeout(0.3)
answer = b""
while not answer and time.monotonic() < end:
    chat.sendall(b"two\n")
    try:
        answer = chat.recv(5)
    except socket.timeout:
        pass
assert answer == b"TWO\r\n", answer
chat.settimeout(30)
chat.sendall(b"three\n")
chat.shutdown(socket.SHUT_WR)
rest = b""
while True:
    more = chat.recv(4096)
    if not more:
        break
    rest += more
assert rest.endswith(b"THREE\r\n"), rest
PYTHON
    host_stop
    wait "$CLIENT_PID" || fail "the upstream: $(cat "$WORK/upstream")"
    exec 7<&-
    CLIENT_PID=''
}

client_gives_up_when_there_is_no_upstream() {
    make_plugin client
    sed -i.before -e 's/FIRST_PAUSE_MS = 250/FIRST_PAUSE_MS = 1/' my-plugin/my-plugin.c
    inside my-plugin "${MAKE:-make}"
    host_start ./my-plugin/my-plugin.so -l 0 "upstream=unix:$WORK/none"
    TALK_STAYS=1 answers 'one\n' 'ERROR no upstream\r\n'
    host_stop
    assert_contains "$WORK/log" 'stopped: lines 0, connects 6'
}

built_by_cmake() { # KIND
    cd "$WORK" || fail "no folder"
    ask new --kind "$1" my-plugin
    assert_status 0
    inside my-plugin cmake -S . -B build -DCMAKE_C_FLAGS="-std=c11 -Werror"
    inside my-plugin cmake --build build
    ask info ./my-plugin/build/my-plugin.so
    assert_status 0
    assert_contains "$WORK/out" 'name          my-plugin'
    rm -rf my-plugin
}

each_is_built_by_cmake() {
    have cmake || skip "no cmake"
    local kind
    for kind in $KINDS; do
        built_by_cmake "$kind"
    done
}

is_built_by_another_make() {
    have bmake || skip "no bmake"
    MAKE=bmake make_plugin line
    inside my-plugin bmake clean
    [ ! -e my-plugin/my-plugin.so ] || fail "not removed"
}

each_passes_check() {
    "$HOST" check --help >/dev/null 2>&1 || skip "no confab check"
    local kind
    for kind in $KINDS; do
        make_plugin "$kind"
        inside my-plugin "${MAKE:-make}" test
        rm -rf my-plugin
    done
}

is_installed_and_removed_by_make() {
    make_plugin line
    inside my-plugin "${MAKE:-make}" install DESTDIR="$WORK/root"
    find "$WORK/root" -name my-plugin.so | grep -q '/plugins/my-plugin.so$' || fail "not installed"
    inside my-plugin "${MAKE:-make}" clean
    [ ! -e my-plugin/my-plugin.so ] || fail "not removed"
}

make_says_what_is_missing() {
    make_plugin line
    inside my-plugin "${MAKE:-make}" clean
    ! (cd my-plugin && "${MAKE:-make}" PKG_CONFIG=no-such-program) >"$WORK/said" 2>&1 || fail "built without pkg-config"
    assert_contains "$WORK/said" 'pkg-config is needed to find confab'
    ! (cd my-plugin && "${MAKE:-make}" CONFAB_PKG_CONFIG_PATH= PKG_CONFIG_LIBDIR=/nonexistent) >"$WORK/said" 2>&1 ||
        fail "built without confab.pc"
    assert_contains "$WORK/said" 'confab is not found: expected confab.pc'
    assert_contains "$WORK/said" 'set PKG_CONFIG_PATH to PREFIX/lib/pkgconfig'
}

have make || exit $SKIPPED
have pkg-config || exit $SKIPPED
run_tests \
    lists_the_kinds wrong_usage_is_2_and_says_what_was_expected a_name_of_64_bytes_will_do what_is_there_is_left_alone \
    what_could_not_be_finished_is_taken_back makes_the_folder_that_is_named line_is_built_and_answers \
    binary_is_built_and_answers request_is_built_and_answers client_is_built_passes_lines_on_and_connects_anew \
    client_gives_up_when_there_is_no_upstream each_is_built_by_cmake is_built_by_another_make each_passes_check \
    is_installed_and_removed_by_make make_says_what_is_missing
