#!/usr/bin/env bash
# The plugin `bench`: large replies, messages that are counted, and the same of the bare servers.
. "$(dirname "$0")/lib.sh"

expect() { # SENT EXPECTED: both with printf's escapes
    # shellcheck disable=SC2059 # escapes are wanted
    printf "$1" | talk 127.0.0.1 "$PORT" >"$WORK/found"
    # shellcheck disable=SC2059
    printf "$2" >"$WORK/expected"
    cmp -s "$WORK/expected" "$WORK/found" ||
        fail "sent '$1', expected '$2', found '$(cat "$WORK/found")'"
}

letters() { # COUNT
    python3 -c "import sys; n = $1; sys.stdout.write(('abcdefghijklmnopqrstuvwxyz' * (n // 26 + 1))[:n])"
}

produces_letters() {
    host_start bench -l 0
    expect 'produce 30\r\n' 'abcdefghijklmnopqrstuvwxyzabcd'
    expect 'produce 3\nproduce 0\nproduce 2\n' 'abcab'
    printf 'produce 10000001\r\nproduce 65537\n' | talk 127.0.0.1 "$PORT" >"$WORK/found"
    { letters 10000001; letters 65537; } | cmp - "$WORK/found" || fail "not the letters that were asked for"
    host_stop
}

produces_letters_over_nc() {
    nc -h 2>&1 | grep -q -e '-N' || skip "no nc that has -N"
    host_start bench -l 0
    printf 'produce 1000000\r\n' | nc -N -w $LIMIT 127.0.0.1 "$PORT" >"$WORK/found"
    letters 1000000 | cmp - "$WORK/found" || fail "not the letters that were asked for"
    host_stop
}

pushes_its_file() {
    head -c 5000011 /dev/urandom >"$WORK/data"
    host_start bench -l 0 file="$WORK/data"
    printf 'file\r\nproduce 5\nfile\n' | talk 127.0.0.1 "$PORT" >"$WORK/found"
    { cat "$WORK/data"; printf abcde; cat "$WORK/data"; } | cmp - "$WORK/found" || fail "not the file"
    host_stop
}

takes_one_command_at_a_time() {
    [ -d "/proc/$$/fd" ] || skip "no /proc"
    head -c 20000000 /dev/zero >"$WORK/data"
    host_start bench -l 0 file="$WORK/data"
    python3 - "$PORT" "$HOST_PID" <<'PYTHON' || fail "a client that does not read has files opened"
import os, socket, sys
port, pid = int(sys.argv[1]), sys.argv[2]
def connect():
    return socket.create_connection(("127.0.0.1", port), 30)
def settle():
    other = connect()
    other.sendall(b"produce 1\n")
    assert other.recv(1) == b"a"
before = len(os.listdir("/proc/%s/fd" % pid))
greedy = connect()
greedy.sendall(b"file\n" * 1000)
for i in range(20):
    settle()
opened = len(os.listdir("/proc/%s/fd" % pid)) - before
sys.exit(opened > 30)
PYTHON
    host_stop
}

ends_with_a_client_that_resets_in_the_midst_of_a_reply() {
    [ -d "/proc/$$/fd" ] || skip "no /proc"
    head -c 20000000 /dev/zero >"$WORK/data"
    host_start bench -l 0 file="$WORK/data" idle-timeout=1h
    python3 - "$PORT" "$HOST_PID" "$LIMIT" <<'PYTHON' || fail "its descriptors stay"
import os, socket, struct, sys, time
port, pid, limit = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
def count():
    return len(os.listdir("/proc/%s/fd" % pid))
before = count()
for words in b"file\n", b"produce 80000000\n", b"file\n" * 50:
    client = socket.create_connection(("127.0.0.1", port), limit)
    client.sendall(words)
    assert client.recv(1000)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
end = time.monotonic() + limit
while count() > before:
    if time.monotonic() > end:
        sys.exit(1)
    time.sleep(0.01)
PYTHON
    host_stop
}

