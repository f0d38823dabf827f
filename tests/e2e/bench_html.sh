#!/usr/bin/env bash
# The page that `confab bench --html` writes, of figures that were never measured: an XML parser and a browser are asked.
. "$(dirname "$0")/lib.sh"

WRITER=${CONFAB_TEST_WRITE_REPORT:?is to be the path of the program write_report}

write_page() { # CONTENDERS ROUNDS
    "$WRITER" html "$@" >"$WORK/page.html" || fail "write_report failed"
}

# Well-formed; each id once, and there where it is referred to; all of a picture is within it.
is_whole() {
    local contenders
    for contenders in 1 3 6; do
        write_page $contenders 4
        python3 - "$WORK/page.html" <<'PYTHON' || fail "with $contenders contenders"
import re, sys
import xml.etree.ElementTree as tree

page = tree.parse(sys.argv[1])
ids = [e.get("id") for e in page.iter() if e.get("id")]
assert len(ids) == len(set(ids)), "an id is there twice"
pictures = [e for e in page.iter("svg") if e.get("role") == "img"]
assert len(pictures) > 10, len(pictures)
for picture in pictures:
    assert all(i in ids for i in picture.get("aria-labelledby").split())
    left, top, width, height = map(float, picture.get("viewBox").split())
    for text in picture.iter("text"):
        x, y = float(text.get("x")), float(text.get("y"))
        assert 0 <= x <= width and 0 <= y <= height, (x, y, text.text)
    for path in picture.iter("path"):
        assert re.fullmatch(r"[-MLHVhvmaz0-9. ]*", path.get("d")), path.get("d")
        moved = re.fullmatch(r"translate\((\S+) (\S+)\)", path.get("transform") or "translate(0 0)")
        assert 0 <= float(moved[1]) <= width and 0 <= float(moved[2]) <= height, path.get("transform")
for table in page.iter("table"):
    rows = [sum(int(c.get("colspan", 1)) for c in row) for row in table.iter("tr")]
    spans = [c.get("rowspan") for row in table.iter("tr") for c in row]
    assert rows and (any(spans) or len(set(rows)) == 1), rows
PYTHON
    done
}

# What programs read is JSON for others' readers too.
json_is_json() {
    "$WRITER" json >"$WORK/report.json" || fail "write_report failed"
    python3 - "$WORK/report.json" <<'PYTHON' || fail "no report"
import json, sys

def refuse(word):
    raise ValueError(word)

report = json.load(open(sys.argv[1]), parse_constant=refuse)
assert report["confab_bench"] == 1
assert len(report["contenders"]) == 6
buckets = report["results"][0]["series"][1]["latency"]
assert sum(n for _, n in buckets["buckets"]) == buckets["total"]
PYTHON
}

# -- In a browser ---------------------------------------------------------------

find_browser() {
    for BROWSER in chromium chromium-browser google-chrome; do
        have $BROWSER && return
    done
    skip "there is no Chromium"
}

# Takes a picture of the page; what the page has to complain of goes to $WORK/complaints.
look() { # PICTURE WIDTH FLAG...
    local picture=$1 width=$2
    shift 2
    timeout $((4 * LIMIT)) "$BROWSER" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --hide-scrollbars \
        --user-data-dir="$WORK/browser" --enable-logging=stderr --v=0 --window-size="$width",3000 "$@" \
        --screenshot="$picture" "file://$WORK/page.html" 2>"$WORK/browser.log" >/dev/null ||
        fail "the browser failed: $(tail -n 5 "$WORK/browser.log")"
    grep -E 'CONSOLE' "$WORK/browser.log" >"$WORK/complaints" || true
}

# The colour of its first pixel, and how many different colours its rows begin and go on with (a blank one: 1).
colours() { # PICTURE
    python3 - "$1" <<'PYTHON'
import struct, sys, zlib

data, at, packed = open(sys.argv[1], "rb").read(), 8, b""
while at < len(data):
    size, kind = struct.unpack(">I4s", data[at:at + 8])
    if kind == b"IHDR":
        width, height, depth, colour = struct.unpack(">IIBB", data[at + 8:at + 18])
    elif kind == b"IDAT":
        packed += data[at + 8:at + 8 + size]
    at += 12 + size
step = {2: 3, 6: 4}[colour]
raw = zlib.decompress(packed)
stride = width * step + 1
rows = {raw[i:i + stride] for i in range(0, len(raw), stride)}
print(sum(raw[1:4]) // 3, len(rows))
PYTHON
}

is_shown_in_light_and_in_dark() {
    local light dark rows
    find_browser
    write_page 6 4
    look "$WORK/light.png" 1200 --blink-settings=preferredColorScheme=1
    [ ! -s "$WORK/complaints" ] || fail "the browser complains: $(cat "$WORK/complaints")"
    read -r light rows < <(colours "$WORK/light.png")
    [ "$rows" -gt 500 ] || fail "the picture is blank, but for $rows rows"
    look "$WORK/dark.png" 1200 --blink-settings=preferredColorScheme=0
    read -r dark rows < <(colours "$WORK/dark.png")
    [ "$rows" -gt 500 ] || fail "the dark picture is blank, but for $rows rows"
    [ "$light" -gt 200 ] || fail "the light page is of brightness $light"
    [ "$dark" -lt 60 ] || fail "the dark page is of brightness $dark"
}

# On a telephone tables are moved in themselves; the page is not wider than the screen.
fits_a_telephone() {
    find_browser
    write_page 6 4
    sed -i 's#</body>#<p id="probe"></p><script>document.getElementById("probe").textContent = "width " + \
        document.documentElement.scrollWidth + " of " + innerWidth</script></body>#
        s#<meta http-equiv="Content-Security-Policy"[^>]*>##' "$WORK/page.html"
    timeout $((4 * LIMIT)) "$BROWSER" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
        --user-data-dir="$WORK/browser" --window-size=500,900 --dump-dom "file://$WORK/page.html" \
        >"$WORK/dom" 2>"$WORK/browser.log" || fail "the browser failed: $(tail -n 5 "$WORK/browser.log")"
    local wide='' screen=''
    read -r wide screen < <(sed -nE 's/.*id="probe">width ([0-9]+) of ([0-9]+)<.*/\1 \2/p' "$WORK/dom")
    [ -n "$screen" ] || fail "the page did not say how wide it is"
    [ "$wide" -le "$screen" ] || fail "the page is $wide wide on a screen of $screen"
}

# What is refused would be seen: the browser does complain of a page that loads something.
a_page_that_loads_something_is_complained_of() {
    find_browser
    write_page 1 1
    sed -i 's#</body>#<img src="http://127.0.0.1:1/x.png"/></body>#' "$WORK/page.html"
    look "$WORK/x.png" 800
    assert_contains "$WORK/complaints" 'Content Security Policy'
}

run_tests is_whole json_is_json is_shown_in_light_and_in_dark fits_a_telephone \
    a_page_that_loads_something_is_complained_of
