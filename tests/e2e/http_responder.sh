#!/usr/bin/env bash
# The plugin `responder`: what it shows; and what holds for all three plugins that speak
# HTTP: what is refused, bodies, several requests on one connection, its end.
. "$(dirname "$0")/lib.sh"

BROWSER='GET /a/b.html?q=1&r=2 HTTP/1.1\r
Host: 127.0.0.1:8080\r
User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r
Accept-Language: de,en-US;q=0.7,en;q=0.3\r
Accept-Encoding: gzip, deflate, br\r
Connection: keep-alive\r
Cookie: theme="dark"; name='\''x'\''\r
Upgrade-Insecure-Requests: 1\r
Sec-Fetch-Dest: document\r
Priority: u=0, i\r
\r
'
GET_A='GET /a HTTP/1.1\r\nHost: h\r\n\r\n'
GET_B='GET /b HTTP/1.1\r\nHost: h\r\n\r\n'

# Sends it, with printf's escapes; $WORK/found is what comes back, without its dates.
exchange() { # SENT
    # shellcheck disable=SC2059 # escapes are wanted
    printf "$1" | talk 127.0.0.1 "$PORT" | tr -d '\r' | sed '/^Date: /d' >"$WORK/found"
}

statuses() {
    sed -n 's/^HTTP\/1\.1 \([0-9]*\) .*/\1/p' "$WORK/found" | paste -s -d ' '
}

expect_statuses() { # SENT STATUSES
    exchange "$1"
    assert_equal "$2" "$(statuses)" "the statuses of the replies to '$1'"
}

targets() {
    sed -n 's/^<tr><th>Target<\/th><td>\(.*\)<\/td><\/tr>$/\1/p' "$WORK/found" | paste -s -d ' '
}

shows_a_browsers_request_as_a_page() {
    host_start responder -l 0
    exchange "$BROWSER"
    cat >"$WORK/page" <<'PAGE'
<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Request</title></head>
<body>
<h1>Your request</h1>
<table>
<tr><th>Method</th><td>GET</td></tr>
<tr><th>Target</th><td>/a/b.html?q=1&#38;r=2</td></tr>
<tr><th>Version</th><td>HTTP/1.1</td></tr>
</table>
<h2>Headers</h2>
<table>
<tr><th>Host</th><td>127.0.0.1:8080</td></tr>
<tr><th>User-Agent</th><td>Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0</td></tr>
<tr><th>Accept</th><td>text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8</td></tr>
<tr><th>Accept-Language</th><td>de,en-US;q=0.7,en;q=0.3</td></tr>
<tr><th>Accept-Encoding</th><td>gzip, deflate, br</td></tr>
<tr><th>Connection</th><td>keep-alive</td></tr>
<tr><th>Cookie</th><td>theme=&#34;dark&#34;; name=&#39;x&#39;</td></tr>
<tr><th>Upgrade-Insecure-Requests</th><td>1</td></tr>
<tr><th>Sec-Fetch-Dest</th><td>document</td></tr>
<tr><th>Priority</th><td>u=0, i</td></tr>
</table>
</body>
</html>
PAGE
    {
        printf 'HTTP/1.1 200 OK\nContent-Security-Policy: default-src '"'none'"'\n'
        printf 'Content-Type: text/html; charset=utf-8\nContent-Length: %d\n' "$(wc -c <"$WORK/page")"
        printf 'X-Content-Type-Options: nosniff\n\n'
        cat "$WORK/page"
    } >"$WORK/expected"
    cmp "$WORK/expected" "$WORK/found" || fail "found: $(cat "$WORK/found")"
    host_stop
}

escapes_whatever_could_be_markup() {
    host_start responder -l 0
    exchange 'GET /<script>alert("1")</script>?'\''&amp; HTTP/1.1\r\nHost: h\r\nX&'\''Y: <script>alert(1)</script>\r\nZ: \t</td>"\t\351\200<b\r\n\r\n'
    assert_contains "$WORK/found" '<td>/&#60;script&#62;alert(&#34;1&#34;)&#60;/script&#62;?&#39;&#38;amp;</td>'
    assert_contains "$WORK/found" '<tr><th>X&#38;&#39;Y</th><td>&#60;script&#62;alert(1)&#60;/script&#62;</td>'
    assert_contains "$WORK/found" '<td>&#60;/td&#62;&#34;\x09\xe9\x80&#60;b</td>'
    grep -q '<script' "$WORK/found" && fail "a tag came through"
    host_stop
}

