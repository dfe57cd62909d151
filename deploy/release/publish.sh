#!/usr/bin/env bash
# Publishes what a verified draft contains: the package to npm, then the tags of the images; compares what the registries
# have with it afterwards.  deploy/release/publish.sh <directory with the files of the draft>
# A second run goes on after a failure: what is published already is only compared.
set -euo pipefail
scripts=$(cd "$(dirname "$0")" && pwd)
cd "${1:?a directory}"
sha256sum --check --strict SHA256SUMS
package=$(ls tickhouse-*.tgz)
name=${package%.tgz}
version=${name#tickhouse-}
# A version before a release, 1.0.0-rc.1, is not what `npm install tickhouse` gets.
case $version in *-*) tag=next ;; *) tag=latest ;; esac
if [ "$(npm view "tickhouse@$version" version 2>/dev/null || true)" != "$version" ]; then
  npm publish "./$package" --access public --tag "$tag"
fi
while read -r tag reference; do
  if command -v crane >/dev/null; then crane tag "$reference" "$tag"; else
    docker buildx imagetools create --tag "${reference%@*}:$tag" "$reference"
  fi
done <images.txt
"$scripts/compare.sh" .
