#!/bin/bash
# Unit tests and replays, right after the start. What looks at the sources alone is the same on every kernel and stays out.
status=0
ctest --test-dir "$QW_BUILD" --output-on-failure --timeout 2400 -E '^(includes|includes_self_test|requirements|rfc_behave|manual|rules_stand)$' ||
    status=1
tests/golden/replay.sh | tail -n 20
[ "${PIPESTATUS[0]}" = 0 ] || status=1
exit $status
