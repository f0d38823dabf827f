#!/usr/bin/env bash
# The plugin `echo`: its protocol, its errors, bodies of any size.
. "$(dirname "$0")/lib.sh"

expect() { # SENT EXPECTED: both with printf's escapes
    # shellcheck disable=SC2059 # escapes are wanted
    printf "$1" | talk 127.0.0.1 "$PORT" >"$WORK/found"
    # shellcheck disable=SC2059
    printf "$2" >"$WORK/expected"
    cmp -s "$WORK/expected" "$WORK/found" ||
        fail "sent '$1', expected '$2', found '$(cat "$WORK/found")'"
}

sends_the_body_back() {
    host_start echo -l 0
    expect 'ECHO 5\nabcde' 'abcde'
    expect 'ECHO 5\r\nabcde' 'abcde'
    expect 'ECHO 12\nab\ncd\r\nECHO ' 'ab\ncd\r\nECHO '
    expect 'ECHO 4\n\000\377\000\n' '\000\377\000\n'
    host_stop
}

answers_an_empty_body_with_nothing() {
    host_start echo -l 0
    expect 'ECHO 0\n' ''
    expect 'ECHO 0\nECHO 0\nECHO 3\nabc' 'abc'
    host_stop
}

takes_command_after_command() {
    host_start echo -l 0
    expect 'ECHO 3\nabcECHO 2\r\ndeECHO 00004\nfghi' 'abcdefghi'
    host_stop
}

answers_before_the_body_is_whole() {
    have socat || skip "no socat"
    host_start echo -l 0
    client_open socat - "TCP4:127.0.0.1:$PORT"
    client_say 'ECHO 12\nhello\n'
    client_hear hello
    client_say 'there\n'
    client_hear there
    client_say 'ECHO 4\nmore\nX'
    client_hear 'moreERROR not a command: expected ECHO <length>'
    client_close
    host_stop
}

sends_back_what_came_of_a_body_that_was_cut_short() {
    host_start echo -l 0
    expect 'ECHO 10\nabcde' 'abcde'
    host_stop
}

refuses_what_is_no_command_and_closes() {
    host_start echo -l 0
    local command='ERROR not a command: expected ECHO <length>\n' length='ERROR not a length: expected decimal digits\n'
    local range='ERROR the length is out of range\n'
    expect 'echo 5\nabcde' "$command"
    expect '\nECHO 3\nabc' "$command"
    expect 'ECHO\n' "$command"
    expect 'HELP\n' "$command"
    expect 'ECHO \n' "$length"
    expect 'ECHO -1\n' "$length"
    expect 'ECHO +1\n' "$length"
    expect 'ECHO  1\n' "$length"
    expect 'ECHO 1 \n' "$length"
    expect 'ECHO 0x10\n' "$length"
    expect 'ECHO 1\0002\n' "$length"
    expect 'ECHO 18446744073709551616\n' "$range"
    expect 'ECHO 99999999999999999999999999\n' "$range"
    expect 'ECHO 3\nabcECHO x\n' "abc$length"
    expect 'ECHO 2\nab' 'ab'
    host_stop
}

refuses_a_command_line_of_more_than_128_bytes() {
    host_start echo -l 0
    local zeros
    zeros=$(printf '%0122d' 0)
    expect "ECHO ${zeros}3\\nabc" 'abc' # 128 bytes
    expect "ECHO ${zeros}03\\nabc" 'ERROR the command is too long\n'
    expect "ECHO ${zeros}${zeros}${zeros}" 'ERROR the command is too long\n'
    host_stop
}

refuses_a_body_over_max_length() {
    host_start echo -l 0 max-length=1K
    expect 'ECHO 1025\n' "ERROR the length is over this server's max-length\\n"
    head -c 1024 /dev/zero >"$WORK/body"
    { printf 'ECHO 1024\n' && cat "$WORK/body"; } | talk 127.0.0.1 "$PORT" >"$WORK/found"
    cmp "$WORK/body" "$WORK/found" || fail "a body of max-length bytes did not come back"
    host_stop
}

closes_after_the_first_reply_with_once() {
    host_start echo once=true -l 0
    expect 'ECHO 3\nabcECHO 2\nde' 'abc'
    expect 'ECHO 0\nECHO 2\nde' ''
    host_stop
}

# A client that sends without reading until it is held up, and then reads
# slowly.  The host may hold neither the body nor the reply.
sends_a_large_body_back_through_a_slow_reader_in_little_memory() {
    local mebibytes=64
    [ "${CONFAB_TEST_LONG:-}" = 1 ] && mebibytes=1024
    host_start echo -l 0
    python3 - "$PORT" $mebibytes <<'PYTHON' || fail "see above"
import hashlib, select, socket, sys
port, size = int(sys.argv[1]), int(sys.argv[2]) << 20
piece = hashlib.sha512(b"seed").digest() * 1021  # a length that shares no factor with a buffer's
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32768)
s.settimeout(30)
s.connect(("127.0.0.1", port))
s.sendall(b"ECHO %d\n" % size)
s.setblocking(False)
sent_sum, found_sum = hashlib.sha256(), hashlib.sha256()
sent = found = 0
held_up = False
while found < size:
    can_read, can_write, _ = select.select([s] if held_up else [], [s] if sent < size else [], [],
                                           30 if held_up else 1)
    if can_write:
        at = sent % len(piece)
        n = s.send(piece[at:at + min(len(piece) - at, size - sent)])
        sent_sum.update(piece[at:at + n])
        sent += n
    elif not held_up:
        held_up = True  # it takes no more while we read nothing
        held_up_at = sent
    elif not can_read:
        sys.exit("nothing moves: %d sent, %d back" % (sent, found))
    if can_read and held_up:
        data = s.recv(16384)
        if not data:
            sys.exit("ended early: %d sent, %d back" % (sent, found))
        found_sum.update(data)
        found += len(data)
# What the kernel may hold of it on its way, on both sides of the host.
try:
    most = [int(open("/proc/sys/net/ipv4/tcp_%cmem" % which).read().split()[2]) for which in "rw"]
except OSError:
    most = [size // 4, size // 8]
if held_up_at > min(most[0] + 2 * most[1] + (8 << 20), size * 9 // 10):
    sys.exit("the host took %d bytes that nobody read back" % held_up_at)
if sent_sum.digest() != found_sum.digest():
    sys.exit("what came back is not what was sent")
PYTHON
    if grep -q -e __asan_init -e __tsan_init "$HOST"; then
        echo "      (memory is not looked at: the program carries a sanitizer)"
    else
        local memory
        memory=$(host_memory)
        [ "$memory" -lt 8192 ] || fail "the host took $memory KiB: expected less than 8192"
    fi
    host_stop
}

run_tests \
    sends_the_body_back answers_an_empty_body_with_nothing takes_command_after_command \
    answers_before_the_body_is_whole sends_back_what_came_of_a_body_that_was_cut_short \
    refuses_what_is_no_command_and_closes refuses_a_command_line_of_more_than_128_bytes \
    refuses_a_body_over_max_length closes_after_the_first_reply_with_once \
    sends_a_large_body_back_through_a_slow_reader_in_little_memory
