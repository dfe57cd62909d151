#!/usr/bin/env bash
# Makes the files of a release in a directory: the npm package, its list of parts (SBOM, CycloneDX), the Helm chart.
# deploy/release/assets.sh <directory>
set -euo pipefail
cd "$(dirname "$0")/../.."
directory=${1:?a directory}
mkdir -p "$directory"
npm pack --pack-destination "$directory" >/dev/null
version=$(node -p 'JSON.parse(require("fs").readFileSync("package.json")).version')
# What a user gets with it; by the lock file, from which the images are made.
npm sbom --sbom-format cyclonedx --sbom-type application --omit dev --package-lock-only >"$directory/tickhouse-$version.cdx.json"
deploy/release/chart.sh "$directory"
ls -l "$directory"
