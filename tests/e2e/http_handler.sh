#!/usr/bin/env bash
# The plugin `handler`: headers, then a body of a counted length, then an answer.
# What it shares with `responder` is tested in http_responder.sh.
. "$(dirname "$0")/lib.sh"

# Sends it, with printf's escapes; $WORK/found is what comes back, without its dates.
exchange() { # SENT
    printf %b "$1" | talk 127.0.0.1 "$PORT" | tr -d '\r' | sed '/^Date: /d' >"$WORK/found"
}

# The replies' bodies are lines: what is expected is written with ; for each line's end.
expect() { # SENT LINES
    exchange "$1"
    sed -e '/^HTTP\/1.1 200/,/^$/d' "$WORK/found" | tr '\n' ';' >"$WORK/lines"
    assert_equal "$2" "$(cat "$WORK/lines")" "the replies to '$1'"
}

statuses() {
    grep -o 'HTTP/1\.1 [0-9]* [A-Z]' "$WORK/found" | cut -d ' ' -f 2 | paste -s -d ' '
}

tells_what_came_in_a_whole_reply() {
    host_start handler -l 0
    exchange 'POST /form?a=1&b=2 HTTP/1.1\r\nHost: h\r\nX: y\r\nContent-Length: 9\r\n\r\nc=3\n&d=4;'
    printf '%s\n' 'HTTP/1.1 200 OK' 'Content-Type: text/plain; charset=utf-8' 'Content-Length: 69' \
        'X-Content-Type-Options: nosniff' '' \
        'method: POST' 'path: /form' 'query: a=1&b=2' 'headers: 3' 'body: 9' '' 'c=3' >"$WORK/expected"
    printf '&d=4;' >>"$WORK/expected"
    cmp "$WORK/expected" "$WORK/found" || fail "found: $(cat "$WORK/found")"
    host_stop
}

answers_at_once_where_there_is_no_body() {
    host_start handler -l 0
    expect 'GET /a HTTP/1.0\r\n\r\n' 'method: GET;path: /a;query: ;headers: 0;body: 0;;'
    expect 'POST /a?% HTTP/1.0\r\nA: b\r\n\r\n' 'method: POST;path: /a;query: %;headers: 1;body: 0;;'
    TALK_STAYS=1 expect 'POST /a HTTP/1.0\r\nContent-Length: 0\r\n\r\n' \
        'method: POST;path: /a;query: ;headers: 1;body: 0;;'
    expect 'OPTIONS * HTTP/1.0\r\n\r\n' 'method: OPTIONS;path: *;query: ;headers: 0;body: 0;;'
    exchange 'HEAD / HTTP/1.1\r\nHost: h\r\n\r\nHEAD / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc'
    assert_equal '200 200' "$(statuses)" "the statuses of two HEADs"
    grep -q '^method' "$WORK/found" && fail "HEAD was answered with a body"
    host_stop
}

takes_request_after_request_however_the_stream_is_split() {
    host_start handler -l 0
    local all='POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nabc\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n'
    all=$all'POST /3 HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\nPUT /4 HTTP/1.1\r\nHost: h\r\nContent-Length: 18\r\n\r\n'
    all=$all'\r\nGET /5 HTTP/1.1\r\n\r\nGET /6 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\nGET /7 HTTP/1.1\r\n\r\n'
    exchange "$all"
    assert_equal '200 200 200 200 400' "$(statuses)" "the statuses"
    assert_equal '/1 /2 /3 /4' "$(sed -n 's/^path: //p' "$WORK/found" | paste -s -d ' ')" "the paths"
    mv "$WORK/found" "$WORK/whole"
    all=${all/Content-Length: 18/Content-Length: 21}
    TALK_PIECE='' exchange "$all"
    assert_equal '200 200 200 200 200' "$(statuses)" "the statuses"
    assert_equal '/1 /2 /3 /4 /6' "$(sed -n 's/^path: //p' "$WORK/found" | paste -s -d ' ')" "the paths"
    mv "$WORK/found" "$WORK/whole"
    TALK_PIECE=1 exchange "$all"
    cmp "$WORK/whole" "$WORK/found" || fail "byte by byte: $(cat "$WORK/found")"
    host_stop
}

