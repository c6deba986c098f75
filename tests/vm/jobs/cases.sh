#!/bin/bash
# The namespace cases with that backend: cases.sh BACKEND [CASE...]. Those whose peers are not in the machine say so.
. tests/vm/jobs/backend.sh
backend "${1:-nft}" || exit 2
shift
integration/run.sh "$@"
