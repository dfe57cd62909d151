#!/usr/bin/env bash
# A Docker daemon, and local images under the names that deploy/ pins, for a machine that reaches package registries but no image
# registry. The daemon has a network namespace, a socket and a directory of its own: nothing else of the machine changes, and its
# containers reach nobody outside but while an image is built.
#   lab.sh start DIRECTORY    packages, daemon, images    lab.sh stop DIRECTORY    ends all of it and removes DIRECTORY
#   lab.sh online DIRECTORY COMMAND…    runs a command while containers reach the package registries
# Needs root on Debian, the right to make namespaces, Java 17, Maven, Go, and node_modules of this repository.
#
# The images: Node and Kafka (by its image's own start-up class), versitygw and Debian's Prometheus are the real programs. No
# ClickHouse server is in a package registry: `tickhouse serve --writable`, the same engine behind our own HTTP interface, stands in.
set -euo pipefail
command=${1:?} lab=$(mkdir -p "${2:?}" && realpath "$2")
repository=$(realpath "$(dirname "$0")/../..")
namespace=tickhouse-$(basename "$lab")
export DOCKER_HOST=unix://$lab/docker.sock DOCKER_CONFIG=$lab/docker-config DOCKER_BUILDKIT=1
# Debian's client builds without a plugin; a later one that stands before it would not.
mkdir -p "$lab/bin"
ln -sf /usr/bin/docker "$lab/bin/docker"
export PATH=$lab/bin:$PATH

has() { docker image inspect "$1" >/dev/null 2>&1; }
pinned() { sed -n "s|^ *image: \($1:[^@]*\).*|\1|p" "$repository/deploy/compose.yaml"; }

packages() {
  local name missing=()
  for name in dockerd:docker.io iptables:iptables debootstrap:debootstrap slirp4netns:slirp4netns; do
    command -v "${name%%:*}" >/dev/null || missing+=("${name##*:}")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

daemon() {
  docker version >/dev/null 2>&1 && return
  ip netns add "$namespace" 2>/dev/null || true
  nsenter --net="/run/netns/$namespace" ip link set lo up
  # `ip netns exec` would hide /sys/fs/cgroup.
  nohup nsenter --net="/run/netns/$namespace" dockerd --host "$DOCKER_HOST" --data-root "$lab/data" --exec-root "$lab/exec" \
    --pidfile "$lab/daemon.pid" --exec-opt native.cgroupdriver=cgroupfs --storage-driver overlay2 >"$lab/daemon.log" 2>&1 &
  for _ in $(seq 120); do docker version >/dev/null 2>&1 && return; sleep 0.5; done
  echo 'the Docker daemon did not start:' >&2
  tail -n 5 "$lab/daemon.log" >&2
  return 1
}

online() {
  slirp4netns --configure --mtu=65520 --netns-type=path "/run/netns/$namespace" tap0 >"$lab/slirp.log" 2>&1 &
  local proxy=$! status=0
  sleep 1
  "$@" || status=$?
  kill "$proxy"
  return $status
}

# Debian, and Node on it, as Docker's own images of these names have them.
base_images() {
  local node; node=$(sed -n 's/^FROM \(node:[^ @]*\).*/\1/p' "$repository/deploy/Dockerfile" | head -n 1)
  has "$node" && has debian:bookworm-slim && return
  local root=$lab/root mirror; mirror=$(apt-get indextargets --format "\$(REPO_URI)" | head -n 1)
  debootstrap --variant=minbase --include=ca-certificates,wget bookworm "$root" "$mirror" >"$lab/debootstrap.log"
  rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,man,locale}
  tar -c -C "$root" . | docker import -c 'CMD ["bash"]' - debian:bookworm-slim >/dev/null
  install -m 755 "$repository/node_modules/node/bin/node" "$root/usr/local/bin/node"
  local npm; npm=$(realpath "$(dirname "$(realpath "$(command -v npm)")")/..")
  mkdir -p "$root/usr/local/lib/node_modules"
  cp -a "$npm" "$root/usr/local/lib/node_modules/npm"
  ln -sf ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
  chroot "$root" useradd --uid 1000 --create-home --user-group node
  # The certificates by which this machine knows its registry.
  cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
  tar -c -C "$root" . | docker import -c 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt' -c 'CMD ["node"]' - "$node" >/dev/null
  rm -rf "$root"
}

