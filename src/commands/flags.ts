/** The settings of a command as its flags. */
import { type Command, Option } from 'commander'
import { flagName } from '../config.ts'
import { TickhouseError } from '../errors.ts'
import { RENAMED_SETTINGS, SETTING_GROUPS, SETTINGS, type SettingGroup, type SettingName } from '../settings.ts'
import { type CommandName, commandsTaking, isInHelp, settingsOf } from './settings.ts'

const NAMES = Object.keys(SETTINGS) as SettingName[]

/** Adds a flag for each setting that the command takes. Other settings are known but hidden: see `settingFlags`. */
export function addSettingFlags(command: Command, name: CommandName): void {
  for (const setting of settingsOf(name)) {
    const { summary, schema } = SETTINGS[setting]!
    const option = new Option(`${flagName(setting)} <value>`, summary)
      .helpGroup('Settings:')
      .hideHelp(!isInHelp(setting))
    const text = String(schema.safeParse(undefined).data ?? '')
    command.addOption(text === '' ? option : option.default(text, text))
  }
  const taken = new Set<string>(settingsOf(name))
  for (const setting of [...NAMES, ...Object.keys(RENAMED_SETTINGS)])
    if (!taken.has(setting) && !hasOwn(command, setting)) command.addOption(foreignOption(setting))
}

/** Flags of settings that a command does not take. A command may have a flag of its own by such a name. */
const FOREIGN = new WeakSet<Option>()

function foreignOption(setting: string): Option {
  const option = new Option(`${flagName(setting)} <value>`).hideHelp()
  FOREIGN.add(option)
  return option
}

const hasOwn = (command: Command, setting: string): boolean =>
  command.options.some(option => option.long === flagName(setting) && !FOREIGN.has(option))

/** The settings given as flags. Throws `usage` for a setting of other commands, and for an earlier name. */
export function settingFlags(command: Command, name: CommandName): Partial<Record<SettingName, string>> {
  // Commander assigns a flag of a subcommand to the parent command if that knows it too.
  const givenTo = (setting: string) =>
    [command, command.parent].find(each => each?.getOptionValueSource(optionKey(setting)) === 'cli')
  const isGiven = (setting: string) => givenTo(setting) !== undefined
  for (const [earlier, setting] of Object.entries(RENAMED_SETTINGS))
    if (isGiven(earlier))
      throw new TickhouseError('usage', `${flagName(earlier)} was renamed`, `Use ${flagName(setting)}.`)
  const taken = settingsOf(name)
  const foreign = NAMES.find(setting => isGiven(setting) && !taken.includes(setting) && !hasOwn(command, setting))
  if (foreign !== undefined) {
    const commands = commandsTaking(groupOf(foreign)).join(', ')
    throw new TickhouseError(
      'usage',
      `tickhouse ${name} does not take ${flagName(foreign)}`,
      `It is a setting of: ${commands}.`,
    )
  }
  return Object.fromEntries(
    taken.filter(isGiven).map(setting => [setting, givenTo(setting)!.getOptionValue(optionKey(setting)) as string]),
  )
}

function groupOf(setting: SettingName): SettingGroup {
  const groups = Object.keys(SETTING_GROUPS) as SettingGroup[]
  return groups.find(group => Object.hasOwn(SETTING_GROUPS[group], setting))!
}

/** The name by which commander keeps the option: `--log-level` as `logLevel`. */
function optionKey(setting: string): string {
  return new Option(flagName(setting)).attributeName()
}
