#!/usr/bin/env bash
# The worked example of confab-plugin(3): a real client, and the checker.
. "$(dirname "$0")/../e2e/lib.sh"
PLUGIN=${1:?is to be the path of the plugin}

answers_as_the_page_says() {
    host_start "$PLUGIN" -l 0 most=1K
    printf 'SUM 5\r\nhelloSUM 0\r\nSUM x\r\nSUM 1\r\na' | talk 127.0.0.1 "$PORT" >"$WORK/found"
    printf '532\r\n0\r\nERROR not a length, or too large\r\n' >"$WORK/expected"
    cmp "$WORK/expected" "$WORK/found" || fail "found: $(cat "$WORK/found")"
    host_stop
    assert_contains "$WORK/log" 'stopped: bodies 2, refused 1'
}

bounds_a_body_by_its_option() {
    host_start "$PLUGIN" -l 0 most=1K
    printf 'SUM 1025\r\n' | TALK_STAYS=1 talk 127.0.0.1 "$PORT" >"$WORK/found"
    assert_contains "$WORK/found" 'too large'
    host_stop
}

refuses_a_line_that_is_too_long() {
    host_start "$PLUGIN" -l 0
    printf 'SUM %0100d' 1 | TALK_STAYS=1 talk 127.0.0.1 "$PORT" >"$WORK/found"
    assert_contains "$WORK/found" 'the line is too long'
    host_stop
}

adds_up_a_body_that_was_announced_before_the_stop() {
    host_start "$PLUGIN" -l 0
    client_open nc 127.0.0.1 "$PORT"
    client_say 'SUM 0\r\nSUM 5\r\n'
    client_hear 0
    kill -TERM "$HOST_PID"
    wait_until_refused
    client_say 'hello'
    client_hear 532
    host_wait
    assert_equal 0 "$STATUS" "exit status after SIGTERM"
    client_close
}

passes_the_checker() {
    ask check --strict "$PLUGIN"
    assert_equal 0 "$STATUS" "exit status of check: $(cat "$WORK/out" "$WORK/err")"
}

run_tests answers_as_the_page_says bounds_a_body_by_its_option refuses_a_line_that_is_too_long \
    adds_up_a_body_that_was_announced_before_the_stop passes_the_checker
