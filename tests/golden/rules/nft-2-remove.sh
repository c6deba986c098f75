#!/bin/sh
# quicward: UDP and ICMP errors that are forwarded between
# inside (lan0, lan0.20) and outside (wan0)
# go no longer to queues 100 to 101.
set -e

nft -f - <<'RULES'
add table inet quicward_100
delete table inet quicward_100
RULES
