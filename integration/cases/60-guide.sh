#!/usr/bin/env bash
# I4: every command of docs/guide.md works, in its order, in a router of the lab with folders and services of its own; every
# configuration in it has no mistakes; and the router that it leads to lets real QUIC clients through.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
skip_without gtlsclient gtlsserver nft script
GUIDE=$QW_ROOT/docs/guide.md

# Only parsed: they install packages, or ask programs that this machine has not.
PARSED='^(apt|firewall-cmd|ufw) '
# They go on until somebody ends them.
ENDLESS='^quicward (top|events --follow)'

lab_trap
nat_lab_up || exit 1
certificate_make && serve_gtls 4433 || exit 1

# ---- a router of its own ----

# programs: what commands find first: the program under test, and services without systemd.
programs() {
    mkdir -p "$LAB_DIR/bin"
    printf '#!/bin/sh\nexec "%s" "$@"\n' "$QUICWARD" >"$LAB_DIR/bin/quicward"
    printf '#!/bin/sh\ncat /run/quicward.log\n' >"$LAB_DIR/bin/journalctl"
    cat >"$LAB_DIR/bin/systemctl" <<'SYSTEMCTL'
#!/bin/sh
# Does what the unit says: systemctl VERB [--now] quicward
set -u
ready() { quicward stats -s /run/quicward/control.sock >/dev/null 2>&1; }
stop() {
    [ -s /run/quicward.pid ] || return 0
    kill "$(cat /run/quicward.pid)"
    while kill -0 "$(cat /run/quicward.pid)" 2>/dev/null; do sleep 0.05; done
    rm -f /run/quicward.pid
}
start() {
    mkdir -p /run/quicward
    setsid quicward run -c /etc/quicward/quicward.conf >>/run/quicward.log 2>&1 </dev/null &
    pid=$!
    echo "$pid" >/run/quicward.pid
    tries=600
    until ready; do
        tries=$((tries - 1))
        kill -0 "$pid" 2>/dev/null && [ $tries -gt 0 ] || { cat /run/quicward.log; exit 1; }
        sleep 0.05
    done
}
case "$*" in
'enable --now quicward' | 'start quicward') start ;;
'stop quicward') stop ;;
'restart quicward') stop; start ;;
'enable quicward-rules') quicward rules --install --keep /var/lib/rules.conf ;;
*) echo "systemctl: $*: not known here" >&2; exit 1 ;;
esac
SYSTEMCTL
    chmod +x "$LAB_DIR"/bin/*
}

# own_folders: in the router, until the lab goes: /etc as a copy, with the configuration where the program expects it; /run and
# /var/lib empty.
own_folders() {
    local default
    default=$("$QUICWARD" check 2>&1 | sed -n 's/^\(\/.*quicward\.conf\): .*/\1/p' | head -n 1)
    cp -a /etc "$LAB_DIR/etc"
    rm -rf "$LAB_DIR/etc/quicward"
    mkdir -p "$LAB_DIR/etc/quicward" "$LAB_DIR/etc/sysctl.d" "$LAB_DIR/local"
    [ "${default%/*}" = /etc/quicward ] || ln -s /etc/quicward "$LAB_DIR/local/quicward"
    DEFAULT_PARENT=$(dirname "$(dirname "${default:-/etc/quicward/quicward.conf}")")
    # shellcheck disable=SC2016 # expanded by the inner shell
    lab_spawn "$LAB_ROUTER" keeper unshare -m sh -c 'mount --make-rprivate / && mount --bind "$0/etc" /etc &&
        mount -t tmpfs none /run && mount -t tmpfs none /var/lib &&
        { [ "$1" = /etc ] || mount --bind "$0/local" "$1"; } && echo ready && exec sleep 100000' "$LAB_DIR" "$DEFAULT_PARENT"
    KEEPER=$LAB_PID
    wait_for 5 grep -q ready "$LAB_DIR/keeper.log"
}

# at_router COMMAND: as it stands in the guide.
at_router() {
    nsenter -t "$KEEPER" -m -n env PATH="$LAB_DIR/bin:$PATH" HOME="$LAB_DIR" TERM=xterm sh -c "$1" </dev/null
}

