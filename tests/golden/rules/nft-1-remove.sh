#!/bin/sh
# quicward: UDP and ICMP errors that are forwarded between
# inside (lan0) and outside (wan0)
# go no longer to queue 7400.
set -e

nft -f - <<'RULES'
add table inet quicward_7400
delete table inet quicward_7400
RULES
