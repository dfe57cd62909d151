#!/usr/bin/env bash
# Packs the Helm chart: deploy/release/chart.sh <directory>. The same tree gives the same bytes.
set -euo pipefail
chart=$(cd "$(dirname "$0")/../helm" && pwd)/tickhouse
version=$(sed -n 's/^version: //p' "$chart/Chart.yaml")
tar --create --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX --directory "$(dirname "$chart")" tickhouse |
  gzip --no-name --best >"${1:?a directory}/helm-tickhouse-$version.tgz"