echoes_what_curl_sends() {
    host_start handler -l 0
    local url="http://127.0.0.1:$PORT/form"
    assert_equal 'a=b&c=d' "$(curl -s --data 'a=b&c=d' "$url" | tail -n 1)" "the body of --data"
    python3 -c 'import random; open("'"$WORK/body"'", "wb").write(random.Random(1).randbytes(1 << 20))'
    curl -s -v -H 'Expect: 100-continue' --expect100-timeout $LIMIT --data-binary "@$WORK/body" "$url" >"$WORK/back" 2>"$WORK/said" || fail "curl: $?"
    assert_contains "$WORK/said" 'HTTP/1.1 100 Continue'
    assert_contains "$WORK/back" 'body: 1048576'
    tail -c 1048576 "$WORK/back" | cmp - "$WORK/body" || fail "the body came back changed"
    assert_equal '200 1 200 0 ' "$(curl -s -X PUT --data-binary "@$WORK/body" -o "$WORK/1" -o "$WORK/2" \
        -w '%{http_code} %{num_connects} ' "$url" "$url")" "two on one connection"
    cmp "$WORK/1" "$WORK/2" || fail "the same body came back otherwise"
    host_stop
}

says_100_only_where_it_is_waited_for() {
    host_start handler -l 0
    exchange 'PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc'
    assert_equal '100 200' "$(statuses)" "the statuses"
    exchange 'PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nExpect: 100-continue\r\n\r\n'
    assert_equal 200 "$(statuses)" "the statuses without a body"
    exchange 'PUT / HTTP/1.0\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc'
    assert_equal 200 "$(statuses)" "the statuses of HTTP/1.0"
    host_stop
}

refuses_a_body_over_max_body_before_it_arrives() {
    host_start handler -l 0 max-body=1K
    export TALK_STAYS=1
    exchange 'PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1025\r\nExpect: 100-continue\r\n\r\n'
    assert_equal 413 "$(statuses)" "the statuses"
    exchange 'PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 18446744073709551615\r\n\r\n'
    assert_equal 413 "$(statuses)" "the statuses"
    unset TALK_STAYS
    exchange 'PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1024\r\n\r\n'"$(printf '%01024d' 0)"
    assert_equal 200 "$(statuses)" "the statuses of 1024 bytes"
    host_stop
}

# The limits of a head hold again behind a body that was larger, and a large body may follow a small limit.
bounds_heads_and_bodies_apart() {
    host_start handler -l 0 max-head=128
    local body
    body=$(printf '%0500d' 0)
    exchange 'PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 500\r\n\r\n'"$body"'GET / HTTP/1.1\r\nHost: h\r\nX: '"${body:200}"'\r\n\r\n'
    assert_equal '200 431' "$(statuses)" "the statuses"
    host_stop
}

forgets_a_request_whose_body_never_comes() {
    host_start handler -l 0 request-timeout=100ms
    TALK_STAYS=1 exchange 'PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nabc'
    assert_equal 408 "$(statuses)" "the status of a body that stops"
    exchange 'PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nabc'
    assert_equal '' "$(statuses)" "the status of a body that ends early"
    host_stop
}

answers_a_request_whose_body_was_on_its_way_when_the_host_stopped() {
    have socat || skip "no socat"
    local after
    for after in '' ab; do
        host_start handler -l 0 drain-timeout=1d
        client_open socat - "TCP4:127.0.0.1:$PORT"
        client_say "PUT / HTTP/1.1\\r\\nHost: h\\r\\nExpect: 100-continue\\r\\nContent-Length: 4\\r\\n\\r\\n$after"
        client_hear 'HTTP/1.1 100 Continue'
        kill -TERM "$HOST_PID"
        wait_until_refused
        client_say 'abcdGET / HTTP/1.1\r\n'
        tr -d '\r' <&9 >"$WORK/found"
        assert_equal 200 "$(statuses)" "the reply"
        assert_contains "$WORK/found" 'Connection: close'
        host_wait
        assert_equal 0 "$STATUS" "exit status"
        client_close
    done
}

ends_idle_connections_when_the_host_stops() {
    have socat || skip "no socat"
    host_start handler -l 0 drain-timeout=1d
    client_open socat - "TCP4:127.0.0.1:$PORT"
    client_say 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'
    client_hear 'HTTP/1.1 200 OK'
    host_stop
    client_close
}

run_tests \
    tells_what_came_in_a_whole_reply answers_at_once_where_there_is_no_body \
    takes_request_after_request_however_the_stream_is_split echoes_what_curl_sends \
    says_100_only_where_it_is_waited_for refuses_a_body_over_max_body_before_it_arrives bounds_heads_and_bodies_apart \
    forgets_a_request_whose_body_never_comes answers_a_request_whose_body_was_on_its_way_when_the_host_stopped \
    ends_idle_connections_when_the_host_stops
