/**
 * The one schema of every setting: key, what it means, its default and its rules. `--help`, `docs/configuration.md` and the check
 * come from here. Flags win over the environment, that over `.env`, and that over the defaults.
 */
import { isIPv4 } from 'node:net'
import addressparser from 'nodemailer/lib/addressparser'
import { z } from 'zod'
import { parseArchiveAddress } from './archive/targets/address.ts'
import { PREFIX } from './environment.ts'
import { TickhouseError } from './errors.ts'
import { nearest } from './nearest.ts'

const number = (min: number, max: number) => z.coerce.number().int().min(min).max(max)
const webSocket = z.url({ protocol: /^wss?$/ }).transform(url => url.replace(/\/+$/, ''))
const webSocketSetting = webSocket.optional()
const http = z.url({ protocol: /^https?$/ }).transform(url => url.replace(/\/+$/, ''))

/** Words between commas or spaces, each of a form. */
const list = (form: RegExp, message: string, separator = /[\s,]+/) =>
  z
    .string()
    .default('')
    .transform(text => text.split(separator).filter(Boolean))
    .refine(words => words.every(word => form.test(word)), message)

/** A name that holds an address is one after a forgotten comma. */
const mailAddresses = z.string().refine(text => {
  const parsed = addressparser(text, { flatten: true })
  return parsed.length > 0 && parsed.every(({ name, address }) => address.includes('@') && !name.includes('@'))
}, 'must be addresses such as ops@example.org, separated by commas')

const listenAddress = z.string().regex(/^(\[[0-9a-fA-F:]+\]|[\w.-]+):\d{1,5}$/, 'must be host:port')

interface Setting<T extends z.ZodType = z.ZodType> {
  doc: string
  schema: T
  /** Never printed. */
  secret?: boolean
}

const setting = <T extends z.ZodType>(schema: T, doc: string, options: { secret?: boolean } = {}): Setting<T> => ({
  doc,
  schema,
  ...options,
})

/** A venue's addresses can be replaced. */
function venueSettings<V extends string>(venue: V) {
  const name = venue.toLowerCase()
  const settings = {
    [`${venue}_WS`]: setting(
      webSocketSetting,
      `WebSocket address to use instead of ${name}'s own, such as ws://127.0.0.1:9000.`,
    ),
    [`${venue}_REST`]: setting(
      http.optional(),
      `REST address to ask for ${name}'s list of symbols instead of its own, such as http://127.0.0.1:9000.`,
    ),
  }
  return settings as Record<`${V}_WS` | `${V}_REST`, Setting<typeof webSocketSetting>>
}

