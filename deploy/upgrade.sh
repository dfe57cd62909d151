#!/bin/sh
# Replaces the recorder of this composition by the image that it names now, without losing a tick: docs/upgrade.md.
# Usage: deploy/upgrade.sh [seconds until the next recorder must be ready, 120]
set -eu
cd "$(dirname "$0")"
seconds=${1:-120}

running=$(docker compose ps -q record)
if [ "$(printf '%s\n' "$running" | grep -c .)" != 1 ]; then
  echo "upgrade.sh: one recorder must run, not $(printf '%s\n' "$running" | grep -c .)" >&2
  exit 2
fi

docker compose up -d --no-deps --no-recreate --scale record=2 record
next=$(docker compose ps -aq record | grep -v "$running")

health() { docker inspect -f '{{.State.Health.Status}}' "$next"; }
until [ "$(health)" = healthy ]; do
  state=$(docker inspect -f '{{.State.Status}}' "$next")
  if [ "$seconds" -le 0 ] || [ "$state" != running ]; then
    docker logs --tail 5 "$next" >&2
    docker rm -f "$next" >/dev/null
    echo "upgrade.sh: rolled back: the next recorder is $state and not ready. The running one has recorded all the time" >&2
    exit 1
  fi
  seconds=$((seconds - 1))
  sleep 1
done

# SIGTERM: it stops once the next one records the same ticks.
docker stop -t 60 "$running" >/dev/null
docker logs --tail 20 "$running" | grep -E 'handover_(proved|unproved|alone)' || true
docker rm "$running" >/dev/null
echo "upgrade.sh: done"
