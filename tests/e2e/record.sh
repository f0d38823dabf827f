#!/usr/bin/env bash
# `confab serve --record`: each connection as a session file.
. "$(dirname "$0")/lib.sh"
READ=${CONFAB_TEST_READ_SESSIONS:?is to be the path of the program read_sessions}

# Makes the folder, serves into it.
record() { # ARGUMENTS of the host
    mkdir "$WORK/recordings"
    host_start "$@" --record "$WORK/recordings"
}

# The files in the order of their names, which is that of their dates.
recordings() {
    find "$WORK/recordings" -name '*.session' | LC_ALL=C sort
}

# What a recording says, without what differs from run to run.
steps() { # FILE
    "$READ" "$1" | sed -E 's/^began [0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{9}Z$/began DATE/; s/^peer .*:[0-9]+$/peer PEER/'
}

assert_steps() { # FILE EXPECTED
    assert_equal "$2" "$(steps "$1")" "what was recorded"
}

# Client programs in python: they say when what.
talk_in_pieces() { # PIECE...: each is sent when the answer to the one before has come
    python3 - "$PORT" "$@" <<'PYTHON' || fail "the client"
import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
for piece in sys.argv[2:]:
    s.sendall(piece.encode().decode("unicode_escape").encode("latin-1"))
    assert s.recv(65536)
s.shutdown(socket.SHUT_WR)
assert s.recv(1) == b""
PYTHON
}

writes_what_was_sent_and_answered() {
    record echo -l 0 max-length=1M
    talk_in_pieces 'ECHO 3\nabc' 'ECHO 4\n\x00\xff"$'
    host_stop
    assert_steps "$(recordings)" 'confab-session 1
plugin echo max-length=1M
began DATE
peer PEER

> "ECHO 3\n" \
  "abc"
< "abc"
> "ECHO 4\n" \
  "\x00\xff\"\$"
< "\x00\xff\"\$"
eof
closed'
}

what_was_recorded_is_played_again() {
    record echo -l 0 idle-timeout=1200ms
    talk_in_pieces 'ECHO 3\nabc' 'ECHO 4\nde' 'fg'
    python3 - "$PORT" <<'PYTHON' || fail "the client"
import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
s.sendall(b"ECHO 2\nab")
while s.recv(100):
    pass
PYTHON
    printf 'nonsense\n' | talk 127.0.0.1 "$PORT" >/dev/null
    host_stop
    local session
    set --
    for session in $(recordings); do
        set -- "$@" --session "$session"
    done
    "$HOST" check "$@" echo idle-timeout=1200ms >"$WORK/found" 2>&1 ||
        fail "what was recorded is not what happens: $(cat "$WORK/found")"
}

options_are_written_but_for_secrets() {
    record "${CONFAB_TEST_OLD_PLUGINS:?}/everything.so" -l 0 path=/ secret=hush 'a word' "$(printf 'another\twith "${x}')"
    printf 'a\n' | talk 127.0.0.1 "$PORT" >/dev/null
    host_stop
    set -- "$(recordings)"
    assert_contains "$1" '="a word"'
    assert_contains "$1" '="another\twith \"\${x}"'
    grep -qF -e hush -e secret "$1" && fail "a secret: $(cat "$1")"
    "$READ" "$1" >"$WORK/found" || fail "it cannot be read"
}

a_recording_is_its_owners_alone() {
    umask 000
    record line -l 0
    printf 'a\n' | talk 127.0.0.1 "$PORT" >/dev/null
    host_stop
    assert_equal 600 "$(python3 -c 'import os, sys; print("%o" % (os.stat(sys.argv[1]).st_mode & 0o7777))' "$(recordings)")" \
        "the mode"
    case $(recordings) in
    */line-[0-9]*T[0-9]*Z-[0-9]*.session) ;;
    *) fail "the name: $(recordings)" ;;
    esac
}

several_are_in_the_order_in_which_they_began() {
    record line -l 0
    for word in one two three; do
        printf '%s\n' $word | talk 127.0.0.1 "$PORT" >/dev/null
    done
    host_stop
    local began words
    # shellcheck disable=SC2046 # a word a file
    words=$("$READ" $(recordings) | sed -n 's/^> "\(.*\)\\n"$/\1/p' | tr '\n' ' ')
    assert_equal 'one two three ' "$words" "the order of the names"
    # shellcheck disable=SC2046
    began=$("$READ" $(recordings) | grep '^began')
    assert_equal "$(LC_ALL=C sort <<<"$began")" "$began" "the order of the dates"
    assert_equal 3 "$(sort -u <<<"$began" | wc -l | tr -d ' ')" "dates that differ"
}

