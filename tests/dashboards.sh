#!/usr/bin/env bash
# Holds the Grafana dashboard and the alert rules to the metrics: dashboards.sh
#   every metric that they name is in docs/metrics.md (which tests/metrics holds to the program)
#   every metric of ours is on the dashboard, so that none is forgotten there
#   labels' values that they ask for are words that docs/metrics.md has
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
dashboard=conf/grafana/quicward.json rules=conf/prometheus/quicward.rules.yml
wrong=0 seen=0

complain() {
    echo "$*"
    wrong=$((wrong + 1))
}

# shellcheck disable=SC2016 # the backquotes are those of the page
documented() {
    sed -n 's/^| `\(quicward_[a-z_]*\|process_[a-z_]*\)` |.*/\1/p' docs/metrics.md
}

# The parts of a histogram are named after it.
named() { # FILE
    grep -oE '\b(quicward|process)_[a-z_]+' "$1" | sed -E 's/(_rtt_seconds)_(bucket|sum|count)$/\1/' | sort -u
}

# label="a", label=~"a|b": the values, one a line; those with other signs are patterns of Grafana's.
values() { # FILE
    grep -oE '\b(state|why|reason|outcome|version|flows|verdict)=~?\\?"[a-z|-]+' "$1" | sed 's/.*"//' | tr '|' '\n' | sort -u
}

words() {
    sed -n 's/^| `quicward_.*/&/p' docs/metrics.md
    sed -n 's/^ *X([A-Z_]*, "\([a-z-]*\)",.*/\1/p' include/quicward/base/reason.h
}

for file in $dashboard $rules; do
    for name in $(named "$file"); do
        seen=$((seen + 1))
        documented | grep -qx "$name" || complain "$file: $name is no metric"
    done
    for value in $(values "$file"); do
        words | grep -qw -e "$value" || complain "$file: no label has the value $value"
    done
done
for name in $(documented); do
    named $dashboard | grep -qx "$name" || complain "$dashboard: nothing of $name"
done
[ $wrong = 0 ] && [ $seen -gt 60 ] && echo "$seen names of metrics are known"
