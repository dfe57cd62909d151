/**
 * Reads the settings of a process: a flag wins over the environment, the environment over the file `.env`, that over
 * the default. The settings themselves are in `settings.ts`.
 */
import type { z } from 'zod'
import { parseArchiveAddress } from './archive/targets/address.ts'
import { PREFIX } from './environment.ts'
import { TickhouseError } from './errors.ts'
import { isLoopback } from './loopback.ts'
import { nearest } from './nearest.ts'
import { RENAMED_SETTINGS, SETTINGS, type Setting, type SettingName, type Settings } from './settings.ts'

export type { SettingName }

export type Config = { readonly [Name in keyof Settings]: z.output<Settings[Name]['schema']> }

/** The name of a setting in the environment. */
export const environmentName = (name: string) => `${PREFIX}${name}`
/** The flag of a setting: `--batch-age-ms-max`. */
export const flagName = (name: string) => `--${name.toLowerCase().replaceAll('_', '-')}`

/**
 * The variables of secrets that may be in files: see `withSecretFiles`. Accounts at venues have settings for their
 * files, which are read at each login; addresses of log and store name files of their own (`passwordFile=…`).
 */
export const SECRETS_IN_FILES: readonly string[] = Object.entries<Setting>(SETTINGS)
  .filter(([name, { secret }]) => secret && !Object.hasOwn(SETTINGS, `${name}_FILE`))
  .map(([name]) => environmentName(name))

/**
 * The variables of the key that signs the archive: only the process that archives gets them, no other process and no
 * command that one of them runs.
 */
export const SIGNING_KEY: readonly string[] = [
  environmentName('SEAL_PRIVATE_KEY'),
  environmentName('SEAL_PRIVATE_KEY_FILE'),
]

/**
 * Checks settings. `flags` by setting name, `environment` by full name. Throws `config_invalid` with one line per
 * mistake: an unknown or renamed key with the right one, a value with what is wrong with it. Throws `address_invalid`
 * for an archive address that cannot be used, without its secrets.
 */
export function parseConfig(
  flags: Partial<Record<SettingName, string>>,
  environment: Record<string, string | undefined>,
): Config {
  const mistakes = Object.keys(environment).flatMap(key => (key.startsWith(PREFIX) ? unknownKey(key) : []))
  const values: Record<string, unknown> = {}
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
  const keeps = (['LOG_KEEP_HOURS', 'STORE_KEEP_DAYS', 'STORE_KEEP_QUOTES_DAYS'] as const).filter(
    name => typeof config[name] === 'number',
  )
  if (mistakes.length === 0 && config.ARCHIVE === 'off' && keeps.length > 0)
    mistakes.push(
      `${environmentName(keeps[0]!)} requires an archive: nothing is deleted before it is archived and verified`,
    )
  if (mistakes.length > 0) throw new TickhouseError('config_invalid', mistakes.join('; '), 'See docs/configuration.md.')
  if (config.ARCHIVE !== 'off') parseArchiveAddress(config.ARCHIVE)
  return config
}

/** What is wrong with a key of the environment; nothing if it is a setting. */
function unknownKey(key: string): string[] {
  const name = key.slice(PREFIX.length)
  if (Object.hasOwn(SETTINGS, name)) return []
  const renamed = Object.hasOwn(RENAMED_SETTINGS, name) ? RENAMED_SETTINGS[name] : undefined
  if (renamed) return [`${key} was renamed: set ${environmentName(renamed)}`]
  const known = environmentName(nearest(name, Object.keys(SETTINGS)))
  return [`unknown setting ${key}; the nearest known one is ${known}`]
}

/** The environment that makes a child process read the same configuration. */
export function toEnvironment(config: Config): Record<string, string> {
  return Object.fromEntries(
    Object.entries(config)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [environmentName(name), Array.isArray(value) ? value.join(' ') : String(value)]),
  )
}