# The second one begins while the first one waits.
several_are_played_as_one() {
    record echo -l 0
    python3 - "$PORT" <<'PYTHON' || fail "the clients"
import socket, sys, time
def ask(client, size, body):
    client.sendall(b"ECHO %d\n" % size + body)
    got = b""
    while len(got) < size:
        got += client.recv(100)
    assert got == body
first = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
ask(first, 3, b"one")
second = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
ask(second, 3, b"two")
time.sleep(1.2) # so long a rest is recorded
ask(first, 5, b"three")
first.close()
second.close()
PYTHON
    host_stop
    local session
    set --
    for session in $(recordings); do
        set -- "$@" --session "$session"
    done
    assert_equal 4 $# "words for two recordings"
    "$HOST" check "$@" --merge --json echo >"$WORK/found" 2>&1 || fail "as one they do not hold: $(cat "$WORK/found")"
    python3 -c '
import json, sys
sessions = json.load(open(sys.argv[1]))["sessions"]
assert [session["name"] for session in sessions] == ["merged", "silence"], sessions
assert sessions[0]["bytes"] == len("ECHO 3\none" "ECHO 3\ntwo" "ECHO 5\nthree"), sessions
' "$WORK/found" || fail "$(cat "$WORK/found")"
    "$HOST" check --merge echo >"$WORK/found" 2>&1
    assert_equal 2 $? "the exit status where there is nothing to merge"
}

time_that_passed_is_a_wait() {
    record line -l 0 idle-timeout=1200ms
    python3 - "$PORT" <<'PYTHON' || fail "the client"
import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
s.sendall(b"a\n")
while s.recv(100):
    pass
PYTHON
    host_stop
    steps "$(recordings)" >"$WORK/found"
    assert_contains "$WORK/found" 'plugin line idle-timeout=1200ms'
    [ "$(tail -n 1 "$WORK/found")" = closed ] || fail "the end: $(cat "$WORK/found")"
    tail -n 2 "$WORK/found" | head -n 1 >"$WORK/wait"
    local wait
    wait=$(sed -n 's/^wait \([0-9]*\)ms$/\1/p' "$WORK/wait")
    [ "${wait:-0}" -ge 1200 ] || fail "the wait, of which a time-out of 1200ms is a part: $(cat "$WORK/wait")"
}

a_reset_is_written_as_one() {
    record line -l 0
    python3 - "$PORT" <<'PYTHON' || fail "the client"
import socket, struct, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
s.sendall(b"a\n")
assert s.recv(100)
s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
s.close()
PYTHON
    printf 'b\n' | talk 127.0.0.1 "$PORT" >/dev/null # the host has seen the reset before it answers this
    host_stop
    assert_equal reset "$(steps "$(recordings | head -n 1)" | tail -n 1)" "the end"
}

what_is_over_the_limit_is_not_written() {
    record line -l 0 --record-limit 10
    talk_in_pieces 'abc\n' 'defg\n'
    host_stop
    assert_steps "$(recordings)" 'confab-session 1
plugin line
began DATE
peer PEER

> "abc\n"
< "abc\r\n"
> "d"
truncated'
}

large_talks_are_written_as_they_come() {
    record echo -l 0 --record-limit 4M
    python3 - "$PORT" "$WORK" <<'PYTHON' || fail "the client"
import os, socket, sys, threading
body = os.urandom(1 << 20)
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
sender = threading.Thread(target=lambda: (s.sendall(b"ECHO %d\n" % len(body) + body), s.shutdown(socket.SHUT_WR)))
sender.start()
got = b""
while len(got) < len(body):
    got += s.recv(65536)
assert got == body and s.recv(1) == b""
sender.join()
PYTHON
    host_stop
    # Each byte is in it twice: the steps of each side are joined again.
    "$READ" "$(recordings)" | python3 -c '
import re, sys
sides = {">": bytearray(), "<": bytearray()}
side = None
for line in sys.stdin:
    if line[0] in sides:
        side = line[0]
    elif line[0] != " ":
        side = None
    if side:
        text = "".join(re.findall(r"\"((?:[^\"\\]|\\.)*)\"", line)).replace("\\$", "$")
        sides[side] += text.encode("latin-1").decode("unicode_escape").encode("latin-1")
assert sides[">"] == b"ECHO 1048576\n" + sides["<"] and len(sides["<"]) == 1 << 20
' || fail "what was recorded is not what was said"
}


a_recording_is_open_while_it_is_written_to_only() {
    [ -d /proc/self/fd ] || skip "no /proc"
    record line -l 0
    python3 - "$PORT" "$HOST_PID" <<'PYTHON' || fail "descriptors"
import os, socket, sys
folder = "/proc/%s/fd" % sys.argv[2]
line = b"x" * 9999 + b"\n"
before = len(os.listdir(folder))
clients = [socket.create_connection(("127.0.0.1", int(sys.argv[1]))) for i in range(20)]
for s in clients:
    for i in range(30):
        s.sendall(line)
        left = len(line) + 1
        while left > 0:
            left -= len(s.recv(left))
assert len(os.listdir(folder)) == before + len(clients), os.listdir(folder)
PYTHON
    [ "$(recordings | wc -l)" -eq 20 ] || fail "nothing was written so far: $(recordings)"
    host_stop
}

