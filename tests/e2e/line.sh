#!/usr/bin/env bash
# The plugin `line`, with the clients that people have at hand.
. "$(dirname "$0")/lib.sh"

answers_each_line_over_nc() {
    nc -h 2>&1 | grep -q -e '-N' || skip "no nc that has -N"
    host_start line -l 0
    printf 'one\r\ntwo\nthree' | nc -N -w $LIMIT 127.0.0.1 "$PORT" >"$WORK/found"
    printf 'one\r\ntwo\r\n' >"$WORK/expected"
    cmp "$WORK/expected" "$WORK/found" || fail "not the lines that were sent"
    host_stop
}

answers_at_once_over_socat() {
    have socat || skip "no socat"
    host_start line -l 0
    client_open socat - "TCP4:127.0.0.1:$PORT"
    client_say 'hello\n'
    client_hear hello
    client_say '\n'
    client_hear ''
    client_say 'again\r\n'
    client_hear again
    client_close
    host_stop
}

answers_at_once_over_curl() {
    curl --version 2>/dev/null | grep -q telnet || skip "no curl that speaks telnet"
    host_start line -l 0
    client_open curl -sN "telnet://127.0.0.1:$PORT"
    client_say 'hello\n'
    client_hear hello
    client_say 'again\n'
    client_hear again
    client_close
    host_stop
}

listens_on_a_socket_file_and_removes_it() {
    have socat || skip "no socat"
    host_start line -l "unix:$WORK/socket"
    assert_equal "unix:$WORK/socket" "$ADDRESS" "the address"
    client_open socat - "UNIX-CONNECT:$WORK/socket"
    client_say 'hello\n'
    client_hear hello
    client_close
    host_stop
    [ ! -e "$WORK/socket" ] || fail "the socket file is still there"
}

replaces_a_socket_file_that_was_left_behind() {
    host_start line -l "unix:$WORK/socket"
    kill -KILL "$HOST_PID"
    wait "$HOST_PID" 2>/dev/null
    [ -S "$WORK/socket" ] || fail "expected a socket file that was left behind"
    host_start line -l "unix:$WORK/socket"
    assert_equal hi "$(printf 'hi\n' | talk "$ADDRESS" | tr -d '\r')" "the answer"
    host_stop
}

listens_on_ipv6() {
    python3 -c 'import socket; socket.socket(socket.AF_INET6).bind(("::1", 0))' 2>/dev/null || skip "no IPv6 here"
    host_start line -l '[::1]:0'
    assert_equal "[::1]:$PORT" "$ADDRESS" "the address"
    assert_equal hi "$(printf 'hi\n' | talk ::1 "$PORT" | tr -d '\r')" "the answer"
    host_stop
}

listens_on_loopback_without_l() {
    host_start line
    assert_equal "127.0.0.1:$PORT" "$ADDRESS" "the address"
    assert_equal hi "$(printf 'hi\n' | talk 127.0.0.1 "$PORT" | tr -d '\r')" "the answer"
    host_stop
}

listens_on_every_interface() {
    host_start line -l '*:0'
    assert_equal hi "$(printf 'hi\n' | talk 127.0.0.1 "$PORT" | tr -d '\r')" "the answer"
    host_stop
}

serves_several_addresses() {
    LISTENERS=3 host_start line -l 0 -l "unix:$WORK/socket" --listen=127.0.0.1:0
    # shellcheck disable=SC2086 # one word an address
    set -- $ADDRESSES
    assert_equal 3 $# "listeners"
    local address found
    for address in "$@"; do
        case $address in
        unix:*) found=$(echo "$address" | talk "$address") ;;
        *) found=$(echo "$address" | talk 127.0.0.1 "${address##*:}") ;;
        esac
        assert_equal "$address" "${found%$'\r'}" "the answer"
    done
    host_stop
}

run_tests \
    answers_each_line_over_nc answers_at_once_over_socat answers_at_once_over_curl \
    listens_on_a_socket_file_and_removes_it replaces_a_socket_file_that_was_left_behind listens_on_ipv6 \
    listens_on_loopback_without_l listens_on_every_interface serves_several_addresses
