#!/usr/bin/env bash
# alone
# F1, F2, C1: a client that loses one or two of its first four datagrams connects within 1.5 times the time that it needs through
# a plain router, behind a block list and an allow list, with hold.time 50 and 200. quic-go and chromium, whose ClientHello
# takes two datagrams, and gtlsclient; on links that lose just these. The lanes run side by side: what is compared is one minute's.
# Half a ClientHello never passes an allow list, so that the server cannot ask for the other half: there both halves count as lost
# when one is, and the client connects as soon as one that lost both through a plain router.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without gtlsclient gtlsserver chromium ethtool
skip_without_quicgo
BLOCK='rules = ( { name = "ads"; sni = ".blocked.test"; action = "drop"; } );'
ALLOW='default_out = "drop"; rules = ( { name = "ours"; sni = ".server.test"; action = "accept"; } );'
lab_trap
lanes_up plain both-lost block-50 block-200 allow-50 allow-200 || exit 1
# shellcheck disable=SC2034 # read by lib/lanes.sh
LANE_MEASURE=([1]=none)
certificate_make && serve_gtls 4433 || exit 1
lane_quicward 2 "$BLOCK hold = { time = 50; };" && lane_quicward 3 "$BLOCK hold = { time = 200; };" &&
    lane_quicward 4 "$ALLOW hold = { time = 50; };" && lane_quicward 5 "$ALLOW hold = { time = 200; };" || exit 1

confirmed_flows() { # LANE
    lane_ask "$1" flows --json | jq -s 'map(select(.state == "confirmed")) | length'
}

# The round trip takes 30 ms. Families take turns.
family=4
lost() { # WHAT NUMBERS FUNCTION PORT [OPTION...]
    [ "$CHECKS_FAILED" -lt 5 ] || return # enough is known
    check "IPv$family $1 that loses ${2:-nothing}" lanes_compared "delay=15 ${2:+drop-client=$2}" '' "$3" $family "${@:4}"
}

# split_lost: as above; the ClientHello takes the first two datagrams, and its repetition the next two; chromium repeats the first
# half before the second.
split_lost() {
    # shellcheck disable=SC2034,SC2054 # read by lib/lanes.sh; a list of datagrams
    case $1:$2 in
    *:1,3 | *:2,4 | chromium:2) LANE_EXTRA=([1]=drop-client=1-4) LANE_MEASURE=([1]=none [4]='0 1' [5]='0 1') ;;
    *:*[12]*) LANE_EXTRA=([1]=drop-client=1,2) LANE_MEASURE=([1]=none [4]='0 1' [5]='0 1') ;;
    esac
    lost "$@"
    # shellcheck disable=SC2034
    LANE_EXTRA=() LANE_MEASURE=([1]=none)
}

for numbers in '' 1 2 3 4 1,2 1,3 1,4 2,3 2,4 3,4; do
    split_lost quic-go "$numbers" lane_quicgo 4433 h3 big
    lost gtlsclient "$numbers" lane_gtls 4433 --initial-rtt=100ms
    family=$((10 - family))
done
# Out of order.
for ms in 5 15; do
    check "IPv$family quic-go whose first datagram comes $ms ms late" \
        lanes_compared "delay=15 late-client=1 late=$ms" '' lane_quicgo $family 4433 h3 big
done
# shellcheck disable=SC2034
LANES_USED=(0 1 3 5) # a browser needs much of the machine
for numbers in 1 2; do
    split_lost chromium "$numbers" lane_chromium 4433
    family=$((10 - family))
done
check 'the link lost what it was told to' [ "$(awk '/^flow 1 / { print $7 }' "$LAB_DIR/run-0")" = 1 ]
for lane in 2 3 4 5; do
    check "${LANES[$lane]}: connections were confirmed" [ "$(confirmed_flows $lane)" -ge 15 ]
done
case_end
