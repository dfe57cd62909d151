/** A user's secrets at venues: from the environment or from files. */
import { readFileSync } from 'node:fs'
import { type Config, environmentName } from '../config.ts'
import { TickhouseError } from '../errors.ts'
import { addSecret } from '../plain-text.ts'
import type { Account, Credentials } from '../venues/venue.ts'

/** Shorter ones would redact ordinary words. */
const SECRET_LENGTH_MIN = 8

/**
 * The secrets of an account, as they are now: a file is read each time, so that a secret can be replaced while tickhouse
 * runs. From then on they are redacted. Throws `config_invalid` for a secret that is missing, set twice or unreadable.
 */
export function credentialsOf(account: Account, config: Config): Credentials {
  return Object.fromEntries(
    account.secrets.map(name => {
      const secret = secretOf(account, name, config)
      addSecret(secret)
      return [name, secret]
    }),
  )
}

function secretOf(account: Account, name: string, config: Config): string {
  const key = `${account.name}_${name}`.toUpperCase() as `${string}_KEY`
  const [value, file] = [config[key], config[`${key}_FILE`]]
  const [inline, inFile] = [environmentName(key), environmentName(`${key}_FILE`)]
  if (value !== undefined && file !== undefined)
    throw new TickhouseError('config_invalid', `${inline} and ${inFile} are both set`, 'Unset one of them.')
  if (value !== undefined) return value
  if (file === undefined)
    throw new TickhouseError(
      'config_invalid',
      `${account.name} requires a ${name}: set ${inline}, or ${inFile} to a file that contains it`,
      account.advice,
    )
  const secret = textOf(file, inFile)
  if (secret.length >= SECRET_LENGTH_MIN && !/\s/.test(secret)) return secret
  throw new TickhouseError('config_invalid', `${inFile}: ${file} does not contain a ${name}`, account.advice)
}

function textOf(file: string, setting: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? (error as Error).message
    throw new TickhouseError(
      'config_invalid',
      `${setting}: cannot read ${file} (${why})`,
      'Create the file, readable by tickhouse.',
    )
  }
}