answers_the_same_however_the_stream_is_split() {
    host_start responder -l 0
    local all="$BROWSER"'POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 7\r\n\r\n\r\n\r\nabc'"$GET_A"'\r\n\r\n\r\n'"$GET_B"
    expect_statuses "$all" '200 200 200 200'
    mv "$WORK/found" "$WORK/whole"
    local piece
    for piece in 1 3 50; do
        export TALK_PIECE=$piece
        exchange "$all"
        cmp "$WORK/whole" "$WORK/found" || fail "pieces of $piece bytes: $(cat "$WORK/found")"
    done
    host_stop
}

answers_HEAD_without_a_body() {
    host_start responder -l 0
    exchange 'GET /hh HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n'
    sed '/^$/q' "$WORK/found" >"$WORK/head"
    exchange 'HEAD /h HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n'
    cmp "$WORK/head" "$WORK/found" || fail "found: $(cat "$WORK/found")"
    expect_statuses "HEAD / HTTP/1.1\r\nHost: h\r\n\r\nHEAD / HTTP/1.1\r\n\r\n" '200 400'
    assert_equal '' "$(tail -n 1 "$WORK/found")" "the last line of a refused HEAD's reply"
    host_stop
}

dates_its_replies() {
    host_start responder -l 0
    local before after date
    before=$(date +%s)
    date=$(curl -s -o "$WORK/page" -D - "http://127.0.0.1:$PORT/" | tr -d '\r' | sed -n 's/^Date: //p')
    after=$(date +%s)
    [[ $date =~ ^[A-Z][a-z]{2},\ [0-9]{2}\ [A-Z][a-z]{2}\ [0-9]{4}\ [0-9:]{8}\ GMT$ ]] || fail "found '$date'"
    date=$(date -d "$date" +%s) || fail "no date"
    [ "$before" -le "$date" ] && [ "$date" -le "$after" ] || fail "found $date between $before and $after"
    host_stop
}

keeps_the_connection_for_a_client_of_HTTP_1_1() {
    host_start responder -l 0
    assert_equal '1 0 0 ' \
        "$(curl -s -o "$WORK/1" -o "$WORK/2" -o "$WORK/3" -w '%{num_connects} ' "http://127.0.0.1:$PORT/"{a,b,c})" \
        "connections of three requests"
    expect_statuses "$GET_A$GET_B$GET_A" '200 200 200'
    assert_equal '/a /b /a' "$(targets)" "the order of the replies"
    grep -q '^Connection:' "$WORK/found" && fail "the replies speak of the connection: $(cat "$WORK/found")"
    host_stop
}

ends_the_connection_where_the_client_wants_that() {
    host_start responder -l 0
    export TALK_STAYS=1
    expect_statuses 'GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n'"$GET_B" 200
    assert_contains "$WORK/found" 'Connection: close'
    expect_statuses 'GET /a HTTP/1.0\r\n\r\n'"$GET_B" 200
    assert_contains "$WORK/found" 'Connection: close'
    expect_statuses 'GET /a HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\nGET /b HTTP/1.0\r\n\r\n' '200 200'
    assert_equal 'keep-alive close' "$(sed -n 's/^Connection: //p' "$WORK/found" | paste -s -d ' ')" "the connections"
    host_stop
}

does_not_take_a_body_for_the_next_request() {
    host_start responder -l 0
    expect_statuses 'POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 30\r\n\r\n'"GET /x HTTP/1.1\r\nHost: h\r\n\r\n""$GET_A" '200 200'
    assert_equal '/p /a' "$(targets)" "the targets"
    expect_statuses 'POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n'"$GET_A" '200 200'
    head -c 1000000 /dev/zero >"$WORK/body"
    assert_equal '200 200 ' "$(curl -s -H Expect: --data-binary "@$WORK/body" -o "$WORK/1" -o "$WORK/2" -w '%{http_code} ' \
        "http://127.0.0.1:$PORT/"{a,b})" "the replies to large bodies"
    host_stop
}

