#!/usr/bin/env bash
# The options rate-in and rate-out: what passes at a rate is whole.  How fast it
# is, test_chat_rate_in.c and _out.c know, whose clock is its own.
. "$(dirname "$0")/lib.sh"

# A body of this many bytes comes back as it was sent.
comes_back_whole() { # BYTES
    head -c "$1" /dev/urandom >"$WORK/body"
    { printf 'ECHO %d\n' "$1" && cat "$WORK/body"; } | talk 127.0.0.1 "$PORT" >"$WORK/found"
    cmp "$WORK/body" "$WORK/found" || fail "what came back is not what was sent"
}

a_body_that_is_sent_at_a_rate_is_whole() {
    host_start echo -l 0 rate-out=400K
    comes_back_whole 300000
    comes_back_whole 1
    host_stop
}

a_body_that_is_read_at_a_rate_is_whole() {
    host_start echo -l 0 rate-in=400K
    comes_back_whole 300000
    host_stop
}

a_body_that_is_read_and_sent_at_rates_is_whole() {
    host_start echo -l 0 rate-in=400K rate-out=200K in-buffer=1000
    comes_back_whole 200000
    host_stop
}

a_stop_waits_for_what_is_sent_at_a_rate() {
    host_start line -l 0 rate-out=40K
    head -c 30000 /dev/zero | tr '\0' x >"$WORK/line"
    printf '\r\n' >>"$WORK/line"
    client_open "$PYTHON" -c '
import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 30)
s.sendall(open(sys.argv[2], "rb").read())
found = s.recv(1)
print("first", flush=True)
while True:
    data = s.recv(65536)
    if not data:
        break
    found += data
print("whole" if found == open(sys.argv[2], "rb").read() else "%d bytes" % len(found), flush=True)
' "$PORT" "$WORK/line"
    client_hear first
    host_stop
    client_hear whole
    client_close
}

a_rate_that_is_no_size_is_refused() {
    ask serve -l 0 line rate-in=fast
    [ "$STATUS" -ne 0 ] || fail "it was taken"
    assert_contains "$WORK/err" 'option rate-in: "fast" is not a size'
}

run_tests a_body_that_is_sent_at_a_rate_is_whole \
    a_body_that_is_read_at_a_rate_is_whole \
    a_body_that_is_read_and_sent_at_rates_is_whole \
    a_stop_waits_for_what_is_sent_at_a_rate \
    a_rate_that_is_no_size_is_refused
