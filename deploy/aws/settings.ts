/**
 * The settings of a deployment. Each is a CDK context value: `npx cdk deploy -c size=M -c sources="binance:BTCUSDT"`, or
 * a line of `context` in cdk.json.
 */
import { SIZES, type SizeName } from './sizes.ts'

export interface Settings {
  /** `recorders`: only recorders, in a venue's region, which write to a log in another region. */
  size: SizeName | 'recorders'
  /** Name of the stack. */
  name: string
  sources: string
  /** Image of all stages, with the engine; undefined: built from this directory and pushed to the account's registry. */
  image: string | undefined
  /** `private`: stages that need no internet run in subnets without it, by interface endpoints. */
  network: 'public' | 'private'
  /** Secret whose text is the whole address of an external ClickHouse; undefined: one on EC2. */
  storeSecret: string | undefined
  /** Of `recorders`: the address of the log, and the ARN of its MSK cluster if it logs in by IAM. */
  log: string | undefined
  logCluster: string | undefined
  /** Of `recorders`, in place of `log`: secret whose text is the whole address. */
  logSecret: string | undefined
  /** Secret whose fields are the settings of venue accounts, and the names of these fields. */
  accountsSecret: string | undefined
  accounts: readonly string[]
  /** Receives the alarms. */
  alarmEmail: string | undefined
  /** Secret whose text is the watcher's TICKHOUSE_ALERT_WEBHOOKS. */
  webhooksSecret: string | undefined
  /** Secret whose text is the key that seals the archive. Without it, S makes one on its disk; M and L seal nothing. */
  sealKeySecret: string | undefined
  logKeepHours: number | undefined
  storeKeepDays: number | undefined
  /** Days until objects of the archive move to Glacier Instant Retrieval. */
  glacierAfterDays: number | undefined
  /** Days for which nobody without a special right may delete or replace an object's version: S3 Object Lock, governance mode. */
  objectLockDays: number | undefined
  /** Disks of the store and of each broker, in GiB. */
  storeGiB: number | undefined
  logGiB: number | undefined
}

type Reader = (written: string) => Settings[keyof Settings]

const text: Reader = written => written
const matching =
  (form: RegExp, what: string): Reader =>
  written => {
    if (form.test(written)) return written
    throw new Error(what)
  }
const days =
  (min: number): Reader =>
  written => {
    if (/^\d{1,6}$/.test(written) && Number(written) >= min) return Number(written)
    throw new Error(`a whole number from ${min}`)
  }
const secretArn = matching(/^arn:aws[\w-]*:secretsmanager:[^\s]+$/, 'the ARN of a secret')

const READERS: { [Name in keyof Settings]: Reader } = {
  size: matching(new RegExp(`^(${[...Object.keys(SIZES), 'recorders'].join('|')})$`), 'S, M, L or recorders'),
  name: matching(/^[A-Za-z][A-Za-z0-9-]{0,39}$/, 'letters, digits and "-", at most 40'),
  sources: text,
  image: matching(/^\S+$/, 'an image'),
  network: matching(/^(public|private)$/, 'public or private'),
  storeSecret: secretArn,
  log: matching(/^kafka:\/\/[^@\s]+$/, 'kafka://host:port,… without a password: see logSecret'),
  logCluster: matching(/^arn:aws[\w-]*:kafka:[^\s]+:cluster\/[^/]+\/[^/]+$/, 'the ARN of an MSK cluster'),
  logSecret: secretArn,
  accountsSecret: secretArn,
  accounts: written => written.split(/[\s,]+/).filter(Boolean),
  alarmEmail: matching(/^[^\s@]+@[^\s@]+$/, 'a mail address'),
  webhooksSecret: secretArn,
  sealKeySecret: secretArn,
  logKeepHours: days(1),
  storeKeepDays: days(1),
  // S3 charges 90 days in this class at least, and smaller objects than 128 KiB as such.
  glacierAfterDays: days(1),
  objectLockDays: days(1),
  storeGiB: days(10),
  logGiB: days(10),
}

const DEFAULTS = {
  size: 'S',
  name: 'tickhouse',
  sources: 'binance:BTCUSDT,ETHUSDT coinbase:BTC-USD kraken:BTC/USD',
  network: 'public',
  accounts: [],
} as const satisfies Partial<Settings>

/** A mistake of who deploys. */
export class SettingsError extends Error {}

/** Throws a SettingsError with one line per mistake. */
export function readSettings(given: Readonly<Record<string, unknown>>): Settings {
  const mistakes: string[] = []
  const settings: Record<string, unknown> = {}
  for (const name of Object.keys(given)) {
    // Feature flags and cached look-ups of CDK have these characters.
    if (!/[:@/]/.test(name) && !Object.hasOwn(READERS, name))
      mistakes.push(`unknown setting ${name}; known: ${Object.keys(READERS).join(', ')}`)
  }
  for (const [name, read] of Object.entries(READERS)) {
    const written = given[name]
    try {
      settings[name] =
        written === undefined || written === '' ? DEFAULTS[name as keyof typeof DEFAULTS] : read(String(written))
    } catch (error) {
      mistakes.push(`${name}=${written}: must be ${(error as Error).message}`)
    }
  }
  const read = settings as unknown as Settings
  if (mistakes.length === 0) mistakes.push(...contradictions(read))
  if (mistakes.length > 0) throw new SettingsError(`${mistakes.join('\n')}\nSee docs/cloud.md.`)
  return read
}

function contradictions(settings: Settings): string[] {
  const { size, log, logCluster, logSecret, accounts, accountsSecret, network } = settings
  const found: string[] = []
  const say = (wrong: boolean, why: string) => wrong && found.push(why)
  if (size === 'recorders') {
    say((log === undefined) === (logSecret === undefined), 'size=recorders needs log or logSecret, one of them')
    say(
      (logCluster !== undefined) !== (log?.includes('sasl=aws-msk-iam') ?? false),
      'logCluster and a log with sasl=aws-msk-iam need each other',
    )
  } else {
    say((log ?? logSecret ?? logCluster) !== undefined, 'log, logSecret and logCluster are settings of size=recorders')
  }
  say(
    settings.storeSecret !== undefined && (size === 'S' || size === 'recorders'),
    `size=${size} has no ClickHouse server: storeSecret is a setting of M and L`,
  )
  say(settings.sealKeySecret !== undefined && size === 'recorders', 'size=recorders has no archive to seal')
  say(network === 'private' && size === 'S', 'size=S is one machine that reads from venues: network=public')
  say((accounts.length === 0) !== (accountsSecret === undefined), 'accounts and accountsSecret need each other')
  return found
}