# A client that waits to be told whether to send its body is told the answer instead.
ends_the_connection_of_a_client_that_waits_for_100() {
    host_start responder -l 0
    export TALK_STAYS=1
    expect_statuses 'PUT /p HTTP/1.1\r\nHost: h\r\nContent-Length: 30\r\nExpect: 100-continue\r\n\r\n' 200
    assert_contains "$WORK/found" 'Connection: close'
    host_stop
}

# The client does not end its side: it is for the host to answer, and to end the connection.
refuses_what_is_no_request_and_ends_the_connection() {
    host_start responder -l 0
    export TALK_STAYS=1
    expect_statuses 'HELO there\r\n\r\n'"$GET_A" 400
    assert_contains "$WORK/found" '400 Bad Request: a request begins with: METHOD TARGET HTTP/1.1'
    assert_contains "$WORK/found" 'Connection: close'
    expect_statuses 'GET / HTTP/1.1\r\n\r\n'"$GET_A" 400
    expect_statuses 'GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n c: d\r\n\r\n'"$GET_A" 400
    expect_statuses 'GET / HTTP/1.1\r\nHost : h\r\n\r\n'"$GET_A" 400
    expect_statuses 'GET /\000 HTTP/1.1\r\nHost: h\r\n\r\n'"$GET_A" 400
    expect_statuses 'GET / HTTP/2.0\r\nHost: h\r\n\r\n'"$GET_A" 505
    expect_statuses 'CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n'"$GET_A" 501
    expect_statuses 'GET / HTTP/1.1\r\nHost: h\r\nExpect: x\r\n\r\n'"$GET_A" 417
    host_stop
}

# Where a request's end is doubtful nothing behind it may be taken for a request.
refuses_bodies_whose_end_is_doubtful() {
    host_start responder -l 0
    local post='POST / HTTP/1.1\r\nHost: h\r\n' chunked='Transfer-Encoding: chunked\r\n' body="\\r\\n0\\r\\n\\r\\n$GET_A"
    export TALK_STAYS=1
    expect_statuses "$post$chunked$body" 501
    expect_statuses "$post${chunked}Content-Length: 5\\r\\n$body" 400
    expect_statuses "${post}Content-Length: 5\\r\\nTransfer-Encoding: x\\r\\n$body" 400
    expect_statuses "${post}Content-Length: 5\\r\\nContent-Length: 50\\r\\n$body" 400
    expect_statuses "${post}Content-Length: +5\\r\\n$body" 400
    expect_statuses "POST / HTTP/1.0\\r\\n$chunked$body" 400
    host_stop
}

refuses_a_line_that_ends_with_LF_alone_at_once() {
    host_start responder -l 0
    export TALK_STAYS=1
    local sent
    for sent in 'GET / HTTP/1.0\n\n' 'GET / HTTP/1.0\n' '\n' 'GET / HTTP/1.0\r\nA: b\nC: d\r\n\r\n' \
        'GET / HTTP/1.0\r\n\n' "$GET_A"'\n'; do
        TALK_PIECE='' expect_statuses "$sent" "$([ "$sent" = "$GET_A\\n" ] && echo '200 400' || echo 400)"
        TALK_PIECE=1 expect_statuses "$sent" "$([ "$sent" = "$GET_A\\n" ] && echo '200 400' || echo 400)"
    done
    assert_contains "$WORK/found" 'a line ends with LF alone'
    host_stop
}

refuses_a_head_of_more_than_16384_bytes() {
    host_start responder -l 0
    export TALK_STAYS=1
    local begin='GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\nX: ' long
    long=$(head -c $((16384 - 48)) /dev/zero | tr '\0' x) # what begins has 48 bytes
    expect_statuses "$begin$long\\r\\n\\r\\n" 200
    expect_statuses "$begin${long}x\\r\\n\\r\\n" 431
    expect_statuses "$begin${long}xxxxxxxxx" 431
    expect_statuses "GET /$long$long" 414
    host_stop
    host_start responder -l 0 max-head=100
    TALK_PIECE=1 expect_statuses "$begin${long:0:52}\\r\\n\\r\\n" 200
    TALK_PIECE=1 expect_statuses "$begin${long:0:53}\\r\\n\\r\\n" 431
    host_stop
}

