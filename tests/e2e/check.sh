#!/usr/bin/env bash
# `confab check`: the plugins that come with it pass, those that are bad do not, and it tells why.
. "$(dirname "$0")/lib.sh"

BAD=${CONFAB_TEST_CHECKED_PLUGINS:?is to be the folder of the plugins that it finds fault with}
LIMIT=120 # of real time: a sanitizer makes thousands of runs slow

assert_status() { # EXPECTED
    [ "$STATUS" -eq "$1" ] || fail "expected exit status $1, found $STATUS: $(cat "$WORK/out" "$WORK/err")"
}

# It has one thread: ThreadSanitizer would take minutes to look at nothing.
if grep -q __tsan_init "$HOST"; then
    echo "skip  all: the program carries ThreadSanitizer, and a check has one thread"
    exit $SKIPPED
fi

# A plugin whose check fails with these words.
finds() { # PLUGIN TEXT...
    local plugin=$1 text
    shift
    ask check --hook-timeout 3 "$BAD/$plugin.so"
    assert_status 1
    for text in "$@"; do
        assert_contains "$WORK/out" "$text"
    done
    [ ! -s "$WORK/err" ] || fail "something on standard error: $(cat "$WORK/err")"
}

# -- Good plugins -------------------------------------------------------------------

passes() { # PLUGIN
    ask check --strict "$1"
    assert_status 0
    assert_contains "$WORK/out" '0 failures, 0 warnings'
    assert_contains "$WORK/out" 'ok    example 1: '
}

line_passes() { passes line; }
bench_passes() { passes bench; }
echo_passes() { passes echo; }
files_passes() { passes files; }
handler_passes() { passes handler; }
responder_passes() { passes responder; }
cpp_passes() { [ ! -e "$BAD/right_cpp.so" ] || passes "$BAD/right_cpp.so"; } # not there: no compiler for it

every_kind_of_fault_is_tried() {
    local kind
    ask check echo
    for kind in solo again one-cut two-cuts each-byte random-cuts short-writes interrupted slow-reader interleaved eof \
        reset stop time-out allocation random-bytes no-terminator never-reads growth; do
        grep -qE "[ ,]$kind [1-9]" "$WORK/out" || fail "no $kind: $(cat "$WORK/out")"
    done
}

# -- Bad ones -------------------------------------------------------------------------

