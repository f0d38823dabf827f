# shellcheck shell=bash disable=SC2034 # the tests use what is set here
# lib.sh: what the end-to-end tests share: sourced, not run.
#
# A test is a function; `run_tests NAME...` runs each in a subshell of its own
# with a folder of its own ($WORK), and says ok, skip or FAIL.  Nothing sleeps to
# wait for the host: its `listening` lines and its end are waited for, both
# for LIMIT seconds at the most.
#
#   CONFAB_TEST_HOST   the program to test; required
#   CONFAB_BACKEND     the backend it is to use (read by the host itself)

set -u
HOST=${CONFAB_TEST_HOST:?is to be the path of the confab program}
LIMIT=30
SKIPPED=77
HOST_PID=''
CLIENT_PID=''

# What is called python3 may be a script that looks for one, each time.
PYTHON=$(python3 -c 'import sys; print(sys.executable)')

python3() {
    "$PYTHON" -I -S "$@"
}

fail() {
    printf 'failed: %s\n' "$*" >&2
    exit 1
}

skip() {
    printf 'skip  %s: %s\n' "$TEST" "$*"
    exit $SKIPPED
}

have() {
    command -v "$1" >/dev/null 2>&1
}

assert_equal() { # EXPECTED FOUND WHAT
    [ "$1" = "$2" ] || fail "$3: expected '$1', found '$2'"
}

assert_contains() { # FILE TEXT
    grep -qF -e "$2" "$1" || fail "expected '$2' in: $(cat "$1")"
}

# -- The host ---------------------------------------------------------------

# Descriptor 4 is our end of a pipe whose other end only the host has: reading
# from it ends when the host does.

# Starts `confab serve ARGUMENTS` with standard output as it is here.  Sets HOST_PID.
host_launch() {
    mkfifo "$WORK/alive"
    "$HOST" serve "$@" 2>"$WORK/log" 3>&- 4>"$WORK/alive" &
    HOST_PID=$!
    exec 4<"$WORK/alive"
    rm "$WORK/alive"
}

