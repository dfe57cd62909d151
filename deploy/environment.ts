/** Writes `deploy/.env`: a password for everything in `compose.yaml`, made here and known nowhere else. `npm run deploy:env`. */
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { fileURLToPath } from 'node:url'

const FILE = fileURLToPath(new URL('.env', import.meta.url))
const SECRET_BYTES = 24

/** The text of the file, with other secrets each time. In hexadecimal: they stand in addresses. */
export function environmentText(): string {
  const secret = () => randomBytes(SECRET_BYTES).toString('hex')
  return `# Made by npm run deploy:env. Whoever has this file has the house.
# What the page, its programs and Prometheus show to the stations.
TICKHOUSE_TOKEN=${secret()}
# ClickHouse's users tickhouse and grafana.
CLICKHOUSE_PASSWORD=${secret()}
CLICKHOUSE_GRAFANA_PASSWORD=${secret()}
# S3's key tickhouse.
S3_SECRET_KEY=${secret()}
# Grafana's user admin, taken when Grafana starts for the first time.
GRAFANA_ADMIN_PASSWORD=${secret()}
# Not a secret: Kafka's volume belongs to it.
KAFKA_CLUSTER_ID=${clusterId()}

# What to record.
# TICKHOUSE_SOURCES=binance:BTCUSDT,ETHUSDT coinbase:BTC-USD kraken:BTC/USD
# When to let go of what is archived; without these nothing leaves.
# TICKHOUSE_LOG_KEEP_HOURS=48
# TICKHOUSE_STORE_KEEP_DAYS=30
# Where alerts go.
# TICKHOUSE_ALERT_EMAIL=you@example.com
# TICKHOUSE_ALERT_SMTP=smtps://user:password@mail.example.com:465
# TICKHOUSE_ALERT_WEBHOOKS=https://example.com/hook
# Which address of this machine the page, Grafana, SQL and S3 answer on.
# TICKHOUSE_BIND=127.0.0.1
`
}

/** 16 bytes as Kafka writes them; one that begins with "-" would look like an option to its tools. */
function clusterId(): string {
  for (;;) {
    const id = randomBytes(16).toString('base64url')
    if (!id.startsWith('-')) return id
  }
}

/** Writes it for its owner's eyes alone. Throws EEXIST where there is one: its passwords are in the volumes by now. */
export function writeEnvironment(file: string): void {
  fs.writeFileSync(file, environmentText(), { flag: 'wx', mode: 0o600 })
}

if (import.meta.main) {
  try {
    writeEnvironment(FILE)
    console.log(`${FILE} is written. Next: docker compose -f deploy/compose.yaml up -d --build --wait`)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    console.error(`${FILE} is there already and stays as it is: what runs was started with its passwords.`)
    process.exitCode = 1
  }
}