refuses_a_request_that_does_not_arrive_in_time() {
    host_start responder -l 0 request-timeout=100ms
    export TALK_STAYS=1
    expect_statuses 'GET /a HTTP/1.1\r\nHost:' 408
    expect_statuses "$GET_A"'GET /b HTTP/1.1\r\nHost:' '200 408'
    expect_statuses 'POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc' '200 408'
    host_stop
}

finishes_a_request_when_the_host_stops_and_says_that_it_was_the_last() {
    have socat || skip "no socat"
    host_start responder -l 0 drain-timeout=1d
    client_open socat - "TCP4:127.0.0.1:$PORT"
    client_say "HEAD /a HTTP/1.1\\r\\nHost: h\\r\\n\\r\\nHEAD /b HTTP/1.1\\r\\n"
    client_hear 'HTTP/1.1 200 OK'
    kill -TERM "$HOST_PID"
    wait_until_refused
    client_say 'Host: h\r\n\r\n'
    tr -d '\r' <&9 >"$WORK/found"
    assert_equal 200 "$(statuses)" "the second reply"
    assert_equal close "$(sed -n 's/^Connection: //p' "$WORK/found")" "its connection"
    host_wait
    assert_equal 0 "$STATUS" "exit status"
    client_close
}

# Clients ask as long as they are listened to, and read nothing.  Whatever the host was to do for them
# it has done when others have been answered so many times.
asked_by_clients_that_do_not_read() { # CLIENTS METHOD [HEADER]
    python3 - "$WORK/socket" "$@" <<'PYTHON' || fail "see above"
import socket, sys
path, count, method, header = sys.argv[1], int(sys.argv[2]), sys.argv[3], "".join(sys.argv[4:])
request = ("%s / HTTP/1.1\r\nHost: h\r\n%s\r\n" % (method, header and header + "\r\n")).encode()
PIECE, MOST = 1 << 16, 32 << 20
def connect():
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(30)
    s.connect(path)
    return s
said = request * (MOST // len(request))
clients = [[connect(), 0] for _ in range(count)]
for s, _ in clients:
    s.setblocking(False)
quiet = 0
while quiet < 100:
    quiet += 1
    for client in clients:
        try:
            n = client[0].send(said[client[1]:client[1] + PIECE])
        except BlockingIOError:
            n = 0
        client[1] += n
        if n:
            quiet = 0
    other = connect()
    other.sendall(b"HEAD / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    while other.recv(65536):
        pass
    other.close()
PYTHON
}

expect_little_for() { # CLIENTS METHOD [HEADER]
    local memory
    # A sanitizer's memory tells nothing.
    ! grep -q -e __asan_init -e __tsan_init "$HOST" || skip "the program carries a sanitizer"
    host_start responder -l "unix:$WORK/socket" drain-timeout=0
    asked_by_clients_that_do_not_read "$@"
    memory=$(host_memory)
    [ "$memory" -lt $((8192 + $1 * 1024)) ] || fail "$1 clients that only ask took $memory KiB"
    host_stop
}

holds_little_for_clients_that_do_not_read() {
    expect_little_for 40 GET
}

# The page that it would be is not kept either, long as it may be.
holds_little_for_clients_that_do_not_read_the_replies_to_HEAD() {
    expect_little_for 8 HEAD "X: $(printf '%08000d' 0)"
}

run_tests \
    shows_a_browsers_request_as_a_page escapes_whatever_could_be_markup answers_the_same_however_the_stream_is_split \
    answers_HEAD_without_a_body dates_its_replies keeps_the_connection_for_a_client_of_HTTP_1_1 \
    ends_the_connection_where_the_client_wants_that does_not_take_a_body_for_the_next_request \
    ends_the_connection_of_a_client_that_waits_for_100 refuses_what_is_no_request_and_ends_the_connection \
    refuses_bodies_whose_end_is_doubtful refuses_a_line_that_ends_with_LF_alone_at_once \
    refuses_a_head_of_more_than_16384_bytes refuses_a_request_that_does_not_arrive_in_time \
    finishes_a_request_when_the_host_stops_and_says_that_it_was_the_last holds_little_for_clients_that_do_not_read \
    holds_little_for_clients_that_do_not_read_the_replies_to_HEAD
