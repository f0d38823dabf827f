#!/usr/bin/env bash
# How the host ends, and which signals do not end it.
. "$(dirname "$0")/lib.sh"

ends_with_0_when_idle() {
    local signal
    for signal in TERM INT QUIT; do
        host_start line -l 0
        kill -$signal "$HOST_PID"
        host_wait
        assert_equal 0 "$STATUS" "exit status after SIG$signal"
    done
}

ends_idle_connections() {
    have socat || skip "no socat"
    host_start line -l 0 drain-timeout=1d
    client_open socat - "TCP4:127.0.0.1:$PORT"
    client_say 'hello\n'
    client_hear hello
    host_stop
    read -r -t $LIMIT <&9 && fail "expected the end of the connection"
    client_close
}

finishes_a_reply_that_is_under_way() {
    have socat || skip "no socat"
    host_start echo -l 0 drain-timeout=1d
    client_open socat - "TCP4:127.0.0.1:$PORT"
    client_say 'ECHO 10\nabcd\n'
    client_hear abcd
    kill -TERM "$HOST_PID"
    wait_until_refused
    client_say 'efgh\nECHO 3\nxyz\n'
    client_hear efgh
    host_wait
    assert_equal 0 "$STATUS" "exit status"
    local line
    read -r -t $LIMIT line <&9 && fail "expected the end of the connection, found '$line'"
    client_close
}

closes_what_is_left_after_drain_timeout() {
    have socat || skip "no socat"
    host_start echo -l 0 drain-timeout=100ms
    client_open socat - "TCP4:127.0.0.1:$PORT"
    client_say 'ECHO 10\nabcd\n'
    client_hear abcd
    host_stop
    client_close
}

a_second_signal_ends_it_at_once() {
    have socat || skip "no socat"
    host_start echo -l 0 drain-timeout=1d
    client_open socat - "TCP4:127.0.0.1:$PORT"
    client_say 'ECHO 10\nabcd\n'
    client_hear abcd
    kill -TERM "$HOST_PID"
    wait_until_refused
    kill -INT "$HOST_PID"
    host_wait
    assert_equal 0 "$STATUS" "exit status"
    assert_contains "$WORK/log" 'warning'
    client_close
}

logs_the_counters_when_it_has_stopped() {
    host_start echo -l 0
    printf 'ECHO 2\nhiECHO 2\nhoNO\n' | talk 127.0.0.1 "$PORT" >"$WORK/found"
    host_stop
    grep -qE ' info +echo: stopped: replies 2, refused 1$' "$WORK/log" || fail "not the counters: $(cat "$WORK/log")"
    host_start line -l 0
    host_stop
    grep -qE ' info +line: stopped$' "$WORK/log" || fail "expected no counters: $(cat "$WORK/log")"
}

counts_connections_in_words() {
    have socat || skip "no socat"
    host_start echo -l 0 drain-timeout=1d
    client_open socat - "TCP4:127.0.0.1:$PORT"
    client_say 'ECHO 10\nabcd\n'
    client_hear abcd
    kill -TERM "$HOST_PID"
    wait_until_refused
    kill -TERM "$HOST_PID"
    host_wait
    client_close
    grep -q 'draining, 1 connection$' "$WORK/log" || fail "found: $(cat "$WORK/log")"
    grep -q 'closing 1 connection at once$' "$WORK/log" || fail "found: $(cat "$WORK/log")"
    host_start line -l 0
    host_stop
    grep -q 'draining, 0 connections$' "$WORK/log" || fail "found: $(cat "$WORK/log")"
}

goes_on_after_sighup_and_says_so() {
    host_start line -l 0
    kill -HUP "$HOST_PID"
    assert_equal hi "$(printf 'hi\n' | talk 127.0.0.1 "$PORT" | tr -d '\r')" "the answer"
    host_stop
    assert_contains "$WORK/log" SIGHUP
}

goes_on_when_its_standard_output_is_gone() {
    host_launch line -l "unix:$WORK/socket" > >(exec true)
    assert_answers_on_socket
    host_stop
}

goes_on_when_its_standard_output_is_closed() {
    host_launch line -l "unix:$WORK/socket" >&-
    assert_answers_on_socket
    host_stop
    # What was meant for it went nowhere, and not into a descriptor that took its number.
    ! grep -q 'standard output' "$WORK/log" || fail "found: $(cat "$WORK/log")"
}

goes_on_when_its_standard_output_is_full() {
    [ -c /dev/full ] || skip "no /dev/full"
    host_launch line -l "unix:$WORK/socket" >/dev/full
    assert_answers_on_socket
    assert_contains "$WORK/log" "unix:$WORK/socket"
    host_stop
}

# Without the host's line there is no telling when it is ready: so it is tried until then.
assert_answers_on_socket() {
    python3 - "$WORK/socket" $LIMIT <<'PYTHON' || fail "no answer"
import socket, sys, time
end = time.monotonic() + int(sys.argv[2])
while True:
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(int(sys.argv[2]))
    try:
        s.connect(sys.argv[1])
        break
    except OSError:
        if time.monotonic() > end:
            raise
        time.sleep(0.01)
s.sendall(b"hi\n")
f = s.makefile("rb")
assert f.readline() == b"hi\r\n"
PYTHON
}

run_tests \
    ends_with_0_when_idle ends_idle_connections finishes_a_reply_that_is_under_way \
    closes_what_is_left_after_drain_timeout a_second_signal_ends_it_at_once logs_the_counters_when_it_has_stopped \
    counts_connections_in_words goes_on_after_sighup_and_says_so \
    goes_on_when_its_standard_output_is_gone goes_on_when_its_standard_output_is_closed \
    goes_on_when_its_standard_output_is_full
