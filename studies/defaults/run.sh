#!/usr/bin/env bash
# The study in rounds, so that every cell has something early; stops and goes on where results.csv stands.
set -euo pipefail
cd "$(dirname "$0")/../.."
study=${STUDY:-}
if [ -z "$study" ]; then
  cargo build --release -p splitknee-defaults-study
  study=${CARGO_TARGET_DIR:-target}/release/splitknee-defaults-study
fi
$study run 0 2000
$study run 500 4000 V1,V2,V3
$study run 1000 10000 V1,V2
$study run 1000 10000 V3
$study run 500 10000 V5
$study run 2000 10000 V1,V2,V3
