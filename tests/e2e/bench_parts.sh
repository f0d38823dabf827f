#!/usr/bin/env bash
# The workers of `confab bench`: what measures itself in a process of its own.
. "$(dirname "$0")/lib.sh"

BACKEND=${CONFAB_BACKEND:-poll}

part() { # WORD...
    "$HOST" bench --part "$@" >"$WORK/out" 2>"$WORK/err"
}

# The result of a part is these figures, each above 0, and nothing else.
prints() { # "FIGURE..." WORD...
    local figures=$1
    shift
    part "$@" || fail "$*: ended with $?: $(cat "$WORK/err")"
    assert_equal "$figures" "$(awk '$2 > 0 && NF == 2 { printf "%s%s", sep, $1; sep = " " }' "$WORK/out")" "$*: figures"
    assert_equal "$(wc -w <<<"$figures")" "$(wc -l <"$WORK/out")" "$*: lines"
    [ ! -s "$WORK/err" ] || fail "$*: said: $(cat "$WORK/err")"
}

# A part is refused, as wrong usage that is told in one line and one about help.
refused() { # WORD...
    local status=0
    part "$@" || status=$?
    assert_equal 2 $status "$*: exit status"
    assert_equal 2 "$(wc -l <"$WORK/err")" "$*: lines of its error"
    [ ! -s "$WORK/out" ] || fail "$*: printed: $(cat "$WORK/out")"
}

bare_dispatch_tells_the_time_of_an_event() {
    prints event_ns bare dispatch 100 1 100
    prints event_ns bare dispatch 40 40 1
}

host_dispatch_tells_the_time_of_an_event() {
    prints event_ns host dispatch "$BACKEND" 100 1 100
    prints event_ns host dispatch "$BACKEND" 40 40 1
    prints event_ns host dispatch "$BACKEND" 1 1 1000
}

host_timers_tells_the_times_of_a_timer() {
    prints "start_ns stop_ns expire_ns" host timers "$BACKEND" 2
    prints "start_ns stop_ns expire_ns" host timers "$BACKEND" 10001
}

wrong_words_are_refused() {
    refused bare dispatch
    refused bare dispatch 10 1
    refused bare dispatch 10 11 1
    refused bare dispatch ten 1 1
    refused host dispatch
    refused host dispatch "$BACKEND" 10 1
    refused host timers
    refused host timers "$BACKEND" 1
    refused host timers "$BACKEND" 10 1
}

a_backend_that_is_not_there_is_named() {
    local status=0
    part host dispatch nonesuch 10 1 1 || status=$?
    assert_equal 1 $status "exit status"
    assert_contains "$WORK/err" nonesuch
    part host timers nonesuch 10 && fail "timers of nonesuch"
    assert_contains "$WORK/err" nonesuch
}

too_few_descriptors_are_told_of() {
    local status=0
    (ulimit -n 200 && part bare dispatch 100 1 1) || status=$?
    assert_equal 1 $status "exit status"
    assert_contains "$WORK/err" "100 socketpairs take 232 descriptors, and a process may have 200"
}

run_tests bare_dispatch_tells_the_time_of_an_event host_dispatch_tells_the_time_of_an_event \
    host_timers_tells_the_times_of_a_timer wrong_words_are_refused a_backend_that_is_not_there_is_named \
    too_few_descriptors_are_told_of
