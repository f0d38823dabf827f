#!/usr/bin/env bash
# What simulated prints, whatever the network cut.
set -u
diff - <("$1") <<'EOF' && echo "ok    simulated"
hello, world
hello, and all who sail in her
closed: timeout
60 minutes later
EOF
