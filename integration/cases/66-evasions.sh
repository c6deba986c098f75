#!/usr/bin/env bash
# F1, F5, C3: a client and a server that work together do not get a forbidden name past an allow list, whichever of some thirty
# ways they try: no datagram with a piece of that ClientHello arrives. The one way that does is the one that docs/policy.md names:
# the attempt had shown an allowed name before. With a default that accepts, what arrives is what docs/policy.md says. Mode
# firewall and nat, IPv4 and IPv6.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
ALLOW='default_out = "drop"; rules = ( { name = "dns"; to_port = 53; action = "accept"; },
    { name = "ours"; sni = ".server.test"; action = "accept"; } );'
BLOCK='rules = ( { name = "ads"; sni = ".blocked.test"; action = "drop"; } );'
# shellcheck disable=SC2034 # by its name
STRICT="$BLOCK hold = { exhausted = \"drop\"; };"
RESULTS=$(mktemp -d) && mkdir "$RESULTS/again" || exit 1
lab_trap

# The mode's part of the configuration; reloads need the whole file.
mode_conf() { # MODE
    [ "$1" = firewall ] || echo "mode = \"nat\"; nat = { external = [\"$X4\"]; };"
}

# try_all MODE LIST PORT FOLDER: all ways in both families at once, from PORT on. Results are files MODE-FAMILY-LIST.
try_all() {
    local family runs=() status=0
    for family in 4 6; do
        "$QW_TOOLS/evade" "$LAB_CLIENT" "$LAB_SERVER" "$(inside $family "$3")" "$(endpoint $family 4433)" >"$4/$1-$family-$2" &
        runs+=($!)
    done
    for family in "${runs[@]}"; do
        wait "$family" || status=1
    done
    return $status
}

# least FILE FILE: way by way what arrived least.
least() {
    awk -F'|' 'BEGIN { rank["none"] = 1; rank["part"] = 2; rank["whole"] = 3 }
        NR == FNR { first[$1] = $0; result[$1] = $2; next }
        { print rank[$2] < rank[result[$1]] ? $0 : first[$1] }' "$1" "$2"
}

# Where the wait for a ClientHello ends by accepting, a busy machine may let a half go that would have waited: what is wanted is tried
# up to three times.
try_again() { # MODE LIST PORT
    local try family
    for try in 1 2; do
        ! cells_as_documented "$1" "$2" || return 0
        try_all "$1" "$2" $(($3 + 200 * try)) "$RESULTS/again" || return 1
        for family in 4 6; do
            least "$RESULTS/$1-$family-$2" "$RESULTS/again/$1-$family-$2" >"$RESULTS/least" &&
                mv "$RESULTS/least" "$RESULTS/$1-$family-$2"
        done
    done
}

cells_as_documented() { # MODE LIST
    local family column=3
    [ "$2" = BLOCK ] && column=4
    [ "$2" = STRICT ] && column=5
    for family in 4 6; do
        diff <(documented | awk -F' *\\| *' -v c=$column '{ print $2 "|" $c }') <(cut -d'|' -f1,2 "$RESULTS/$1-$family-$2") >/dev/null ||
            return 1
    done
}

try_lists() { # MODE
    local list port=20000
    for list in ALLOW BLOCK STRICT; do
        quicward_conf "$(mode_conf "$1") ${!list}" >"$LAB_DIR/quicward.conf"
        check "$1, $list: the configuration" quicward_ask reload || return
        check "$1, $list: all ways were tried" try_all "$1" $list $port "$RESULTS" || return
        [ $list = ALLOW ] || try_again "$1" $list $port
        port=$((port + 1000)) # what was admitted stays so
    done
}

no_piece_arrived() { # MODE FAMILY
    not grep -v '|none|' "$RESULTS/$1-$2-ALLOW"
}

# row_cell WAY LIST: one result when modes and families agree, else all four.
row_cell() {
    local mode family cells=() each=()
    for mode in firewall nat; do
        for family in 4 6; do
            cells+=("$(awk -F'|' -v way="$1" '$1 == way { print $2 }' "$RESULTS/$mode-$family-$2")")
            each+=("$mode IPv$family ${cells[-1]}")
        done
    done
    if [ "$(printf '%s\n' "${cells[@]}" | sort -u | wc -l)" = 1 ]; then
        echo "${cells[0]}"
    else
        printf '%s; ' "${each[@]}"
    fi
}

# As in docs/policy.md without its last column.
table() {
    local way
    while IFS='|' read -r way _; do
        echo "| $way | $(row_cell "$way" ALLOW) | $(row_cell "$way" BLOCK) | $(row_cell "$way" STRICT) |"
    done <"$RESULTS/firewall-4-ALLOW"
}

documented() {
    sed -n '/^| evasion |/,/^$/p' "$QW_ROOT/docs/policy.md" | sed '1,2d; /^$/d' | cut -d'|' -f1-5 | sed 's/$/|/'
}

as_documented() {
    diff <(documented) "$RESULTS/table"
}

lab_up && start_quicward "$ALLOW" || exit 1
try_lists firewall
check 'quicward ends cleanly' stop_quicward
lab_down
nat_lab_up && start_nat '' "$ALLOW" || exit 1
try_lists nat
check 'quicward ends cleanly' stop_quicward

for mode in firewall nat; do
    for family in 4 6; do
        check "$mode, IPv$family: no piece of a forbidden name passes an allow list" no_piece_arrived $mode $family
    done
done
table >"$RESULTS/table"
sed 's/^/  /' "$RESULTS/table"
check 'the table is the one of docs/policy.md' as_documented
rm -rf "$RESULTS"
case_end
