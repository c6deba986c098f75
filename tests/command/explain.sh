#!/usr/bin/env bash
# F2, N5: what `quicward explain` says is what the engine does: explain.sh QUICWARD
# Prints a line for each property; status 1 when one is missing.
set -u
program=$1
failed=0
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cat >"$folder/nat.conf" <<'CONF'
mode = "nat"; inside = ["lan0", "lan1"]; outside = ["wan0"];
nat = { external = ["198.51.100.7", "198.51.100.8"];
        forwards = ( { port = 443; to = "10.0.0.2:8443"; external = "198.51.100.7"; } ); };
rules = (
    { name = "external"; direction = "in"; to = ["198.51.100.7", "198.51.100.8"]; action = "accept"; },
    { name = "server"; direction = "in"; to = "10.0.0.2"; from = "192.0.2.0/24"; action = "reject"; },
    { name = "by-lan1"; direction = "in"; to_interface = "lan1"; action = "accept"; },
    { name = "guests"; from_interface = "lan1"; to_port = 53; action = "drop"; },
    { name = "stranger"; direction = "in"; from = "203.0.113.9"; action = "accept"; },
    { name = "name"; sni = ".ads.example"; action = "drop"; }
);
CONF
sed 's/external = \[.*\];/external = "auto";/; s/external = "198[^"]*";//; s/by-lan1.*/x"; to_port = 1; action = "drop"; },/; /guests/d' \
    "$folder/nat.conf" >"$folder/auto.conf"
sed 's/"nat"/"firewall"/; /nat = /d; /forwards/d' "$folder/nat.conf" >"$folder/firewall.conf"
sed 's/"nat"/"monitor"/; /nat = /d; /forwards/d' "$folder/nat.conf" >"$folder/monitor.conf"

cat >"$folder/ppp.conf" <<'CONF'
mode = "firewall"; inside = ["wg*"]; outside = ["ppp*"];
rules = (
    { name = "guest"; from_interface = "wg9"; action = "drop"; },
    { name = "all"; from_interface = "wg*"; to_interface = "ppp*"; action = "accept"; }
);
CONF

# says NAME CONF FLOW STATUS PATTERN...: the status, and a line like each pattern, in this order.
says() {
    local name=$1 conf=$2 flow=$3 status=$4 output got=0 rest pattern
    shift 4
    output=$("$program" explain -c "$folder/$conf.conf" "$flow" 2>&1) || got=$?
    rest=$output
    for pattern in "$@"; do
        if ! grep -qE -- "$pattern" <<<"$rest"; then
            got="$got, nothing like '$pattern'"
            break
        fi
        rest=$(sed -nE "/${pattern//\//\\/}/,\$p" <<<"$rest")
    done
    if [ "$got" = "$status" ]; then
        echo "ok: $name"
    else
        printf 'FAILED: %s: status %s; said:\n%s\n' "$name" "$got" "$output"
        failed=1
    fi
}

# The rules see whom an external endpoint stands for, so a rule on the external address decides nothing.
says 'an external endpoint without a mapping' nat 'outside 203.0.113.5:4000 -> 198.51.100.7:444' 0 \
    'no rule is tested' '^verdict: drop, unsolicited'
says 'the external endpoint of a forward' nat 'outside 203.0.113.5:4000 -> 198.51.100.7:443' 0 \
    '^flow: in, wan0 203.0.113.5:4000 -> 10.0.0.2:8443' 'rule external .*no match: to' 'accept, by nat.forwards' '^verdict: accept$'
says 'the same by the other address' nat 'outside 203.0.113.5:4000 -> 198.51.100.8:443' 0 '^verdict: drop, unsolicited'
says 'a rule on the host inside' nat 'outside 192.0.2.5:4000 -> 198.51.100.7:443' 0 'reject, by rule server' '^verdict: drop, rule'
says 'the host inside instead of the endpoint' nat 'outside 192.0.2.5:4000 -> 10.0.0.2:8443' 0 '^verdict: drop, rule'
says 'a host inside that may have a mapping' nat 'outside 203.0.113.5:4000 -> 10.0.0.9:5000' 0 'nat.filtering' '^verdict: drop, unsolicited'
says 'a stranger that a rule lets in' nat 'outside 203.0.113.9:4000 -> 10.0.0.9:5000' 0 \
    'by rule stranger, while there is a mapping' '^verdict: accept$'
# With two interfaces inside nobody knows by which it will leave before it is translated.
says 'where it goes is not known before routing' nat 'outside 203.0.113.5:4000 -> lan1 10.0.0.9:5000' 0 \
    'rule by-lan1 .*no match: to_interface' '^verdict: drop'
says 'a hairpin is asked for twice' nat 'lan0 10.0.0.9:4000 -> 198.51.100.7:443' 0 \
    '^flow: out, lan0 10.0.0.9:4000 -> wan0 198.51.100.7:443' 'by default_out' 'comes in again' \
    '^flow: in, 198.51.100.[78]:[0-9]+ -> 10.0.0.2:8443' 'by nat.forwards' '^verdict: accept$'
says 'a hairpin to nobody' nat 'lan0 10.0.0.9:4000 -> 198.51.100.7:444' 0 '^verdict: drop, unsolicited'
says 'a name' nat 'lan0 10.0.0.9:4000 -> 203.0.113.5:443 sni=x.ads.example' 0 'drop, by rule name' '^verdict: drop, rule'
says 'a name that is not there yet' nat 'lan0 10.0.0.9:4000 -> 203.0.113.5:443 quic=yes' 0 \
    'wait for the ClientHello' '^verdict: hold'
says 'an address that follows the interface' auto 'outside 203.0.113.5:4000 -> 10.0.0.2:8443' 0 'nat.forwards' '^verdict: accept$'
says 'firewall' firewall 'outside 203.0.113.5:4000 -> lan1 10.0.0.9:5000' 0 'accept, by rule by-lan1' '^verdict: accept$'
says 'monitor drops nothing' monitor 'outside 192.0.2.5:4000 -> lan0 10.0.0.2:5000' 0 'reject, by rule server' \
    '^verdict: accept, because mode monitor drops nothing; otherwise drop, rule'
says 'IPv6' nat 'lan1 [2001:db8::1]:4000 -> [2001:db8:1::1]:53' 0 'drop, by rule guests' '^verdict: drop, rule'
# What is left open is asked for.
says 'which interface of a pattern a rule asks for' ppp '10.0.0.9:4000 -> 203.0.113.5:443' 2 'may come by wg\*, and a rule depends on it'
says 'one that matches' ppp 'wg9 10.0.0.9:4000 -> 203.0.113.5:443' 0 '^flow: out, wg9 10.0.0.9:4000' 'drop, by rule guest'
says 'another one' ppp 'wg1 10.0.0.9:4000 -> ppp7 203.0.113.5:443' 0 'rule guest .*no match: from_interface' 'accept, by rule all' '^verdict: accept$'
says 'an interface that a rule asks for' nat '10.0.0.9:4000 -> 203.0.113.5:443' 2 'may come by lan0 or lan1, and a rule depends on it'
says 'an interface to leave by' firewall 'outside 203.0.113.5:4000 -> 10.0.0.9:443' 2 'may leave by lan0 or lan1'
says 'not when no rule does' auto '10.0.0.9:4000 -> 203.0.113.5:443' 0 '^verdict: accept$'
says 'the side, towards an external address' nat '203.0.113.5:4000 -> 198.51.100.7:443' 2 'may begin inside or outside'
says 'the side, towards the host of a forward' nat '203.0.113.5:4000 -> 10.0.0.2:8443' 2 'may begin inside or outside'
exit $failed
