#!/usr/bin/env bash
# Runs inside the system that integration/systemd.sh boots; its checks stand in /root/result.
set -u
exec >/root/result 2>&1
passed=0 failed=0
unit=/usr/lib/systemd/system/quicward.service
conf=$(sed -n 's/^ExecStart=.* -c //p' "$unit")
run=/run/quicward logs=/var/log/quicward

check() { # NAME COMMAND...
    local name=$1 said
    shift
    if said=$("$@" 2>&1); then
        passed=$((passed + 1)) && echo "PASS $name"
    else
        failed=$((failed + 1)) && echo "FAIL $name" && printf '%s\n' "$said" | tail -n 20 | sed 's/^/    /'
    fi
}

wait_for() { # SECONDS COMMAND...
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.2
    done
}

main_pid() { systemctl show -P MainPID quicward; }
ready() { systemctl is-active -q quicward; }
another() { ready && [ "$(main_pid)" != "$1" ]; }
refuses() { ! "$@"; }
as_nobody() { setpriv --reuid=nobody --regid=nogroup "$@"; }

configure() { # USER-LINE
    printf '%s\n' 'mode = "nat"; inside = ["lan0"]; outside = ["wan0"]; nat = { external = ["198.51.100.7"]; };' "$1" 'control_group = "adm";' \
        "metrics = \"$run/metrics.sock\"; events = { file = \"$logs/events.json\"; };" >"$conf"
}

owned() { # USER: all that the daemon made, the socket by its group
    stat -c '%U:%G %a %n' "$run" "$run"/* "$logs" "$logs/events.json"
    [ "$(stat -c %U "$run" "$run"/* "$logs" "$logs/events.json" | sort -u)" = "$1" ] && [ "$(stat -c %G:%a "$run/control.sock")" = adm:660 ] &&
        [ "$(stat -c %a "$run")" = 755 ]
}

killed() {
    local pid
    pid=$(main_pid) && kill -KILL "$pid" && wait_for 60 another "$pid"
}

rotated() {
    mv "$logs/events.json" "$logs/events.json.1" && systemctl kill --kill-whom=main --signal=SIGUSR1 quicward &&
        wait_for 10 test -e "$logs/events.json" && systemctl reload quicward && wait_for 10 grep '"event":"reloaded"' "$logs/events.json"
}

# The journal is written a while after the daemon wrote.
taken_over() {
    wait_for 10 said_taken_over || { journalctl -b -u quicward | tail -n 20 && false; }
}

said_taken_over() {
    journalctl -b -u quicward -n 20 | grep 'state: took over'
}

# Root is not in the group of the socket, so the unit still has to allow that it joins.
as_root() {
    local units=/etc/systemd/system/quicward.service.d
    mv $units/user.conf /root && printf '[Service]\nCapabilityBoundingSet=CAP_SETGID\n' >$units/group.conf &&
        configure '' && systemctl daemon-reload && systemctl restart quicward
}

as_user_again() {
    mv /root/user.conf /etc/systemd/system/quicward.service.d && configure 'user = "quicward";' && systemctl daemon-reload && systemctl restart quicward
}

ip link add lan0 type veth peer name lan1 && ip link add wan0 type veth peer name wan1
for link in lan0 lan1 wan0 wan1; do ip link set "$link" up; done
ip addr add 198.51.100.7/24 dev wan0
sysctl -qw net.ipv4.ip_forward=1
configure 'user = "quicward";'
check 'rules stand before the daemon' systemctl start quicward-rules
check 'it starts' systemctl start quicward
check 'as the user, with two capabilities and a filter' grep -qPz '(?s)Uid:\s+'"$(id -u quicward)"'\b.*CapEff:\s+0000000000003000.*Seccomp:\s+2' "/proc/$(main_pid)/status"
check 'what it made stays the user'\''s after the start' owned quicward
check 'a member of control_group asks it' as_nobody --groups=adm quicward stats
check 'others do not' refuses as_nobody --clear-groups quicward stats
check 'metrics answer' curl -sf --unix-socket "$run/metrics.sock" http://localhost/metrics
check 'it reloads' systemctl reload quicward
check 'and all stays the user'\''s' owned quicward
check 'kill -9: it is started again' killed
check 'and takes the state over' taken_over
check 'and all stays the user'\''s again' owned quicward
check 'a restart' systemctl restart quicward
check 'logrotate' rotated
check 'without the key, as root' as_root
check 'all is root'\''s then' owned root
check 'which takes the state over' taken_over
check 'it reloads as root' systemctl reload quicward
check 'with the key again' as_user_again
check 'all is the user'\''s' owned quicward
check 'and the state goes on' taken_over
check 'it stops' systemctl stop quicward
check 'and leaves its state' test -s "$run/main.state"
echo "$passed passed, $failed failed, 0 skipped"
systemctl poweroff
