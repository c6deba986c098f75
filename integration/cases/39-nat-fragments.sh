#!/usr/bin/env bash
# N8: datagrams in fragments are translated whichever order they come in, twice or not, both ways; a datagram that lacks one goes
# nowhere, and no fragment leaves with an inside address.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without tcpdump
BYTES=2500 # three fragments of the tool
case_nat
serve_echo 7000 || exit 1
capture_start outside || exit 1

# arrives NAMESPACE AT COMMAND...: a datagram of BYTES dots, from anybody.
arrives() {
    local output
    output=$(hears_at "$@")
    echo "${output%% *} ${#output}"
    [[ ${output#* } =~ ^\.+$ ]] && [ ${#output} = $((BYTES + 1 + $(wc -c <<<"${output%% *}") - 1)) ]
}

check 'large datagrams there and back' ask "$C4:5000" "$S4:7000" 2000 8000
check 'as large as they can be' ask "$C4:5000" "$S4:7000" 2000 65503
check 'of two fragments' ask "$C4:5000" "$S4:7000" 2000 1473
external=$(external_of "$C4:5000")
for order in 012 021 102 120 201 210 0012 2211100; do
    check "out: $order" arrives "$LAB_SERVER" "$S4:7001" \
        in_client "$QW_TOOLS/fragment_send" "$C4:5000" "$S4:7001" $BYTES $order
    check "in: $order" arrives "$LAB_CLIENT" "$C4:5000" \
        in_server "$QW_TOOLS/fragment_send" "$S4:7000" "$external" $BYTES $order
done
check 'out: one is missing' status_is 1 hears_at "$LAB_SERVER" "$S4:7001" \
    in_client "$QW_TOOLS/fragment_send" "$C4:5000" "$S4:7001" $BYTES 02
check 'in: one is missing' status_is 1 hears_at "$LAB_CLIENT" "$C4:5000" \
    in_server "$QW_TOOLS/fragment_send" "$S4:7000" "$external" $BYTES 12
check 'a first fragment alone' status_is 1 hears_at "$LAB_SERVER" "$S4:7001" \
    in_client "$QW_TOOLS/fragment_send" "$C4:5000" "$S4:7001" $BYTES 0
capture_stop outside
check 'fragments were on the link' [ "$(captured_count outside 'ip[6:2] & 0x1fff != 0 and src host 198.51.100.7')" -gt 8 ]
check 'none left with an inside address' [ "$(captured_count outside 'src net 10.0.0.0/8')" = 0 ]
check 'nothing was too long for the queue' [ "$(stat_of 'reasons["copy-limit"]')" = 0 ]
check 'quicward ends cleanly' stop_quicward
case_end
