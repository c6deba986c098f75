#compdef quicward
# Completion of quicward for zsh. tests/completions.sh holds it to what the program says of itself.

_quicward_commands() {
  local -a commands=(
    'init:print a configuration that fits this router'
    'run:run the daemon in the foreground'
    'check:check a configuration'
    'explain:show which rule decides about a flow, and why'
    'rules:print, install or remove the kernel rules'
    'replay:show what the daemon would see in a capture file'
    'flows:list the flows of the running daemon'
    'doctor:say what is wrong with the router and its daemon'
    'top:show what moves now'
    'mappings:list its NAT mappings'
    'events:list what happened'
    'stats:show its counters'
    'offload:show where the fast path stands'
    'cluster:show how the cluster of routers stands, or say who is active'
    'reload:make it read its configuration again'
    'state:look into a state file'
    'version:show the version'
    'help:show all commands, or the arguments of one'
  )
  _describe command commands
}

_quicward() {
  local context state line
  local -A opt_args
  local -a help=('(- *)--help[show the arguments]')
  local -a config=('(-c --config -s --socket)'{-c,--config}'[the configuration]:file:_files')
  local -a socket=('(-c --config -s --socket)'{-s,--socket}'[the control socket of the daemon]:socket:_files')
  local -a json=('--json[one JSON object a line]')

  if (( CURRENT == 2 )); then
    _arguments $config $socket '(- *)--help[show all commands]' '(- *)--version[show the version]' '1:command:_quicward_commands'
    return
  fi
  shift words
  (( CURRENT-- ))
  case $words[1] in
  init) _arguments $help '--mode[what it is to be]:mode:(nat firewall monitor)' ;;
  run) _arguments $config '--take-over[replace the daemon that runs]' $help ;;
  check)
    _arguments $config '--print[show all keys]' '--size[show what it takes and grants]' '--strict[take warnings for errors]' $help
    ;;
  explain) _arguments $config $help '1:flow:' ;;
  rules)
    _arguments $config $help '--backend[the tool that the rules are for]:tool:(nft iptables)' \
      '(--remove)--install[install the rules]' '(--remove)--keep[write what the rules are made of]:file:_files' \
      '(--install --keep)--remove[print what removes the rules]'
    ;;
  replay)
    _arguments $config $json $help '*--inside[the addresses inside]:prefix:' \
      '--throttle-report[a drawing of the load]:file:_files' '--report[one page]:format:(html)' '*:capture:_files'
    ;;
  flows)
    _arguments $config $socket $json $help \
      '--sort[what comes first]:order:(bytes packets up down rtt ce idle expires age client server name state)' \
      '--reverse[turn the order round]' '--limit[how many]:count:' \
      '*--state[how far they came]:state:(one-way two-way initial replied confirmed refused held)' \
      '*--version[of QUIC]:version:(v1 v2 none)' '*--client[by address]:prefix:' '*--server[by address]:prefix:' \
      '*--port[of the server]:port:' '*--sni[by name]:name:' '*--alpn[by protocol]:protocol:' '*--rule[that let them in]:rule:' \
      '--idle[seconds of silence at most]:seconds:' '--watch=-[look again and again]::seconds:'
    ;;
  mappings|offload) _arguments $config $socket $json $help ;;
  cluster) _arguments $config $socket $json $help '1:what:(status check active standby)' ;;
  doctor) _arguments $config $json $help ;;
  events) _arguments $config $socket $json $help '--follow[go on with what comes]' ;;
  stats) _arguments $config $socket $help '(--all)--json[one JSON object a line]' '(--json)--all[those that are zero, too]' ;;
  top|reload) _arguments $config $socket $help ;;
  state) _arguments $json $help '1:what:(show check)' '2:state file:_files' ;;
  help) _arguments '1:command:_quicward_commands' ;;
  esac
}

_quicward "$@"
