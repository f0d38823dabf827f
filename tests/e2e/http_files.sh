#!/usr/bin/env bash
# The plugin `files`: what is under the folder, in constant memory, and nothing else.
# What it shares with `responder` is tested in http_responder.sh.
. "$(dirname "$0")/lib.sh"

# A folder to serve, and beside it what must never be served.
make_folder() {
    WWW=$WORK/www
    mkdir -p "$WWW/sub/deep" "$WWW/empty" "$WWW/with space"
    printf 'the first page\n' >"$WWW/index.html"
    printf 'plain text\n' >"$WWW/a.txt"
    printf 'the sub page\n' >"$WWW/sub/index.html"
    printf 'deep\n' >"$WWW/sub/deep/b.TXT"
    printf 'spaces\n' >"$WWW/with space/c d.bin"
    printf 'accent\n' >"$WWW/$(printf '\303\251').txt"
    printf '0123456789' >"$WWW/ten"
    : >"$WWW/nothing.css"
    printf 'SECRET\n' >"$WORK/secret"
    mkdir "$WORK/outside"
    printf 'SECRET\n' >"$WORK/outside/secret"
    printf 'SECRET\n' >"$WORK/outside/index.html"
}

start() {
    make_folder
    host_start files -l 0 "$WWW" "$@"
    URL=http://127.0.0.1:$PORT
}

# Sends it, with printf's escapes; $WORK/found is what comes back.
exchange() { # SENT
    printf %b "$1" | talk 127.0.0.1 "$PORT" >"$WORK/found"
}

statuses() {
    grep -ao 'HTTP/1\.1 [0-9]* [A-Z]' "$WORK/found" | cut -d ' ' -f 2 | paste -s -d ' '
}

header() { # NAME
    tr -d '\r' <"$WORK/found" | sed -n "s/^$1: //p"
}

