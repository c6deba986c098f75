#!/bin/bash
# The recorded scripts of rules with real queues; user's rules in the tables of the iptables that BACKEND names.
. tests/vm/jobs/backend.sh
backend "${1:-nft}" || exit 2
tests/io/rules_stand.sh
