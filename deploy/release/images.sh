#!/usr/bin/env bash
# Builds both images for amd64 and arm64 and pushes them without a tag; writes a line `<tag> <image>@<digest>` for each.
# deploy/release/images.sh <image without tag> <version> <file>
# PLATFORMS and BUILD_FLAGS replace the platforms and add flags, for a rehearsal.
set -euo pipefail
cd "$(dirname "$0")/../.."
image=${1:?an image} version=${2:?a version} file=${3:?a file}
metadata=$(mktemp)
trap 'rm -f "$metadata"' EXIT
: >"$file"
for target in full slim; do
  tag=$version
  [ "$target" = full ] || tag=$version-$target
  # shellcheck disable=SC2086 # flags, by words
  docker buildx build -f deploy/Dockerfile --target "$target" --platform "${PLATFORMS:-linux/amd64,linux/arm64}" \
    --sbom=true --provenance=mode=max --label "org.opencontainers.image.version=$version" \
    --label org.opencontainers.image.licenses=Apache-2.0 --metadata-file "$metadata" ${BUILD_FLAGS:-} \
    --output "type=image,name=$image,push-by-digest=true,name-canonical=true,push=true" .
  digest=$(node -p 'JSON.parse(require("fs").readFileSync(process.argv[1]))["containerimage.digest"]' "$metadata")
  case $digest in sha256:????????????????????????????????????????????????????????????????) ;; *)
    echo "no digest of $target: $digest" >&2
    exit 1
    ;;
  esac
  echo "$tag $image@$digest" >>"$file"
done
cat "$file"
