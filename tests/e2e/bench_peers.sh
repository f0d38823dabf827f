#!/usr/bin/env bash
# What `confab bench` measures beside confab, where it was built (-DCONFAB_BENCH_PEERS=ON): each serves
# lines as the plugin `line` does, and is a worker as the host's own are.
. "$(dirname "$0")/lib.sh"

PEERS=$(dirname "$HOST")/peers
PEER_PID=''

# Runs WORD... with each peer's program behind it.
each() { # WORD...
    local peer found=no
    for peer in "$PEERS"/confab-bench-*; do
        [ -x "$peer" ] || continue
        found=yes
        "$@" "$peer" || fail "$* $peer"
    done
    [ $found = yes ] || skip "there is none in $PEERS"
}

version() { # PEER
    assert_equal 1 "$("$1" --version | grep -cE '^[0-9]+\.[0-9]')" "$1: lines of its version"
}

tells_a_version() {
    each version
}

figures() { # PEER
    assert_equal event_ns "$("$1" dispatch 50 5 100 | awk '$2 > 0 { print $1 }')" "$1 dispatch"
    assert_equal "start_ns stop_ns expire_ns" \
        "$("$1" timers 1000 | awk '$2 > 0 { printf "%s%s", sep, $1; sep = " " }')" "$1 timers"
}

is_a_worker() {
    each figures
}

refusal() { # PEER
    local words status
    for words in '' 'lines' 'line 1' 'dispatch 10 1' 'dispatch 10 11 1' 'timers' 'timers 1' '--version 1'; do
        status=0
        # shellcheck disable=SC2086 # several words
        "$1" $words >"$WORK/out" 2>"$WORK/err" </dev/null || status=$?
        assert_equal 2 $status "$1 $words: exit status"
        [ ! -s "$WORK/out" ] || fail "$1 $words: printed: $(cat "$WORK/out")"
    done
}

refuses_wrong_words() {
    each refusal
}

few_descriptors() { # PEER
    local status=0
    (ulimit -n 200 && "$1" dispatch 100 1 1 2>"$WORK/err") || status=$?
    assert_equal 1 $status "$1: exit status"
    assert_contains "$WORK/err" "take 232 descriptors, and a process may have 200"
}

tells_of_too_few_descriptors() {
    each few_descriptors
}

# Starts one, and runs a script of Python that has `connect()`, a connection to it.
serve() { # PEER SCRIPT
    local name address
    mkfifo "$WORK/lines"
    "$1" line >"$WORK/lines" &
    PEER_PID=$!
    trap 'kill $PEER_PID 2>/dev/null' EXIT
    read -r -t $LIMIT _ name address <"$WORK/lines"
    rm "$WORK/lines"
    assert_equal line "$name" "$1: the name of what it serves"
    timeout $LIMIT "$PYTHON" -I -S -c "
import socket, threading
def connect():
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.settimeout($LIMIT)
    s.connect(('127.0.0.1', ${address##*:}))
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s
def expect(s, wanted):
    got = bytearray()
    while len(got) < len(wanted):
        some = s.recv(65536)
        assert some, 'closed after %d of %d bytes' % (len(got), len(wanted))
        got += some
    assert got == wanted, (got[:200], wanted[:200])
$2" || fail "$1: see above"
    kill "$PEER_PID"
    wait "$PEER_PID"
    PEER_PID=''
}

answers_lines() {
    each serve_script "
s = connect()
s.sendall(b'one\r\ntwo\n\n\r\nthree\r\r\nfour')
expect(s, b'one\r\ntwo\r\n\r\n\r\nthree\r\r\n')
s.sendall(b'\r')
s.sendall(b'\n')
expect(s, b'four\r\n')
for byte in b'five\r\nsix\n':
    s.sendall(bytes([byte]))
expect(s, b'five\r\nsix\r\n')"
}

answers_a_long_line() {
    each serve_script "
s = connect()
line = bytes(range(32, 127)) * 3000 + b'\r\n'
threading.Thread(target=s.sendall, args=(line,)).start()
expect(s, line)"
}

# More than the kernel keeps for both sides, whose buffers grow, so that a part of an answer has to wait.
answers_one_who_reads_late() {
    each serve_script "
s = connect()
lines = b''.join(b'%014d\r\n' % i for i in range(1000000))
writer = threading.Thread(target=s.sendall, args=(lines,))
writer.start()
writer.join(1)
expect(s, lines)
writer.join()"
}

outlives_those_who_go_away() {
    each serve_script "
for i in range(50):
    s = connect()
    s.sendall(b'x\r\ny')
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
    s.close()
s = connect()
s.sendall(b'half')
s.shutdown(socket.SHUT_WR)
assert s.recv(100) == b''
s = connect()
s.sendall(b'here\n')
expect(s, b'here\r\n')"
}

serve_script() { # SCRIPT PEER
    serve "$2" "$1"
}

run_tests tells_a_version is_a_worker refuses_wrong_words tells_of_too_few_descriptors answers_lines \
    answers_a_long_line answers_one_who_reads_late outlives_those_who_go_away
