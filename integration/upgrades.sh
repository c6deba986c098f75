#!/usr/bin/env bash
# upgrades.sh [ROUNDS]: case 99-fast-upgrades with 50 (ROUNDS) upgrades, as many kill -9 and changes of routes, neighbours and MTUs, at
# tc and at XDP: by hand, as root. Some twenty minutes.
QW_ROUNDS=${1:-50} exec bash "$(dirname "${BASH_SOURCE[0]}")/cases/99-fast-upgrades.sh"
