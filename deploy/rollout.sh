#!/bin/sh
# Replaces the stages of this composition by another image, one after the other: docs/upgrade.md. Each must be healthy,
# and `tickhouse status` and `tickhouse doctor` must find nothing wrong, before the next; else all go back.
# Usage: deploy/rollout.sh <image> [seconds until a stage must work, 180]
set -eu
cd "$(dirname "$0")"
if [ $# -lt 1 ]; then
  echo 'Usage: deploy/rollout.sh <image> [seconds until a stage must work, 180]' >&2
  exit 2
fi
image=$1
seconds=${2:-180}
# Readers first: if the image does not work at all, nothing that stores or records was touched.
stages='serve archive ingest watch record'
found=$(mktemp)
trap 'rm -f "$found"' EXIT

image_of() { docker inspect -f '{{.Image}}' "$(docker compose ps -q "$1")"; }

replace() { # stage, image
  if [ "$1" = record ]; then
    TICKHOUSE_IMAGE=$2 ./upgrade.sh "$seconds"
  else
    TICKHOUSE_IMAGE=$2 docker compose up -d --no-deps --no-build --wait --wait-timeout "$seconds" "$1"
  fi
}

works() {
  left=$seconds
  until docker compose exec -T serve node bin/tickhouse.js status >"$found" 2>&1 &&
    docker compose exec -T serve node bin/tickhouse.js doctor >"$found" 2>&1; do
    if [ "$left" -le 0 ]; then
      cat "$found" >&2
      return 1
    fi
    left=$((left - 5))
    sleep 5
  done
}

docker image inspect "$image" >/dev/null 2>&1 || docker pull --quiet "$image" >/dev/null
for stage in $stages; do
  if [ "$(docker compose ps -q "$stage" | grep -c .)" != 1 ]; then
    echo "rollout.sh: one container of $stage must run: docker compose -f deploy/compose.yaml up -d --wait" >&2
    exit 2
  fi
done
if ! works; then
  echo 'rollout.sh: nothing was changed: repair what runs first' >&2
  exit 2
fi

# Lines "stage image before", the last replaced stage first.
replaced=''
for stage in $stages; do
  replaced="$stage $(image_of "$stage")
$replaced"
  if replace "$stage" "$image" && works; then
    echo "rollout.sh: $stage is replaced"
    continue
  fi
  echo "rollout.sh: $stage does not work with $image; going back" >&2
  docker compose logs --no-log-prefix --tail 5 "$stage" >&2
  status=1
  printf '%s' "$replaced" | while read -r name before; do
    [ "$(image_of "$name")" = "$before" ] || replace "$name" "$before"
  done || status=3
  [ "$status" = 1 ] && echo 'rollout.sh: rolled back: every stage runs the image that it ran before' >&2
  exit "$status"
done

# For the next `docker compose up`.
grep -v '^TICKHOUSE_IMAGE=' .env >"$found" || true
echo "TICKHOUSE_IMAGE=$image" >>"$found"
cat "$found" >.env
echo 'rollout.sh: done'
