#!/usr/bin/env bash
# alone
# F1, F2, C1, C3, C5: cases of the quic-interop-runner (handshakeloss, handshakecorruption, amplificationlimit with loss on either
# side of the router, retry, zerortt, v2, longrtt) with real quic-go, ngtcp2, and curl and ngtcp2 of Debian 13: through a block
# list, an allow list and mode nat none takes more than 1.5 times as long as through a plain router in the same rounds, and none
# fails that does not fail there. integration/interop.sh runs them all, with more clients.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without gtlsclient gtlsserver ethtool
skip_without_quicgo
lab_trap
interop_up || exit 1

plays() { # CASE CLIENT ROUNDS
    [ "$CHECKS_FAILED" -lt 4 ] || return # enough is known
    interop_case "$1" "$2" "$3" 2
    check "$1, $2" interop_compare "$1" "$2"
    interop_compare "$1" "$2" | sed 's/^/      /'
}

plays handshake quic-go 2
plays handshakeloss quic-go 5
plays handshakeloss ngtcp2 5
plays handshakecorruption quic-go 3
plays handshakecorruption ngtcp2 3
plays amplificationlimit-client quic-go 2
plays amplificationlimit-server quic-go 2
plays retry quic-go 2
plays retry ngtcp2 2
plays zerortt ngtcp2 2
plays longrtt quic-go 1
if interop_can_debian13; then
    plays retry curl 1
    plays v2 ngtcp2-13 2
    plays handshakeloss ngtcp2-13 3
    plays handshakeloss curl 3
fi
case_end
