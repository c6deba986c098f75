#!/usr/bin/env bash
# Compares the round trips that quicward tells of real transfers with the true ones, as root:
#   transfers.sh [--seed N] [--only REGEX] [--keep FOLDER] [--again FOLDER] [--list]
# Programs that spin their bit (aioquic, bun's lsquic, deno's quinn) transfer over a path with known delays, losses and reordering, in
# namespaces of its own, one after another: downloads, uploads, requests, films, video, voice; steps of the round trip; late acknowledgements;
# ends that do not spin. An observer in the middle of the path writes a capture, and "quicward replay" reads it. Copies of the captures
# have fixed and random bits. Prints a table, and whether each bar of docs/measurement.md is met. The truth is what the path measured of itself.
#   --seed N       the first transfer's seed, each other's is one more (1)
#   --only REGEX   of the lines that --list prints
#   --keep FOLDER  leaves captures, truths and rows there
#   --again FOLDER judges those captures anew, without a transfer
# QUICWARD as for run.sh; QW_BUN and QW_DENO (install.sh bun deno) and QW_DEBIAN13 (a Debian 13 folder with python3-aioquic) name the programs;
# those that are missing are left out. Takes a quarter of an hour. Use a quiet machine: the time that an end computes shows as a longer
# handshake. Status 1 when a bar is not met.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$QW_ROOT/integration/lib/transfers.sh"
seed=1 only=. keep='' list='' folder=''
HALVES=(5:5 50:50 5:100 200:200 20:150 100:10)
CONDITIONS=('0% 0%' '1% 0%' '5% 0%' '1% 5%' '0% 5%' '5% 5%')
COPIES=(zero-both random-both random-client one-both random-server each-client)

# matrix: a line a transfer: STACK KIND BIT CLIENT-MS SERVER-MS LOSS REORDER STEP. Bulk has all halves, with the conditions in turn;
# the others have some.
matrix() {
    local stack s=0 h kind k
    for stack in aioquic lsquic quinn; do
        for h in "${!HALVES[@]}"; do
            line $stack down own "$h" $((h + s)) -
            line $stack up own "$h" $((h + s + 3)) -
        done
        k=0
        for kind in ask film push talk; do
            [ $stack:$kind = lsquic:talk ] && continue
            for h in 0 1 2 3; do
                line $stack $kind own $(((h + k) % 6)) $((h + k + s)) -
            done
            k=$((k + 1))
        done
        line $stack down own 1 $s 2
        line $stack down own 4 $((s + 1)) 0.5
        line $stack up own 2 $((s + 2)) 2
        s=$((s + 2))
    done
    for h in 0 1 4; do
        line aioquic sparse own $h 1 -
        line aioquic down end $h "$h" -
    done
}

line() { # STACK KIND BIT HALVES CONDITION STEP
    echo "$1 $2 $3 ${HALVES[$4]/:/ } ${CONDITIONS[$5 % 6]} $6"
}

# how_much KIND: KIND SIZE EVERY COUNT of transfer().
how_much() {
    case $1 in
    down | sparse) echo "get $BYTES 0 1" ;;
    up) echo "put $BYTES 0 1" ;;
    ask) echo "ask 5000 300 1000" ;;
    film) echo "ask 200000 2000 1000" ;;
    push) echo "get 8000 33 1000" ;;
    talk) echo "talk 160 20 1000" ;;
    esac
}
BYTES=40000000

# Some more than twenty round trips, and not less than SECONDS_LEAST.
SECONDS_LEAST=5
seconds_of() { # CLIENT SERVER STEP
    awk -v rtt=$(($1 + $2)) -v step="$3" -v least=$SECONDS_LEAST 'BEGIN {
        if (step != "-") rtt *= step > 1 ? 2 * step : 2
        s = int(rtt * 25 / 1000 + 1); print (s > least ? s : least)
    }'
}

rules_of() { # CLIENT SERVER LOSS REORDER STEP SEED SECONDS
    echo "client=$1" "server=$2" "loss=$3" "reorder=$4" "seed=$6"
    [ "$5" = - ] || awk -v c="$1" -v s="$2" -v f="$5" -v t="$7" 'BEGIN { printf "step=%d:%.1f:%.1f\n", t / 2, c * f, s * f }'
}

