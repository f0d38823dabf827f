#!/usr/bin/env bash
# `confab bench`: that each scenario is measured, what it refuses, and that it leaves nothing.  How large its figures are
# is no test's matter.
. "$(dirname "$0")/lib.sh"

LIMIT=120 # of real time: a sanitizer on a busy machine
FEW=(--quick --rounds 1 --seconds 0.05 --peer none)

assert_status() { # EXPECTED
    [ "$STATUS" -eq "$1" ] || fail "expected exit status $1, found $STATUS: $(tail -n 20 "$WORK/out") $(cat "$WORK/err")"
}

assert_wrong() { # TEXT ARGUMENT...
    local text=$1
    shift
    ask bench "$@"
    assert_status 2
    [ ! -s "$WORK/out" ] || fail "$*: something on standard output: $(cat "$WORK/out")"
    assert_contains "$WORK/err" "$text"
    assert_contains "$WORK/err" "Try 'confab bench --help'."
}

# It fails before it measures: there is one line, and at once.
assert_fails() { # TEXT ARGUMENT...
    local text=$1
    shift
    ask bench "$@"
    assert_status 1
    [ ! -s "$WORK/out" ] || fail "$*: something on standard output: $(cat "$WORK/out")"
    assert_contains "$WORK/err" "$text"
    assert_equal 1 "$(wc -l <"$WORK/err")" "lines on standard error"
}

# -- Each scenario ------------------------------------------------------------

# Its report has so many points, each contender at each of them: with figures, or with words why not.  How large they are is
# no matter, but they are there and above 0.  Status 9: one is not, and might be after more time.
look_at_report() { # SCENARIO POINTS FIGURE...
    python3 - "$WORK/report.json" "$@" <<'PYTHON'
import json, os, sys
report, scenario, points, figures = json.load(open(sys.argv[1])), sys.argv[2], int(sys.argv[3]), set(sys.argv[4:])
assert report["confab_bench"] == 1
assert report["rounds"] == 1 and report["quick"]
names = [c["name"] for c in report["contenders"]]
assert names[0] == "bare" and "poll" in names, names
assert report["results"], "no points"
left_out = [w for w in report["warnings"] if w.startswith(scenario + ": ")] # there are too few descriptors
assert len(report["results"]) == points or left_out, len(report["results"])
if not os.path.exists("/proc/self/stat"): # then nobody may tell what a server uses
    figures -= {"cpu_ns", "memory_bytes"}
if any(w.startswith("system calls are not counted") for w in report["warnings"]):
    figures -= {"system_calls"}
missing = []
for result in report["results"]:
    assert result["scenario"] == scenario, result["scenario"]
    assert [s["contender"] for s in result["series"]] == names
    for series in result["series"]:
        where = result["point"], series["contender"], series["excluded"]
        assert series["excluded"] == ("has no timers" if where[1] == "bare" and scenario == "timers" else None), where
        assert series["excluded"] or series["rounds"] == 1, where
        for name in figures - ({"system_calls"} if result["variant"] == "open" else set()):
            if not series["excluded"] and not (series["figures"].get(name, {}).get("median") or 0) > 0:
                missing.append((*where[:2], name))
if missing:
    print(missing, file=sys.stderr)
    sys.exit(1 if scenario in ("idle", "timers", "dispatch") else 9) # what these do is no matter of time
PYTHON
}

# What is done in a moment may be nothing, where the machine is busy with others: then more than a moment is tried.
measures() { # SCENARIO POINTS FIGURE...
    local seconds status
    for seconds in 0.05 0.5 3; do
        ask bench --quick --rounds 1 --seconds $seconds --peer none --json "$WORK/report.json" "$1"
        assert_status 0
        [ ! -s "$WORK/err" ] || fail "something on standard error: $(cat "$WORK/err")"
        assert_contains "$WORK/out" "$1"
        status=0
        look_at_report "$@" || status=$?
        [ $status -eq 9 ] || break
    done
    [ $status -eq 0 ] || fail "$1: the report: $(cat "$WORK/out")"
}

