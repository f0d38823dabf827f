#!/usr/bin/env bash
# The plugin `files` with a file of more than 4 GiB.
. "$(dirname "$0")/lib.sh"

sends_a_file_of_more_than_4_GiB_in_constant_memory() {
    # A sanitizer's memory tells nothing, and it is slow.
    ! grep -q -e __asan_init -e __tsan_init "$HOST" || skip "the program carries a sanitizer"
    WWW=$WORK/www
    mkdir "$WWW"
    host_start files -l 0 "$WWW" piece=256K
    truncate -s 4G "$WWW/huge" 2>/dev/null || {
        host_stop
        skip "no file of 4 GiB can be made here"
    }
    printf 'the very end' >>"$WWW/huge"
    python3 - "$PORT" <<'PYTHON' || fail "see above"
import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 30)
s.sendall(b"GET /huge HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
stream = s.makefile("rb", buffering=0)
head = b""
while not head.endswith(b"\r\n\r\n"):
    head += stream.read(1) or sys.exit("no head: %r" % head)
if b"\r\nContent-Length: %d\r\n" % ((4 << 30) + 12) not in head:
    sys.exit("found %r" % head)
piece, size, tail = bytearray(1 << 20), 0, b""
while True:
    n = s.recv_into(piece)
    if n == 0:
        break
    size += n
    tail = (tail + piece[max(0, n - 13):n])[-13:]
if size != (4 << 30) + 12 or tail != b"\0the very end":
    sys.exit("%d bytes, the last of them %r" % (size, tail))
PYTHON
    assert_equal 'very end' "$(curl -s -r 4294967300- "http://127.0.0.1:$PORT/huge")" "the range behind 4 GiB"
    assert_equal end "$(curl -s -r -3 "http://127.0.0.1:$PORT/huge")" "the last bytes"
    local memory
    memory=$(host_memory)
    [ "$memory" -lt 8192 ] || fail "the host took $memory KiB: expected less than 8192"
    host_stop
}

run_tests sends_a_file_of_more_than_4_GiB_in_constant_memory