export const SETTINGS = {
  SOURCES: setting(
    z.string().optional(),
    'What to record: venue:SYMBOL,SYMBOL separated by spaces, such as "binance:BTCUSDT,ETHUSDT coinbase:BTC-USD". Without it: the public feeds if they answer, else the simulator. The simulator takes ?rate=<trades a second>&seed=<number>.',
  ),
  LOG: setting(
    z.string().default('sqlite:data/log'),
    'Where the log is: sqlite:<directory>, with ?partitions=<number> when it is created (default 1); or kafka://<host:port>,… on Apache Kafka, see docs/kafka.md.',
  ),
  STORE: setting(
    z.string().default('chdb:data/store'),
    'Where the tables are: chdb:<directory> for the ClickHouse engine inside this process, or http[s]://user:password@host:port/database for a ClickHouse server, with ?cluster=<name> where its tables are replicated.',
  ),
  ARCHIVE: setting(
    z
      .string()
      .regex(/^(off$|file:.|s3:\/\/.)/, 'must be file:<directory>, s3://<bucket>/<prefix>?<options>, or off')
      .default('file:data/archive'),
    'Where verified Parquet copies go: file:<directory>, s3://<bucket>/<prefix>?region=<region> (more options in archive.md), or off.',
  ),
  ARCHIVE_SLICE: setting(
    z.enum(['hour', 'day']).default('hour'),
    'How much goes into one archived object: an hour or a day of the log.',
  ),
  ARCHIVE_SPOOL: setting(
    z.string().min(1).default('data/archive-spool'),
    'A directory for objects on their way to and from a bucket; it needs room for the largest twice.',
  ),
  LOG_KEEP_HOURS: setting(
    z
      .union([z.literal('forever'), number(1, 1_000_000)], { error: 'must be hours from 1 to 1000000, or forever' })
      .optional(),
    'How long records stay in the log once they are archived and verified, in hours, or forever. Without it: 168 (a week) in a log in a directory made by this version; forever in an older one and on Kafka.',
  ),
  STORE_KEEP_DAYS: setting(
    number(1, 100_000).optional(),
    'How long days stay in the store, in days; they leave only once archived and verified. Without it: for ever.',
  ),
  DISK_FREE_MIB_MIN: setting(
    number(0, 100_000_000).default(512),
    'Below so many MiB left on their disks, storing and archiving stop until there is room again, and what is left is for the log; below twice that is an alert. Nothing is deleted to make room.',
  ),
  DIAGNOSTICS: setting(
    z.enum(['on', 'off']).default('on'),
    'Whether the house writes the tables metrics, events and uptime. /health, /metrics, the page and the lines told do without them.',
  ),
  DIAGNOSTICS_KEEP_DAYS: setting(
    number(1, 100_000).default(30),
    'How long rows of the tables metrics and events stay, in days; those of uptime stay 400 days at least.',
  ),
  LISTEN: setting(
    listenAddress.default('127.0.0.1:8080'),
    'Where the page and the queries are served: host:port. Beyond the loopback addresses a token is required.',
  ),
  METRICS_LISTEN: setting(
    listenAddress.optional(),
    'Where a station without a page (record, archive, watch) serves /health, /ready and /metrics: host:port. Without it: nowhere. The page serves its own.',
  ),
  TOKEN: setting(
    z.string().min(16).optional(),
    'The token a browser or client must show where it is set; 16 characters or more.',
    { secret: true },
  ),
  EXTRA_VENUES: setting(
    z.string().default(''),
    'Venues that others write to the log and that are accepted beside the built-in ones, separated by commas.',
  ),
  WATCH_HOUSE: setting(
    http.default('http://127.0.0.1:8080'),
    'The house that tickhouse watch looks at: the address of its page. Its token is TICKHOUSE_TOKEN.',
  ),
  WATCH_STATIONS: setting(
    list(/^https?:\/\/./, 'must be addresses such as http://recorder:9100'),
    'Further stations whose /health is asked, separated by commas: those with TICKHOUSE_METRICS_LISTEN.',
  ),
  WATCH_EVERY_SECONDS: setting(number(1, 3600).default(10), 'How often the watcher looks, in seconds.'),
  WATCH_SILENCE_SECONDS_MIN: setting(
    number(1, 86_400).default(15),
    "No silence of a symbol shorter than this is called too long, in seconds, whatever the symbol's rhythm.",
  ),
  WATCH_IGNORE: setting(
    list(/^[\w-]+:\S+$/, 'must be venue:SYMBOL, separated by commas'),
    'Symbols that may be silent: venue:SYMBOL, separated by commas. Case does not matter.',
  ),
  WATCH_REFERENCES: setting(
    list(/^(\[[0-9a-fA-F:]+\]|[\w.-]+):\d{1,5}$/, 'must be host:port, separated by commas'),
    'Addresses that tell a watcher that is cut off from a house that is down: host:port, separated by commas. Those that alerts go to count too.',
  ),
  WATCH_STATE: setting(
    z.string().min(1).default('data/watch.json'),
    'Where the watcher keeps open alerts, messages not sent yet and how well the house was; what it learns lies beside it.',
  ),
  WATCH_PING: setting(
    http.optional(),
    'An address that is asked once a minute as long as the watcher looks: for a service that tells when it stops.',
    { secret: true },
  ),
  ALERT_EMAIL: setting(
    mailAddresses.optional(),
    'Who is told by mail: ops@example.org, or Name <ops@example.org>; several separated by commas.',
  ),
  ALERT_SMTP: setting(
    z.url({ protocol: /^smtps?$/ }).optional(),
    'The mail server: smtp://user:password@host:587, or smtps://host:465.',
    { secret: true },
  ),
  ALERT_FROM: setting(
    z.string().min(3).optional(),
    'Who the mail is from. Without it: the first of TICKHOUSE_ALERT_EMAIL.',
  ),
  ALERT_WEBHOOKS: setting(
    // A comma may be part of an address.
    list(
      /^((slack|discord|telegram)\+)?https?:\/\/./,
      'must be addresses, each with slack+, discord+, telegram+ or nothing before https://',
      /\s+/,
    ),
    'Addresses that are told, separated by spaces: https://… gets JSON; slack+https://…, discord+https://… and telegram+https://api.telegram.org/bot<token>/sendMessage?chat_id=<id> what these take.',
    { secret: true },
  ),
  ALERT_COMMAND: setting(
    z.string().min(1).optional(),
    'A command run by the shell for each message: JSON on its input, ALERT_NAME, ALERT_SUBJECT and others in its environment.',
  ),
  ALERT_REPEAT_MINUTES: setting(number(1, 100_000).default(240), 'How often an open alert is told again, in minutes.'),
  BATCH_TICKS_MAX: setting(number(1_000, 1_000_000).default(250_000), 'Most ticks in one insert.'),
  BATCH_AGE_MS_MAX: setting(
    number(10, 60_000).default(150),
    'Longest a tick waits for its insert, in ms. Shorter is seen sooner and costs more inserts and merges: docs/benchmarks.md.',
  ),
  LOG_LEVEL: setting(z.enum(['debug', 'info', 'warn', 'error']).default('info'), 'Least level of the lines told.'),
  LOG_FORMAT: setting(
    z.enum(['text', 'json']).default('text'),
    'How lines are told: text for people, json for machines.',
  ),
  ...venueSettings('BINANCE'),
  ...venueSettings('COINBASE'),
  ...venueSettings('KRAKEN'),
  ...venueSettings('SIMULATOR'),
} as const satisfies Record<string, Setting>

