#!/bin/bash
# When the router has booted: checks it, leaves the result on the last disk, and switches the machine off.
# shellcheck disable=SC2016,SC2034 # expanded by eval and dpkg; read by lib/speakers.sh
# shellcheck source-path=SCRIPTDIR source=inside.sh
. "$(dirname "$0")/inside.sh"
# shellcheck source=/dev/null
. integration/lib/speakers.sh
CONNECTIONS=12 EVERY=1000 SPEAKERS_PORT=4440 SPEAKERS_WAIT=20
CONF=/etc/quicward/quicward.conf

# ---- the router ----

value() { # UNIT PROPERTY
    on_router systemctl show -P "$2" "$1"
}

main_pid() {
    value quicward MainPID
}

ready() { # systemd was told so
    on_router systemctl is-active quicward
}

another() { # PID: it is ready, as another process
    ready && [ "$(main_pid)" != "$1" ]
}

has_table() { # NAME
    on_router nft list tables | grep "$1"
}

both_tables() {
    has_table quicward && has_table 'inet filter'
}

configure() { # LINE...: from now on
    on_router tee $CONF >/dev/null <<<"$(printf '%s\n' "$@")"
    on_router quicward check && on_router systemctl restart quicward
}

nat_keys() {
    printf '%s\n' 'mode = "nat"; inside = ["lan0"]; outside = ["wan0"];' \
        'nat = { external = "auto"; masquerade = true; forwards = ( { port = 8443; to = "10.0.0.3:7000"; } ); };'
}

# ---- what is checked ----

title() {
    printf '\n== %s\n' "$*"
}

real_connections() { # FAMILY...
    local family
    for family; do
        check "IPv$family: gtlsclient, gtlsserver" shows 'status: 200' client_gtls "$family" 4433
        check "IPv$family: it is confirmed" confirmed "$family" 4433
        check "IPv$family: gtlsclient, gtlsserver with Retry" shows 'type=Retry' client_gtls "$family" 4434
        check "IPv$family: gtlsclient, caddy" shows 'status: 200' client_gtls "$family" 4435
    done
}

# before_daemon NAME: packets in that capture from before the daemon was ready.
before_daemon() {
    local ready_at
    ready_at=$(value quicward ActiveEnterTimestampMonotonic)
    captured "$1" '' | awk -v ready_at="$ready_at" -v up="$(cut -d ' ' -f 1 /proc/uptime)" \
        '$1 < systime() - up + ready_at / 1000000' | wc -l
}

some_captured() { # NAME
    [ "$(captured_count "$1" '')" -gt 0 ]
}

check_boot() {
    title 'Booted, nothing run by hand'
    check 'the daemon is ready' wait_for 60 ready
    check 'no unit has failed' [ -z "$(on_router systemctl --failed --plain --no-legend)" ] || what_is_there
    check 'the kernel rules stood before the network' \
        [ "$(value quicward-rules ActiveEnterTimestampMonotonic)" -lt "$(value systemd-networkd ExecMainStartTimestampMonotonic)" ]
    check "a client sent $(before_daemon sent) datagrams before the daemon was ready" [ "$(before_daemon sent)" -gt 0 ]
    check 'nft has our table' has_table quicward
    check 'what the client sends leaves translated' wait_for 10 some_captured translated
    check 'nothing left untranslated' [ "$(captured_count untranslated '')" = 0 ]
    check "$(captured_count unasked '') datagrams for an inside address came from outside" [ "$(captured_count unasked '')" -gt 0 ]
    check 'none of them got in' [ "$(captured_count entered '')" = 0 ]
    check 'doctor finds nothing' on_router quicward doctor || what_is_there
}

what_is_there() {
    on_router ip rule
    on_router ip -6 rule
    on_router journalctl -b --no-pager -o cat -u quicward -u quicward-rules -u systemd-networkd
}

servers() {
    certificate_make && head -c 1000000 /dev/urandom >"$LAB_DIR/www/large" || return 1
    check 'a server of ngtcp2 outside' serve_gtls 4433 || cat "$LAB_DIR/gtlsserver-4433.log"
    check 'one that sends a Retry' serve_gtls 4434 -V
    check 'caddy' serve_caddy 4435 || tail -n 20 "$LAB_DIR/caddy.log"
    check 'an echo' serve_echo 7000
    # An emulated machine that others share needs half a minute for what takes a second elsewhere.
    check 'a server of quic-go' serve_quicgo '' $SPEAKERS_PORT idle=120
    lab_spawn "$LAB_CLIENT" echo-inside "$QW_TOOLS/udp_echo" 10.0.0.3:7000
    check 'an echo inside' wait_for 5 listening "$LAB_CLIENT" 7000
}