measures_echo() { measures echo 5 rate cpu_ns system_calls p50_ns p99_ns p99_9_ns max_ns; }
measures_churn() { measures churn 1 rate cpu_ns system_calls p50_ns p99_ns; }
measures_idle() { measures idle 1 memory_bytes; }
measures_bulk() { measures bulk 2 bytes_rate cpu_ns system_calls; }
measures_terminator() { measures terminator 3 bytes_rate cpu_ns; }
measures_fairness() { measures fairness 1 rate p50_ns p99_ns p99_9_ns max_ns; }
measures_timers() { measures timers 1 start_ns stop_ns expire_ns; }
measures_dispatch() { measures dispatch 5 event_ns; }

every_scenario_has_its_test() {
    local name
    ask bench --list
    assert_status 0
    [ -s "$WORK/out" ] || fail "no scenario is listed"
    while read -r name _; do
        declare -F "measures_$name" >/dev/null || fail "there is no test of $name"
    done <"$WORK/out"
}

measures_a_plugin_by_a_session() {
    printf 'confab-session 1\n> "ECHO 3\\r\\nabc"\n< "abc"\n' >"$WORK/talk.session"
    ask bench --quick --rounds 1 --seconds 0.5 --peer none --backend poll --plugin echo max-length=3 \
        --session "$WORK/talk.session" --json -
    assert_status 0
    python3 - "$WORK/out" <<'PYTHON' || fail "the report: $(cat "$WORK/out")"
import json, sys
report = json.load(open(sys.argv[1]))
assert [c["name"] for c in report["contenders"]] == ["poll"]
assert len(report["results"]) == 3, len(report["results"])
assert all(r["series"][0]["figures"]["rate"]["median"] > 0 for r in report["results"])
PYTHON
}

a_plugin_that_answers_otherwise_is_told() {
    printf 'confab-session 1\n> "ECHO 3\\r\\nabc"\n< "abx"\n' >"$WORK/talk.session"
    ask bench "${FEW[@]}" --backend poll --plugin echo --session "$WORK/talk.session"
    assert_status 1
    assert_contains "$WORK/err" 'could not be measured'
}

own_words_of() { # COMMAND ARGUMENT...: what it complains of, without its name
    "$HOST" "$@" 2>&1 >/dev/null | sed -n "1s/^confab $1: //p"
}

a_plugin_that_does_not_serve_is_told_at_once() {
    printf 'confab-session 1\n> "a\\r\\n"\n< "a\\r\\n"\n' >"$WORK/talk.session"
    assert_fails 'nosuch' --plugin nosuch --session "$WORK/talk.session"
    assert_wrong "confab bench: $(own_words_of serve line wat=1)" --plugin line wat=1 --session "$WORK/talk.session"
    assert_fails 'talk.session' --plugin line --session "$WORK/none/talk.session"
}

# -- Forms --------------------------------------------------------------------

json_on_standard_output_is_all_that_is_there() {
    ask bench "${FEW[@]}" churn --backend poll --json -
    assert_status 0
    python3 -c 'import json, sys; assert len(json.load(open(sys.argv[1]))["contenders"]) == 2' "$WORK/out" ||
        fail "no JSON: $(head "$WORK/out")"
}

the_page_is_written_beside_the_table() {
    ask bench "${FEW[@]}" churn --backend poll --html "$WORK/report.html"
    assert_status 0
    assert_contains "$WORK/out" churn
    assert_contains "$WORK/report.html" '</html>'
    ask bench "${FEW[@]}" churn --backend poll --html -
    assert_status 0
    assert_contains "$WORK/out" '</html>'
}

a_file_is_replaced_and_keeps_its_mode() {
    echo old >"$WORK/report.json"
    chmod 640 "$WORK/report.json"
    ln -s report.json "$WORK/link"
    ask bench "${FEW[@]}" churn --backend poll --json "$WORK/link"
    assert_status 0
    assert_contains "$WORK/report.json" confab_bench
    assert_equal 640 "$(stat -c %a "$WORK/report.json" 2>/dev/null || stat -f %Lp "$WORK/report.json")" "its mode"
    [ -L "$WORK/link" ] || fail "the link is a file now"
    assert_equal 'link report.json' "$(cd "$WORK" && echo l* r*)" "what is there"
}

