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

/**
 * The environment with secrets from files, as Docker and Kubernetes mount them: a variable `TICKHOUSE_TOKEN_FILE` is
 * replaced by `TICKHOUSE_TOKEN` with the content of that file, for each of these names. A value that is set wins over
 * its file. Throws `config_invalid` for a file that cannot be read or is empty.
 */
export function withSecretFiles(
  environment: Readonly<Record<string, string | undefined>>,
  names: readonly string[],
): Record<string, string | undefined> {
  const result = { ...environment }
  for (const name of names) {
    const file = result[`${name}_FILE`]
    delete result[`${name}_FILE`]
    if (file && !result[name]) result[name] = secretIn(file, `${name}_FILE`)
  }
  return result
}

function secretIn(file: string, name: string): string {
  let content: string
  try {
    content = fs.readFileSync(file, 'utf8').trim()
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? (error as Error).message
    throw new TickhouseError(
      'config_invalid',
      `${name}: cannot read ${file} (${why})`,
      'Make it readable by tickhouse.',
    )
  }
  if (content !== '') return content
  throw new TickhouseError('config_invalid', `${name}: ${file} is empty`, 'Write the secret into it.')
}
