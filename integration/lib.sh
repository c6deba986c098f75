# shellcheck shell=bash
# Everything a namespace case needs; sourced, never run. See cases/ for examples.
set -u
QW_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
QUICWARD=${QUICWARD:-$QW_ROOT/build-release/quicward}
QW_TOOLS=${QW_TOOLS:-$(dirname "$QUICWARD")/tests/tools}
for part in check lab certificate servers clients debian13 capture daemon nat flood go_peer quicgo fast fast_peers lanes interop pair failover; do
    # shellcheck source=/dev/null
    . "$QW_ROOT/integration/lib/$part.sh"
done
unset part