pointer_into_collected_data_is_found() {
    finds keeps_pointer 'used collected data of an earlier call after the hook had returned' 'in         found_terminator'
}
pointer_to_message_is_found() {
    finds keeps_message 'used a message (confab_chat_message) after the hook had returned'
}
whole_line_a_call_is_found() {
    finds whole_line 'the reply differs when what is sent is cut after byte 1' 'expected   "HELLO WORLD\r\n"' \
        'got        "ELLO WORLD\r\n"' 'a message may come in any number of pieces'
}
producer_that_is_not_released_is_found() {
    finds producer_kept '40 bytes are left' 'given to confab_chat_push_with_producer: its release does not free them'
}
split_terminator_is_found() {
    finds split_terminator 'cut after byte 6 (between "hello\r" and "\n")'
}
leaked_session_is_found() {
    finds session_leak 'bytes are left, allocated by strndup in found_terminator'
}
blocking_call_is_found() {
    finds blocks 'blocks: called sleep(3) in found_terminator'
}
hook_that_waits_is_found() {
    finds blocks_quietly 'blocks: found_terminator did not return for' 'in which it waited'
}
hook_that_never_returns_is_found() {
    finds blocks_forever 'blocks: found_terminator has not returned for 3 s'
}
growth_is_found() {
    finds grows 'more each time that the session is played: grows without bound'
}
crash_is_found() {
    finds crashes_on_empty 'crashed: SIGSEGV' 'in         found_terminator'
}
failed_allocation_that_is_ignored_is_found() {
    finds ignores_malloc_failure 'after malloc of 7 bytes in found_terminator had failed'
}
end_of_the_process_is_found() {
    finds exits 'called exit(3)' 'FAIL  example 1: not played through' 'ok    silence: '
}
end_of_the_process_as_it_is_loaded_is_found() {
    finds ends_at_load 'the process ended with exit status 0: a plugin must not end its host'
}
process_that_is_left_is_found() {
    finds leaves_process 'a process that it has started is left: it runs on'
}
process_that_goes_on_as_another_is_found() {
    finds forks 'a process that it has started is left'
}
# With nothing to be heard of it.
hook_that_never_returns_and_says_nothing_is_found() {
    finds closes_output 'blocks: found_terminator has not returned for 3 s'
}
descriptor_that_is_left_open_is_found() {
    finds descriptor_leak 'a descriptor is left open' '/dev/null'
}
read_behind_the_data_is_found() {
    finds overreads 'read past the end of the data (5 bytes)'
}
free_of_what_is_free_is_found() {
    # It is libc that finds it, or the sanitizer in its place.
    ! grep -q -e __asan_init -e __tsan_init "$HOST" || skip "the program carries a sanitizer"
    finds freed_twice 'freed twice'
}
buffer_that_is_kept_is_found() {
    finds buffer_kept 'was not given back (confab_buffer_unref)'
}
buffer_that_was_given_away_is_found() {
    finds buffer_given_away 'confab_buffer_unref of a confab_buffer that is not the plugin' 'confab_buffer_ref makes one'
}
ended_process_stops_no_other_session() {
    printf 'confab-session 1\n> "\\r\\n"\n' >"$WORK/empty.session"
    printf 'confab-session 1\n> "abc\\r\\n"\n<* "\\n"\n' >"$WORK/full.session"
    ask check --session "$WORK/empty.session" --session "$WORK/full.session" "$BAD/crashes_on_empty.so"
    assert_status 1
    assert_contains "$WORK/out" 'empty.session: not played through as it is written'
    grep -qE 'full.session: .* one-cut 4' "$WORK/out" || fail "the other one was not played: $(cat "$WORK/out")"
}
sessions_behind_too_many_that_end_the_process_are_not_called_right() {
    local i
    local -a sessions=()
    for i in 1 2 3 4 5 6 7 8 9; do
        printf 'confab-session 1\n> "\\r\\n"\n' >"$WORK/$i.session"
        sessions+=(--session "$WORK/$i.session")
    done
    ask check "${sessions[@]}" "$BAD/crashes_on_empty.so"
    assert_status 1
    assert_contains "$WORK/out" '8.session: not played through as it is written'
    assert_contains "$WORK/out" '9.session: not tried: the plugin has ended the process too often before'
    ! grep -q '^ok' "$WORK/out" || fail "what was not tried is called right: $(cat "$WORK/out")"
}
where_no_session_holds_each_is_called_so() {
    printf 'confab-session 1\n> "a\\r\\n"\n< "b\\r\\n"\n' >"$WORK/first.session"
    ask check --seed 1.0.solo.0 --session "$WORK/first.session" line
    assert_status 1
    assert_contains "$WORK/out" 'first.session: not played through as it is written'
    ! grep -q 'not tried' "$WORK/out" || fail "$(cat "$WORK/out")"
}
case_of_what_does_not_hold_as_it_is_written_is_told_once() {
    printf 'confab-session 1\n> "a\\r\\n"\n< "b\\r\\n"\n' >"$WORK/first.session"
    printf 'confab-session 1\n> "c\\r\\n"\n< "d\\r\\n"\n' >"$WORK/second.session"
    ask check --seed 1.0.solo.0 --session "$WORK/first.session" --session "$WORK/second.session" line
    assert_status 1
    assert_contains "$WORK/out" 'first.session, line 3: the reply differs'
    assert_contains "$WORK/out" ' 1 failure, '
    ! grep -q 'second.session[,:]' "$WORK/out" || fail "another session is told of: $(cat "$WORK/out")"
}
what_holds_the_first_time_only_is_told_once_and_so() {
    printf 'confab-session 1\nplugin played fault=counts-starts\n> "a\\n"\n< "1\\r\\n"\n' >"$WORK/once.session"
    ask check --session "$WORK/once.session" "$CONFAB_TEST_PLAYED/played.so"
    assert_status 1
    assert_contains "$WORK/out" 'solo 1 (failed), again 0'
    assert_contains "$WORK/out" 'hint       it held the first time: '
    assert_contains "$WORK/out" ' 1 failure, '
}
static_data_is_found() {
    finds static_data 'warn  has static data that can be written to: ' 'lines_seen'
}

