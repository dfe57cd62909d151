#!/usr/bin/env bash
# Writes SHA256SUMS over all other files of a release's directory: deploy/release/checksums.sh <directory>
set -euo pipefail
cd "${1:?a directory}"
sums=$(find . -maxdepth 1 -type f ! -name SHA256SUMS -printf '%f\n' | LC_ALL=C sort | xargs sha256sum)
printf '%s\n' "$sums" | tee SHA256SUMS
