#!/usr/bin/env bash
# The completions of bash and zsh offer what the program takes, all of it and nothing else: completions.sh QUICWARD
#   every command; every option of every command; the values of --sort, --state and --backend
# For zsh, where that is installed. Prints a line for each property; status 1 when one is missing.
set -u
program=$1
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
failed=0

same() { # WHAT WANTED GOT: two lists of words in any order
    local wanted got
    wanted=$(tr -s ' ' '\n' <<<"$2" | sort -u)
    got=$(tr -s ' ' '\n' <<<"$3" | sort -u)
    if [ "$wanted" = "$got" ] && [ -n "$wanted" ]; then
        echo "OK $1"
    else
        echo "FAILED $1: the program (<) and the completion (>)"
        diff <(echo "$wanted") <(echo "$got")
        failed=1
    fi
}

commands() {
    "$program" help | sed -n 's/^  \([a-z]*\) .*/\1/p'
}

# options COMMAND: the long ones, as its usage has them; -c and -s stand for those of their names.
options() {
    local usage
    usage=$("$program" "$1" --help | sed '/^usage:/,/^[A-Z]/!d')
    echo --help
    grep -oE -e '--[a-z][a-z-]*' <<<"$usage"
    ! grep -q -e '-c FILE' <<<"$usage" || echo --config
    ! grep -q -e '-s SOCKET' <<<"$usage" || echo --socket
}

# values OPTION: what the program says is allowed.
values() {
    "$program" flows "$1" '?' 2>&1 | sed -n 's/.* allowed: //p' | tr -d ,
}

takes_options() { # COMMAND
    [ "$1" != version ] && [ "$1" != help ]
}

# ---- bash ----

# in_bash WORD...: what is offered for the last one.
in_bash() {
    # shellcheck disable=SC2016 # expanded by the inner shell
    bash --norc -c '. conf/completions/quicward.bash && COMP_WORDS=("$@") && COMP_CWORD=$(($# - 1)) && _quicward && printf "%s\n" "${COMPREPLY[@]}"' \
        bash quicward "$@"
}

bash_completion() {
    local command
    same 'bash: commands' "$(commands)" "$(in_bash '')"
    same 'bash: commands, behind help' "$(commands)" "$(in_bash help '')"
    same 'bash: commands, behind an option' "$(commands)" "$(in_bash -c /etc/quicward/quicward.conf '')"
    same 'bash: the beginning of a command' 'rules run replay reload' "$(in_bash r)"
    for command in $(commands); do
        ! takes_options "$command" || same "bash: options of $command" "$(options "$command")" "$(in_bash "$command" --)"
    done
    same 'bash: options, behind another' "$(options rules)" "$(in_bash --config x rules --install --)"
    same 'bash: values of --sort' "$(values --sort)" "$(in_bash flows --sort '')"
    same 'bash: values of --state' "$(values --state)" "$(in_bash flows --state '')"
    same 'bash: values of --backend' 'nft iptables' "$(in_bash rules --backend '')"
    same 'bash: values of --mode' 'nat firewall monitor' "$(in_bash init --mode '')"
    same 'bash: files' conf/quicward.conf "$(in_bash check -c conf/quicward.c)"
    same 'bash: captures' tests/captures/README.md "$(in_bash replay tests/captures/READ)"
}

# ---- zsh ----

# in_zsh WORD...: what is given to zsh's own functions for the last one, a line an argument.
in_zsh() {
    # shellcheck disable=SC2016 # expanded by the inner shell
    zsh -f -c '_arguments() { print -rl -- "$@"; [[ "$*" != *_quicward_commands* ]] || _quicward_commands }
        _describe() { print -rl -- "${(@P)2}" }
        words=("$@") CURRENT=$#
        . conf/completions/quicward.zsh' zsh quicward "$@"
}

zsh_options() { # WORD...
    in_zsh "$@" | sed -E 's/^\*//; s/^\([^)]*\)//' | grep -oE '^--[a-z][a-z-]*' | sed 's/-$//'
}

zsh_commands() { # WORD...
    in_zsh "$@" | sed -n 's/^\([a-z][a-z]*\):[a-z].*/\1/p'
}

# zsh_values OPTION WORD...
zsh_values() {
    local option=$1
    shift
    in_zsh "$@" | grep -e "$option\\[" | sed -n 's/.*:(\(.*\))$/\1/p'
}

zsh_completion() {
    local command
    same 'zsh: commands' "$(commands)" "$(zsh_commands '')"
    same 'zsh: commands, behind help' "$(commands)" "$(zsh_commands help '')"
    for command in $(commands); do
        ! takes_options "$command" || same "zsh: options of $command" "$(options "$command")" "$(zsh_options "$command" '')"
    done
    same 'zsh: values of --sort' "$(values --sort)" "$(zsh_values --sort flows '')"
    same 'zsh: values of --state' "$(values --state)" "$(zsh_values --state flows '')"
    same 'zsh: values of --backend' 'nft iptables' "$(zsh_values --backend rules '')"
    same 'zsh: values of --mode' 'nat firewall monitor' "$(zsh_values --mode init '')"
}

bash_completion
if command -v zsh >/dev/null; then zsh_completion; else echo 'SKIPPED zsh: it is not installed'; fi
exit $failed