a_file_that_cannot_be_written_is_told_before() {
    assert_fails "$WORK/none/x: cannot be written to: No such file" "${FEW[@]}" --json "$WORK/none/x"
    assert_fails "$WORK: cannot be written to: Is a directory" "${FEW[@]}" --html "$WORK"
}

what_is_no_file_is_written_to_as_it_is() {
    mkfifo "$WORK/pipe"
    "$PYTHON" -c 'import sys; sys.stdout.write(open(sys.argv[1]).read())' "$WORK/pipe" >"$WORK/came" &
    CLIENT_PID=$! # is ended whatever happens
    ask bench "${FEW[@]}" churn --backend poll --json "$WORK/pipe"
    assert_status 0
    [ -p "$WORK/pipe" ] || fail "it is no pipe any more"
    wait "$CLIENT_PID"
    CLIENT_PID=''
    assert_contains "$WORK/came" confab_bench
}

# (Not by --json: as root, a fault would put a file in the place of the device.)
an_output_that_takes_nothing_is_a_failure() {
    [ -c /dev/full ] || skip "there is no /dev/full"
    STATUS=0
    "$HOST" bench "${FEW[@]}" churn --backend poll >/dev/full 2>"$WORK/err" || STATUS=$?
    assert_status 1
    assert_contains "$WORK/err" 'cannot write to standard output'
}

a_report_is_compared_with_itself() {
    ask bench "${FEW[@]}" churn --backend poll --json "$WORK/old.json"
    assert_status 0
    ask bench "${FEW[@]}" churn --backend poll --compare "$WORK/old.json"
    assert_status 0
    assert_contains "$WORK/out" 'evidence'
    echo '{}' >"$WORK/other.json"
    assert_fails "no report of \`confab bench --json\`: $0:1:1: #" "${FEW[@]}" --compare "$0"
    assert_fails 'other.json' "${FEW[@]}" --compare "$WORK/other.json"
    assert_fails 'none.json' "${FEW[@]}" --compare "$WORK/none.json"
}

how_far_it_has_come_is_shown_on_a_terminal_only() {
    python3 - "$HOST" bench "${FEW[@]}" churn --backend poll <<'PYTHON' || fail "what a terminal gets"
import os, pty, subprocess, sys
ours, theirs = pty.openpty()
bench = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=theirs)
os.close(theirs)
said = b""
while True:
    try:
        more = os.read(ours, 4096)
    except OSError:
        break
    if not more:
        break
    said += more
assert bench.wait() == 0, said
assert b"confab bench: about " in said and b" left: churn: poll: " in said, said
assert said.endswith(b"\r"), said
PYTHON
}

# -- Another build ------------------------------------------------------------

# A program that serves as the host does, but for what is said here, a shell's text.
old_build() { # TEXT
    printf '#!/bin/sh\nhost=%s\n%s\nexec "$host" "$@"\n' "$HOST" "$1" >"$WORK/old"
    chmod +x "$WORK/old"
}

a_build_is_no_slower_than_itself() {
    ask bench --quick --rounds 2 --seconds 0.05 churn --against "$HOST"
    assert_status 0
    [ ! -s "$WORK/err" ] || fail "something on standard error: $(cat "$WORK/err")"
    assert_contains "$WORK/out" 'old poll'
}

a_build_that_has_become_slower_is_told() {
    # (The other one finds its messages by memchr alone: several times faster.)
    # shellcheck disable=SC2016 # for the other shell
    old_build 'case "$*" in *" -- bench "*) for word; do last=$word; done; exec "$host" bench --part bare sink "$last" ;; esac'
    ask bench --quick --rounds 6 --seconds 0.05 terminator --backend poll --against "$WORK/old"
    assert_status 1
    assert_contains "$WORK/err" 'confab bench: slower than the old build in '
}