# A limit of the process's files is as a disk that is full, but for its signal.
a_disk_that_is_full_leaves_a_beginning() {
    mkdir "$WORK/recordings"
    (
        trap '' XFSZ
        ulimit -f 100
        host_start line -l 0 --record "$WORK/recordings"
        python3 - "$PORT" <<'PYTHON' || fail "the client"
import socket, sys
line = b"x" * 999 + b"\n"
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
for i in range(200):
    s.sendall(line)
    left = len(line) + 1
    while left > 0:
        left -= len(s.recv(left))
PYTHON
        host_stop
    ) || exit 1
    assert_contains "$WORK/log" 'nothing is recorded any more'
    assert_equal truncated "$(tail -n 1 "$(recordings)")" "the end"
    "$READ" "$(recordings)" >/dev/null || fail "it cannot be read"
}

a_file_in_the_place_of_a_recording_is_not_written_to() {
    record line -l 0
    python3 - "$PORT" "$WORK" <<'PYTHON' || fail "the client"
import os, socket, sys
folder = sys.argv[2] + "/recordings/"
line = b"x" * 9999 + b"\n"
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
while True:
    for i in range(30):
        s.sendall(line)
        left = len(line) + 1
        while left > 0:
            left -= len(s.recv(left))
    names = os.listdir(folder)
    if names and os.path.exists(sys.argv[2] + "/mine"):
        break
    if names:
        os.rename(folder + names[0], folder + "old")
        open(sys.argv[2] + "/mine", "w").close()
        os.link(sys.argv[2] + "/mine", folder + names[0])
PYTHON
    host_stop
    [ ! -s "$WORK/mine" ] || fail "it was written to"
    assert_contains "$WORK/log" 'nothing is recorded any more'
}

a_folder_that_is_none_is_told_before_anything_is_served() {
    : >"$WORK/file"
    for folder in "$WORK/none" "$WORK/file"; do
        STATUS=0
        "$HOST" serve line -l 0 --record "$folder" >"$WORK/out" 2>"$WORK/err" || STATUS=$?
        assert_equal 1 "$STATUS" "exit status"
        assert_equal '' "$(cat "$WORK/out")" "standard output"
        assert_equal 1 "$(wc -l <"$WORK/err" | tr -d ' ')" "lines of the error"
        assert_contains "$WORK/err" "--record: $folder: "
        assert_contains "$WORK/err" 'expected a folder that can be written to'
    done
}

limits_are_checked() {
    for limit in 0 x 13M 1G -1 ''; do
        STATUS=0
        "$HOST" serve line -l 0 --record "$WORK" --record-limit "$limit" >"$WORK/out" 2>"$WORK/err" || STATUS=$?
        assert_equal 2 "$STATUS" "exit status of --record-limit '$limit'"
        assert_contains "$WORK/err" '--record-limit: expected a size from 1 to 12M'
    done
}

a_folder_that_goes_ends_recording_and_not_serving() {
    record line -l 0
    rmdir "$WORK/recordings"
    for word in one two; do
        printf '%s\n' $word | talk 127.0.0.1 "$PORT" >"$WORK/found"
        assert_equal "$word" "$(tr -d '\r' <"$WORK/found")" "the answer"
    done
    host_stop
    assert_equal 1 "$(grep -c 'nothing is recorded any more' "$WORK/log")" "lines of the log about it"
    assert_contains "$WORK/log" 'cannot be written: No such file or directory'
}

a_service_that_stops_is_no_end_of_the_session() {
    have socat || skip "no socat"
    record line -l 0
    client_open socat - "TCP4:127.0.0.1:$PORT"
    client_say 'hello\n'
    client_hear hello
    host_stop
    client_close
    steps "$(recordings)" >"$WORK/found"
    assert_contains "$WORK/found" '> "hello\n"'
    assert_contains "$WORK/found" '< "hello\r\n"'
}

run_tests writes_what_was_sent_and_answered what_was_recorded_is_played_again options_are_written_but_for_secrets \
    a_recording_is_its_owners_alone \
    several_are_in_the_order_in_which_they_began several_are_played_as_one time_that_passed_is_a_wait a_reset_is_written_as_one \
    a_disk_that_is_full_leaves_a_beginning a_recording_is_open_while_it_is_written_to_only \
    a_file_in_the_place_of_a_recording_is_not_written_to \
    what_is_over_the_limit_is_not_written large_talks_are_written_as_they_come \
    a_folder_that_is_none_is_told_before_anything_is_served limits_are_checked \
    a_folder_that_goes_ends_recording_and_not_serving a_service_that_stops_is_no_end_of_the_session
