#!/usr/bin/env bash
# N16: an inside endpoint has the same port outside after kill -9 and a start that finds nothing but the secret; with another
# secret, with none and with nat.choice = "random" it has another. A secret that others may read, or of another size, keeps the
# daemon from starting, in clear words.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
lab_trap
nat_lab_up || exit 1
PORTS=30

# begin SNIPPET: a fresh daemon. Writes "INSIDE EXTERNAL" of PORTS new mappings into the file $1.
mapped_by() { # FILE [KEYS]
    local port
    start_nat "${2:-}" || return 1
    for ((port = 5000; port < 5000 + PORTS; port++)); do
        in_client "$QW_TOOLS/udp_send" "$C4:$port" "$S4:7000" x || return 1
    done
    wait_for 5 all_mapped || return 1
    mappings_json | jq -r '"\(.inside) \(.external)"' | sort >"$LAB_DIR/$1"
}

all_mapped() {
    [ "$(stat_of nat.mappings)" = $PORTS ]
}

crash() {
    kill -KILL "$QUICWARD_PID"
    wait "$QUICWARD_PID" 2>/dev/null
    QUICWARD_PID=
}

# A port in use or two of the same first choice make an exception now and then.
same() { # FILE FILE
    [ "$(comm -12 "$LAB_DIR/$1" "$LAB_DIR/$2" | wc -l)" -ge $((PORTS - 2)) ]
}

others() { # FILE FILE
    [ "$(comm -12 "$LAB_DIR/$1" "$LAB_DIR/$2" | wc -l)" -le 2 ]
}

# refused WORDS: the daemon ends at once, and says so.
refused() {
    in_router timeout 10 "$QUICWARD" run -c "$LAB_DIR/quicward.conf" >"$LAB_DIR/refused.log" 2>&1
    [ $? = 1 ] && grep -F -- "$1" "$LAB_DIR/refused.log"
}

check 'mappings' mapped_by first
check 'the secret is of its user alone' [ "$(stat -c '%a %s' "$LAB_DIR/secret")" = '600 32' ]
crash
check 'mappings after kill -9' mapped_by second
check 'they have the same ports' same first second
check 'it ends cleanly' stop_quicward

check 'mappings with choice = "random"' mapped_by random 'choice = "random";'
check 'they have other ports' others first random
check 'it ends cleanly' stop_quicward

chmod 640 "$LAB_DIR/secret"
check 'a secret that others may read is refused' refused "chmod 600 $LAB_DIR/secret"
chmod 600 "$LAB_DIR/secret"
cp "$LAB_DIR/secret" "$LAB_DIR/kept"
echo >>"$LAB_DIR/secret"
check 'one of another size is refused' refused 'has 33 bytes; allowed: exactly 32'
rm "$LAB_DIR/secret"
check 'mappings with another secret' mapped_by third
check 'they have other ports' others first third
check 'it ends cleanly' stop_quicward
mv "$LAB_DIR/kept" "$LAB_DIR/secret"
check 'mappings with the first secret again' mapped_by fourth
check 'they have the first ports again' same first fourth
check 'it ends cleanly' stop_quicward
case_end