# at_lab COMMAND: in the source, with a lab of its own.
at_lab() {
    (cd "$QW_ROOT" && env PATH="$LAB_DIR/bin:$PATH" HOME="$LAB_DIR" TMPDIR="$LAB_DIR" QW_LAB="$LAB_ID-g" QW_LOGS='' \
        bash -c "$1" </dev/null)
}

# endless COMMAND: it runs for two seconds, on a terminal, until it is ended.
endless() {
    local status=0
    at_router "timeout 2 script -qec '$1' /dev/null" || status=$?
    [ $status = 124 ] || [ $status = 0 ]
}

# ---- the page ----

# steps: "LINE router COMMAND", "LINE lab COMMAND", "LINE conf KEY" with the rest of a block behind it, each record ended by \036.
steps() {
    awk 'function flush() { if (conf != "") printf "%d conf %s\036", at, conf; conf = "" }
        /^    router# / { flush(); printf "%d router %s\036", NR, substr($0, 13); next }
        /^    lab# / { flush(); printf "%d lab %s\036", NR, substr($0, 10); next }
        /^    # quicward\.conf$/ { flush(); at = NR; conf = "\n"; next }
        conf != "" && /^    / { conf = conf substr($0, 5) "\n"; next }
        { flush() }
        END { flush() }' "$GUIDE"
}

# others: lines of blocks that are none of these.
others() {
    awk '/^    (router|lab)# / { next }
        /^    # quicward\.conf$/ { conf = 1; next }
        !/^    / { conf = 0; next }
        !conf { print NR ": " $0 }' "$GUIDE"
}

# put_keys TEXT: into the configuration, in the place of what stands there.
put_keys() {
    local key file=$LAB_DIR/etc/quicward/quicward.conf
    while read -r key; do
        awk -v key="$key" 'index($0, key " = ") == 1 { skip = 1 }
            !skip { print }
            skip && (/^[^ ].*;( #.*)?$/) { skip = 0 }' "$file" >"$LAB_DIR/new.conf"
        cat "$LAB_DIR/new.conf" >"$file"
    done < <(sed -nE 's/^([a-z_]+) = .*/\1/p' <<<"$1")
    printf '%s\n' "$1" >>"$file"
    at_router 'quicward check --strict'
}

step() { # LINE KIND TEXT
    case $2 in
    conf) check "line $1: keys" put_keys "$3" ;;
    lab) check "line $1: $3" at_lab "$3" ;;
    router)
        if [[ $3 =~ $PARSED ]]; then
            check "line $1: $3 (parsed)" sh -n <<<"$3"
        elif [[ $3 =~ $ENDLESS ]]; then
            check "line $1: $3 (for two seconds)" endless "$3"
        else
            check "line $1: $3" at_router "$3"
        fi
        ;;
    esac
}

# Should the guide's own lab not come down.
for room in client router transit server; do
    LAB_OTHERS+=("qw-$LAB_ID-g-$room")
done
programs
check 'a router of its own' own_folders
in_router iptables -N DOCKER-USER
in_router nft -f - <<<'table inet filter { chain forward { type filter hook forward priority filter; policy accept; }; }'
while IFS=' ' read -r -d $'\036' line kind text; do
    step "$line" "$kind" "$text"
    case $text in
    *sni=www.games.example*) check 'which is rejected' shows '^decision: reject, by rule no-games' at_router "$text" ;;
    *'-> lan0 10.0.0.2:8443'*) check 'which is accepted' shows '^verdict: accept' at_router "$text" ;;
    *'-> lan0 [2001:db8:1::2]'*) check 'which is accepted, too' shows '^verdict: accept' at_router "$text" ;;
    esac
done < <(steps)
check_not 'every line of a block is a command or a key' grep . <(others)

# Where it led to.
for family in 4 6; do
    check "IPv$family gets through" shows 'status: 200' client_gtls $family 4433
done
check 'as it is translated' shows "$X4:" at_router 'quicward mappings'
check 'doctor finds nothing' at_router 'quicward doctor'
check 'ends' at_router 'systemctl stop quicward'
case_end