export_is_a_warning() {
    ask check "$BAD/exports.so"
    assert_status 0
    assert_contains "$WORK/out" 'warn  exports '
    assert_contains "$WORK/out" 'frob'
    assert_contains "$WORK/out" '0 failures, 1 warning'
    ask check --strict "$BAD/exports.so"
    assert_status 1
}

# (What is asleep here is not waited for: it is the time that must not be held against the plugin.)
time_in_which_all_are_stopped_does_not_count() {
    : >"$WORK/marker"
    python3 -c '
import os, signal, subprocess, sys, time
check = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, start_new_session=True)
os.waitid(os.P_PID, check.pid, os.WSTOPPED)
time.sleep(1.5)
# The child is in a group of its own.
for line in subprocess.check_output(["ps", "-A", "-o", "pid=,ppid="]).split(b"\n"):
    if line and int(line.split()[1]) == check.pid:
        os.kill(int(line.split()[0]), signal.SIGCONT)
os.kill(check.pid, signal.SIGCONT)
said = check.communicate(timeout='$LIMIT')[0].decode()
assert check.returncode == 0, said
' "$HOST" check --hook-timeout 1 --seed 1.0.solo.0 "$BAD/stopped.so" marker="$WORK/marker" || fail "it is held against it"
    [ ! -e "$WORK/marker" ] || fail "it was not stopped"
}

many_crashes_are_not_gone_on_with_for_ever() {
    local i sessions=()
    for i in 1 2 3 4 5 6 7 8 9; do
        printf 'confab-session 1\n> "one two\\r\\n"\n< "one\\r\\n"\n' >"$WORK/$i.session"
        sessions+=(--session "$WORK/$i.session")
    done
    ask check "${sessions[@]}" "$BAD/crashes_on_empty.so"
    assert_status 1
    grep -qE '^note  [0-9]+ cases were not run: the plugin has ended too many processes' "$WORK/out" ||
        fail "no such note: $(cat "$WORK/out")"
}

# -- What a failure is shown with -------------------------------------------------------

seed_does_it_again_and_nothing_else() {
    finds split_terminator 'again      confab check --seed 1.'
    local seed
    seed=$(sed -n 's/.*--seed \([^ ]*\).*/\1/p' "$WORK/out" | head -n 1)
    ask check --seed "$seed" "$BAD/split_terminator.so"
    assert_status 1
    assert_contains "$WORK/out" 'cut after byte 6 (between "hello\r" and "\n")'
    assert_contains "$WORK/out" '1 run in '
}

reproducer_is_a_session_that_fails() {
    finds split_terminator 'shortest reproducer found, a session:'
    sed -n '/shortest reproducer/,/^[^ ]/s/^          //p' "$WORK/out" >"$WORK/short.session"
    assert_equal 'confab-session 1
> "hello\r"
> "\n"
< "5\r\n"' "$(cat "$WORK/short.session")" "the reproducer"
    ask check --session "$WORK/short.session" "$BAD/split_terminator.so"
    assert_status 1
    assert_contains "$WORK/out" 'short.session, line 4: the reply differs'
}

reproducer_of_a_crash_is_what_was_sent_before() {
    finds crashes_on_empty 'shortest reproducer found, a session:'
    sed -n '/shortest reproducer/,/^[^ ]/s/^          //p' "$WORK/out" | sed '/^$/d' >"$WORK/short.session"
    ask check --session "$WORK/short.session" "$BAD/crashes_on_empty.so"
    assert_status 1
    assert_contains "$WORK/out" 'line 2: crashed: SIGSEGV'
}

reproducer_has_nothing_that_is_not_needed() {
    finds exits 'called exit(3)' 'shortest reproducer found, a session:'
    sed -n '/shortest reproducer/,/^[^ ]/s/^          //p' "$WORK/out" >"$WORK/short.session"
    assert_equal 'confab-session 1
> "quit\r\n"' "$(cat "$WORK/short.session")" "the reproducer"
}

