#!/usr/bin/env bash
# Compares what npm and the image registry have with the files of a release, byte by byte and digest by digest.
# deploy/release/compare.sh <directory with the files of the release>
set -euo pipefail
cd "${1:?a directory}"
sha256sum --check --strict SHA256SUMS
package=$(ls tickhouse-*.tgz)
name=${package%.tgz}
version=${name#tickhouse-}
published=$(mktemp -d)
trap 'rm -rf "$published"' EXIT
npm pack "tickhouse@$version" --pack-destination "$published" >/dev/null
cmp "$package" "$published/$package"
digest_of() { # image:tag
  if command -v crane >/dev/null; then crane digest "$1"; else docker buildx imagetools inspect "$1" --format '{{.Manifest.Digest}}'; fi
}
while read -r tag reference; do
  found=$(digest_of "${reference%@*}:$tag")
  if [ "$found" != "${reference#*@}" ]; then
    echo "${reference%@*}:$tag is $found, the release has ${reference#*@}" >&2
    exit 1
  fi
done <images.txt
echo "npm and the image registry have what the release of $version has"