# Asks for a target, which is sent as it is but for printf's escapes.
get() { # TARGET [HEADER...]
    local target=$1 headers=''
    shift
    [ $# -eq 0 ] || headers=$(printf '%s\\r\\n' "$@")
    exchange "GET $target HTTP/1.1\\r\\nHost: h\\r\\nConnection: close\\r\\n$headers\\r\\n"
}

expect_status() { # TARGET STATUS [HEADER...]
    local target=$1 status=$2
    shift 2
    get "$target" "$@"
    assert_equal "$status" "$(statuses)" "the status of $target $*"
}

# Asks, and wants these bytes: with printf's escapes.
expect_body() { # TARGET STATUS BODY [HEADER...]
    local target=$1 status=$2 body=$3
    shift 3
    expect_status "$target" "$status" "$@"
    sed '1,/^\r$/d' "$WORK/found" >"$WORK/body"
    printf %b "$body" | cmp - "$WORK/body" || fail "$target $*: expected '$body', found '$(cat "$WORK/body")'"
}

serves_files_with_their_length_type_and_date() {
    start
    expect_body /a.txt 200 'plain text\n'
    assert_equal 'text/plain; charset=utf-8' "$(header Content-Type)" "the type of a.txt"
    assert_equal 11 "$(header Content-Length)" "the length of a.txt"
    touch -d '1994-11-06 08:49:37 UTC' "$WWW/a.txt"
    get /a.txt
    assert_equal 'Sun, 06 Nov 1994 08:49:37 GMT' "$(header Last-Modified)" "its date"
    touch -d '2024-02-29 23:59:59 UTC' "$WWW/a.txt"
    get /a.txt
    assert_equal 'Thu, 29 Feb 2024 23:59:59 GMT' "$(header Last-Modified)" "its date"
    touch -d '2094-11-06 08:49:37 UTC' "$WWW/a.txt"
    get /a.txt
    assert_equal "$(header Date)" "$(header Last-Modified)" "a date that is still to come"
    expect_body '/sub/deep/b.TXT?x=/../y' 200 'deep\n'
    assert_equal 'text/plain; charset=utf-8' "$(header Content-Type)" "the type of b.TXT"
    expect_body /with%20space/c%20d.bin 200 'spaces\n'
    assert_equal application/octet-stream "$(header Content-Type)" "the type of c d.bin"
    expect_body /%c3%A9.txt 200 'accent\n'
    expect_body '/\0303\0251.txt' 200 'accent\n'
    expect_body /nothing.css 200 ''
    expect_body http://example.com/a.txt 200 'plain text\n'
    host_stop
}

serves_index_html_for_a_folder() {
    start
    expect_body / 200 'the first page\n'
    assert_equal 'text/html; charset=utf-8' "$(header Content-Type)" "its type"
    expect_body /sub/ 200 'the sub page\n'
    expect_body http://example.com 200 'the first page\n'
    expect_status /empty/ 404
    mkdir "$WWW/empty/index.html"
    expect_status /empty/ 404
    host_stop
}

sends_a_browser_from_a_folders_name_to_its_slash() {
    start
    printf 'the page\n' >"$WWW/with space/index.html"
    expect_status '/sub?a=b' 301
    assert_equal '/sub/?a=b' "$(header Location)" "the location"
    expect_status /with%20space 301
    assert_equal /with%20space/ "$(header Location)" "the location"
    assert_equal 'the sub page' "$(curl -s -L "$URL/sub")" "what is there"
    # //sub/ would be the host of that name.
    expect_status //sub 404
    host_stop
}

# Not a redirect to what is not there.
says_404_for_a_folder_without_index_html_with_a_slash_and_without() {
    start
    local path
    expect_status /empty/ 404
    expect_status /empty 404
    expect_status '/sub/deep?a=b' 404
    mkdir "$WWW/empty/index.html"
    expect_status /empty 404
    rmdir "$WWW/empty/index.html"
    ln -s "$WORK/secret" "$WWW/empty/index.html"
    expect_status /empty 404
    # What lies as deep as a path can go has nothing behind its slash.
    path=$(printf 'd/%.0s' {1..64})
    mkdir -p "$WWW/$path"
    printf 'deep\n' | tee "$WWW/${path#d/}index.html" >"$WWW/${path}index.html"
    path=${path%/}
    expect_status "/${path#d/}" 301
    expect_status "/$path" 404
    assert_equal '' "$(find "/proc/$HOST_PID/fd" -lname "$WWW/?*" 2>/dev/null)" "what it has left open"
    host_stop
}

answers_HEAD_as_GET_without_the_body() {
    start
    get /a.txt
    sed '/^\r$/q' "$WORK/found" | grep -v '^Date:' >"$WORK/head"
    exchange 'HEAD /a.txt HTTP/1.1\r\nHost: h\r\nConnection: close\r\nRange: bytes=0-1\r\n\r\n'
    grep -v '^Date:' "$WORK/found" | cmp "$WORK/head" - || fail "found: $(cat "$WORK/found")"
    exchange 'HEAD /none HTTP/1.1\r\nHost: h\r\n\r\nHEAD /sub HTTP/1.1\r\nHost: h\r\n\r\nGET /ten HTTP/1.1\r\nHost: h\r\n\r\n'
    assert_equal '404 301 200' "$(statuses)" "the statuses"
    assert_equal '0123456789' "$(tail -n 1 "$WORK/found")" "the only body"
    grep -q 'no such' "$WORK/found" && fail "a HEAD was answered with a body"
    host_stop
}

refuses_other_methods() {
    start
    exchange 'POST /a.txt HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nGET DELETE /a.txt HTTP/1.1\r\nHost: h\r\n\r\nget / HTTP/1.1\r\nHost: h\r\n\r\n'
    assert_equal '405 405 405' "$(statuses)" "the statuses"
    assert_equal 'GET, HEAD GET, HEAD GET, HEAD' "$(header Allow | paste -s -d ' ')" "the methods that are allowed"
    exchange 'OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n'
    assert_equal 405 "$(statuses)" "the status of OPTIONS"
    host_stop
}

sends_a_range_of_a_file() {
    start
    expect_body /ten 206 234 'Range: bytes=2-4'
    assert_equal 'bytes 2-4/10' "$(header Content-Range)" "the range"
    assert_equal 3 "$(header Content-Length)" "the length"
    expect_body /ten 206 789 'Range: bytes=-3'
    expect_body /ten 206 789 'Range: bytes=7-'
    assert_equal 'bytes 7-9/10' "$(header Content-Range)" "the range"
    expect_status /ten 416 'Range: bytes=10-'
    assert_equal 'bytes */10' "$(header Content-Range)" "the length of the file"
    expect_body /ten 200 0123456789 'Range: bytes=1-2,4-5'
    expect_body /ten 200 0123456789 'Range: bytes=5-2'
    get /ten
    expect_body /ten 206 1 'Range: bytes=1-1' "If-Range: $(header Last-Modified)"
    expect_body /ten 200 0123456789 'Range: bytes=1-1' 'If-Range: "x"'
    assert_equal 456789 "$(printf 0123 >"$WORK/part" && curl -s -C 4 "$URL/ten")" "what curl goes on with"
    host_stop
}

sends_nothing_that_the_client_has_already() {
    start
    get /ten
    local date
    date=$(header Last-Modified)
    expect_body /ten 304 '' "If-Modified-Since: $date"
    assert_equal '' "$(header Content-Length)" "the length of no body"
    expect_body /ten 200 0123456789 'If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT'
    expect_body /ten 200 0123456789 "If-Modified-Since: $date" 'If-None-Match: "x"'
    exchange "GET /ten HTTP/1.1\\r\\nHost: h\\r\\nIf-Modified-Since: $date\\r\\n\\r\\nGET /ten HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n"
    assert_equal '304 200' "$(statuses)" "two on one connection"
    host_stop
}

# No file has an entity tag: whatever tag is named, it is not this file's.
says_412_where_the_file_is_not_the_one_that_is_wanted() {
    start
    touch -d '1994-11-06 08:49:37 UTC' "$WWW/ten"
    local date='Sun, 06 Nov 1994 08:49:37 GMT' other='Sun, 06 Nov 1994 08:49:36 GMT'
    expect_body /ten 412 '412 Precondition Failed: the file is not the one that the condition is about\n' 'If-Match: "x"'
    expect_status /ten 412 'If-Match: "x", "*"'
    expect_body /ten 200 0123456789 'If-Match: *'
    expect_body /ten 200 0123456789 "If-Unmodified-Since: $date"
    expect_status /ten 412 "If-Unmodified-Since: $other"
    # Before all others; a date does not count beside a tag.
    expect_status /ten 412 'If-Match: "x"' "If-Modified-Since: $date"
    expect_status /ten 412 "If-Unmodified-Since: $other" 'Range: bytes=99-'
    expect_status /ten 412 'If-Match: "x"' "If-Unmodified-Since: $date"
    expect_body /ten 206 1 'If-Match: *' "If-Unmodified-Since: $other" 'Range: bytes=1-1'
    expect_status /ten 304 'If-Match: *' "If-Modified-Since: $date"
    # Where there is nothing that could be wanted they do not count (13.2.1).
    expect_status /none 404 'If-Match: "x"'
    expect_status /sub 301 'If-Match: "x"'
    exchange 'HEAD /ten HTTP/1.1\r\nHost: h\r\nIf-Match: "x"\r\n\r\nGET /ten HTTP/1.1\r\nHost: h\r\n\r\n'
    assert_equal '412 200' "$(statuses)" "two on one connection"
    grep -q 'the condition' "$WORK/found" && fail "a HEAD was answered with a body"
    assert_equal '' "$(find "/proc/$HOST_PID/fd" -lname "$WWW/?*" 2>/dev/null)" "what it has left open"
    host_stop
}

# A browser's requests, one after the other, on one connection.
serves_many_files_on_one_connection_in_their_order() {
    start
    head -c 1000000 /dev/urandom >"$WWW/large"
    local all='' target
    for target in / /large /none /large /nothing.css /sub/; do
        all="${all}GET $target HTTP/1.1\\r\\nHost: h\\r\\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\\r\\n"
        all="${all}Accept: */*\\r\\nAccept-Encoding: gzip, deflate, br\\r\\nConnection: keep-alive\\r\\nReferer: http://h/\\r\\n"
        all="${all}Content-Length: 3\\r\\n\\r\\nabc"
    done
    exchange "$all"
    python3 - "$WORK/found" "$WWW" <<'PYTHON' || fail "see above"
import sys
left = open(sys.argv[1], "rb").read()
for status, name in ((200, "index.html"), (200, "large"), (404, None), (200, "large"), (200, "nothing.css"), (200, "sub/index.html")):
    head, _, left = left.partition(b"\r\n\r\n")
    length = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
    body, left = left[:length], left[length:]
    if not head.startswith(b"HTTP/1.1 %d " % status) or (name and body != open(sys.argv[2] + "/" + name, "rb").read()):
        sys.exit("%s: %r" % (name, head))
if left:
    sys.exit("more came: %r" % left[:100])
PYTHON
    mv "$WORK/found" "$WORK/whole"
    TALK_PIECE=1 exchange "$all"
    cmp <(grep -av '^Date:' "$WORK/whole") <(grep -av '^Date:' "$WORK/found") || fail "byte by byte it is different"
    assert_equal '1 0 0 ' "$(curl -s -o "$WORK/1" -o "$WORK/2" -o "$WORK/3" -w '%{num_connects} ' "$URL/"{large,none,ten})" \
        "connections of three requests"
    cmp "$WORK/1" "$WWW/large" || fail "curl found something else"
    host_stop
}

never_leaves_the_folder() {
    start
    ln -s ../secret "$WWW/link"
    ln -s "$WORK/outside" "$WWW/linked"
    ln -s a.txt "$WWW/inner"
    ln -s sub "$WWW/inner-folder"
    ln -s "$WORK/secret" "$WWW/empty/index.html"
    local target path
    for target in /../secret /..%2fsecret /%2e%2e/secret /%2E%2e/secret /.%2e/secret /%2e./secret /%2e%2e%2fsecret \
        /sub/../../secret /sub/%2e%2e/%2e%2e/secret /./../secret /sub/.. /.. /. /../ /sub/../a.txt /./a.txt \
        '/..\\\\secret' '/sub\\\\..\\\\..\\\\secret' /..%5csecret /%5c /a.txt%00 /a.txt%00.html /%00 \
        /%2fetc/passwd /sub%2findex.html /%2e%2e%00/secret /a%0atxt /% /%2 /%zz /%2 /a.txt% /%%32%65/secret \
        http://h/../secret http://h/%2e%2e/secret ../secret secret /../../../../../../../../etc/passwd; do
        expect_status "$target" 400
        grep -q SECRET "$WORK/found" && fail "$target got out"
    done
    for target in //secret //etc/passwd ///etc/passwd /sub//index.html /etc/passwd "$WORK/secret" http://h//etc/passwd \
        /link /linked /linked/ /linked/secret /inner /inner-folder /inner-folder/index.html /empty/ /a.txt/ /a.txt/b \
        /.../secret /..../secret '/%c0%ae%c0%ae/secret' /%252e%252e/secret /%20../secret "/$(printf '%0256d' 0)" \
        "/$(printf '%09999d' 0)" /sub/deep/index.html /A.TXT; do
        expect_status "$target" 404
        grep -q SECRET "$WORK/found" && fail "$target got out"
    done
    for path in ../secret sub/../../secret %2e%2e/secret link linked/secret; do
        curl -s --path-as-is "$URL/$path" >"$WORK/found"
        grep -q SECRET "$WORK/found" && fail "$path got out"
    done
    host_stop
}

goes_no_deeper_than_64_names() {
    start
    local path
    path=$(printf 'd/%.0s' {1..64})
    mkdir -p "$WWW/$path"
    printf 'deep\n' | tee "$WWW/${path#d/}file" >"$WWW/${path}file"
    expect_body "/${path#d/}file" 200 'deep\n'
    expect_status "/${path}file" 404
    host_stop
}

# The folder is the one that was there at the start; what is on the way is looked at each time.
goes_by_folders_not_by_their_names() {
    start
    mv "$WWW" "$WORK/moved"
    ln -s "$WORK/outside" "$WWW"
    expect_body / 200 'the first page\n'
    expect_status /secret 404
    mv "$WORK/moved/sub" "$WORK/moved/old"
    ln -s "$WORK/outside" "$WORK/moved/sub"
    expect_status /sub/secret 404
    expect_status /sub/ 404
    expect_body /old/ 200 'the sub page\n'
    host_stop
}

opens_nothing_but_regular_files() {
    start
    mkfifo "$WWW/fifo" "$WWW/fifo.html"
    python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$WWW/socket"
    mknod "$WWW/device" c 1 5 2>/dev/null # for root only; elsewhere there is no such file
    local target
    for target in /fifo /fifo/ /fifo/a /fifo.html /socket /socket/a /device /device/a; do
        expect_status $target 404
    done
    expect_body /ten 200 0123456789
    host_stop
}

says_403_where_a_file_may_not_be_read() {
    start
    chmod 000 "$WWW/ten"
    [ ! -r "$WWW/ten" ] || {
        host_stop
        skip "root may read everything"
    }
    expect_status /ten 403
    chmod 644 "$WWW/ten"
    expect_status /ten 200
    host_stop
}

serves_names_that_begin_with_a_dot_where_it_is_told_to() {
    start
    mkdir "$WWW/.git"
    printf 'config\n' >"$WWW/.git/config"
    printf 'dot\n' >"$WWW/.dot"
    local target
    for target in /.git/config /%2egit/config /.dot /%2Edot; do
        expect_status $target 404
    done
    host_stop
    host_start files -l 0 "$WWW" hidden=yes
    expect_body /.git/config 200 'config\n'
    expect_body /%2edot 200 'dot\n'
    expect_status /../secret 400
    host_stop
}

# What was promised cannot be sent: that must not look like success.
ends_the_connection_where_a_file_shrinks_on_its_way() {
    start
    truncate -s 256M "$WWW/large"
    python3 - "$PORT" "$WWW/large" <<'PYTHON' || fail "see above"
import os, socket, sys
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32768)
s.settimeout(30)
s.connect(("127.0.0.1", int(sys.argv[1])))
s.sendall(b"GET /large HTTP/1.1\r\nHost: h\r\n\r\nGET /ten HTTP/1.1\r\nHost: h\r\n\r\n")
found = s.recv(16384)
if b"\r\nContent-Length: %d\r\n" % (256 << 20) not in found:
    sys.exit("found %r" % found)
os.truncate(sys.argv[2], 1000)
size = len(found)
while True:
    try:
        data = s.recv(65536)
    except ConnectionResetError:
        break
    if not data:
        break
    size += len(data)
    if data.strip(b"\0"):
        sys.exit("found %r" % data.strip(b"\0")[:100])
if size >= 256 << 20:
    sys.exit("%d bytes came of a file that has 1000" % size)
PYTHON
    expect_body /ten 200 0123456789
    host_stop
}

