#!/usr/bin/env bash
# What the command line answers: usage.sh QUICWARD
# S2: prints a line for each property; status 1 when one is missing.
set -u
program=$1
failed=0
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# has NAME STATUS PATTERN ARGUMENT...: the program ends with the status, and says something like the pattern.
has() {
    local name=$1 status=$2 pattern=$3 output got=0
    shift 3
    output=$("$program" "$@" 2>&1) || got=$?
    if [ "$got" = "$status" ] && grep -qE -e "$pattern" <<<"$output"; then
        echo "ok: $name"
    else
        echo "FAILED: $name: status $got, said: $output"
        failed=1
    fi
}

good='inside = ["lan0"]; outside = ["wan0"];'
echo "mode = \"firewall\"; $good" >"$folder/good.conf"
echo "mode = \"firewall\"; $good groups = { lan = \"10.0.0.0/8\"; };" >"$folder/warned.conf"
echo "mode = \"firewal\"; $good" >"$folder/bad.conf"
echo "mode = firewall; $good" >"$folder/syntax.conf"
echo "mode = \"firewall\"; $good sni_lists = { a = \"a.names\"; };" >"$folder/list.conf"

has 'a good file' 0 'good.conf: OK$' check -c "$folder/good.conf"
has 'a warning is no mistake' 0 'OK, with 1 warning$' check -c "$folder/warned.conf"
has 'the warning has its line' 0 'warned.conf:1: warning: groups.lan' check -c "$folder/warned.conf"
has 'with --strict it is one' 78 'warned.conf:1: warning: groups.lan' check --strict -c "$folder/warned.conf"
has '--strict finds a good file good' 0 OK check --strict -c "$folder/good.conf"
for command in check run rules reload stats flows events "explain 10.0.0.1:1"; do
    # shellcheck disable=SC2086
    has "$command: a mistake in the file has its own status" 78 'bad.conf:1: mode = "firewal"' -c "$folder/bad.conf" $command
done
captures=("$(dirname "${BASH_SOURCE[0]}")"/../captures/*.pcap*)
has 'replay: likewise' 78 'bad.conf:1: mode = "firewal"' replay -c "$folder/bad.conf" "${captures[0]}"
has 'so has one in the syntax' 78 'syntax.conf:1: mode = firewall' check -c "$folder/syntax.conf"
has 'a list that is missing names the line that asks for it' 78 'list.conf:1: the list .*/a.names: No such file' check -c "$folder/list.conf"
has 'a file that is not there is another failure' 1 'none.conf: No such file' run -c "$folder/none.conf"
has 'options before the command' 0 'good.conf: OK$' -c "$folder/good.conf" check
has 'long ones too' 0 'good.conf: OK$' "--config=$folder/good.conf" check
has 'some before, some behind' 0 '^mode = "firewall"' -c "$folder/good.conf" check --print
has 'an option that the command does not take' 2 "unknown option '--json'" --json check -c "$folder/good.conf"
has 'an option that nobody takes' 2 "unknown option before the command: '-x'" -x check
has 'an option without its value' 2 "a value is missing after '-c'" -c
has 'no command' 2 "a command is missing after '--json'" --json
has 'nothing at all' 2 '^usage: quicward COMMAND'
has 'an unknown command' 2 "unknown command 'chek'" chek
has 'an unknown command behind options' 2 "unknown command 'chek'" -c x chek
has '-V' 0 '^quicward [0-9]' -V
has '--version' 0 '^quicward [0-9]' --version
has 'help' 0 '^  check ' help
has 'help of a command' 0 '^usage: quicward check ' help check
has 'help of an unknown one' 2 "unknown command 'chek'" help chek
has 'help of two' 2 "unexpected argument 'run'" help check run
has 'a query with a mistake needs no daemon' 2 "^quicward flows: --state 'confirm' is not known; allowed: one-way, .*held" flows --state confirm
has 'an order that nobody knows' 2 "^quicward flows: --sort 'size' is not known; allowed: bytes, packets" flows --sort size
has 'a prefix with bits behind it' 2 "^quicward flows: --client '10.0.0.1/8' is not known; allowed: an address" flows --client 10.0.0.1/8
has 'too short a pause' 2 "^quicward flows: --watch is 1 to 3600 seconds, not '0'" flows --watch=0
has 'queries are of flows alone' 2 "unknown option '--sort'" mappings --sort bytes
has 'help of init' 0 '^usage: quicward init ' help init
has 'init: an unknown mode' 2 "^quicward init: --mode is nat, firewall or monitor, not 'bridge'" init --mode bridge
has 'init takes no file' 2 "unknown option '-c'" init -c "$folder/good.conf"
has 'doctor: a mistake in the file has its own status' 78 'bad.conf:1: mode = "firewal"' doctor -c "$folder/bad.conf"
has 'doctor: a file that is not there leaves nothing to look for' 3 'none.conf: No such file' doctor -c "$folder/none.conf"
exit $failed