refuses_what_is_no_command_and_closes() {
    host_start bench -l 0
    expect 'produce -1\nproduce 3\n' 'error: not a number of bytes\r\n'
    expect 'produce \n' 'error: not a command: expected produce NUMBER, or file\r\n'
    expect 'produce 3\nfile\nproduce 3\n' 'abcerror: there is no file: the option file= names one\r\n'
    expect 'file /etc/passwd\n' 'error: not a command: expected produce NUMBER, or file\r\n'
    expect "$(printf '%065d' 0)\n" 'error: the command is too long\r\n'
    host_stop
}

counts_messages() {
    host_start bench -l 0 'terminator=\r\n.\x0d\x0A'
    expect 'one\r\n.\r\n\r\n.\r\ntwo\r\n,\r\n.\r\nmore' '3 messages of 13 bytes\r\n'
    expect '' '0 messages of 0 bytes\r\n'
    TALK_PIECE=1 expect 'one\r\n.\r\n\r\n.\r\ntwo\r\n,\r\n.\r\nmore\r\n.\r' '3 messages of 17 bytes\r\n'
    host_stop
}

says_what_is_wrong_with_its_options() {
    ask serve bench -l 0 'terminator=a\q'
    assert_equal 1 "$STATUS" "exit status"
    assert_contains "$WORK/err" "terminator: expected \\r \\n \\t \\\\ or \\xHH, found '\\q'"
    ask serve bench -l 0 'terminator=\x4'
    assert_equal 1 "$STATUS" "exit status"
    assert_contains "$WORK/err" "found '\\x4'"
    ask serve bench -l 0 "terminator=$(printf '%0257d' 0)"
    assert_equal 1 "$STATUS" "exit status"
    assert_contains "$WORK/err" "terminator: over 256 bytes"
    ask serve bench -l 0 file="$WORK/nothing"
    assert_equal 1 "$STATUS" "exit status"
    assert_contains "$WORK/err" "cannot open $WORK/nothing: No such file"
}

# Few letters, so that ends that are none are many.
counts_as_the_bare_server_does() {
    python3 - "$HOST" $LIMIT <<'PYTHON' || fail "the two differ"
import atexit, random, signal, socket, subprocess, sys
host, limit = sys.argv[1], int(sys.argv[2])
draw = random.Random(7)
def start(*words):
    process = subprocess.Popen([host, *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    atexit.register(process.kill)
    return process, int(process.stdout.readline().decode().strip().rsplit(":", 1)[1])
def ask(port, pieces):
    client = socket.create_connection(("127.0.0.1", port), limit)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for piece in pieces:
        client.sendall(piece)
    client.shutdown(socket.SHUT_WR)
    answer = b""
    while True:
        more = client.recv(100)
        if not more:
            return answer
        answer += more
for terminator in b"\n", b"\r\n", b"aa", b"aba", b"aabaa", b"a" * 63 + b"b", b"ab" * 32:
    word = "terminator=" + "".join("\\x%02x" % byte for byte in terminator)
    servers = [start("serve", "-l", "0", "bench", word), start("bench", "--part", "bare", "sink", word)]
    letters = bytes(sorted(set(terminator + b"a")))
    for _ in range(20):
        stream = b""
        while len(stream) < draw.choice((100, 3000, 200000)):
            stream += bytes(draw.choices(letters, k=draw.randrange(40)))
            stream += terminator[:draw.randrange(len(terminator) + 1)] * draw.randrange(3)
        pieces, rest = [], stream
        while rest:
            cut = draw.choice((1, 7, 1000, 70000))
            pieces.append(rest[:cut])
            rest = rest[cut:]
            if len(pieces) == 50:
                pieces.append(rest)
                break
        count = stream.count(terminator)
        expected = b"%d messages of %d bytes\r\n" % (count, len(stream) - count * len(terminator))
        for process, port in servers:
            found = ask(port, pieces)
            if found != expected:
                sys.exit("%r of %r: expected %r, found %r" % (terminator, process.args, expected, found))
    for process, port in servers:
        process.send_signal(signal.SIGTERM)
        process.wait(limit)
PYTHON
}

run_tests produces_letters produces_letters_over_nc pushes_its_file takes_one_command_at_a_time \
    ends_with_a_client_that_resets_in_the_midst_of_a_reply \
    refuses_what_is_no_command_and_closes counts_messages says_what_is_wrong_with_its_options \
    counts_as_the_bare_server_does