another_seed_draws_other_cuts() {
    ask check --seed 7 "$BAD/whole_line.so"
    assert_status 1
    assert_contains "$WORK/out" '--seed 7.0.'
}

json_is_for_programs() {
    ask check --json "$BAD/split_terminator.so"
    assert_status 1
    python3 -c '
import json, sys
told = json.load(open(sys.argv[1]))
assert told["plugin"] == "split_terminator" and told["failures"] == 1 and told["warnings"] == 0, told
finding = told["findings"][0]
assert finding["severity"] == "failure" and finding["hook"] == "collect_incoming_data", finding
assert finding["expected"] == "\"5\\r\\n\"" and finding["seed"].startswith("1.0.one-cut."), finding
assert finding["reproducer"].startswith("confab-session 1\n"), finding
assert told["runs"] == sum(kind["run"] for session in told["sessions"] for kind in session["kinds"]), told
assert any(kind["kind"] == "one-cut" and kind["failed"] for kind in told["sessions"][0]["kinds"]), told
' "$WORK/out" || fail "$(cat "$WORK/out")"
}

progress_is_for_terminals() {
    python3 -c '
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
said = b""
while True:
    try:
        more = os.read(fd, 4096)
    except OSError:
        break
    if not more:
        break
    said += more
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, said
assert b"runs: 1." in said and b"[####" in said, said
' "$HOST" check files || fail "no progress"
}

# -- Sessions and words ------------------------------------------------------------------

session_of_a_file_is_played() {
    printf 'confab-session 1\nplugin line\n> "hello\\r\\n"\n< "hullo\\r\\n"\n' >"$WORK/wrong.session"
    ask check --session "$WORK/wrong.session" line
    assert_status 1
    assert_contains "$WORK/out" 'wrong.session, line 4: the reply differs'
    assert_contains "$WORK/out" 'expected   "hullo\r\n"'
    assert_contains "$WORK/out" 'got        "hello\r\n"'
}

session_of_another_plugin_is_refused() {
    printf 'confab-session 1\nplugin echo\n> "hello\\r\\n"\n' >"$WORK/other.session"
    ask check --session "$WORK/other.session" line
    assert_status 1
    assert_contains "$WORK/out" 'other.session:2: it is a session of the plugin "echo", and this one is "line"'
}

session_that_cannot_be_read_is_told() {
    ask check --session "$WORK/absent.session" line
    assert_status 1
    assert_contains "$WORK/err" 'absent.session'
    printf 'confab-session 1\nfrobnicate\n' >"$WORK/bad.session"
    ask check --session "$WORK/bad.session" line
    assert_status 1
    assert_contains "$WORK/err" 'bad.session:2: '
}

a_crash_leaves_no_folder() {
    mkdir "$WORK/tmp"
    printf 'confab-session 1\nfile a "b"\n> "\\r\\n"\n' >"$WORK/file.session"
    TMPDIR=$WORK/tmp ask check --session "$WORK/file.session" "$BAD/crashes_on_empty.so"
    assert_status 1
    assert_contains "$WORK/out" 'crashed: SIGSEGV'
    rmdir "$WORK/tmp" || fail "something is left: $(ls "$WORK/tmp")"
}

# PLUGIN; prints the number of the process that it runs in, once a hook of it does.
child_of() {
    local child=
    until [ -n "$child" ] && grep -q '^State:.R' "/proc/$child/status" 2>/dev/null; do
        child=$(pgrep -P "$1") || child=
        sleep 0.05
    done
    echo "$child"
}

