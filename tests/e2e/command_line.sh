#!/usr/bin/env bash
# The program's words: usage, errors, what it tells about plugins and backends.
. "$(dirname "$0")/lib.sh"

assert_status() { # EXPECTED
    [ "$STATUS" -eq "$1" ] || fail "expected exit status $1, found $STATUS: $(cat "$WORK/err")"
}

# Arguments that are wrong: exit 2, nothing on standard output, and words on
# standard error that have TEXT in them and tell how to get help.
assert_wrong() { # TEXT ARGUMENT...
    local text=$1
    shift
    ask "$@"
    assert_status 2
    [ ! -s "$WORK/out" ] || fail "$*: something on standard output: $(cat "$WORK/out")"
    assert_contains "$WORK/err" "$text"
    assert_contains "$WORK/err" '--help'
}

helps() {
    local command
    ask --help
    assert_status 0
    [ ! -s "$WORK/err" ] || fail "something on standard error: $(cat "$WORK/err")"
    for command in serve info new backends; do
        assert_contains "$WORK/out" "$command"
        ask "$command" --help
        assert_status 0
        assert_contains "$WORK/out" "usage: confab $command"
        ask "$command" -h
        assert_status 0
        ask --help
    done
}

help_is_a_command_too() {
    local command
    ask --help
    mv "$WORK/out" "$WORK/expected"
    ask help
    assert_status 0
    cmp "$WORK/expected" "$WORK/out" || fail "not what --help tells"
    for command in serve info new backends; do
        ask help "$command"
        assert_status 0
        assert_contains "$WORK/out" "usage: confab $command"
    done
    assert_wrong 'no command "sevre": expected one of serve' help sevre
    assert_wrong 'expected no more words, but got "info"' help serve info
}

help_lists_the_options_of_every_service() {
    ask serve --help
    assert_status 0
    local option
    for option in drain-timeout idle-timeout max-message rate-in rate-out; do
        assert_contains "$WORK/out" "$option"
    done
    assert_contains "$WORK/out" 'HOST is numeric or localhost'
}

tells_its_version() {
    ask --version
    assert_status 0
    grep -qE '^confab [0-9]+\.[0-9]+\.[0-9]+$' "$WORK/out" || fail "found: $(cat "$WORK/out")"
}

wrong_usage_is_2_and_says_what_was_expected() {
    assert_wrong 'expected a command'
    assert_wrong 'no command "sevre": expected one of serve' sevre
    assert_wrong 'expected one of --help' --wat
    assert_wrong 'name or the path of a plugin' serve
    assert_wrong 'name or the path of a plugin' info
    assert_wrong 'name or the path of a plugin' serve ''
    assert_wrong 'name or the path of a plugin' info ''
    assert_wrong 'no option "--lisen"' serve line --lisen 7000
    assert_wrong '--listen: expected an address' serve line -l
    assert_wrong 'notanaddress' serve -l notanaddress line
    assert_wrong '65536' serve -l 127.0.0.1:65536 line
    assert_wrong 'no backend "kpoll": expected one of' serve -b kpoll line
    assert_wrong 'expected 0' serve -w 4 line
    assert_wrong 'expected a number' serve -w many line
    assert_wrong 'expected debug, info, warning or error' serve --log-level loud line
    assert_wrong 'expected one plugin' info line echo
    assert_wrong 'takes no value' info --json=yes line
    assert_wrong 'expected --json or --options, but got both' info --json --options line
    assert_wrong 'expected no more words' backends line
    assert_wrong 'expected no more words, but got "extra"' --version extra
    assert_wrong 'expected no more words, but got "extra"' --help extra
}

an_unknown_option_lists_those_there_are() {
    assert_wrong 'max-lenght' serve echo -l 0 max-lenght=5
    assert_contains "$WORK/err" max-length
    assert_contains "$WORK/err" once
}

a_bad_value_of_an_option_is_named() {
    assert_wrong 'perhaps' serve echo -l 0 once=perhaps
    assert_wrong 'max-length' serve echo -l 0 max-length=-1
    assert_wrong 'once' serve echo -l 0 once=true once=true
    assert_wrong 'idle-timeout' serve echo -l 0 idle-timeout=soon
}