what_an_older_build_has_not_is_left_out() {
    # shellcheck disable=SC2016 # for the other shell
    old_build 'case $1 in bench) exit 2 ;; info) exit 1 ;; esac'
    ask bench "${FEW[@]}" dispatch bulk --backend poll --against "$WORK/old" --json -
    assert_status 0
    assert_contains "$WORK/out" '"excluded": "an older build, without `bench --part`"'
    assert_contains "$WORK/out" '"excluded": "an older build, without the plugin `bench`"'
}

what_is_no_other_build_is_told_before() {
    assert_fails 'is no confab' --against /bin/ls
    assert_fails 'No such file' --against "$WORK/none"
    assert_fails 'expected a program' --against "$WORK"
    : >"$WORK/file"
    [ -x "$WORK/file" ] || [ "$(id -u)" -eq 0 ] || assert_fails 'cannot be executed' --against "$WORK/file"
    # shellcheck disable=SC2016 # for the other shell
    old_build '[ "$1" != serve ] || { echo "serves nothing" >&2; exit 1; }'
    assert_fails 'serves nothing' --against "$WORK/old"
    # shellcheck disable=SC2016 # for the other shell
    old_build '[ "$1" != backends ] || exit 0'
    assert_wrong 'that build has no poll' --backend poll --against "$WORK/old"
}

# -- Words --------------------------------------------------------------------

wrong_words_are_refused() {
    assert_wrong 'no scenario "ecko": expected one of echo, churn' ecko
    assert_wrong '"sim" is simulated: nothing to measure' --backend sim
    assert_wrong 'no backend "kpoll": expected one of' --backend kpoll
    assert_wrong '--backend: poll is given twice' --backend poll -b poll
    assert_wrong '--rounds: expected 1 to 100, but got "0"' --rounds 0
    assert_wrong '--rounds: expected 1 to 100, but got "101"' --rounds 101
    assert_wrong '--seconds: expected 0.01 to 60, but got "0x1"' --seconds 0x1
    assert_wrong '--seconds: expected 0.01 to 60, but got "inf"' --seconds inf
    assert_wrong '--seconds: expected 0.01 to 60, but got "61"' --seconds 61
    assert_wrong '--plugin: expected --session FILE' --plugin line
    assert_wrong '--session: expected --plugin PLUGIN' --session talk.session
    assert_wrong 'not with the scenario echo' --plugin line --session talk.session echo
    assert_wrong '--peer: no peer' --peer nosuch
    assert_wrong '--peer: none cannot be given beside another' --peer none --peer nosuch
    assert_wrong 'standard output can take one of them' --json - --html -
    assert_wrong 'expected two files, but got "a" twice' --json a --html a
    assert_wrong 'which --json has' --json - --compare old.json
    assert_wrong '--json: expected one' --json a --json b
    CONFAB_BACKEND=kpoll assert_wrong 'CONFAB_BACKEND: no backend "kpoll"' churn
}

scenarios_are_in_the_help() {
    local name
    ask bench --list
    cut -d' ' -f1 "$WORK/out" >"$WORK/names"
    ask bench --help
    assert_status 0
    while read -r name; do
        assert_contains "$WORK/out" "  $name "
    done <"$WORK/names"
}

# -- A signal -----------------------------------------------------------------

