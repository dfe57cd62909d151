/** The script that a machine starts with, run with commands of a test in place of the machine's. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { synthesize } from '../../../deploy/aws/testing.ts'
import { DEPLOYMENTS, filled } from '../../support/deployments/aws.ts'

function scriptOf(size: 'S' | 'M'): string {
  const [template] = Object.values(synthesize(DEPLOYMENTS[size]!).resources).filter(
    ({ Type }) => Type === 'AWS::EC2::LaunchTemplate',
  )
  const { UserData } = template!.Properties.LaunchTemplateData as { UserData: { 'Fn::Base64': unknown } }
  return filled(UserData['Fn::Base64'])
}

/** What each command does on the machine; each call is written down first. */
const COMMANDS = {
  curl: 'echo i-1',
  aws: ':',
  blkid: ':',
  'mkfs.xfs': ':',
  mount: ':',
  xfs_growfs: ':',
  systemctl: ':',
  shutdown: 'exit 0',
  sleep: ':',
  df: 'printf "Use%%\\n 42%%\\n"',
}

/** Runs the script below a directory that stands for the root of a machine; `commands` replace those above. */
function start(t: TestContext, commands: Partial<Record<keyof typeof COMMANDS, string>> = {}, disk = true) {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-machine-'))
  t.after(() => fs.rmSync(root, { recursive: true }))
  const calls = path.join(root, 'calls')
  const inRoot = (...names: string[]) => path.join(root, ...names)
  for (const folder of ['bin', 'etc/ecs', 'etc/systemd/system', 'usr/local/bin', 'dev/disk/by-id'])
    fs.mkdirSync(inRoot(folder), { recursive: true })
  for (const [name, body] of Object.entries({ ...COMMANDS, ...commands }))
    fs.writeFileSync(inRoot('bin', name), `#!/bin/bash\necho "${name} $*" >> ${calls}\n${body}\n`, { mode: 0o755 })
  const script = scriptOf('S').replace(/\/(etc|usr\/local|dev|data)(?=[/ "$)\n]|$)/g, `${root}/$1`)
  const [, volume] = /^volume=(.*)$/m.exec(script)!
  const device = `nvme-Amazon_Elastic_Block_Store_${volume!.replaceAll('-', '')}`
  if (disk) fs.writeFileSync(inRoot('dev/disk/by-id', device), '')
  const env = { PATH: `${inRoot('bin')}:/usr/bin:/bin` }
  const { status, stderr } = spawnSync('bash', ['-s'], { input: script, env, encoding: 'utf8' })
  const config = inRoot('etc/ecs/ecs.config')
  return {
    status,
    stderr,
    calls: fs.readFileSync(calls, 'utf8').split('\n'),
    joined: fs.existsSync(config) && /^ECS_CLUSTER=/m.test(fs.readFileSync(config, 'utf8')),
    file: (name: string) => fs.readFileSync(inRoot(name), 'utf8'),
    /** Runs a program that the script wrote. */
    run: (name: string) => spawnSync('sh', [inRoot(name)], { env, encoding: 'utf8' }),
    root,
  }
}

const called = ({ calls }: { calls: string[] }, start: string) => calls.some(call => call.startsWith(start))

test('a disk with data is mounted, also after a reboot, and not formatted; then the machine joins', t => {
  const machine = start(t)
  assert.equal(machine.status, 0, machine.stderr)
  assert.ok(called(machine, 'aws ec2 attach-volume --volume-id'))
  assert.ok(called(machine, `mount ${machine.root}/data`))
  assert.ok(!called(machine, 'mkfs'))
  assert.match(machine.file('etc/fstab'), new RegExp(` ${machine.root}/data xfs `))
  assert.ok(machine.joined)
  assert.ok(!called(machine, 'shutdown'))
})

test('only a disk without anything on it is formatted', t => {
  assert.ok(called(start(t, { blkid: 'exit 2' }), 'mkfs.xfs'))
  const unreadable = start(t, { blkid: 'exit 4' })
  assert.ok(!called(unreadable, 'mkfs'))
  assert.ok(!unreadable.joined && called(unreadable, 'shutdown -h now'))
})

test('a machine waits for its disk until the one before is gone', t => {
  const busy = `n=$(wc -l < "\${0%/bin/aws}/calls"); [[ "$*" != *attach-volume* ]] || [ "$n" -gt 12 ]`
  const machine = start(t, { aws: busy })
  assert.ok(machine.calls.filter(call => call.startsWith('aws ec2 attach-volume')).length > 3)
  assert.ok(machine.joined)
})

test('a machine that cannot mount its disk stops, and never joins: a task would write to the disk of the system', t => {
  for (const machine of [
    start(t, { aws: 'exit 1' }),
    start(t, { mount: 'exit 1' }),
    start(t, { curl: 'exit 22' }),
    start(t, {}, false),
  ]) {
    assert.ok(!machine.joined)
    assert.ok(called(machine, 'shutdown -h now'))
  }
})

test('the use of the disk is sent as a number', t => {
  const machine = start(t)
  const { status, stderr } = machine.run('usr/local/bin/disk-used')
  assert.equal(status, 0, stderr)
  const sent = /--metric-name DiskUsedPercent --unit Percent --dimensions Disk=\S+ --value 42$/
  assert.match(fs.readFileSync(path.join(machine.root, 'calls'), 'utf8').trim(), sent)
})

const unchecked = spawnSync('shellcheck', ['--version']).status === 0 ? false : 'shellcheck is not installed'
if (unchecked && process.env.CI) throw new Error(unchecked)

test('shellcheck finds nothing in it', { skip: unchecked }, () => {
  for (const size of ['S', 'M'] as const) {
    const { status, stdout } = spawnSync('shellcheck', ['-'], { input: scriptOf(size), encoding: 'utf8' })
    assert.equal(status, 0, stdout)
  }
})