a_bare_word_for_a_plugin_that_takes_none_is_refused() {
    assert_wrong 'stray' serve line -l 0 stray
}

options_stand_before_or_after_the_plugin() {
    host_start --log-level error -l 0 echo max-length=3 -b poll -w 0 -- once=true
    assert_equal abc "$(printf 'ECHO 3\nabc' | talk 127.0.0.1 "$PORT")" "the answer"
    host_stop
    [ ! -s "$WORK/log" ] || fail "expected no line under --log-level error: $(cat "$WORK/log")"
}

the_backend_of_the_command_line_is_used() {
    CONFAB_BACKEND='' host_start line -l 0 -b poll
    assert_equal hi "$(printf 'hi\n' | talk 127.0.0.1 "$PORT" | tr -d '\r')" "the answer"
    host_stop
    assert_contains "$WORK/log" 'with poll'
}

two_hyphens_end_the_options() {
    ask info -- --json
    assert_status 1
    assert_contains "$WORK/err" '"--json"'
}

logs_start_and_end_but_no_connection() {
    host_start line -l 0
    local before after
    printf 'hi\n' | talk 127.0.0.1 "$PORT" >"$WORK/found"
    host_stop
    before=$(wc -l <"$WORK/log")
    host_start line -l 0
    for _ in 1 2 3; do
        printf 'hi\n' | talk 127.0.0.1 "$PORT" >"$WORK/found"
    done
    host_stop
    after=$(wc -l <"$WORK/log")
    [ "$before" -gt 0 ] || fail "expected lines about start and end"
    assert_equal "$before" "$after" "lines of the log"
    grep -qE '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}Z info ' "$WORK/log" || fail "no time and level"
}

an_address_in_use_is_named_with_the_reason() {
    host_start line -l 0
    ask serve line -l "$PORT"
    assert_status 1
    assert_contains "$WORK/err" "cannot listen on $PORT"
    assert_contains "$WORK/err" "in use"
    assert_contains "$WORK/err" "port 0"
    ask serve line -l "unix:$WORK/none/socket"
    assert_status 1
    assert_contains "$WORK/err" "$WORK/none/socket"
    assert_equal hi "$(printf 'hi\n' | talk 127.0.0.1 "$PORT" | tr -d '\r')" "the first host's answer"
    host_stop
}

a_socket_file_in_use_is_told_apart_from_another_file() {
    host_start line -l "unix:$WORK/socket"
    ask serve line -l "unix:$WORK/socket"
    assert_status 1
    assert_contains "$WORK/err" "cannot listen on unix:$WORK/socket"
    assert_contains "$WORK/err" "a process listens there"
    ! grep -q 'port' "$WORK/err" || fail "a socket file has no port: $(cat "$WORK/err")"
    assert_equal hi "$(printf 'hi\n' | talk "$ADDRESS" | tr -d '\r')" "the first host's answer"
    host_stop
    echo precious >"$WORK/file"
    ask serve line -l "unix:$WORK/file"
    assert_status 1
    assert_contains "$WORK/err" "a file that is no socket is in the way"
    assert_equal precious "$(cat "$WORK/file")" "the file in the way"
}

says_that_it_listens_once_it_does_everywhere() {
    host_start line -l 0
    ask serve line -l 0 -l "unix:$WORK/socket" -l "$PORT"
    assert_status 1
    [ ! -s "$WORK/out" ] || fail "it was ready, and then it was not: $(cat "$WORK/out")"
    assert_contains "$WORK/err" "cannot listen on $PORT"
    ! grep -q 'listening on' "$WORK/err" || fail "the log says that it listens: $(cat "$WORK/err")"
    [ ! -e "$WORK/socket" ] || fail "the socket file is still there"
    host_stop
}

tells_where_it_looked_for_a_plugin() {
    local command
    for command in serve info; do
        CONFAB_PLUGIN_PATH="$WORK/mine:/nonexistent/theirs" ask $command nosuch
        assert_status 1
        assert_contains "$WORK/err" nosuch
        assert_contains "$WORK/err" "$WORK/mine"
        assert_contains "$WORK/err" /nonexistent/theirs
        assert_contains "$WORK/err" /plugins
    done
    ask serve ./nosuch.so
    assert_status 1
    assert_contains "$WORK/err" ./nosuch.so
}

