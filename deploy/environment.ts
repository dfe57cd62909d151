/** Writes `deploy/.env`: random passwords for the services of `compose.yaml`. `npm run deploy:env`. */
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { fileURLToPath } from 'node:url'

const FILE = fileURLToPath(new URL('.env', import.meta.url))
const SECRET_BYTES = 24

/** The text of the file, with new secrets each time. Hexadecimal, since they are used in URLs. */
export function environmentText(): string {
  const secret = () => randomBytes(SECRET_BYTES).toString('hex')
  return `# Written by npm run deploy:env. Keep it secret: it contains every password of this deployment.
# Token of the page, its API and /metrics.
TICKHOUSE_TOKEN=${secret()}
# ClickHouse users tickhouse and grafana.
CLICKHOUSE_PASSWORD=${secret()}
CLICKHOUSE_GRAFANA_PASSWORD=${secret()}
# Secret of the S3 access key tickhouse.
S3_SECRET_KEY=${secret()}
# Grafana user admin; applied at Grafana's first start.
GRAFANA_ADMIN_PASSWORD=${secret()}
# Not a secret: Kafka's volume is formatted with it.
KAFKA_CLUSTER_ID=${clusterId()}

# What to record.
# TICKHOUSE_SOURCES=binance:BTCUSDT,ETHUSDT coinbase:BTC-USD kraken:BTC/USD
# Retention of archived data; without these nothing is removed.
# TICKHOUSE_LOG_KEEP_HOURS=48
# TICKHOUSE_STORE_KEEP_DAYS=30
# TICKHOUSE_STORE_KEEP_QUOTES_DAYS=7
# Where alerts go.
# TICKHOUSE_ALERT_EMAIL=you@example.com
# TICKHOUSE_ALERT_SMTP=smtps://user:password@mail.example.com:465
# TICKHOUSE_ALERT_WEBHOOKS=https://example.com/hook
# Address the page, Grafana, SQL and S3 listen on.
# TICKHOUSE_BIND=127.0.0.1
`
}

/** 16 bytes in Kafka's form; an id beginning with "-" would look like an option to its tools. */
function clusterId(): string {
  for (;;) {
    const id = randomBytes(16).toString('base64url')
    if (!id.startsWith('-')) return id
  }
}

/** Writes the file with mode 600. Throws EEXIST if it exists: its passwords are already in the volumes. */
export function writeEnvironment(file: string): void {
  fs.writeFileSync(file, environmentText(), { flag: 'wx', mode: 0o600 })
}

if (import.meta.main) {
  try {
    writeEnvironment(FILE)
    console.log(`wrote ${FILE}. Next: docker compose -f deploy/compose.yaml up -d --build --wait`)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    console.error(`${FILE} exists and was not changed: the running services use its passwords.`)
    process.exitCode = 1
  }
}
