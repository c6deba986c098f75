#!/usr/bin/env bash
# Sixteen routers and ten million mappings: builds, and prints the table of docs/cluster.md after some minutes.
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
cmake -S . -B build-bench -DCMAKE_BUILD_TYPE=Release -DQUICWARD_TESTS=ON -DQUICWARD_BENCH=ON >/dev/null
cmake --build build-bench -j "$(nproc)" --target sim_cluster >/dev/null
exec build-bench/tests/sim/sim_cluster full
