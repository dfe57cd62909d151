/**
 * Every setting: its name, its rules, its default and its help text, in the groups that commands take
 * (`commands/settings.ts`). `--help` shows the first sentence; `docs/configuration.md` prints all of it: `npm run
 * docs`.
 */
import addressparser from 'nodemailer/lib/addressparser'
import { z } from 'zod'
import { type Setting, secret, setting } from './settings/setting.ts'
import { accountSettings, feedSettings, venueAddresses } from './settings/venue-settings.ts'

export type { Setting } from './settings/setting.ts'

const number = (min: number, max: number) => z.coerce.number().int().min(min).max(max)
const http = z.url({ protocol: /^https?$/ }).transform(url => url.replace(/\/+$/, ''))
const listenAddress = z.string().regex(/^(\[[0-9a-fA-F:]+\]|[\w.-]+):\d{1,5}$/, 'must be host:port')

/** Items of one form, separated by commas or spaces. */
const list = (form: RegExp, message: string, separator = /[\s,]+/) =>
  z
    .string()
    .default('')
    .transform(text => text.split(separator).filter(Boolean))
    .refine(items => items.every(item => form.test(item)), message)

/** A display name that contains an address is an address after a forgotten comma. */
const mailAddresses = z.string().refine(text => {
  const parsed = addressparser(text, { flatten: true })
  return parsed.length > 0 && parsed.every(({ name, address }) => address.includes('@') && !name.includes('@'))
}, 'must be addresses such as ops@example.org, separated by commas')