# A client that asks for many and reads none costs one descriptor.
opens_one_file_at_a_time_for_a_connection() {
    [ -d /proc/self/fd ] || skip "no /proc"
    start drain-timeout=1d
    truncate -s 256M "$WWW/large"
    client_open "$PYTHON" -c '
import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 30)
s.sendall(300 * b"GET /large HTTP/1.1\r\nHost: h\r\n\r\n")
s.recv(1)
print("begun", flush=True)
sys.stdin.read()' "$PORT"
    client_hear begun
    # Whatever was to be done for that client has been done when others have been answered.
    for _ in 1 2 3; do
        expect_body /ten 200 0123456789
    done
    assert_equal 1 "$(find "/proc/$HOST_PID/fd" -lname "$WWW/large" 2>/dev/null | wc -l)" "how often it is open"
    # When it goes away nothing of it stays, though its reading rests.
    client_close
    host_stop
}

refuses_to_start_without_a_folder() {
    make_folder
    ask serve -l 0 files
    assert_equal 1 "$STATUS" "exit status without a folder"
    assert_contains "$WORK/err" root
    ask serve -l 0 files "$WORK/none"
    assert_equal 1 "$STATUS" "exit status where there is none"
    assert_contains "$WORK/err" "cannot open the folder $WORK/none: No such file or directory"
    ask serve -l 0 files "$WWW/a.txt"
    assert_equal 1 "$STATUS" "exit status where it is a file"
    assert_contains "$WORK/err" "cannot open the folder $WWW/a.txt: Not a directory"
}

