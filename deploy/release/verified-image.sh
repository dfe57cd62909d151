#!/usr/bin/env bash
# Prints `image=<image>@<digest>` and `slim=<slim image>@<digest>` of a published release, once signatures and provenance
# are verified by the commands of SECURITY.md.  deploy/release/verified-image.sh <version> <owner>/<repository>
set -euo pipefail
version=${1:?a version} repository=${2:?owner/repository}
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
gh release download "v$version" --repo "$repository" --pattern images.txt --dir "$directory"
gh attestation verify "$directory/images.txt" --repo "$repository" >&2
for tag in "$version" "$version-slim"; do
  image=$(awk -v tag="$tag" '$1 == tag { print $2 }' "$directory/images.txt")
  if [ -z "$image" ]; then
    echo "images.txt of v$version names no image $tag" >&2
    exit 1
  fi
  cosign verify "$image" --certificate-oidc-issuer https://token.actions.githubusercontent.com \
    --certificate-identity "https://github.com/$repository/.github/workflows/release.yaml@refs/tags/v$version" >&2
  if [ "$tag" = "$version" ]; then echo "image=$image"; else echo "slim=$image"; fi
done
