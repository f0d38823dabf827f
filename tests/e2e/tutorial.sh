#!/usr/bin/env bash
# The plugins of the tutorial, as plugins/README.md tells to try them: each block there that begins
# with `$ confab serve` is done, and has to say what stands there.
. "$(dirname "$0")/lib.sh"

README=$(cd "$(dirname "$0")/../../plugins" && pwd)/README.md
STEPS=${CONFAB_TEST_TUTORIAL:-}
UPSTREAM_PID=''

# The block of a step, without its fences.
try_of() { # STEP
    awk -v step="### Step $1:" '
        index($0, "### ") == 1 { ours = index($0, step) == 1 }
        ours && /^```/ { fenced = !fenced; wanted = 0; next }
        ours && fenced && /^\$ confab serve/ { wanted = 1 }
        ours && fenced && wanted' "$README"
}

# Another host, `line`, on a port of its own: sets UPSTREAM_PORT.
upstream_start() {
    local address
    mkfifo "$WORK/upstream"
    "$HOST" serve line -l 0 >"$WORK/upstream" 2>"$WORK/upstream.log" 3>&- 4>&- &
    UPSTREAM_PID=$!
    trap 'status=$?; [ -z "$UPSTREAM_PID" ] || kill "$UPSTREAM_PID"; (exit $status); clean_up' EXIT
    read -r -t $LIMIT _ _ address <"$WORK/upstream" || fail "the upstream did not say that it listens"
    UPSTREAM_PORT=${address##*:}
}

upstream_stop() {
    kill "$UPSTREAM_PID"
    wait "$UPSTREAM_PID" || fail "the upstream did not end well: $(cat "$WORK/upstream.log")"
    UPSTREAM_PID=''
}

# Sends standard input, and prints what comes until it is as long as $WORK/expected, and what
# comes after our side has ended.  CR is left out.
converse() {
    python3 -c '
import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), '$LIMIT')
s.sendall(sys.stdin.buffer.read())
wanted, found = len(open(sys.argv[2], "rb").read()), b""
while len(found) < wanted:
    data = s.recv(65536)
    if not data:
        break
    found += data.replace(b"\r", b"")
try:
    s.shutdown(socket.SHUT_WR)
    for data in iter(lambda: s.recv(65536), b""):
        found += data.replace(b"\r", b"")
except OSError:
    pass
sys.stdout.buffer.write(found)
' "$PORT" "$WORK/expected"
}

serve_as() { # WORDS of the command line, as README has them
    local words
    read -r -a words <<<"$1"
    case $1 in
    'line -l 7001') upstream_start ;;
    "./step"*)
        words=("${words[@]/#.\//$STEPS/}")
        words=("${words[@]/#7000/0}")
        words=("${words[@]/#upstream=7001/upstream=${UPSTREAM_PORT:-}}")
        host_start "${words[@]}"
        ;;
    *) fail "no command of the tutorial: confab serve $1" ;;
    esac
}

# Says what printf of this line says; WORK/expected is to come back.
try_line() { # LINE
    local format=${1#*\'}
    format=${format%%\'*}
    # shellcheck disable=SC2059 # escapes are wanted
    printf "$format" | converse >"$WORK/found"
    diff "$WORK/expected" "$WORK/found" >&2 || fail "another answer to: $1"
    TRIED=$((TRIED + 1))
}

try_step() { # STEP
    [ -d "$STEPS" ] || skip "the steps are not built"
    local line said=''
    TRIED=0
    : >"$WORK/expected"
    while IFS= read -r line; do
        case $line in
        '$ confab serve '*) serve_as "${line#\$ confab serve }" ;;
        '$ printf '*) said=$line ;;
        '')
            [ -z "$said" ] || try_line "$said"
            said=''
            : >"$WORK/expected"
            ;;
        *) echo "$line" >>"$WORK/expected" ;;
        esac
    done < <(try_of "$1" && echo)
    [ $TRIED -gt 0 ] || fail "README tells nothing to try"
    host_stop
    [ -z "$UPSTREAM_PID" ] || upstream_stop
    ! grep -qE ' (warning|error) ' "$WORK/log" || fail "the host complains: $(cat "$WORK/log")"
}

for number in 1 2 3 4 5 6 7 8 9 10; do
    eval "step_$number() { try_step $number; }"
done

# The client is the upstream too, and ends the link once.
step_10_connects_anew() {
    [ -d "$STEPS" ] || skip "the steps are not built"
    client_open python3 -c '
import socket, sys
upstream = socket.create_server(("127.0.0.1", 0))
upstream.settimeout('$LIMIT')
print(upstream.getsockname()[1], flush=True)
port = int(sys.stdin.readline())
for words in (b"first", b"second"):
    link, _ = upstream.accept()
    link.settimeout('$LIMIT')
    client = socket.create_connection(("127.0.0.1", port), '$LIMIT')
    client.sendall(b"tell " + words + b"\r\n")
    answers = client.makefile("rb")
    assert answers.readline() == b"told\r\n"
    assert link.makefile("rb").readline() == words + b"\r\n"
    link.sendall(b"heard\r\n")
    assert answers.readline() == b"upstream: heard\r\n"
    link.close()
print("heard twice", flush=True)
'
    local port=''
    read -r -t $LIMIT port <&9 || fail "the upstream did not start: $(cat "$WORK/client")"
    host_start "$STEPS/step10.so" -l 0 "upstream=$port"
    client_say "$PORT\n"
    client_hear 'heard twice'
    client_close
    host_stop
}

run_tests step_1 step_2 step_3 step_4 step_5 step_6 step_7 step_8 step_9 step_10 step_10_connects_anew
