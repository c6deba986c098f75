#!/usr/bin/env bash
# S6: the running daemon has two capabilities, gains none, and may make only the system calls that it needs; the tools of the rules run
# from a helper, which is started again when it is killed, and ends with the daemon. The same as a user of its own, over kill -9,
# take-over and reload; no call of a whole run is refused.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without gtlsclient gtlsserver
# A build with sanitizers has no filter of system calls.
if ldd "$QUICWARD" | grep -qE 'lib[at]san'; then
    QUICWARD=$QW_ROOT/build-release/quicward
fi
[ -x "$QUICWARD" ] || skip 'the release build is not there, and a build with sanitizers has no filter'
lab_trap
lab_up && certificate_make && serve_gtls 4433 || exit 1
RUN=$LAB_DIR/quicward-run # whose name says that it is ours
mkdir "$RUN"
OWN='user = "nobody"; control_group = "adm"; control_mode = "0620";'

# threads_have FIELD VALUE: each thread of the daemon has it.
threads_have() {
    local values
    values=$(sed -n "s/^$1:[[:space:]]*//p" /proc/"$QUICWARD_PID"/task/*/status | sort -u)
    echo "$1: $values"
    [ "$values" = "$2" ]
}

confined() { # UID
    threads_have Uid "$(printf '%s\t%s\t%s\t%s' "$1" "$1" "$1" "$1")" && threads_have CapEff 0000000000003000 &&
        threads_have CapPrm 0000000000003000 && threads_have NoNewPrivs 1 && threads_have Seccomp 2
}

connects() { # FAMILY
    shows 'status: 200' client_gtls "$1" 4433
}

# children NAME PID: of that name.
children() {
    pgrep -P "$2" -x "$1"
}

flush_rules() {
    in_router sh -c 'nft flush ruleset; iptables -t mangle -F FORWARD; ip6tables -t mangle -F FORWARD' 2>/dev/null
    in_router sh -c 'iptables-legacy -t mangle -F FORWARD' 2>/dev/null
    return 0
}

put_back() { # COUNT: since the start
    [ "$(stat_of kernel_rules.put_back)" -ge "$1" ] && rules_installed >/dev/null
}

ends_with_daemon() {
    local helper=$1 server=$2
    kill -KILL "$QUICWARD_PID"
    wait "$QUICWARD_PID" 2>/dev/null
    wait_for 5 ended "$helper" && wait_for 5 ended "$server"
}

again() {
    lab_spawn "$LAB_ROUTER" quicward "$QUICWARD" run -c "$LAB_DIR/quicward.conf" "$@"
    NEXT=$LAB_PID
}

started_again() {
    again && QUICWARD_PID=$NEXT && wait_for 10 quicward_ready
}

taken_over() {
    local old=$QUICWARD_PID
    mv "$LAB_DIR/quicward.log" "$LAB_DIR/quicward.old.log"
    again --take-over && QUICWARD_PID=$NEXT
    wait_for 10 quicward_ready && wait_for 10 ended "$old" && wait "$old"
}

helper_is_killed() {
    local helper server
    helper=$(children qw-helper "$QUICWARD_PID") && server=$(children qw-rules "$helper") || return 1
    kill -KILL "$server"
    wait_for 5 children qw-rules "$helper" && grep 'was killed; it is started again' "$LAB_DIR/quicward.log"
}

both_are_killed() {
    local helper server
    helper=$(children qw-helper "$QUICWARD_PID") && server=$(children qw-rules "$helper") || return 1
    kill -KILL "$helper" "$server"
    wait_for 5 grep -q 'has ended: kernel rules that another' "$LAB_DIR/quicward.log"
}

as_root() {
    start_quicward || exit 1
    check 'root: two capabilities, no new ones, and a filter' confined 0
    check 'root: it connects' connects 4
    flush_rules
    check 'root: rules that are flushed are put back' wait_for 10 put_back 1
    check 'root: a helper that is killed is started again' helper_is_killed
    flush_rules
    check 'root: and works' wait_for 10 put_back 2
    check 'root: the end of both its processes is said' both_are_killed
    flush_rules
    check_not 'root: a reload says that rules cannot be put back' quicward_ask reload
    check 'root: it connects again once another daemon took over' taken_over
    check 'root: which puts the rules back' wait_for 10 put_back 0
    check 'root: it connects with that' connects 6
    local helper server
    helper=$(children qw-helper "$QUICWARD_PID") server=$(children qw-rules "$helper")
    check 'root: the helper ends with a daemon that is killed' ends_with_daemon "$helper" "$server"
    check 'root: another one starts' started_again
    check 'root: quicward ends cleanly' stop_quicward
}

refused_start() { # SNIPPET MESSAGE
    quicward_conf "$1" >"$LAB_DIR/refused.conf"
    in_router timeout 20 "$QUICWARD" run -c "$LAB_DIR/refused.conf" 2>&1 | tee /dev/stderr | grep -q "$2" &&
        [ "${PIPESTATUS[0]}" = 78 ]
}

socket_is() { # PERMISSIONS:OWNER:GROUP
    [ "$(stat -c %a:%U:%G "$RUN/control" | tee /dev/stderr)" = "$1" ]
}

stats_json() {
    in_router "$QUICWARD" stats --json -s "$CONTROL"
}

quicward_ask() {
    local request=$1
    shift
    in_router "$QUICWARD" "$request" -s "$CONTROL" "$@"
}

# A folder that only root can write, as /var/log is: the file is made and given, and opened anew as logrotate makes the next one.
events_written() { # FILE
    [ "$(stat -c %U "$LOGS")" = root ] && [ "$(stat -c %U:%a "$1" | tee /dev/stderr)" = nobody:640 ] &&
        wait_for 5 grep -q '"event":"mapping-created"\|"event":"started"' "$1"
}

events_rotated() {
    mv "$EVENTS" "$EVENTS.1" && install -m 640 -o nobody -g nogroup /dev/null "$EVENTS" && kill -USR1 "$QUICWARD_PID" &&
        wait_for 5 grep 'events: opened .* again' "$LAB_DIR/quicward.log" && quicward_ask reload && wait_for 5 grep -q '"event":"reloaded"' "$EVENTS"
}

metrics_answer() {
    [ "$(stat -c %U:%a "$RUN/metrics")" = nobody:660 ] && in_router curl -sf --unix-socket "$RUN/metrics" http://localhost/metrics | grep '^quicward_info'
}

# SNIPPET: what the daemon of another user is told, and what it leaves as it was.
not_taken_over() {
    local owners
    owners=$(stat -c %U "$RUN" "$RUN"/*)
    quicward_conf "$1" >"$LAB_DIR/refused.conf"
    ! in_router timeout 20 "$QUICWARD" run --take-over -c "$LAB_DIR/refused.conf" 2>"$LAB_DIR/refused.log" &&
        grep 'taking over: the daemon of instance "main" runs as user' "$LAB_DIR/refused.log" &&
        [ "$owners" = "$(stat -c %U "$RUN" "$RUN"/*)" ] && quicward_ready
}

own_user() {
    CONTROL=$RUN/control
    LOGS=$LAB_DIR/log EVENTS=$LAB_DIR/log/events.json
    mkdir -m 755 "$LOGS"
    PLACES="control = \"$CONTROL\"; state = \"$RUN\"; events = { file = \"$EVENTS\"; };"
    metrics_built && PLACES+=" metrics = \"$RUN/metrics\";"
    start_quicward "$OWN $PLACES" || exit 1
    check 'user: it is that user' confined 65534
    check 'user: the socket has mode and group' socket_is 620:nobody:adm
    check 'user: it connects' connects 4
    flush_rules
    check 'user: rules that are flushed are put back' wait_for 10 put_back 1
    check 'user: it reads its file again' quicward_ask reload
    check 'user: events stand in a file in a folder of root' events_written "$EVENTS"
    check 'user: and in the next one' events_rotated
    ! metrics_built || check 'user: metrics come from a socket' metrics_answer
    check 'user: root does not take over' not_taken_over "$PLACES"
    check 'user: nor does another user' not_taken_over "user = \"daemon\"; $PLACES"
    kill -KILL "$QUICWARD_PID"
    wait "$QUICWARD_PID" 2>/dev/null
    check 'user: it starts after kill -9' started_again
    check 'user: and takes its flows over' grep -E 'state: took over [1-9][0-9]* flows' "$LAB_DIR/quicward.log"
    check 'user: another one takes over' taken_over
    check 'user: with its flows' grep -E 'state: took over [1-9][0-9]* flows' "$LAB_DIR/quicward.log"
    check 'user: it connects with that' connects 6
    check 'user: quicward ends cleanly' stop_quicward
}

# A whole run under strace: what the kernel refuses is in its output.
traced() {
    quicward_conf "$OWN control = \"$CONTROL\"; state = \"$RUN\";" >"$LAB_DIR/quicward.conf"
    lab_spawn "$LAB_ROUTER" quicward strace -f -D -o "$LAB_DIR/strace" "$QUICWARD" run -c "$LAB_DIR/quicward.conf"
    QUICWARD_PID=$LAB_PID
    wait_for 30 quicward_ready && connects 4 && connects 6 && flush_rules && wait_for 20 put_back 1 &&
        quicward_ask reload && stop_quicward
}

# Of the daemon's own threads, from the moment on that it is that user.
nothing_refused() {
    local refused
    refused=$(awk -v pid="$QUICWARD_TRACED" '
        $2 ~ /^clone3?\(/ && ours[$1] && /CLONE_THREAD/ { thread = $NF; ours[thread] = 1 }
        /resumed/ && ours[$1] && /CLONE_THREAD|clone_flags/ { ours[$NF] = 1 }
        $1 == pid { ours[$1] = 1 }
        /setresuid\(65534/ && $1 == pid { on = 1 }
        on && ours[$1] && (/ E(PERM|ACCES) / || /--- SIGSYS/)' "$LAB_DIR/strace")
    [ -z "$refused" ] || { echo "$refused" | head -20 && return 1; }
    grep -q 'setresuid(65534' "$LAB_DIR/strace"
}

metrics_built() {
    ldd "$QUICWARD" | grep -q libmicrohttpd && command -v curl >/dev/null
}

CONTROL=$LAB_DIR/control
as_root
CONTROL=$LAB_DIR/control
check 'a user that does not exist is refused' refused_start 'user = "no-such-user";' 'there is no user "no-such-user"'
check 'a group that does not exist is refused' refused_start 'control_group = "no-such-group";' 'there is no group "no-such-group"'
own_user
if command -v strace >/dev/null; then
    check 'a whole run under strace' traced
    QUICWARD_TRACED=$(awk '/setresuid\(65534/ { print $1; exit }' "$LAB_DIR/strace")
    check 'no call of it is refused' nothing_refused
fi
case_end
