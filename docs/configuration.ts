/** Prints docs/configuration.md from the schema: `npm run docs`. A test holds the two together. */
import { environmentName, flagName, SETTINGS } from '../src/config.ts'

const DEFAULTS_OF = (schema: { safeParse(value: unknown): { success: boolean; data?: unknown } }): string => {
  const parsed = schema.safeParse(undefined)
  const text = parsed.success ? String(parsed.data ?? '') : ''
  return text === '' ? '–' : `\`${text}\``
}

export function configurationPage(): string {
  const rows = Object.entries(SETTINGS).map(
    ([name, { doc, schema }]) =>
      `| \`${environmentName(name)}\` | \`${flagName(name)}\` | ${DEFAULTS_OF(schema)} | ${doc.replaceAll('|', '\\|')} |`,
  )
  return `# Configuration

Every setting is a flag, an environment variable, or a line of the file \`.env\` in the working directory. A flag wins over the
environment, that over \`.env\`, and that over the default. An unknown \`TICKHOUSE_\` key is refused with the nearest known one.
Secrets are never printed.

| environment | flag | default | meaning |
|---|---|---|---|
${rows.join('\n')}

This page is printed from the schema in \`src/config.ts\` by \`npm run docs\`.
`
}

if (import.meta.main) process.stdout.write(configurationPage())
