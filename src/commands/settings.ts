/**
 * Which settings each command takes, in the order that its help shows them. A setting of none of them would be a
 * mistake.
 */
import { SETTING_GROUPS, type SettingGroup, type SettingName } from '../settings.ts'

const STORE_ACCESS: readonly SettingGroup[] = ['page', 'access', 'store', 'archive']

export const COMMAND_GROUPS = {
  start: [
    'sources',
    'venues',
    'accounts',
    'venueFiles',
    'log',
    'store',
    'archive',
    'retention',
    'disk',
    'ingest',
    'diagnostics',
    'page',
    'health',
    'access',
    'upgrade',
    'logging',
  ],
  record: ['sources', 'venues', 'accounts', 'venueFiles', 'log', 'health', 'access', 'upgrade', 'logging'],
  ingest: [
    'log',
    'store',
    'archive',
    'retention',
    'disk',
    'ingest',
    'venueFiles',
    'diagnostics',
    'page',
    'access',
    'logging',
  ],
  serve: ['page', 'access', 'log', 'store', 'archive', 'diagnostics', 'venueFiles', 'logging'],
  archive: ['log', 'store', 'archive', 'retention', 'disk', 'diagnostics', 'health', 'access', 'logging'],
  'archive verify': STORE_ACCESS,
  'archive status': STORE_ACCESS,
  'archive key': ['archive'],
  'archive new-key': [],
  dataset: ['archive'],
  'dataset pin': ['archive'],
  'dataset list': ['archive'],
  'dataset show': ['archive'],
  certify: ['archive'],
  verify: ['archive'],
  watch: ['watch', 'alerts', 'health', 'access', 'logging'],
  query: ['page', 'access', 'archive'],
  status: ['page', 'access'],
  upgrade: ['page', 'access'],
  sources: ['page', 'access'],
  'sources list': ['page', 'access'],
  'sources add': ['page', 'access'],
  'sources remove': ['page', 'access'],
  'sources reset': ['page', 'access'],
  gaps: ['page', 'access'],
  'gaps accept': ['page', 'access'],
  'gaps retry': ['page', 'access'],
  doctor: ['page', 'access', 'log', 'store'],
  coverage: ['page', 'access'],
  replay: [...STORE_ACCESS, 'log'],
  prove: [...STORE_ACCESS, 'log', 'venues', 'venueFiles'],
  backfill: [...STORE_ACCESS, 'log', 'venueFiles'],
  lab: [],
  'lab run': [...STORE_ACCESS, 'log'],
  'lab start': [...STORE_ACCESS, 'log'],
  'lab stop': [...STORE_ACCESS, 'log'],
  'lab verify': [...STORE_ACCESS, 'log'],
  'lab leaks': [...STORE_ACCESS, 'log'],
  'lab features': [...STORE_ACCESS, 'log'],
  'lab models': [...STORE_ACCESS, 'log'],
  'lab calibration': [...STORE_ACCESS, 'log'],
  'lab report': [...STORE_ACCESS, 'log'],
  'lab status': [...STORE_ACCESS, 'log'],
  quarantine: ['page', 'access'],
  restore: ['log', 'store', 'archive'],
  dashboards: [],
} as const satisfies Record<string, readonly SettingGroup[]>

export type CommandName = keyof typeof COMMAND_GROUPS

/** Several settings for each venue: too many for a command's help. */
const PER_VENUE: readonly SettingGroup[] = ['venues', 'accounts']

/** Whether the help of commands shows a setting. */
export function isInHelp(setting: SettingName): boolean {
  return !PER_VENUE.some(group => Object.hasOwn(SETTING_GROUPS[group], setting))
}

/** The settings of a command, in order. */
export function settingsOf(command: CommandName): SettingName[] {
  return COMMAND_GROUPS[command].flatMap(group => Object.keys(SETTING_GROUPS[group]) as SettingName[])
}

/** The commands that take a group of settings. */
export function commandsTaking(group: SettingGroup): CommandName[] {
  const commands = Object.entries(COMMAND_GROUPS) as [CommandName, readonly SettingGroup[]][]
  return commands.filter(([, groups]) => groups.includes(group)).map(([name]) => name)
}
