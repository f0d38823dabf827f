#!/usr/bin/env bash
# The completion for bash, of the host that is under test.
. "$(dirname "$0")/lib.sh"

completion=$(cd "$(dirname "$0")/../.." && pwd)/tools/completion/confab.bash

# What a TAB at the end of LINE would offer: each as the whole word that would then stand there.
offered() { # LINE
    local COMP_LINE=$1 COMP_POINT=${#1} COMP_CWORD
    local -a COMP_WORDS COMPREPLY=()
    # As readline does it: words end at blanks, and at each of = and :.
    mapfile -t COMP_WORDS < <(sed -E 's/([=:])/\n\1\n/g; s/ +/\n/g' <<<"$1" | sed '/^$/d')
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    _confab
    printf '%s\n' "${COMPREPLY[@]}" | sort
}

# The offer for LINE is just these words.
offers() { # LINE WORD...
    local line=$1 found
    shift
    found=$(offered "$line")
    assert_equal "$(printf '%s\n' "$@" | sort)" "$found" "what is offered for '$line'"
}

# These are among what is offered.
offers_among() { # LINE WORD...
    local line=$1 word found
    shift
    found=$(offered "$line")
    for word in "$@"; do
        grep -qxF -e "$word" <<<"$found" || fail "expected '$word' for '$line' among: $found"
    done
}

# A folder with the host under its name first in PATH, and a bash that has sourced the completion.
begin() {
    mkdir "$WORK/bin" "$WORK/here"
    ln -s "$(readlink -f "$HOST")" "$WORK/bin/confab"
    PATH=$WORK/bin:$PATH
    unset CONFAB_PLUGIN_PATH
    cd "$WORK/here" || fail "no folder"
    # shellcheck source=tools/completion/confab.bash
    . "$completion"
}

is_registered() {
    begin
    assert_equal 'complete -F _confab confab' "$(complete -p confab)" "what bash knows"
}

commands_are_offered() {
    begin
    offers 'confab se' serve
    offers_among 'confab ' serve info new backends help --help --version
    offers 'confab help ne' new
    offers 'confab help new '
    offers 'confab help new -'
    offers 'confab zzz'
    offers "$WORK/bin/confab se" serve
    offers 'confab --version '
}

# Every long option that a command's help names.
options_are_those_of_the_command() {
    begin
    local command
    for command in $(_confab_commands confab | grep -v '^help$'); do
        # shellcheck disable=SC2046 # one word an option
        offers "confab $command --" $(confab "$command" --help | grep -oE '^ +(-., )?--[a-z][a-z-]*' | grep -oE -e '--.*')
    done
    offers 'confab serve --lo' --log-level
    offers 'confab serve line --lo' --log-level
    offers 'confab serve -- --lo'
}

values_of_options_are_offered() {
    begin
    offers 'confab serve --log-level ' debug info warning error
    offers 'confab serve --log-level=w' warning
    # shellcheck disable=SC2046 # one word a backend
    offers 'confab serve -b ' $(confab backends | awk '$1 != "sim" { print $1 }')
    offers 'confab serve --backend=po' poll
    offers 'confab new --kind ' line binary request client
    mkdir one
    : >two
    offers 'confab new --folder ' one
    : >socket
    offers 'confab serve -l unix:so' socket
    offers 'confab serve --listen=unix:so' socket
}

plugins_are_offered_by_name_and_as_files() {
    begin
    offers 'confab serve l' line
    offers_among 'confab info ' line echo files
    mkdir mine one
    : >mine/lines.so
    : >other.so
    : >other.c
    CONFAB_PLUGIN_PATH=/nonexistent:$PWD/mine offers 'confab serve l' line lines
    offers 'confab serve ./o' ./other.so ./one
    offers_among 'confab serve ' ./other.so line
    offers 'confab serve -b poll --log-level debug l' line
    offers 'confab info line '
    offers 'confab backends '
}

settings_of_the_plugin_are_offered() {
    begin
    offers 'confab serve echo on' once=
    offers 'confab serve -l 0 echo ma' max-length= max-message= max-connections=
    offers 'confab serve echo once=' true false
    offers 'confab serve echo once=t' true
    offers 'confab serve echo max-length=5'
    offers 'confab serve echo once=true idle' idle-timeout=
    offers 'confab serve line on'
    offers 'confab serve files ro' root=
    mkdir public
    offers 'confab serve files root=pu' public
}

what_is_measured_is_offered() {
    begin
    # shellcheck disable=SC2046 # one word a scenario
    offers 'confab bench ' $(confab bench --list | awk '{ print $1 }')
    offers 'confab bench echo ch' churn
    : >old.json
    offers 'confab bench --compare ' old.json
    offers 'confab bench --against ' old.json
    offers 'confab bench --plugin l' line
    offers 'confab bench --plugin echo on' once=
    offers 'confab bench --plugin=echo --session old.json on' once=
}

have readlink || exit $SKIPPED
run_tests \
    is_registered commands_are_offered options_are_those_of_the_command values_of_options_are_offered \
    plugins_are_offered_by_name_and_as_files settings_of_the_plugin_are_offered what_is_measured_is_offered
