#!/usr/bin/env bash
# S2, F1, F2: reloading wrong rules or a wrong list of names changes nothing and names every error by file and line; right ones
# change the fate of new flows, not of those that exist, and rules that stay count on.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without gtlsclient gtlsserver
lab_trap
lab_up || exit 1
echo '*.blocked.test' >"$LAB_DIR/ads.names"
start_quicward "sni_lists = { ads = \"ads.names\"; };
    rules = ( { name = \"old\"; sni = \"v4.server.test\"; action = \"drop\"; },
              { name = \"ads\"; sni_list = \"ads\"; action = \"drop\"; } );" || exit 1
certificate_make && serve_gtls 4433 || exit 1

connects() { # FAMILY DOMAIN [OPTION...]
    QW_DOMAIN=$2 shows 'status: 200' client_gtls "$1" 4433 --handshake-timeout=$((500 * PATIENCE))ms "${@:3}"
}

hits() { # RULE
    stats_json | jq -r --arg r "$1" '.stats.rules[] | select(.name == $r) | .hits'
}

fates_are_the_first() {
    not connects 4 server.test && connects 6 server.test && not connects 4 blocked.test && not connects 6 blocked.test
}

# reload_refused PATTERN...: status 1, and the output matches each of them.
reload_refused() {
    local output status=0 pattern
    output=$(quicward_ask reload 2>&1) || status=$?
    printf '%s\n' "$output"
    for pattern in "$@"; do
        grep -qE -- "$pattern" <<<"$output" || { echo "no line matches $pattern"; return 1; }
    done
    [ $status = 1 ]
}

write_conf() { # SNIPPET
    quicward_conf "$1" >"$LAB_DIR/quicward.conf"
}

check 'the first rules' fates_are_the_first
check 'their hits' [ "$(hits old) $(hits ads)" = '1 2' ]

write_conf "rules = ( { name = \"a\"; to = \"@nobody\"; action = \"drop\"; },
    { name = \"b\"; action = \"refuse\"; },
    { name = \"c\"; quic = false; sni = \".server.test\"; action = \"drop\"; } );"
check 'wrong rules: every error by file and line' reload_refused 'quicward.conf:[0-9]+: .*@nobody' \
    'quicward.conf:[0-9]+: .*refuse' 'quicward.conf:[0-9]+: .*"c"'
check 'nothing changed' fates_are_the_first
printf '%s\n' '*.server.test' 'not a name' '..test' >"$LAB_DIR/other.names"
write_conf 'sni_lists = { ads = "other.names"; }; rules = ( { name = "ads"; sni_list = "ads"; action = "drop"; } );'
check 'a wrong list: every error by file and line' reload_refused 'other.names:2: ' 'other.names:3: '
check 'nothing changed' fates_are_the_first
write_conf 'sni_lists = { ads = "nosuch.names"; }; rules = ( { name = "ads"; sni_list = "ads"; action = "drop"; } );'
check 'a list that is not there' reload_refused 'nosuch.names'
check 'nothing changed' fates_are_the_first
check 'the counters went on' [ "$(hits old) $(hits ads)" = '4 8' ]

client_gtls 6 4433 --delay-stream=5s >"$LAB_DIR/standing.log" 2>&1 &
standing=$!
check 'a connection that stands' wait_for 2 grep -q 'handshake has completed' "$LAB_DIR/standing.log"
write_conf 'sni_lists = { ads = "ads.names"; };
    rules = ( { name = "server"; sni = ".server.test"; action = "drop"; },
              { name = "ads"; sni_list = "ads"; action = "drop"; } );'
printf '%s\n' 'v6.blocked.test' >"$LAB_DIR/ads.names"
check 'right rules and a shorter list' quicward_ask reload
check 'the connection stands, and has asked for nothing yet' not grep 'status: 200' "$LAB_DIR/standing.log"
check_not 'a new connection to a name that was free' connects 6 server.test
check 'one to a name that has left the list' connects 4 blocked.test
check_not 'one to a name that is still in it' connects 6 blocked.test
wait $standing
check 'the connection that stood has its page' grep 'status: 200' "$LAB_DIR/standing.log"
check 'a rule of the same name counts on, a new one begins' [ "$(hits ads) $(hits server) $(hits old)" = '9 1 ' ]

printf '%s\n' 'v4.blocked.test' >"$LAB_DIR/ads.names"
kill -HUP "$QUICWARD_PID"
check 'SIGHUP reads the list again' wait_for 5 not connects 4 blocked.test
check 'quicward ends cleanly' stop_quicward
case_end