a_name_that_ends_with_so_is_looked_for_as_it_is() {
    mkdir "$WORK/mine" "$WORK/here"
    cp "$(plugin_file line)" "$WORK/mine/reverse.so"
    CONFAB_PLUGIN_PATH="$WORK/mine" ask info reverse.so
    assert_status 0
    assert_contains "$WORK/out" "$WORK/mine/reverse.so"
    cp "$(plugin_file line)" "$WORK/here/other.so"
    cd "$WORK/here" || fail "no folder"
    local command name
    for command in serve info; do
        for name in other.so other; do
            ask "$command" "$name"
            assert_status 1
            assert_contains "$WORK/err" 'looked for other.so in'
            assert_contains "$WORK/err" 'did you mean ./other.so?'
        done
        ask "$command" absent.so
        assert_status 1
        ! grep -q -e 'did you mean' -e 'so\.so' "$WORK/err" || fail "found: $(cat "$WORK/err")"
    done
}

finds_plugins_in_the_given_folder_first() {
    mkdir "$WORK/mine"
    cp "$(plugin_file line)" "$WORK/mine/echo.so"
    CONFAB_PLUGIN_PATH="/nonexistent:$WORK/mine" ask info echo
    assert_status 0
    assert_contains "$WORK/out" "$WORK/mine/echo.so"
    ask info "$WORK/mine/echo.so"
    assert_status 0
    assert_contains "$WORK/out" "answers each line"
}

plugin_file() {
    "$HOST" info --json "$1" | python3 -c 'import json, sys; print(json.load(sys.stdin)["file"])'
}

refuses_a_file_that_is_no_plugin() {
    echo 'not a plugin' >"$WORK/bad.so"
    local command
    for command in serve info; do
        ask $command "$WORK/bad.so"
        assert_status 1
        assert_contains "$WORK/err" "$WORK/bad.so"
    done
    ask info "$HOST"
    assert_status 1
    assert_contains "$WORK/err" "it is a program, not a shared object"
}

info_tells_what_a_plugin_is() {
    ask info echo
    assert_status 0
    local text
    for text in 'name          echo' max-length once handle_shutdown 'offers 1.' replies echo.so; do
        assert_contains "$WORK/out" "$text"
    done
    ! grep -q handle_expt "$WORK/out" || fail "a hook that the plugin does not have"
}

info_is_json() {
    ask info --json echo
    assert_status 0
    python3 -m json.tool "$WORK/out" >/dev/null || fail "not JSON"
    python3 - "$WORK/out" <<'PYTHON' || fail "not what the plugin is"
import json, sys
info = json.load(open(sys.argv[1]))
assert info["name"] == "echo", info
assert info["workers"] == "any", info
assert "handle_too_long" in info["hooks"] and "handle_expt" not in info["hooks"], info
options = {option["name"]: option for option in info["options"]}
assert options["max-length"]["type"] == "size" and options["max-length"]["default"] == "0", options
assert options["once"]["type"] == "boolean", options
assert info["abi_wanted"]["major"] == info["abi_offered"]["major"], info
PYTHON
}

# A plugin that has all there is to tell.
full_plugin() {
    echo "${CONFAB_TEST_OLD_PLUGINS:-}/everything.so"
}

info_tells_all_that_a_plugin_has() {
    [ -f "$(full_plugin)" ] || skip "no plugins of earlier ABIs here"
    ask info "$(full_plugin)"
    assert_status 0
    cat >"$WORK/expected" <<TEXT
name          everything
version       1.0
description   uses what ABI 1.0 has
file          $(full_plugin)
workers       any
default port  7010
hooks         config_complete, ready, start, stop, free, handle_connect, collect_incoming_data, found_terminator, handle_eof, handle_drain, handle_sent, handle_timeout, handle_too_long, handle_shutdown, handle_expt, handle_close
counters      configured, ready, started, loaded, ticks, stopped, closed, posted

options: name, type, default, meaning
  text      string          none      any text
  integer   integer         -3         (-10 to 10)
  size      size            64K
  duration  duration        250ms
  flag      boolean         no
  path      path            required
  colour    red|green|blue  green
  address   address         -
  secret    secret          -
  word      string          -          (may be given often; a bare word is its value)

example 1, a session:
    confab-session 1
    plugin everything path=/tmp
    > "name\r\n"
    < "everything\r\n"
TEXT
    grep -qE '^ABI           wants 1\.0, this host offers 1\.[0-9]+$' "$WORK/out" || fail "no ABI: $(cat "$WORK/out")"
    grep -qE '^state         [0-9]+ bytes of the service, 12 of each connection$' "$WORK/out" ||
        fail "no state: $(cat "$WORK/out")"
    grep -vE '^(ABI|state) ' "$WORK/out" >"$WORK/found"
    diff "$WORK/expected" "$WORK/found" >&2 || fail "not what the plugin is"
}

