#!/usr/bin/env bash
# Signs each image of a file that images.sh wrote, by its digest. Keyless, by the identity of the workflow that runs it;
# COSIGN_FLAGS (`--key …`) replaces that in a rehearsal.  deploy/release/sign-images.sh <file>
set -euo pipefail
while read -r _ reference; do
  # shellcheck disable=SC2086 # flags, by words
  cosign sign --yes --recursive ${COSIGN_FLAGS:-} "$reference"
done <"${1:?a file}"
