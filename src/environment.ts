/** The environment variables of settings. */
import fs from 'node:fs'
import { parseEnv } from 'node:util'
import { TickhouseError } from './errors.ts'

/** Prefix of every setting's variable. */
export const PREFIX = 'TICKHOUSE_'

/** The environment and, below it, the file `.env` of the working directory. Throws `config_invalid`. */
export function readEnvironment(): Record<string, string> {
  const file = fs.existsSync('.env') ? parseEnvFile(fs.readFileSync('.env')) : {}
  return { ...file, ...process.env } as Record<string, string>
}

/**
 * The variables of a `.env` file. A byte order mark is ignored. Throws `config_invalid` if a setting would be hidden:
 * by an encoding other than UTF-8, or by invisible characters in a name.
 */
export function parseEnvFile(bytes: Buffer): Record<string, string> {
  const refuse = (why: string) => {
    throw new TickhouseError('config_invalid', `the file .env ${why}`, 'Save it as plain UTF-8 text.')
  }
  if (bytes.includes(0)) refuse('is not UTF-8 (UTF-16?)')
  let text = ''
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    refuse('is not UTF-8')
  }
  const variables = parseEnv(text) as Record<string, string>
  const hidden = Object.keys(variables).find(name => name.includes(PREFIX) && !/^\w+$/.test(name))
  if (hidden !== undefined) refuse(`has a name with invisible or wrong characters: ${JSON.stringify(hidden)}`)
  return variables
}