kafka_image() {
  local image; image=$(pinned apache/kafka)
  has "$image" && return
  local context=$lab/kafka version=${image##*:} java; java=$(realpath "$(dirname "$(realpath "$(command -v java)")")/..")
  mkdir -p "$context/libs" "$context/jre"
  cat >"$context/pom.xml" <<POM
<project><modelVersion>4.0.0</modelVersion><groupId>lab</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$version</version></dependency>
<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
</dependencies></project>
POM
  mvn -q -B -f "$context/pom.xml" dependency:copy-dependencies -DoutputDirectory="$context/libs" -DincludeScope=runtime
  tar -ch -C "$java" --exclude=jmods --exclude=src.zip --exclude=man --exclude=legal --exclude=docs . 2>/dev/null | tar -x -C "$context/jre"
  cat >"$context/run" <<'RUN'
#!/bin/bash
# As the image's own: environment → properties, the volume formatted if it is new, the broker.
set -euo pipefail
/opt/jre/bin/java -Xmx128m -cp '/opt/kafka/libs/*' kafka.docker.KafkaDockerWrapper setup --default-configs-dir /etc/kafka/docker \
  --mounted-configs-dir /mnt/shared/config --final-configs-dir /opt/kafka/config || true
exec /opt/jre/bin/java ${KAFKA_HEAP_OPTS:--Xmx1G} -server -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -cp '/opt/kafka/libs/*' \
  kafka.Kafka /opt/kafka/config/server.properties
RUN
  chmod +x "$context/run"
  : >"$context/server.properties"
  cat >"$context/log4j2.yaml" <<'LOG'
Configuration:
  Appenders: { Console: { name: STDOUT } }
  Loggers: { Root: { level: INFO, AppenderRef: [{ ref: STDOUT }] }, Logger: [{ name: kafka, level: INFO }] }
LOG
  cat >"$context/Dockerfile" <<'IMAGE'
FROM debian:bookworm-slim
RUN useradd -u 1000 -m appuser && mkdir -p /var/lib/kafka/data /opt/kafka/config /etc/kafka/docker /etc/kafka/secrets /mnt/shared/config
COPY jre /opt/jre
COPY libs /opt/kafka/libs
COPY run server.properties log4j2.yaml /etc/kafka/docker/
RUN cp /etc/kafka/docker/log4j2.yaml /etc/kafka/docker/tools-log4j2.yaml && \
    chown -R appuser /opt/kafka /var/lib/kafka /etc/kafka /mnt/shared
USER appuser
VOLUME ["/var/lib/kafka/data"]
CMD ["/etc/kafka/docker/run"]
IMAGE
  docker build -q -t "$image" "$context" >/dev/null
}

# Stands in for ClickHouse once the image of the stages exists. Unlike ClickHouse's, its /ping requires the password.
clickhouse_image() {
  local context=$lab/clickhouse; mkdir -p "$context"
  cat >"$context/start" <<'START'
#!/bin/sh
export TICKHOUSE_STORE=chdb:/var/lib/clickhouse/store TICKHOUSE_LISTEN=0.0.0.0:8123 TICKHOUSE_TOKEN="$CLICKHOUSE_PASSWORD_TICKHOUSE"
cd /var/lib/clickhouse && exec node /tickhouse/bin/tickhouse.js serve --writable
START
  cat >"$context/wget" <<'WGET'
#!/usr/bin/env node
fetch(`${process.argv.at(-1)}?password=${process.env.CLICKHOUSE_PASSWORD_TICKHOUSE}`).then(a => process.exit(a.ok ? 0 : 8), () => process.exit(4))
WGET
  chmod +x "$context/start" "$context/wget"
  cat >"$context/Dockerfile" <<IMAGE
FROM ${3:?}
USER root
RUN install -d -o 1000 -g 1000 /var/lib/clickhouse
COPY start /start
COPY wget /usr/local/bin/wget
HEALTHCHECK NONE
USER 1000:1000
VOLUME ["/var/lib/clickhouse"]
ENTRYPOINT ["/start"]
CMD []
IMAGE
  docker build -q -t "$(pinned clickhouse/clickhouse-server)" "$context" >/dev/null
}

s3_image() {
  local image; image=$(pinned ghcr.io/versity/versitygw)
  has "$image" && return
  local context=$lab/s3; mkdir -p "$context"
  CGO_ENABLED=0 GOBIN=$context go install "github.com/versity/versitygw/cmd/versitygw@${image##*:}"
  printf 'FROM debian:bookworm-slim\nCOPY versitygw /usr/local/bin/versitygw\nENTRYPOINT ["/usr/local/bin/versitygw"]\n' >"$context/Dockerfile"
  docker build -q -t "$image" "$context" >/dev/null
}

# Debian's is 2.42, whose promtool has no check for readiness.
prometheus_image() {
  local image; image=$(pinned prom/prometheus)
  has "$image" && return
  local context=$lab/prometheus; mkdir -p "$context"
  (cd "$context" && apt-get download -qq prometheus && dpkg -x prometheus_*.deb x && mv x/usr/bin/prometheus . && mv x/usr/bin/promtool promtool.real)
  cat >"$context/promtool" <<'PROMTOOL'
#!/bin/bash
if [ "${1-} ${2-}" = 'check ready' ]; then
  exec 3<>/dev/tcp/127.0.0.1/9090 && printf 'GET /-/ready HTTP/1.0\r\n\r\n' >&3 && grep -q ' 200 ' <&3
  exit $?
fi
exec /bin/promtool.real "$@"
PROMTOOL
  chmod +x "$context/promtool"
  cat >"$context/Dockerfile" <<'IMAGE'
FROM debian:bookworm-slim
COPY prometheus promtool promtool.real /bin/
RUN install -d -o 65534 -g 65534 /prometheus
USER 65534:65534
WORKDIR /prometheus
VOLUME ["/prometheus"]
ENTRYPOINT ["/bin/prometheus"]
IMAGE
  docker build -q -t "$image" "$context" >/dev/null
}

case $command in
start)
  packages
  daemon
  base_images
  kafka_image
  s3_image
  prometheus_image
  ;;
clickhouse) clickhouse_image "$@" ;;
online)
  shift 2
  online "$@"
  ;;
stop)
  docker ps -aq 2>/dev/null | xargs -r docker rm -f >/dev/null || true
  if [ -f "$lab/daemon.pid" ]; then
    pid=$(cat "$lab/daemon.pid")
    kill "$pid" 2>/dev/null || true
    while kill -0 "$pid" 2>/dev/null; do sleep 0.2; done
  fi
  ip netns del "$namespace" 2>/dev/null || true
  rm -rf "$lab"
  ;;
*)
  sed -n 2,11p "$0" >&2
  exit 2
  ;;
esac
