# shellcheck shell=bash
# debian.sh: what the scripts that make a Debian in a folder share: sourced, not run.

# The first archive of the machine's sources, in either of their forms; nothing where there is none.
debian_mirror() {
    local mirror
    mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
        sed -nE 's/^deb +(\[[^]]*\] +)?([a-z+]+:[^ ]+) .*/\2/p' | grep -v security | head -n 1)
    [ -n "$mirror" ] || mirror=$(sed -nE 's/^URIs: *([^ ]+).*/\1/p' /etc/apt/sources.list.d/*.sources 2>/dev/null |
        grep -v security | head -n 1)
    echo "$mirror"
}