figures() { # CAPTURE
    "$QUICWARD" replay --json "$1" | jq -rs 'map(select(.rtt_us)) | .[0].rtt_us // {} |
        [.client, .server, .handshake_exact, .spin, .spin_confidence // "none", .spin_client_confidence // "none",
        .spin_server_confidence // "none"] | map(tostring) | join(" ")'
}

look() { # CAPTURE
    python3 "$QW_ROOT/integration/lib/transfers.py" look "$1"
}

truth() { # WORD: "CLIENT SERVER"; without a step it is the same later
    awk -v word="$1" '$1 == "truth" || $1 == word { out = $3 " " $5 } END { print out }' "$LAB_DIR/path.log"
}

# One of the matrix, and two copies of it.
one() { # SEED STACK KIND BIT CLIENT SERVER LOSS REORDER STEP
    local seed=$1 stack=$2 kind=$3 bit=$4 seconds how TRANSFER_SPIN='' TRANSFER_ACK='' path=("${@:5:5}")
    seconds=$(seconds_of "$5" "$6" "$9")
    [ "$bit" = own ] || TRANSFER_SPIN=random
    [ "$kind" != sparse ] || TRANSFER_ACK=25
    export TRANSFER_SPIN TRANSFER_ACK
    # shellcheck disable=SC2046 # words
    transfer "$stack" "$seconds" $(how_much "$kind") $(rules_of "${path[@]}" "$seed" "$seconds") ||
        { echo "transfers.sh: $* failed: $(tail -n 2 "$LAB_DIR/client.log")" >&2; return; }
    [ "$9" = - ] || path[4]=$9@$((seconds / 2))
    judge_capture "$LAB_DIR/transfer.pcap"
    [ -z "$keep" ] || { cp "$LAB_DIR/transfer.pcap" "$keep/$seed.pcap" && cp "$LAB_DIR/path.log" "$keep/$seed.truth" && cp "$LAB_DIR/rows" "$keep"; }
}

# A row of the capture and of two copies; the words are one's.
judge_capture() { # CAPTURE
    local how
    write_row "$bit" "$1" | tee -a "$LAB_DIR/rows" >&2
    for how in "${COPIES[seed % 6]}" "${COPIES[(seed + 1) % 6]}"; do
        python3 "$QW_ROOT/integration/lib/transfers.py" respin "$1" "$LAB_DIR/copy.pcap" "$how" "$(truth truth | cut -d' ' -f1)" "$seed"
        write_row "$how" "$LAB_DIR/copy.pcap" >>"$LAB_DIR/rows"
    done
}

write_row() { # BIT CAPTURE
    echo "$stack" "$kind" "$1" "${path[@]}" "$seed" "$(truth truth)" "$(truth later)" "$(look "$2")" "$(figures "$2")"
}

# Judges what --keep left in FOLDER by the program as it is now.
again() { # FOLDER
    local words stack kind bit seed path
    while read -ra words; do
        stack=${words[0]} kind=${words[1]} bit=${words[2]} path=("${words[@]:3:5}") seed=${words[8]}
        case $bit in own | end) ;; *) continue ;; esac
        cp "$1/$seed.truth" "$LAB_DIR/path.log" && judge_capture "$1/$seed.pcap"
    done <"$1/rows"
}

while [ $# -gt 0 ]; do
    case $1 in
    --seed) seed=$2 && shift ;;
    --only) only=$2 && shift ;;
    --keep) keep=$2 && shift ;;
    --again) folder=$2 && shift ;;
    --list) list=yes ;;
    *) echo "transfers.sh: $1 is none of --seed, --only, --keep, --again, --list" >&2 && exit 2 ;;
    esac
    shift
done
mapfile -t LINES_OF < <(matrix | awk -v seed="$seed" '{ print seed + NR - 1, $0 }' | grep -E -- "$only")
[ -z "$list" ] || { printf '%s\n' "${LINES_OF[@]}" && exit; }
skip_without jq python3
if [ -n "$folder" ]; then
    LAB_DIR=$(mktemp -d) || exit 1
    trap 'rm -rf "$LAB_DIR"' EXIT
    again "$folder"
else
    [ "$(id -u)" = 0 ] || { echo 'transfers.sh: root is needed' >&2; exit 1; }
    skip_without ethtool openssl
    [ -z "$keep" ] || mkdir -p "$keep" || exit 1
    lab_trap
    transfers_up || exit 1
    for line in "${LINES_OF[@]}"; do
        read -ra words <<<"$line"
        transfer_can "${words[1]}" || { echo "transfers.sh: no ${words[1]} here" >&2 && continue; }
        one "${words[@]}"
    done
fi
[ -s "$LAB_DIR/rows" ] || { echo 'transfers.sh: no transfer' >&2 && exit 1; }
python3 "$QW_ROOT/integration/lib/transfers.py" verdict "$LAB_DIR/rows"