info_is_json_of_all_that_a_plugin_has() {
    [ -f "$(full_plugin)" ] || skip "no plugins of earlier ABIs here"
    ask info --json "$(full_plugin)"
    assert_status 0
    python3 - "$WORK/out" <<'PYTHON' || fail "not what the plugin is"
import json, sys
info = json.load(open(sys.argv[1]))
assert list(info) == ["name", "version", "description", "file", "abi_wanted", "abi_offered", "workers", "default_port",
                      "service_size", "session_size", "hooks", "counters", "examples", "options"], list(info)
assert info["default_port"] == 7010 and info["session_size"] == 12 and info["service_size"] > 100, info
assert len(info["hooks"]) == 16 and info["counters"][-1] == "posted", info
assert info["examples"] == ['confab-session 1\nplugin everything path=/tmp\n> "name\\r\\n"\n< "everything\\r\\n"\n'], info
options = {option["name"]: option for option in info["options"]}
assert options["text"] == {"name": "text", "type": "string", "default": "none", "required": False, "repeated": False,
                           "positional": False, "help": "any text"}, options
assert (options["integer"]["min"], options["integer"]["max"]) == (-10, 10), options
assert options["colour"]["choices"] == ["red", "green", "blue"], options
assert options["path"]["required"] and options["word"]["repeated"] and options["word"]["positional"], options
PYTHON
}

info_lists_options_for_scripts() {
    ask info --options echo
    assert_status 0
    assert_equal $'max-length\tsize\t0\nonce\tboolean\tfalse' "$(head -n 2 "$WORK/out")" "the plugin's options"
    grep -qE $'^idle-timeout\tduration\t5m$' "$WORK/out" || fail "no option of every service: $(cat "$WORK/out")"
    [ -f "$(full_plugin)" ] || return 0
    ask info --options "$(full_plugin)"
    assert_contains "$WORK/out" $'colour\tred|green|blue\tgreen'
}

# The names of `confab backends`, in its order.
backend_names() {
    CONFAB_BACKEND='' "$HOST" backends | awk '{ print $1 }'
}

# What `confab backends --json` tells is as this says in Python, where it is called found.
backends_json() { # EXPRESSION
    ask backends --json
    assert_status 0
    python3 -c '
import json, sys
found = json.load(open(sys.argv[1]))
assert eval(sys.argv[2]), found
' "$WORK/out" "$1" || fail "not what was expected: $1"
}

backends_are_listed() {
    ask backends
    assert_status 0
    grep -qE '^poll +(default +)?usable' "$WORK/out" || fail "no poll: $(cat "$WORK/out")"
    backends_json 'all(b["usable"] and b["error"] is None for b in found if b["name"] == "poll")'
    backends_json 'all(b["simulated"] == (b["name"] == "sim") for b in found)'
    assert_equal "$(backend_names)" "$(backend_names | grep -vx sim; backend_names | grep -x sim)" "sim is the last"
}

the_best_backend_is_the_default_and_said_to_be() {
    CONFAB_BACKEND='' ask backends
    assert_status 0
    [ ! -s "$WORK/err" ] || fail "something on standard error: $(cat "$WORK/err")"
    grep -nE '^[a-z]+ +default .*the best of this system' "$WORK/out" | grep -q '^1:' || fail "found: $(cat "$WORK/out")"
    assert_equal 1 "$(grep -c default "$WORK/out")" "backends that are the default"
    CONFAB_BACKEND='' backends_json '[b["default"] for b in found] == [i == 0 for i in range(len(found))]'
    CONFAB_BACKEND='' backends_json '[b["why"] for b in found] == ["the best of this system"] + [None] * (len(found) - 1)'
}

