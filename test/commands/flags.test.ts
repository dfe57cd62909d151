import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Command } from 'commander'
import { addSettingFlags, settingFlags } from '../../src/commands/flags.ts'
import { COMMAND_GROUPS, type CommandName, commandsTaking, settingsOf } from '../../src/commands/settings.ts'
import { flagName } from '../../src/config.ts'
import { RENAMED_SETTINGS, SETTING_GROUPS, SETTINGS, type SettingGroup, type SettingName } from '../../src/settings.ts'

const COMMANDS = Object.keys(COMMAND_GROUPS) as CommandName[]
const GROUPS = Object.keys(SETTING_GROUPS) as SettingGroup[]

function flagsOf(name: CommandName, args: string[]) {
  const command = new Command(name).exitOverride()
  addSettingFlags(command, name)
  return settingFlags(command.parse(args, { from: 'user' }), name)
}

test('every setting belongs to one group, and some command takes it', () => {
  const grouped = GROUPS.flatMap(group => Object.keys(SETTING_GROUPS[group]))
  assert.deepEqual(grouped.toSorted(), Object.keys(SETTINGS).toSorted())
  for (const group of GROUPS) assert.notDeepEqual(commandsTaking(group), [], group)
})

test('a command takes its settings as flags, and refuses each of the others with the commands that take it', () => {
  for (const name of COMMANDS) {
    const taken = settingsOf(name)
    for (const setting of Object.keys(SETTINGS) as SettingName[]) {
      const args = [flagName(setting), 'x']
      if (taken.includes(setting)) assert.deepEqual(flagsOf(name, args), { [setting]: 'x' })
      else {
        const others = COMMANDS.filter(other => settingsOf(other).includes(setting)).join(', ')
        assert.throws(() => flagsOf(name, args), {
          code: 'usage',
          message: `tickhouse ${name} does not take ${flagName(setting)}`,
          advice: `It is a setting of: ${others}.`,
        })
      }
    }
  }
})

test('an earlier name of a setting is refused by every command, with its present one', () => {
  for (const name of COMMANDS)
    for (const [earlier, present] of Object.entries(RENAMED_SETTINGS))
      assert.throws(() => flagsOf(name, [flagName(earlier), 'x']), {
        code: 'usage',
        advice: `Use ${flagName(present)}.`,
      })
})

test('a subcommand takes its settings before and after its name, and no setting of its parent alone', async () => {
  const flags = async (...args: string[]) => {
    const parent = new Command('archive').exitOverride()
    const verify = parent.command('verify').exitOverride()
    addSettingFlags(parent, 'archive')
    addSettingFlags(verify, 'archive verify')
    const { promise, resolve } = Promise.withResolvers<ReturnType<typeof settingFlags>>()
    verify.action(() => resolve(settingFlags(verify, 'archive verify')))
    await parent.parseAsync(args, { from: 'user' })
    return await promise
  }
  assert.deepEqual(await flags('verify', '--listen', 'x', '--store', 'y'), { LISTEN: 'x', STORE: 'y' })
  assert.deepEqual(await flags('--archive', 'x', 'verify'), { ARCHIVE: 'x' })
  await assert.rejects(flags('verify', '--log-level', 'x'), { code: 'usage' })
})

test('without flags no setting is given, whatever its default', () => {
  for (const name of COMMANDS) assert.deepEqual(flagsOf(name, []), {})
})
