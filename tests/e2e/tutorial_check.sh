#!/usr/bin/env bash
# The plugins of the tutorial by `confab check`, each with the session beside it.
. "$(dirname "$0")/lib.sh"

SESSIONS=$(cd "$(dirname "$0")/../../plugins/tutorial" && pwd)
STEPS=${CONFAB_TEST_TUTORIAL:-}
LIMIT=300 # seconds: thousands of runs, under a sanitizer too

check_step() { # NUMBER, of two digits
    [ -d "$STEPS" ] || skip "the steps are not built"
    ask check "$STEPS/step$1.so" --session "$SESSIONS/step$1.session"
    [ "$STATUS" -eq 0 ] || fail "$(cat "$WORK/out" "$WORK/err")"
}

TESTS=()
for number in 01 02 03 04 05 06 07 08 09 10; do
    eval "step_$number() { check_step $number; }"
    TESTS+=("step_$number")
done
run_tests "${TESTS[@]}"
