#!/usr/bin/env bash
# Many clients at once, and clients that behave badly.
. "$(dirname "$0")/lib.sh"

answers() {
    assert_equal "$1" "$(printf '%s\n' "$1" | talk 127.0.0.1 "$PORT" | tr -d '\r')" "the answer to a client afterwards"
}

gives_each_of_1000_connections_its_own_lines() {
    host_start line -l 0
    python3 - "$PORT" 1000 <<'PYTHON' || fail "see above"
import resource, selectors, socket, sys
port, count, rounds = int(sys.argv[1]), int(sys.argv[2]), 5
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
if soft != resource.RLIM_INFINITY and soft < count + 64:
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, count + 64) if hard > 0 else count + 64, hard))
selector = selectors.DefaultSelector()
clients = []
for i in range(count):
    s = socket.create_connection(("127.0.0.1", port), 30)
    s.setblocking(False)
    selector.register(s, selectors.EVENT_READ, i)
    clients.append(s)
for turn in range(rounds):  # all of them are open in each round
    expected = [b"client %d round %d\r\n" % (i, turn) for i in range(count)]
    found = [b""] * count
    for i, s in enumerate(clients):
        s.sendall(expected[i])
    waiting = count
    while waiting:
        events = selector.select(30)
        if not events:
            sys.exit("round %d: %d clients got no answer" % (turn, waiting))
        for key, _ in events:
            data = key.fileobj.recv(4096)
            if not data:
                sys.exit("client %d was closed" % key.data)
            found[key.data] += data
            if not expected[key.data].startswith(found[key.data]):
                sys.exit("client %d got %r" % (key.data, found[key.data]))
            waiting -= found[key.data] == expected[key.data]
PYTHON
    answers after
    host_stop
}

survives_clients_that_reset() {
    host_start echo -l 0
    python3 - "$PORT" <<'PYTHON' || fail "see above"
import socket, struct, sys
for said in (b"", b"EC", b"ECHO 5\n", b"ECHO 5\nab", b"ECHO 100000000\n" + 300000 * b"x", b"ECHO x\n"):
    for _ in range(20):
        s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 30)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.setblocking(False)
        try:
            s.send(said)
        except BlockingIOError:
            pass
        s.close()  # with a reset
PYTHON
    assert_equal abc "$(printf 'ECHO 3\nabc' | talk 127.0.0.1 "$PORT")" "the answer afterwards"
    host_stop
}

survives_input_that_is_no_protocol() {
    LISTENERS=1 host_start line -l 0 max-message=4K
    python3 - "$PORT" <<'PYTHON' || fail "see above"
import random, socket, sys
random.seed(1)
noise = bytes(random.randrange(256) for _ in range(65536))
for said in (noise, noise.replace(b"\n", b"") * 16, b"\0" * 1000000, b"\n" * 100000, b"\r" * 100000, b"\r\n" * 50000):
    s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 30)
    s.settimeout(0.2)
    try:  # sends all that is taken, and reads nothing: an end or a reset is an answer too
        s.sendall(said)
    except OSError:
        pass
    s.close()
PYTHON
    answers after
    host_stop
}

closes_a_line_that_never_ends() {
    host_start line -l 0 max-message=4K
    python3 - "$PORT" <<'PYTHON' || fail "expected the end of the connection"
import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 30)
try:
    s.sendall(b"x" * 4097)
    end = s.recv(100) == b""
except ConnectionError:
    end = True
sys.exit(not end)
PYTHON
    answers after
    host_stop
}

run_tests \
    gives_each_of_1000_connections_its_own_lines survives_clients_that_reset survives_input_that_is_no_protocol \
    closes_a_line_that_never_ends
