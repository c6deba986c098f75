#!/bin/bash
# closed.sh [STEPS [SEED]]: integration/closed.sh, whose daemons choose between iptables and nft; as many steps as are worth an hour there.
. tests/vm/jobs/backend.sh
backend nft || exit 2
unset QW_BACKEND
integration/closed.sh "${1:-100}" ${2:+"$2"}