type Settings = typeof SETTINGS
export type SettingName = keyof Settings
export type Config = { readonly [Name in SettingName]: z.output<Settings[Name]['schema']> }

/** Names as the environment has them. */
export const environmentName = (name: string) => `${PREFIX}${name}`
/** Names as flags have them: `--batch-age-ms-max`. */
export const flagName = (name: string) => `--${name.toLowerCase().replaceAll('_', '-')}`

/**
 * Checks settings. `flags` by setting name, `environment` by full name. Throws `config_invalid` with one line a mistake: an
 * unknown key with the nearest known one, a value with what is wrong with it. Throws `address_invalid` for an archive's address that
 * cannot be used: its parts are not shown.
 */
export function parseConfig(
  flags: Partial<Record<SettingName, string>>,
  environment: Record<string, string | undefined>,
): Config {
  const mistakes: string[] = []
  const values: Record<string, unknown> = {}
  for (const key of Object.keys(environment)) {
    const name = key.slice(PREFIX.length)
    if (key.startsWith(PREFIX) && !Object.hasOwn(SETTINGS, name)) {
      mistakes.push(
        `unknown setting ${key}; the nearest known one is ${environmentName(nearest(name, Object.keys(SETTINGS)))}`,
      )
    }
  }
  for (const [name, { schema, secret }] of Object.entries(SETTINGS) as [SettingName, Setting][]) {
    const given = flags[name] ?? (environment[environmentName(name)] || undefined)
    const parsed = schema.safeParse(given)
    if (parsed.success) values[name] = parsed.data
    else {
      const shown = secret ? '' : ` "${given}"`
      mistakes.push(`${environmentName(name)}${shown}: ${parsed.error.issues[0]!.message}`)
    }
  }
  const config = values as Config
  const open = (['LISTEN', 'METRICS_LISTEN'] as const).find(name => !isLoopback(config[name] ?? 'localhost:0'))
  if (mistakes.length === 0 && open && config.TOKEN === undefined) {
    mistakes.push(
      `${environmentName(open)} ${config[open]} is open to other machines: ${environmentName('TOKEN')} must be set`,
    )
  }
  if (mistakes.length === 0 && (config.ALERT_EMAIL === undefined) !== (config.ALERT_SMTP === undefined))
    mistakes.push(`${environmentName('ALERT_EMAIL')} and ${environmentName('ALERT_SMTP')} need each other`)
  const keeps = (['LOG_KEEP_HOURS', 'STORE_KEEP_DAYS'] as const).filter(name => typeof config[name] === 'number')
  if (mistakes.length === 0 && config.ARCHIVE === 'off' && keeps.length > 0)
    mistakes.push(`${environmentName(keeps[0]!)} needs an archive: nothing leaves before it is archived and verified`)
  if (mistakes.length > 0) throw new TickhouseError('config_invalid', mistakes.join('; '), 'See: tickhouse --help')
  if (config.ARCHIVE !== 'off') parseArchiveAddress(config.ARCHIVE)
  return config
}

/** The environment that makes a child process read the same configuration. */
export function toEnvironment(config: Config): Record<string, string> {
  return Object.fromEntries(
    Object.entries(config)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [environmentName(name), Array.isArray(value) ? value.join(' ') : String(value)]),
  )
}

export function splitListen(listen: string): { host: string; port: number } {
  const at = listen.lastIndexOf(':')
  return { host: listen.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(listen.slice(at + 1)) }
}

export function isLoopback(listen: string): boolean {
  const { host } = splitListen(listen)
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}
