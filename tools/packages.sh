# shellcheck shell=sh
# packages.sh: finds out what a script needs and the system lacks, and installs
# it with the system's own packages: sourced, not run.

# Runs a command; in a pipe its output is only shown if it fails.
quietly() { # COMMAND...
    if [ -t 1 ]; then
        "$@"
        return
    fi
    quietly_log=$(mktemp "${TMPDIR:-/tmp}/confab-log.XXXXXX") || return 1
    quietly_status=0
    "$@" >"$quietly_log" 2>&1 || quietly_status=$?
    [ $quietly_status -eq 0 ] || cat "$quietly_log" >&2
    rm -f "$quietly_log"
    return $quietly_status
}

find_compiler() {
    for compiler in ${CC:-cc gcc clang}; do
        if command -v "$compiler" >/dev/null 2>&1; then
            echo "$compiler"
            return 0
        fi
    done
    return 1
}

compiles() { # TEXT
    compiler=$(find_compiler) && printf '%s\n' "$1" | "$compiler" -x c -fsyntax-only - 2>/dev/null
}

have() { # NEED
    case $1 in
    compiler) compiles '#include <stdio.h>' ;;
    make) command -v ninja >/dev/null 2>&1 || command -v make >/dev/null 2>&1 ;;
    criterion) compiles '#include <criterion/criterion.h>' ;;
    *) command -v "$1" >/dev/null 2>&1 ;;
    esac
}

# The packages that NEED is in.
package() { # MANAGER NEED
    case $1:$2 in
    apt-get:compiler) echo "gcc libc6-dev" ;;
    apk:compiler) echo "gcc musl-dev linux-headers" ;;
    brew:compiler) echo llvm ;;
    pkg:compiler) echo llvm ;;
    *:compiler) echo gcc ;;
    apt-get:make | dnf:make) echo ninja-build ;;
    apk:make) echo samurai ;;
    *:make) echo ninja ;;
    apt-get:criterion) echo libcriterion-dev ;;
    apk:criterion) echo criterion-dev ;;
    dnf:criterion) echo libcriterion-devel ;;
    apt-get:nc) echo netcat-openbsd ;;
    apk:nc) echo netcat-openbsd ;;
    dnf:nc) echo nmap-ncat ;;
    *:nc) echo netcat ;;
    *:timeout | *:nproc) echo coreutils ;;
    *:nm) echo binutils ;;
    *) echo "$2" ;;
    esac
}

package_manager() {
    for manager in apt-get apk dnf pkg brew; do
        if command -v "$manager" >/dev/null 2>&1; then
            echo "$manager"
            return 0
        fi
    done
    return 1
}

as_root() { # COMMAND...
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo -n "$@"
    elif command -v doas >/dev/null 2>&1; then
        doas -n "$@"
    else
        echo "not root, and there is neither sudo nor doas" >&2
        return 1
    fi
}

apt_install() { # PACKAGE...
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
}

install_packages() { # MANAGER PACKAGE...
    manager=$1
    shift
    case $manager in
    # A fresh system has no lists of packages yet, an old one lists what is gone.
    apt-get) apt_install "$@" || { as_root apt-get update -q && apt_install "$@"; } ;;
    apk) as_root apk add --no-cache "$@" ;;
    dnf) as_root dnf install -y -q "$@" ;;
    pkg) as_root env ASSUME_ALWAYS_YES=yes pkg install "$@" ;;
    brew) env HOMEBREW_NO_AUTO_UPDATE=1 NONINTERACTIVE=1 brew install "$@" ;;
    esac
}

# Installs what is missing of these; fails if something still is.
need() { # NEED...
    missing=''
    for word in "$@"; do
        have "$word" || missing="$missing $word"
    done
    [ -n "$missing" ] || return 0
    if ! manager=$(package_manager); then
        echo "missing:$missing; no package manager that is known here: install them by hand" >&2
        return 1
    fi
    packages=''
    for word in $missing; do
        packages="$packages $(package "$manager" "$word")"
    done
    echo "installing$packages"
    # shellcheck disable=SC2086 # one word a package
    if ! quietly install_packages "$manager" $packages; then
        echo "could not be installed with $manager:$packages" >&2
        return 1
    fi
    for word in $missing; do
        if ! have "$word"; then
            echo "still missing after the installation of$packages: $word" >&2
            return 1
        fi
    done
}

# Ninja where it is there; not where another generator has been chosen already.
generator() { # BUILD
    if [ ! -f "$1/CMakeCache.txt" ] && command -v ninja >/dev/null 2>&1; then
        echo "-GNinja"
    fi
}
