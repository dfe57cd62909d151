/** Prints docs/configuration.md from src/settings.ts: `npm run docs`. A test compares the two. */
import { commandsTaking } from '../src/commands/settings.ts'
import { environmentName, flagName, SECRETS_IN_FILES } from '../src/config.ts'
import { SETTING_GROUPS, type Setting, type SettingGroup } from '../src/settings.ts'

const TITLES: Record<SettingGroup, string> = {
  sources: 'Sources',
  venues: 'Addresses of venues',
  accounts: 'Accounts at venues',
  venueFiles: 'Venues from outside the tree',
  log: 'Log',
  store: 'Store',
  archive: 'Archive',
  retention: 'Archiving and retention',
  disk: 'Disk space',
  ingest: 'Ingest',
  diagnostics: 'Diagnostics',
  page: 'Page and queries',
  health: 'Health and metrics without a page',
  access: 'Access',
  watch: 'Watcher',
  alerts: 'Alert channels',
  upgrade: 'Upgrades',
  logging: 'Logs',
}

export function configurationPage(): string {
  const groups = Object.keys(SETTING_GROUPS) as SettingGroup[]
  return `# Configuration

Every setting is a flag, an environment variable, or a line of the file \`.env\` in the working directory. A flag wins over the
environment, the environment over \`.env\`, and \`.env\` over the default. A command takes only its own settings as flags, and ignores
the environment variables of others, so that all processes can share one \`.env\`. An unknown \`TICKHOUSE_\` variable is refused with the
nearest known one. Secrets are never printed.

Secrets can be in files: the variable with \`_FILE\` after its name is the name of a file that contains the value. A value that is set
wins over its file. This applies to ${SECRETS_IN_FILES.map(name => `\`${name}\``).join(', ')}. For passwords of Kafka and ClickHouse see
\`passwordFile\` in [the log on Kafka](kafka.md) and [a ClickHouse server](clickhouse-server.md).

${groups.map(section).join('\n\n')}

This page is printed from \`src/settings.ts\` by \`npm run docs\`.
`
}

function section(group: SettingGroup): string {
  const rows = Object.entries<Setting>(SETTING_GROUPS[group]).map(row)
  const commands = commandsTaking(group).map(name => `\`${name}\``)
  return `## ${TITLES[group]}

Taken by ${commands.join(', ')}.

| environment | flag | default | meaning |
|---|---|---|---|
${rows.join('\n')}`
}

function row([name, { summary, details, schema }]: [string, Setting]): string {
  const text = String(schema.safeParse(undefined).data ?? '')
  const meaning = [summary, details].filter(Boolean).join(' ').replaceAll('|', '\\|')
  return `| \`${environmentName(name)}\` | \`${flagName(name)}\` | ${text === '' ? '–' : `\`${text}\``} | ${meaning} |`
}

if (import.meta.main) process.stdout.write(configurationPage())