# It is interrupted while a server runs, by a signal to it alone, or to all of them as a terminal does.
# Nothing is left: no process, no file.
interrupted() { # SIGNAL alone|all STATUS
    mkdir -p "$WORK/tmp"
    TMPDIR=$WORK/tmp python3 - "$1" "$2" "$3" "$WORK/out" "$WORK/err" "$HOST" bench bulk churn --seconds 1 --rounds 3 \
        --json "$WORK/report.json" <<'PYTHON' || fail "$1 to $2: $(cat "$WORK/err")"
import glob, os, signal, subprocess, sys, time
signo, whom, status = getattr(signal, sys.argv[1]), sys.argv[2], int(sys.argv[3])
bench = subprocess.Popen(sys.argv[6:], stdout=open(sys.argv[4], "w"), stderr=open(sys.argv[5], "w"), start_new_session=True)
end = time.monotonic() + 60

def others():
    found = []
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            words = open(path).read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(words[3]) == bench.pid and int(path.split("/")[2]) != bench.pid:
            found.append(path)
    return found

while len(others()) < 2: # a server and its load
    assert bench.poll() is None and time.monotonic() < end, "it measures nothing"
    time.sleep(0.01)
(os.killpg if whom == "all" else os.kill)(bench.pid, signo)
found = bench.wait(60)
assert found == status, f"ended with {found}, expected {status}"
while others(): # who is killed by our end is gone a moment later
    assert status < 0 and time.monotonic() < end, others()
    time.sleep(0.01)
PYTHON
    assert_equal '' "$(ls "$WORK/tmp")" "files that are left"
    assert_equal '' "$(find "$WORK" -name 'report*')" "reports that are left"
}

an_interrupted_run_leaves_nothing() {
    [ -e /proc/self/stat ] || skip "there is no /proc to look for processes in"
    interrupted SIGINT all 130
    assert_contains "$WORK/err" 'cut short by SIGINT'
    interrupted SIGTERM alone 143
    assert_contains "$WORK/err" 'cut short by SIGTERM'
    interrupted SIGKILL alone -9
}

what_was_complete_is_shown_when_it_is_cut_short() {
    [ -e /proc/self/stat ] || skip "there is no /proc to look for processes in"
    python3 - "$HOST" bench idle bulk --quick --backend poll --rounds 1 --seconds 20 --json - --html "$WORK/report.html" \
        >"$WORK/out" 2>"$WORK/err" <<'PYTHON' || fail "no whole run"
import glob, signal, subprocess, sys, time
bench = subprocess.Popen(sys.argv[1:], start_new_session=True)
end = time.monotonic() + 60

def serves_bulk(): # it comes behind `idle`, and takes its time
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            words = open(path, "rb").read().split(b"\0")
            session = int(open(path.replace("cmdline", "stat")).read().rsplit(")", 1)[1].split()[3])
        except OSError:
            continue
        if session == bench.pid and words[1:4] == [b"bench", b"--part", b"bare"] and b"bulk" in words:
            return True
    return False

while not serves_bulk():
    assert bench.poll() is None and time.monotonic() < end
    time.sleep(0.01)
bench.send_signal(signal.SIGTERM)
assert bench.wait(60) == 143
PYTHON
    python3 -c '
import json, sys
report = json.load(open(sys.argv[1]))
assert report["warnings"][0].startswith("cut short by SIGTERM"), report["warnings"]
assert [r["scenario"] for r in report["results"]] == ["idle"], report["results"]
' "$WORK/out" || fail "found: $(cat "$WORK/out")"
    [ ! -e "$WORK/report.html" ] || fail "a file is written"
    assert_contains "$WORK/err" 'cut short by SIGTERM; no file is written'
}

unset CONFAB_BACKEND
# System calls are counted by tracing, and LeakSanitizer fails in what is traced.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
run_tests \
    every_scenario_has_its_test measures_echo measures_churn measures_idle measures_bulk measures_terminator \
    measures_fairness measures_timers measures_dispatch measures_a_plugin_by_a_session \
    a_plugin_that_answers_otherwise_is_told a_plugin_that_does_not_serve_is_told_at_once \
    json_on_standard_output_is_all_that_is_there the_page_is_written_beside_the_table \
    a_file_is_replaced_and_keeps_its_mode a_file_that_cannot_be_written_is_told_before \
    what_is_no_file_is_written_to_as_it_is an_output_that_takes_nothing_is_a_failure a_report_is_compared_with_itself \
    how_far_it_has_come_is_shown_on_a_terminal_only a_build_is_no_slower_than_itself \
    a_build_that_has_become_slower_is_told what_an_older_build_has_not_is_left_out \
    what_is_no_other_build_is_told_before wrong_words_are_refused scenarios_are_in_the_help \
    an_interrupted_run_leaves_nothing what_was_complete_is_shown_when_it_is_cut_short