# Starts it and reads the lines that say where it listens: LISTENERS of them, 1 unless
# set.  Sets HOST_PID, ADDRESSES, and ADDRESS and PORT of the first.
host_start() {
    mkfifo "$WORK/listening" "$WORK/alive"
    "$HOST" serve "$@" >"$WORK/listening" 2>"$WORK/log" 3>&- 4>"$WORK/alive" &
    HOST_PID=$!
    exec 3<"$WORK/listening" 4<"$WORK/alive"
    rm "$WORK/listening" "$WORK/alive"
    ADDRESSES=''
    local word name address n=0
    while [ $n -lt "${LISTENERS:-1}" ]; do
        read -r -t $LIMIT word name address <&3 || fail "the host did not say that it listens"
        assert_equal listening "$word" "the first word of the host's line"
        ADDRESSES="$ADDRESSES $address"
        n=$((n + 1))
    done
    # shellcheck disable=SC2086 # one word an address
    set -- $ADDRESSES
    ADDRESS=$1
    PORT=${ADDRESS##*:}
}

# Waits for the end of a program that has the other end of our DESCRIPTOR; STATUS is
# how it ended.  One that does not end is killed.
wait_for_end() { # PID DESCRIPTOR
    read -r -t $LIMIT <&"$2"
    [ $? -le 128 ] || kill -KILL "$1"
    STATUS=0
    wait "$1" 2>/dev/null || STATUS=$?
}

host_wait() {
    wait_for_end "$HOST_PID" 4
    HOST_PID=''
}

# Ends it as an operator would; it must end with 0.
host_stop() {
    kill -TERM "$HOST_PID"
    host_wait
    assert_equal 0 "$STATUS" "exit status after SIGTERM"
}

# Returns once nobody listens on the port any more: the drain has begun.
wait_until_refused() {
    python3 - "$PORT" $LIMIT <<'PYTHON' || fail "the host still listens"
import socket, sys, time
end = time.monotonic() + int(sys.argv[2])
while time.monotonic() < end:
    try:
        socket.create_connection(("127.0.0.1", int(sys.argv[1]))).close()
    except ConnectionRefusedError:
        sys.exit(0)
    time.sleep(0.01)
sys.exit(1)
PYTHON
}

# The most memory it has had so far, in KiB.
host_memory() {
    if [ -r "/proc/$HOST_PID/status" ]; then
        awk '/^VmHWM/ { print $2 }' "/proc/$HOST_PID/status"
    else
        ps -o rss= -p "$HOST_PID" | tr -d ' '
    fi
}

# -- A client that stays: a program with its input on 8 and its output on 9 ---

client_open() {
    mkfifo "$WORK/say" "$WORK/hear"
    "$@" <"$WORK/say" >"$WORK/hear" 2>"$WORK/client" 3>&- &
    CLIENT_PID=$!
    exec 8>"$WORK/say" 9<"$WORK/hear"
    rm "$WORK/say" "$WORK/hear"
}

client_say() {
    # shellcheck disable=SC2059 # escapes are wanted
    printf "$1" >&8
}

client_hear() { # EXPECTED, a line
    local line=''
    read -r -t $LIMIT line <&9 || fail "expected the line '$1', found '$line' and no end of it: $(cat "$WORK/client")"
    line=${line%$'\r'}
    assert_equal "$1" "$line" "the client's line"
}

client_close() {
    exec 8>&- 9<&-
    kill "$CLIENT_PID" 2>/dev/null
    wait "$CLIENT_PID" 2>/dev/null
    CLIENT_PID=''
}

# -- Talking and asking once --------------------------------------------------

# Sends standard input to the host, ends our side, prints all that comes back until the end.
#   TALK_PIECE   bytes a piece; else all at once
#   TALK_STAYS   1: our side is not ended: it is for the host to end the connection
talk() { # [HOST PORT | unix:PATH]
    python3 -c '
import os, socket, sys
to = sys.argv[1:] or ["127.0.0.1"]
if to[0].startswith("unix:"):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout('$LIMIT')
    s.connect(to[0][5:])
else:
    s = socket.create_connection((to[0], int(to[1])), '$LIMIT')
said = sys.stdin.buffer.read()
piece = int(os.environ.get("TALK_PIECE") or len(said) or 1)
if s.family != socket.AF_UNIX:
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
for at in range(0, len(said), piece):
    s.sendall(said[at:at + piece])
if os.environ.get("TALK_STAYS") != "1":
    s.shutdown(socket.SHUT_WR)
while True:
    data = s.recv(65536)
    if not data:
        break
    sys.stdout.buffer.write(data)
' "$@"
}

# Runs the program with these arguments: STATUS, $WORK/out and $WORK/err.
ask() {
    mkfifo "$WORK/asked"
    "$HOST" "$@" >"$WORK/out" 2>"$WORK/err" 3>&- 4>&- 6>"$WORK/asked" &
    exec 6<"$WORK/asked"
    rm "$WORK/asked"
    wait_for_end $! 6
}

# -- Running tests --------------------------------------------------------------

clean_up() {
    local status=$?
    [ -n "$CLIENT_PID" ] && kill "$CLIENT_PID" 2>/dev/null
    if [ -n "$HOST_PID" ]; then
        kill -KILL "$HOST_PID" 2>/dev/null
        wait "$HOST_PID" 2>/dev/null
    fi
    if [ $status -ne 0 ] && [ $status -ne $SKIPPED ] && [ -s "$WORK/log" ]; then
        sed 's/^/  log: /' "$WORK/log" >&2
    fi
    rm -rf "$WORK"
    exit $status
}

run_tests() {
    local failed=0 skipped=0 status
    for TEST in "$@"; do
        (
            WORK=$(mktemp -d "${TMPDIR:-/tmp}/e2e.XXXXXX")
            trap clean_up EXIT
            trap 'exit 1' INT TERM
            "$TEST"
        )
        status=$?
        case $status in
        0) printf 'ok    %s\n' "$TEST" ;;
        "$SKIPPED") skipped=$((skipped + 1)) ;;
        *)
            printf 'FAIL  %s\n' "$TEST"
            failed=$((failed + 1))
            ;;
        esac
    done
    [ $failed -eq 0 ] || exit 1
    [ $skipped -lt $# ] || exit $SKIPPED
    exit 0
}
