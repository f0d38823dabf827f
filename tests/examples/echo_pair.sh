#!/usr/bin/env bash
# Runs echo_pair and checks what each of its two sides writes down: the calls, their
# sizes and their order.  How the two sides interleave is not checked.
set -u -o pipefail
program=${1:?is to be the path of the program echo_pair}

fail() {
    printf 'failed: %s\n%s\n' "$1" "$trace" >&2
    exit 1
}

trace=$("$program") || fail "it ended with $?"

# The lines of one side, without the bytes themselves.
side() { # WHO-PATTERN
    grep -E "^($1): " <<<"$trace" | sed -E "s/ '.*'\$//"
}

# What was quoted in the lines with this text.
quoted() { # TEXT
    grep -F "$1" <<<"$trace" | sed -E "s/^[^']*'(.*)'\$/\1/" | tr -d '\n'
}

check() { # WHAT EXPECTED FOUND
    [ "$2" = "$3" ] || fail "$1: expected
$2
found
$3
in:"
}

check "the client" "EchoClient: handle_connect()
EchoProducer: more() -> (64 bytes)
EchoProducer: more() -> (64 bytes)
EchoProducer: more() -> (38 bytes)
EchoProducer: more() -> (0 bytes)
EchoClient: collect_incoming_data() -> (64 bytes)
EchoClient: collect_incoming_data() -> (64 bytes)
EchoClient: collect_incoming_data() -> (38 bytes)
EchoClient: found_terminator()
EchoClient: received copy of message" "$(side 'EchoClient|EchoProducer')"

# The command ends where its line does, however much came with it; the message may come in
# any pieces that fit into the buffer.
handler=$(side EchoHandler)
check "the handler" "EchoHandler: collect_incoming_data() -> (8 bytes)
EchoHandler: found_terminator()
EchoHandler: process_command() -> (8 bytes)
pieces of the message
EchoHandler: found_terminator()
EchoHandler: process_message() echoing -> (166 bytes)" \
    "$(awk 'NR > 1 && /collect_incoming_data/ { if (!pieces++) print "pieces of the message"; next }
            { pieces = 0; print }' <<<"$handler")"
check "the bytes of its pieces, and pieces of more than 64" "166 0" \
    "$(sed -nE '2,$ s/.*collect_incoming_data\(\) -> \(([0-9]+) bytes\)/\1/p' <<<"$handler" |
        awk '{ all += $1; large += $1 > 64 } END { print all, large + 0 }')"

check "the command" "ECHO 166" "$(quoted 'process_command()')"
check "the echo" "$(quoted 'more()')" "$(quoted 'echoing')"
check "what came back" "$(quoted 'more()')" "$(quoted 'EchoClient: collect')"
echo "ok    echo_pair: ${CONFAB_BACKEND:-default}"