export const SETTING_GROUPS = {
  sources: {
    SOURCES: setting(
      z.string().optional(),
      'What to record, such as "binance:BTCUSDT,ETHUSDT@trades,quotes kraken:*/USD,-EUR/USD": see docs/live.md.',
      'Without it: the public feeds if they answer, else the simulator. The simulator takes ?rate=<trades per second>&seed=<number>.',
    ),
    QUOTES_CONFLATE_MS: setting(
      number(0, 60_000).default(0),
      'Milliseconds in which only the last quote of each symbol is recorded; 0 records every quote.',
      'A quote that replaced others is flagged, the others are counted. Quotes are then not checked.',
    ),
    QUOTE_CHECK_SECONDS: setting(
      number(0, 86_400).default(60),
      'Seconds for which the quotes of one symbol after the other are checked by an order book rebuilt from depth updates; 0 for never.',
      'For venues whose quotes and depth updates have the same numbers: Binance. See docs/quotes.md.',
    ),
    WITNESS: setting(
      z.enum(['on', 'off']).default('on'),
      "Whether to compare with a venue's own count of its trades: on or off.",
      'One small frame for each symbol every second or two. For Binance and Kraken, whose bars state it: see docs/live.md.',
    ),
    REPAIR_REACH: setting(
      number(0, 100_000).default(24),
      'Hours for which missing trades are requested from their venue; 0 for never.',
      'How far back each venue answers: see docs/repair.md.',
    ),
    INSTRUMENTS_EVERY_MINUTES: setting(
      number(1, 10_080).default(60),
      "Minutes between two readings of each venue's list of instruments.",
      'Each change is a row of table instruments.',
    ),
  },
  venues: Object.assign({}, venueAddresses, feedSettings),
  accounts: accountSettings,
  venueFiles: {
    VENUES: setting(
      z.string().default(''),
      'Venues from outside the tree: TypeScript files, separated by commas.',
      'Paths are relative to the working directory. See docs/add-a-venue.md.',
    ),
  },
  log: {
    LOG: setting(
      z.string().default('sqlite:data/log'),
      'Log: sqlite:<directory> or kafka://<host:port>,…',
      'A new SQLite log takes ?partitions=<number> (1 if not given). For Kafka see docs/kafka.md.',
    ),
  },
  store: {
    STORE: setting(
      z.string().default('chdb:data/store'),
      'Store: chdb:<directory> or http[s]://user:password@host:port/database.',
      'The first is ClickHouse embedded in the process, the second a ClickHouse server; ?cluster=<name> names the cluster that replicates its tables.',
    ),
  },
  archive: {
    ARCHIVE: setting(
      z
        .string()
        .regex(/^(off$|file:.|s3:\/\/.)/, 'must be file:<directory>, s3://<bucket>/<prefix>?<options>, or off')
        .default('file:data/archive'),
      'Parquet archive: file:<directory>, s3://<bucket>/<prefix>?region=<region>, or off.',
      'More S3 options are in docs/archive.md.',
    ),
    ARCHIVE_SPOOL: setting(
      z.string().min(1).default('data/archive-spool'),
      'Directory for uploads to and downloads from S3.',
      'It needs twice the size of the largest object.',
    ),
    SEAL_KEY: setting(
      z.string().min(1).default('data/seal-key.pem'),
      "File of the key that signs the archive's transparency log, or off.",
      'It is made with mode 600 if it is missing. Keep a copy: see docs/proof.md.',
    ),
    SEAL_PRIVATE_KEY: secret(
      z.string().min(1).optional(),
      'The key itself, from a secret, in place of its file.',
      'tickhouse archive new-key prints one; a PEM file of an Ed25519 key will do too. For an archiver without a disk: see docs/proof.md.',
    ),
  },
  retention: {
    ARCHIVE_SEGMENT: setting(z.enum(['hour', 'day']).default('hour'), 'Log time in one archive object: hour or day.'),
    LOG_KEEP_HOURS: setting(
      z
        .union([z.literal('forever'), number(1, 1_000_000)], { error: 'must be hours from 1 to 1000000, or forever' })
        .optional(),
      'Hours that archived records stay in the log, or forever.',
      'Without it: 168 (a week) in a SQLite log that this version created, else forever.',
    ),
    STORE_KEEP_DAYS: setting(
      number(1, 100_000).optional(),
      'Days that archived ticks stay in the store.',
      'Without it: forever. Nothing is deleted before it is archived and verified.',
    ),
    STORE_KEEP_QUOTES_DAYS: setting(number(1, 100_000).optional(), 'The same for quotes, if not as for all ticks.'),
  },
  disk: {
    DISK_FREE_MIB_MIN: setting(
      number(0, 100_000_000).default(512),
      'Free MiB below which storing and archiving pause.',
      'The remaining space is for the log. An alert is sent below twice this value. Nothing is deleted to free space.',
    ),
  },
  ingest: {
    BATCH_TICKS_MAX: setting(number(1_000, 1_000_000).default(250_000), 'Maximum ticks per insert.'),
    BATCH_AGE_MS_MAX: setting(
      number(10, 60_000).default(140),
      'Maximum time a tick waits for its insert, in ms.',
      'A lower value shows ticks sooner and costs more inserts and merges: see docs/benchmarks.md.',
    ),
    BATCH_AGE_UNREAD_MS_MAX: setting(
      number(10, 600_000).default(1_000),
      'The same of an embedded store while nobody reads (no page, query or SQL client for 10 s). The next read waits until all is stored.',
    ),
    EXTRA_VENUES: setting(
      z.string().default(''),
      'Venues that other programs write to the log, separated by commas. Ticks of any other unknown venue are quarantined.',
    ),
  },
  diagnostics: {
    DIAGNOSTICS: setting(
      z.enum(['on', 'off']).default('on'),
      'Write metrics, events and uptime to the store: on or off.',
      'Health, metrics endpoint, page and logs work without it.',
    ),
    DIAGNOSTICS_KEEP_DAYS: setting(
      number(1, 100_000).default(30),
      'Days that rows stay in the tables metrics and events.',
      'Rows of the table uptime stay at least 400 days.',
    ),
  },
  page: {
    LISTEN: setting(
      listenAddress.default('127.0.0.1:8080'),
      'Address of the page and queries: host:port.',
      'An address other than loopback requires a token.',
    ),
  },
  health: {
    METRICS_LISTEN: setting(
      listenAddress.optional(),
      'Serve /health, /ready and /metrics at host:port.',
      'For a process without a page: record, archive, watch. Without it: not served. The page serves its own.',
    ),
  },
  access: {
    TOKEN: secret(
      z.string().min(16).optional(),
      'Access token that clients must send, at least 16 characters.',
      'Without it, no token is required.',
    ),
  },
  watch: {
    WATCH_URL: setting(
      http.default('http://127.0.0.1:8080'),
      'Page of the tickhouse to watch.',
      'Its token is TICKHOUSE_TOKEN.',
    ),
    WATCH_HEALTH_URLS: setting(
      list(/^https?:\/\/./, 'must be addresses such as http://recorder:9100'),
      'Further processes to poll, separated by commas.',
      'They serve /health at TICKHOUSE_METRICS_LISTEN.',
    ),
    WATCH_EVERY_SECONDS: setting(number(1, 3600).default(10), 'Seconds between two probes.'),
    WATCH_STALE_SECONDS_MIN: setting(
      number(1, 86_400).default(15),
      'Shortest pause between trades that is reported as stale, in seconds.',
      'Above it, each symbol has its own limit, learned from its past.',
    ),
    WATCH_IGNORE: setting(
      list(/^[\w-]+:\S+$/, 'must be venue:SYMBOL, separated by commas'),
      'Symbols never reported as stale: venue:SYMBOL, …',
      'Case does not matter.',
    ),
    WATCH_REFERENCES: setting(
      list(/^(\[[0-9a-fA-F:]+\]|[\w.-]+):\d{1,5}$/, 'must be host:port, separated by commas'),
      'Hosts that show whether the network or tickhouse is down: host:port, …',
      'Hosts that receive alerts are used too.',
    ),
    WATCH_STATE: setting(
      z.string().min(1).default('data/watch.json'),
      'Watcher state file: open alerts, unsent messages, availability.',
      'Learned baselines are stored next to it.',
    ),
    WITNESS_KEY: setting(
      z.string().min(1).optional(),
      "File of the key with which the watcher cosigns the archive's checkpoints, or off.",
      'Without it: witness-key.pem beside TICKHOUSE_WATCH_STATE. It is made if it is missing: see docs/proof.md.',
    ),
    WITNESS_NAME: setting(
      z
        .string()
        .regex(/^[\w./-]{1,100}$/, 'must be a name such as watch.example.org')
        .optional(),
      'Name under which the watcher cosigns, such as watch.example.org.',
      'Without it: one made from its key.',
    ),
    WATCH_PING: secret(http.optional(), "URL pinged every minute while the watcher runs (dead man's switch)."),
  },
  alerts: {
    ALERT_EMAIL: setting(
      mailAddresses.optional(),
      'Recipients of alert mail: ops@example.org, or Name <ops@example.org>, …',
    ),
    ALERT_SMTP: secret(
      z.url({ protocol: /^smtps?$/ }).optional(),
      'Mail server: smtp://user:password@host:587 or smtps://host:465.',
    ),
    ALERT_FROM: setting(
      z.string().min(3).optional(),
      'Sender of alert mail.',
      'Without it: the first address of TICKHOUSE_ALERT_EMAIL.',
    ),
    ALERT_WEBHOOKS: secret(
      // A comma may be part of a URL.
      list(
        /^((slack|discord|telegram)\+)?https?:\/\/./,
        'must be addresses, each with slack+, discord+, telegram+ or nothing before https://',
        /\s+/,
      ),
      'Webhook URLs, separated by spaces.',
      'https://… receives JSON; slack+https://…, discord+https://… and telegram+https://api.telegram.org/bot<token>/sendMessage?chat_id=<id> receive the format of that service.',
    ),
    ALERT_COMMAND: setting(
      z.string().min(1).optional(),
      'Shell command run for each message.',
      'It reads JSON on standard input and has ALERT_NAME, ALERT_SUBJECT and others in its environment.',
    ),
    ALERT_REPEAT_MINUTES: setting(number(1, 100_000).default(240), 'Minutes between two messages about an open alert.'),
  },
  upgrade: {
    HANDOVER_SECONDS: setting(
      number(0, 3600).default(20),
      'Seconds that a recorder which receives SIGTERM waits for another one of the same selection to record the same ticks; 0 to stop immediately.',
      'Without another one it stops immediately. The grace period of its container must be 10 seconds longer. See docs/upgrade.md.',
    ),
    RECORDER: setting(
      z.string().max(64).optional(),
      'Name of this recorder in the view recorders, which compares several of one feed: give each of them a name of its own.',
      'Kept in the log on Kafka. Without names nothing is compared, which costs nothing. See docs/cluster.md.',
    ),
    UPGRADE_SECONDS: setting(
      number(5, 3600).default(60),
      'Seconds in which a new version must record the same as the running one, or is rolled back.',
      'For tickhouse upgrade, and SIGUSR2 to tickhouse start.',
    ),
  },
  logging: {
    LOG_LEVEL: setting(z.enum(['debug', 'info', 'warn', 'error']).default('info'), 'Minimum log level.'),
    LOG_FORMAT: setting(z.enum(['text', 'json']).default('text'), 'Log format: text for people, json for machines.'),
  },
} as const satisfies Record<string, Readonly<Record<string, Setting>>>

export type SettingGroup = keyof typeof SETTING_GROUPS

type Flat<G> = G extends G ? { [Name in keyof G]: G[Name] } : never
type Intersect<U> = (U extends U ? (u: U) => void : never) extends (i: infer I) => void ? I : never
export type Settings = Intersect<Flat<(typeof SETTING_GROUPS)[SettingGroup]>>
export type SettingName = keyof Settings & string

export const SETTINGS = Object.assign({}, ...Object.values(SETTING_GROUPS)) as Settings

/** Earlier names, each with the setting that took its place. */
export const RENAMED_SETTINGS: Readonly<Record<string, SettingName>> = {
  ARCHIVE_SLICE: 'ARCHIVE_SEGMENT',
  WATCH_HOUSE: 'WATCH_URL',
  WATCH_STATIONS: 'WATCH_HEALTH_URLS',
  WATCH_SILENCE_SECONDS_MIN: 'WATCH_STALE_SECONDS_MIN',
}