sends_a_file_in_pieces_of_any_size() {
    local piece
    for piece in 1 7 1M; do
        rm -rf "${WORK:?}"/*
        start piece=$piece
        expect_body /ten 200 0123456789
        expect_body /ten 206 2345678 'Range: bytes=2-8'
        host_stop
        exec 3<&- 4<&-
    done
}

run_tests \
    serves_files_with_their_length_type_and_date serves_index_html_for_a_folder \
    sends_a_browser_from_a_folders_name_to_its_slash says_404_for_a_folder_without_index_html_with_a_slash_and_without \
    answers_HEAD_as_GET_without_the_body refuses_other_methods \
    sends_a_range_of_a_file sends_nothing_that_the_client_has_already says_412_where_the_file_is_not_the_one_that_is_wanted \
    serves_many_files_on_one_connection_in_their_order never_leaves_the_folder goes_no_deeper_than_64_names \
    goes_by_folders_not_by_their_names opens_nothing_but_regular_files says_403_where_a_file_may_not_be_read \
    serves_names_that_begin_with_a_dot_where_it_is_told_to \
    ends_the_connection_where_a_file_shrinks_on_its_way opens_one_file_at_a_time_for_a_connection \
    refuses_to_start_without_a_folder sends_a_file_in_pieces_of_any_size
