# shellcheck shell=bash
# Completion of quicward for bash. tests/completions.sh holds it to what the program says of itself.

_quicward_options() { # COMMAND
    case $1 in
    init) echo '--mode' ;;
    run) echo '--config --take-over' ;;
    check) echo '--config --print --size --strict' ;;
    explain) echo '--config' ;;
    rules) echo '--config --backend --install --keep --remove' ;;
    replay) echo '--config --json --inside --throttle-report --report' ;;
    flows) echo '--config --socket --json --sort --reverse --limit --state --version --client --server --port --sni --alpn --rule --idle --watch' ;;
    mappings | offload | cluster) echo '--config --socket --json' ;;
    doctor) echo '--config --json' ;;
    events) echo '--config --socket --json --follow' ;;
    stats) echo '--config --socket --json --all' ;;
    top | reload) echo '--config --socket' ;;
    state) echo '--json' ;;
    '') echo '--config --socket --version' ;;
    esac
}

# The values of the option; "FILE" for the name of one, "ANY" for what nobody can guess, nothing for an option without.
_quicward_values() { # COMMAND OPTION
    case $2 in
    -c | --config | -s | --socket | --keep | --throttle-report) echo FILE ;;
    --backend) echo 'nft iptables' ;;
    --mode) echo 'nat firewall monitor' ;;
    --report) echo html ;;
    --sort) echo 'bytes packets up down rtt ce idle expires age client server name state' ;;
    --state) echo 'one-way two-way initial replied confirmed refused held' ;;
    --version) echo 'v1 v2 none' ;;
    --inside | --limit | --client | --server | --port | --sni | --alpn | --rule | --idle) echo ANY ;;
    esac
}

_quicward_operands() { # COMMAND
    case $1 in
    state) echo 'show check' ;;
    cluster) echo 'status check active standby' ;;
    replay) echo FILE ;;
    help) echo 'init run check explain rules replay flows doctor top mappings events stats offload cluster reload state version help' ;;
    esac
}

# _quicward_offer WORDS: those that begin as the word under the cursor does.
_quicward_offer() {
    local word=${COMP_WORDS[COMP_CWORD]}
    case $1 in
    FILE)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        ;;
    ANY) COMPREPLY=() ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$1" -- "$word") ;;
    esac
}

_quicward() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command='' values i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        [ -z "$(_quicward_values '' "${COMP_WORDS[i]}")" ] || { i=$((i + 1)); continue; }
        [[ ${COMP_WORDS[i]} == -* ]] || { command=${COMP_WORDS[i]}; break; }
    done
    values=$(_quicward_values "$command" "$before")
    if [ -n "$values" ] && [ "$COMP_CWORD" -gt 1 ]; then
        _quicward_offer "$values"
    elif [[ $word == -* ]]; then
        _quicward_offer "$(_quicward_options "$command") --help"
    elif [ -z "$command" ]; then
        _quicward_offer "$(_quicward_operands help)"
    elif [ "$command" = state ] && [[ $before == show || $before == check ]]; then
        _quicward_offer FILE
    else
        _quicward_offer "$(_quicward_operands "$command")"
    fi
}

complete -F _quicward quicward