# arrives: 2,500 dots, in one datagram, from anybody.
arrives() { # NAMESPACE AT COMMAND...
    local output
    output=$(hears_at "$@")
    [[ ${output#* } =~ ^\.{2500}$ ]]
}

check_fragments() {
    local external order
    check 'fragments: 8,000 bytes there and back' ask "$C4:5000" "$S4:7000" 2000 8000
    external=$(external_of "$C4:5000")
    for order in 012 201 2211100; do
        check "fragments out, in the order $order" arrives "$LAB_SERVER" "$S4:7001" \
            in_client "$QW_TOOLS/fragment_send" "$C4:5000" "$S4:7001" 2500 $order
        check "fragments in, in the order $order" arrives "$LAB_CLIENT" "$C4:5000" \
            in_server "$QW_TOOLS/fragment_send" "$S4:7000" "$external" 2500 $order
    done
    check 'one is missing: nothing arrives' status_is 1 hears_at "$LAB_SERVER" "$S4:7001" \
        in_client "$QW_TOOLS/fragment_send" "$C4:5000" "$S4:7001" 2500 02
}

check_nat() {
    title 'A NAT router'
    servers
    real_connections 4 6
    check_fragments
    check 'a hairpin to a forwarded port' ask 10.0.0.5:5000 "$X4:8443"
    check 'the forward, from outside' in_server "$QW_TOOLS/udp_ask" "$S4:6000" "$X4:8443" question 20000
}

# What nftables.service does at its start: "flush ruleset", and the user's table with the lines of docs/nat.md.
check_firewall_of_others() {
    title "Beside the user's own table inet filter, policy drop"
    on_router cp /root/firewall.nft /etc/nftables.conf
    check 'nftables.service starts and flushes' on_router systemctl enable --now nftables
    check 'our rules are put back' wait_for 30 both_tables
    real_connections 4 6
    check 'a hairpin' ask 10.0.0.5:5001 "$X4:8443"
    check 'fragments: 8,000 bytes there and back' ask "$C4:5002" "$S4:7000" 2000 8000
}

killed() {
    local pid
    pid=$(main_pid) && kill -KILL "$pid" && wait_for 60 another "$pid"
}

upgraded() {
    local pid
    pid=$(main_pid)
    on_router apt-get -y --no-install-recommends -o Dpkg::Options::=--force-confold install "/root/quicward_${NEW}_amd64.deb" &&
        wait_for 60 another "$pid"
}

check_traffic() {
    title 'Under traffic'
    check "$CONNECTIONS connections of quic-go stand" speakers_begin
    speakers_note
    check 'they are mapped' [ -s "$LAB_DIR/before" ]
    check 'systemctl restart' on_router systemctl restart quicward
    speakers_kept 'restarted'
    check 'kill -9: systemd starts it again' killed
    speakers_kept 'killed'
    on_router nft flush ruleset
    check 'nft flush ruleset: the rules are put back' wait_for 30 has_table quicward
    speakers_kept 'flushed'
    check 'systemctl restart nftables' on_router systemctl restart nftables
    check 'the rules are put back' wait_for 30 both_tables
    speakers_kept 'nftables restarted'
    check "apt upgrades $OLD to $NEW" upgraded
    check 'the newer one runs' shows "^quicward $NEW\$" on_router quicward version
    check 'it is the program of the disk' [ "$(readlink "/proc/$(main_pid)/exe")" = /usr/sbin/quicward ]
    check 'the configuration is kept' on_router grep -q '^mode = "nat"' $CONF
    speakers_kept 'upgraded'
    check 'nothing left untranslated in all that time' [ "$(captured_count untranslated '')" = 0 ]
    check 'nothing got in unasked' [ "$(captured_count entered '')" = 0 ]
    for pid in "${SPEAKERS[@]}"; do lab_stop "$pid"; done
}

carried() { # packets that the program forwarded
    quicward_ask offload --json | jq -s '[.[] | .fast.packets? // 0] | add'
}

fetched_whole() { # FAMILY
    rm -rf "$LAB_DIR/down" && mkdir -p "$LAB_DIR/down"
    QW_PATH=large client_gtls "$1" 4433 --download="$LAB_DIR/down" -q
    cmp "$LAB_DIR/www/large" "$LAB_DIR/down/large"
}

check_fast_path() {
    local unit=/etc/systemd/system/quicward.service.d family
    title 'The fast path (offload = "tc", with the drop-in)'
    on_router sh -c "mkdir -p $unit && cp /usr/share/doc/quicward/drop-ins/offload.conf $unit/ && systemctl daemon-reload"
    check 'it starts' configure "$(nat_keys)" 'offload = "tc";'
    check 'the program stands at lan0' shows '^lan0 +tc' on_router quicward offload
    check 'and at wan0' shows '^wan0 +tc' on_router quicward offload
    for family in 4 6; do
        check "IPv$family: a megabyte by QUIC is whole" fetched_whole $family
    done
    check "$(carried) packets went by the program" [ "$(carried)" -ge 200 ]
    check 'no connection leaves untranslated' [ "$(captured_count untranslated '')" = 0 ]
    on_router sh -c "rm -r $unit && systemctl daemon-reload"
}

check_firewall() {
    title 'Mode firewall'
    check 'it starts' configure 'mode = "firewall"; inside = ["lan0"]; outside = ["wan0"];'
    real_connections 4 6
    check 'an answer gets in, untranslated' ask "$C4:5003" "$S4:7000"
    check 'nothing got in unasked' [ "$(captured_count entered '')" = 0 ]
}

# What names us, but for the packages that lie in /root and what Debian writes for any package.
left_over() {
    on_router find / -xdev -name '*quicward*' ! -path '/root/*' ! -path '/lab/*' ! -path '/var/lib/dpkg/*-old' ! -path '/var/cache/apt/*' ! -path '/tmp/*'
    on_router find /run /var/lib /sys/fs/bpf -name '*quicward*'
    on_router grep -rl quicward /etc --exclude='*-' --exclude=lab
    on_router getent passwd quicward
    on_router getent group quicward
    on_router systemctl list-unit-files --no-legend 'quicward*'
    on_router systemctl list-units --all --no-legend 'quicward*'
    on_router dpkg-query -W -f '${Package} ${db:Status-Status}\n' 2>/dev/null | grep quicward
    on_router nft list ruleset | grep -iE 'quicward|queue'
    { on_router ip rule && on_router ip -6 rule; } | grep -vE 'lookup (local|main|default)'
    on_router tc filter show dev lan0 ingress
    on_router tc filter show dev wan0 ingress
    on_router sysctl net.ipv4.conf.lan0.accept_local net.ipv4.conf.all.src_valid_mark | grep -v '= 0'
}

nothing_left() {
    ! left_over | grep .
}

check_purge() {
    title 'Purged'
    check 'apt purges it' on_router apt-get -y purge quicward
    check 'no file, user, group, unit, table, rule or setting is left' nothing_left
    check 'UDP passes, untranslated' wait_for 20 some_captured untranslated
}

# ---- the result ----

facts() {
    echo "$(date -u +%Y-%m-%d), Linux $(uname -r), systemd $(on_router systemctl --version | awk 'NR == 1 { print $2 }'), $(on_router nft --version |
        sed 's/ (.*//; s/nftables v/nft /'), quicward $OLD and then $NEW. Emulated by qemu, one processor."
}

page() {
    printf '%s\n\n' "$FACTS" "$CHECKS_DONE checks, $CHECKS_FAILED failed; the units had $SCORES."
    sed -nE 's/^== (.*)/\n**\1**\n/p; s/^  ok: (.*)/- \1/p; s/^  FAILED: (.*)/- FAILED: \1/p' $RESULTS/output | sed '1{/^$/d}'
}

scores() { # of "systemd-analyze security"
    local unit
    for unit in quicward quicward-rules; do
        printf '%s%s: %s' "$([ $unit = quicward ] || echo ', ')" "$unit.service" \
            "$(on_router systemd-analyze security --no-pager $unit.service | tail -n 1 | grep -oE '[0-9]+\.[0-9]')"
    done
}

all_checks() {
    echo "$FACTS"
    check_boot
    check_nat
    check_firewall_of_others
    check_traffic
    check_fast_path
    check_firewall
    check_purge
}

finish() {
    capture_settled $RESULTS/output
    page >$RESULTS/page.md
    [ "$CHECKS_FAILED" = 0 ] && [ "$CHECKS_DONE" -gt 0 ]
    echo $? >$RESULTS/status
    lab_keep_logs
    on_router journalctl -b --no-pager >$RESULTS/journal
    dmesg >$RESULTS/kernel
    printf '\n%s passed, %s failed\n' $((CHECKS_DONE - CHECKS_FAILED)) "$CHECKS_FAILED"
    tar -cf "$(cat /run/result-disk)" -C $RESULTS .
    sync
    echo o >/proc/sysrq-trigger
    sleep 60
}

exec </dev/null >/dev/ttyS0 2>&1
mkdir -p $RESULTS
export QW_LOGS=$RESULTS/logs
FACTS=$(facts) SCORES=$(scores)
echo "job begins, $(cut -d ' ' -f 1 /proc/uptime) s after the machine's start"
trap finish EXIT
exec > >(tee $RESULTS/output) 2>&1
all_checks