the_backend_of_the_environment_is_the_default_and_said_to_be() {
    local name
    for name in $(backend_names); do
        CONFAB_BACKEND=$name ask backends
        assert_status 0
        grep -qE "^$name +default .*CONFAB_BACKEND names it" "$WORK/out" || fail "found: $(cat "$WORK/out")"
        assert_equal 1 "$(grep -c default "$WORK/out")" "backends that are the default"
        CONFAB_BACKEND=$name backends_json \
            "[(b['name'], b['why']) for b in found if b['default']] == [('$name', 'CONFAB_BACKEND names it')]"
    done
}

there_is_no_default_where_the_environment_names_no_backend() {
    CONFAB_BACKEND=kpoll ask backends
    assert_status 0
    ! grep -q default "$WORK/out" || fail "found: $(cat "$WORK/out")"
    assert_contains "$WORK/err" 'CONFAB_BACKEND names "kpoll", which this build does not have'
    CONFAB_BACKEND=kpoll backends_json 'not any(b["default"] or b["why"] for b in found)'
}

the_simulated_network_is_not_served_on() {
    assert_wrong '--backend: "sim" is a simulated network' serve -b sim line
    assert_contains "$WORK/err" 'nobody can reach it from outside; expected one of'
    ! grep -q 'expected one of.*sim' "$WORK/err" || fail "offered in its place: $(cat "$WORK/err")"
    CONFAB_BACKEND=sim assert_wrong 'CONFAB_BACKEND: "sim" is a simulated network' serve -l 0 line
    CONFAB_BACKEND=sim ask backends
    assert_status 0
    assert_contains "$WORK/err" "CONFAB_BACKEND names \"sim\", which nobody can reach from outside: 'confab serve' without -b fails"
    CONFAB_BACKEND=sim host_start -b poll -l 0 line
    host_stop
    assert_contains "$WORK/log" 'with poll'
}

an_unknown_backend_in_the_environment_is_named() {
    CONFAB_BACKEND=kpoll assert_wrong 'CONFAB_BACKEND: no backend "kpoll": expected one of' serve line -l 0
    CONFAB_BACKEND=kpoll host_start -b poll -l 0 line
    host_stop
    assert_contains "$WORK/log" 'with poll'
}

fails_when_its_output_cannot_be_written() {
    [ -c /dev/full ] || skip "no /dev/full"
    local command
    for command in --help --version backends 'serve --help' 'info line' 'info --json line' 'info --options line'; do
        STATUS=0
        # shellcheck disable=SC2086 # one word an argument
        "$HOST" $command >/dev/full 2>"$WORK/err" || STATUS=$?
        assert_status 1
        assert_contains "$WORK/err" 'standard output'
    done
}

run_tests \
    helps help_is_a_command_too help_lists_the_options_of_every_service tells_its_version \
    wrong_usage_is_2_and_says_what_was_expected an_unknown_option_lists_those_there_are \
    a_bad_value_of_an_option_is_named a_bare_word_for_a_plugin_that_takes_none_is_refused \
    options_stand_before_or_after_the_plugin the_backend_of_the_command_line_is_used \
    two_hyphens_end_the_options logs_start_and_end_but_no_connection \
    an_address_in_use_is_named_with_the_reason a_socket_file_in_use_is_told_apart_from_another_file \
    says_that_it_listens_once_it_does_everywhere tells_where_it_looked_for_a_plugin \
    a_name_that_ends_with_so_is_looked_for_as_it_is finds_plugins_in_the_given_folder_first refuses_a_file_that_is_no_plugin info_tells_what_a_plugin_is \
    info_is_json info_tells_all_that_a_plugin_has info_is_json_of_all_that_a_plugin_has \
    info_lists_options_for_scripts backends_are_listed the_best_backend_is_the_default_and_said_to_be \
    the_backend_of_the_environment_is_the_default_and_said_to_be \
    there_is_no_default_where_the_environment_names_no_backend the_simulated_network_is_not_served_on \
    an_unknown_backend_in_the_environment_is_named fails_when_its_output_cannot_be_written
