#!/bin/bash
# The namespace cases with that backend: cases.sh BACKEND [CASE...]. Those whose peers are not in the machine say so.
. tests/vm/jobs/backend.sh
backend "${1:-nft}" || exit 2
shift
# An emulated machine is some ten times slower than a real one.
QW_CASE_LIMIT_S=${QW_CASE_LIMIT_S:-2400} integration/run.sh "$@"