an_end_from_outside_leaves_nothing() {
    local signal child
    printf 'confab-session 1\nfile a "b"\n> "\\r\\n"\n' >"$WORK/file.session"
    for signal in INT TERM HUP; do
        mkdir "$WORK/tmp"
        # The shell has what it puts behind it ignore SIGINT.
        TMPDIR=$WORK/tmp "$PYTHON" -I -S -c '
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$HOST" check --hook-timeout 100 --session "$WORK/file.session" \
            "$BAD/closes_output.so" >"$WORK/out" 2>"$WORK/err" &
        STATUS=0
        child=$(child_of $!)
        kill -"$signal" $!
        wait $! || STATUS=$?
        assert_status $((128 + $(kill -l "$signal")))
        ! kill -0 "$child" 2>/dev/null || fail "the plugin's process is left after SIG$signal"
        rmdir "$WORK/tmp" || fail "something is left: $(ls "$WORK/tmp")"
    done
}

what_a_plugin_says_is_printable() {
    finds escapes 'ERROR: ?]0;mine? é ??31m ?'
    ask info "$BAD/escapes.so"
    assert_contains "$WORK/out" 'description   ?[31mred?é'
    ! LC_ALL=C grep -q '[[:cntrl:]]' "$WORK/out" || fail "controls: $(cat -v "$WORK/out")"
    ask info --json "$BAD/escapes.so"
    python3 -c 'import json, sys; assert json.load(sys.stdin)["description"] == "\x1b[31mred\n\u00e9"' <"$WORK/out" || fail "json"
}

options_reach_the_plugin() {
    printf 'confab-session 1\n> "ECHO 5\\n"\n<* "over this server'"'"'s max-length\\n"\nclosed\n' >"$WORK/long.session"
    ask check --session "$WORK/long.session" echo max-length=4
    assert_status 0
    ask check --session "$WORK/long.session" echo max-length=5
    assert_status 1
    ask check echo max-lenght=5
    assert_status 1
    assert_contains "$WORK/out" 'max-lenght'
}

wrong_words_are_refused() {
    local words
    for words in '' '--seed line' '--seed 1.2 line' '--seed 1.0.no-cut.3 line' '--hook-timeout 0 line' '--frobnicate line'; do
        # shellcheck disable=SC2086 # words of a command line
        ask check $words
        assert_status 2
        assert_contains "$WORK/err" "Try 'confab check --help'"
    done
    ask check --seed 1.0.one-cut.999999 line
    assert_status 1
    assert_contains "$WORK/out" 'there is no such case'
    ask check absent
    assert_status 1
    assert_contains "$WORK/err" 'no plugin "absent": looked for'
}

run_tests line_passes bench_passes echo_passes files_passes handler_passes responder_passes cpp_passes every_kind_of_fault_is_tried \
    pointer_into_collected_data_is_found pointer_to_message_is_found whole_line_a_call_is_found \
    producer_that_is_not_released_is_found split_terminator_is_found leaked_session_is_found blocking_call_is_found \
    hook_that_waits_is_found hook_that_never_returns_is_found growth_is_found crash_is_found \
    failed_allocation_that_is_ignored_is_found end_of_the_process_is_found end_of_the_process_as_it_is_loaded_is_found \
    process_that_is_left_is_found process_that_goes_on_as_another_is_found \
    hook_that_never_returns_and_says_nothing_is_found descriptor_that_is_left_open_is_found \
    read_behind_the_data_is_found free_of_what_is_free_is_found buffer_that_is_kept_is_found \
    buffer_that_was_given_away_is_found ended_process_stops_no_other_session \
    sessions_behind_too_many_that_end_the_process_are_not_called_right where_no_session_holds_each_is_called_so \
    case_of_what_does_not_hold_as_it_is_written_is_told_once \
    what_holds_the_first_time_only_is_told_once_and_so static_data_is_found \
    time_in_which_all_are_stopped_does_not_count many_crashes_are_not_gone_on_with_for_ever \
    export_is_a_warning seed_does_it_again_and_nothing_else reproducer_is_a_session_that_fails \
    reproducer_of_a_crash_is_what_was_sent_before reproducer_has_nothing_that_is_not_needed another_seed_draws_other_cuts json_is_for_programs \
    progress_is_for_terminals session_of_a_file_is_played session_of_another_plugin_is_refused \
    session_that_cannot_be_read_is_told a_crash_leaves_no_folder \
    an_end_from_outside_leaves_nothing what_a_plugin_says_is_printable options_reach_the_plugin wrong_words_are_refused
