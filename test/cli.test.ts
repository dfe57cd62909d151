import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { COMMAND_GROUPS, type CommandName, isInHelp, settingsOf } from '../src/commands/settings.ts'
import { flagName } from '../src/config.ts'

const CLI = fileURLToPath(new URL('../src/cli.ts', import.meta.url))
const NODE = process.execPath

let directory: string
before(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-cli-'))
})
after(() => fs.rmSync(directory, { recursive: true, force: true }))

interface Attempt {
  args: string[]
  environment?: Record<string, string>
  nodeArgs?: string[]
  uid?: number
}

function attempt({ args, environment = {}, nodeArgs = [], uid }: Attempt) {
  const result = spawnSync(NODE, [...nodeArgs, CLI, ...args], {
    cwd: directory,
    env: { PATH: process.env.PATH, ...environment },
    encoding: 'utf8',
    timeout: 600_000,
    ...(uid === undefined ? {} : { uid, gid: uid }),
  })
  return { code: result.status, error: result.stderr.trim(), output: result.stdout }
}

/** What a user's mistake must look like: one line, exit code 2, no stack trace. */
function refusedWith(pattern: RegExp, given: Attempt): void {
  const { code, error } = attempt(given)
  assert.equal(code, 2, error)
  assert.match(error, pattern)
  assert.doesNotMatch(error, /\n\s+at /)
  const ours = error.split('\n').filter(line => line.startsWith('tickhouse:') || line.startsWith('error:'))
  assert.equal(ours.length, 1, error)
}

describe('a mistake is answered with one clear line and exit code 2', () => {
  test('an unknown flag', () => refusedWith(/unknown option '--sources-of'/, { args: ['start', '--sources-of', 'x'] }))
  test('a setting of other commands, with the commands that take it', () =>
    refusedWith(/query does not take --batch-age-ms-max\. It is a setting of: start, ingest\./, {
      args: ['query', 'SELECT 1', '--batch-age-ms-max', '5'],
    }))
  test('a flag that was renamed, with its name', () =>
    refusedWith(/--watch-house was renamed\. Use --watch-url\./, { args: ['watch', '--watch-house', 'x'] }))
  test('an unknown command, with the nearest one', () => refusedWith(/Did you mean start\?/, { args: ['strat'] }))
  test('an unknown setting, with the nearest one', () =>
    refusedWith(/TICKHOUSE_LISTN; the nearest known one is TICKHOUSE_LISTEN/, {
      args: ['start'],
      environment: { TICKHOUSE_LISTN: 'x' },
    }))
  test('an unknown venue, with those known', () =>
    refusedWith(/unknown venue nasdaq; known:/, { args: ['start', '--sources', 'nasdaq:AAPL'] }))
  for (const args of [
    ['archive', 'status', '--archive', 's4://x'],
    ['archive', '--archive', 's4://x', 'status'],
  ])
    test(`a flag of ${args.join(' ')} that is not an address`, () =>
      refusedWith(/TICKHOUSE_ARCHIVE "s4:\/\/x"/, { args }))
  test('a .env file in another encoding than UTF-8', t => {
    const file = path.join(directory, '.env')
    fs.writeFileSync(file, Buffer.from('TICKHOUSE_LOG=sqlite:x', 'utf16le'))
    t.after(() => fs.rmSync(file))
    refusedWith(/the file \.env is not UTF-8/, { args: ['start'] })
  })
  test('a Node that is too old for the program', () => {
    const command = fileURLToPath(new URL('../bin/tickhouse.js', import.meta.url))
    // The check alone, with the version of another Node.
    const old = `Object.defineProperty(process, 'versions', { value: { node: '20.20.2' } })`
    const preload = `data:text/javascript,${encodeURIComponent(old)}`
    const { status, stderr } = spawnSync(NODE, ['--import', preload, command, 'doctor'], { encoding: 'utf8' })
    assert.equal(status, 2, stderr)
    assert.match(stderr, /^tickhouse: it needs Node 24\.6 or newer, and this is 20\.20\.2 .*npm run tickhouse.*\n$/)
  })
  test('a Node that is too old for the installed package, which has no source', t => {
    const installed = fs.mkdtempSync(path.join(directory, 'package-'))
    t.after(() => fs.rmSync(installed, { recursive: true }))
    fs.mkdirSync(path.join(installed, 'bin'))
    const command = path.join(installed, 'bin/tickhouse.js')
    fs.copyFileSync(fileURLToPath(new URL('../bin/tickhouse.js', import.meta.url)), command)
    fs.writeFileSync(path.join(installed, 'package.json'), '{ "type": "module" }')
    for (const version of ['20.20.2', '22.21.9', '23.11.0', '24.5.0']) {
      const old = `Object.defineProperty(process, 'versions', { value: { node: '${version}' } })`
      const preload = `data:text/javascript,${encodeURIComponent(old)}`
      const { status, stderr } = spawnSync(NODE, ['--import', preload, command, 'doctor'], { encoding: 'utf8' })
      assert.equal(status, 2, stderr)
      assert.match(
        stderr,
        /^tickhouse: it needs Node 24\.6 or newer, or 22\.22 or newer of Node 22, and this is \S+ .*\n$/,
      )
    }
  })
  test('an unknown scheme of log', () =>
    refusedWith(/unknown log address "nats:"/, { args: ['record', '--sources', 'kraken', '--log', 'nats:x'] }))
  test('an unknown scheme of store', () =>
    refusedWith(/not a store address/, { args: ['ingest', '--store', 'data/store'] }))
  test('a listen address without a port', () =>
    refusedWith(/must be host:port/, { args: ['ingest', '--listen', 'localhost'] }))
  test('a venue address that is not a WebSocket URL', () =>
    refusedWith(/TICKHOUSE_KRAKEN_WS/, {
      args: ['record', '--sources', 'kraken', '--kraken-ws', 'http://127.0.0.1:1'],
    }))
  test('a query without a running tickhouse', () =>
    refusedWith(/no tickhouse answers at 127\.0\.0\.1:1\./, { args: ['query', 'SELECT 1', '--listen', '127.0.0.1:1'] }))

  test('a port that another program uses', async () => {
    const other = net.createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as net.AddressInfo
    const recorder = spawn(
      NODE,
      [CLI, 'record', '--sources', 'kraken', '--kraken-ws', 'ws://127.0.0.1:1', '--log', 'sqlite:port/log'],
      { cwd: directory, stdio: ['ignore', 'pipe', 'inherit'] },
    )
    await once(recorder.stdout, 'data')
    refusedWith(/is in use by another program/, {
      args: ['ingest', '--listen', `127.0.0.1:${port}`, '--log', 'sqlite:port/log', '--store', 'chdb:port/store'],
    })
    recorder.kill()
    await once(recorder, 'exit')
    other.close()
  })

  test('a store directory with something else in it', () => {
    fs.mkdirSync(path.join(directory, 'foreign'))
    fs.writeFileSync(path.join(directory, 'foreign', 'metadata'), 'not a database')
    refusedWith(/cannot open the store/, { args: ['ingest', '--store', 'chdb:foreign'] })
  })

  test('a log directory with something else in it', () => {
    fs.mkdirSync(path.join(directory, 'foreign-log'))
    fs.writeFileSync(path.join(directory, 'foreign-log', 'log.sqlite'), 'this is not a log of ours at all'.repeat(200))
    refusedWith(/log/, { args: ['record', '--sources', 'kraken', '--log', 'sqlite:foreign-log'] })
  })

  test('directories that may not be written', {
    skip: process.getuid?.() !== 0 && 'needs root to become another user',
  }, () => {
    const closed = path.join(directory, 'closed')
    fs.mkdirSync(closed, { mode: 0o755 })
    fs.chmodSync(directory, 0o755)
    refusedWith(/cannot be (opened or )?written/, { args: ['ingest', '--store', `chdb:${closed}/store`], uid: 65_534 })
    refusedWith(/cannot open or write/, {
      args: ['record', '--sources', 'kraken', '--log', `sqlite:${closed}/log`],
      uid: 65_534,
    })
  })

  test('a platform without a binary of the engine: names those with one, and points to a container', () => {
    const disguise = path.join(directory, 'disguise.mjs')
    fs.writeFileSync(disguise, "Object.defineProperty(process, 'platform', { value: 'win32' })")
    refusedWith(/no binary for win32 .*Linux \(glibc\) and macOS.*container/, {
      args: ['ingest'],
      nodeArgs: ['--import', disguise],
    })
  })
})

test('the error that ends a process is JSON in a JSON log', () => {
  const given = {
    args: ['ingest', '--listen', '127.0.0.1:0'],
    environment: { TICKHOUSE_LOG_FORMAT: 'json', TZ: 'Nowhere/Bad' },
  }
  const { code, error, output } = attempt(given)
  assert.equal(code, 2, error)
  assert.doesNotMatch(error, /^tickhouse:/m)
  const last = JSON.parse(output.trim().split('\n').at(-1)!)
  assert.deepEqual([last.level, last.process, last.event], [50, 'ingest', 'process_failed'])
  assert.match(last.msg, /time zone.*TZ/)
})

test('a configured venue that cannot be reached is retried and logged, and nothing is simulated instead', async () => {
  const child = spawn(
    NODE,
    [CLI, 'record', '--sources', 'kraken', '--kraken-ws', 'ws://127.0.0.1:1', '--log', 'sqlite:unreachable/log'],
    { cwd: directory, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let output = ''
  for await (const chunk of child.stdout) {
    output += chunk
    if ((output.match(/unreachable at/g) ?? []).length >= 2) break
  }
  child.kill('SIGINT')
  const [code] = await once(child, 'exit')
  assert.equal(code, 0)
  assert.doesNotMatch(output, /SIMULATED/)
})

test('help names every command', () => {
  const { code, output } = attempt({ args: ['--help'] })
  assert.equal(code, 0)
  for (const name of Object.keys(COMMAND_GROUPS).filter(each => !each.includes(' ')))
    assert.match(output, new RegExp(`\\n {2}${name} `))
})

/** What `--help` prints of each command, all in one process. */
function helpOf(names: readonly string[]): string[] {
  const script = `import { runCommand } from ${JSON.stringify(new URL('../src/program.ts', import.meta.url).href)}
    for (const name of ${JSON.stringify(names)}) {
      await runCommand([...name.split(' '), '--help']).catch(error => { if (error.exitCode !== 0) throw error })
      process.stdout.write('\\0')
    }`
  const { stdout, stderr } = spawnSync(NODE, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  assert.equal(stderr, '')
  return stdout.split('\0')
}

test("a command's help shows its own settings and no others, in at most 45 lines except for start", () => {
  const names = Object.keys(COMMAND_GROUPS) as CommandName[]
  const outputs = helpOf(names)
  for (const [at, name] of names.entries()) {
    const output = outputs[at]!
    assert.match(output, /^Usage: tickhouse/)
    const [, settings = ''] = output.split('\nSettings:\n')
    const flags = [...settings.matchAll(/^ {2}(--[\w-]+)/gm)].map(([, flag]) => flag)
    assert.deepEqual(flags, settingsOf(name).filter(isInHelp).map(flagName), name)
    if (name !== 'start') assert.ok(output.split('\n').length <= 45, `${name}: ${output.split('\n').length} lines`)
  }
})

describe('brokers that accept a connection and never answer', () => {
  for (const command of ['record', 'ingest'])
    test(`${command} logs what it waits for, and stops within seconds of a signal`, {
      timeout: 600_000,
    }, async t => {
      const silent = net.createServer().listen(0, '127.0.0.1')
      await once(silent, 'listening')
      const { port } = silent.address() as net.AddressInfo
      const child = spawn(NODE, [CLI, command], {
        cwd: directory,
        env: {
          PATH: process.env.PATH,
          TICKHOUSE_LOG: `kafka://127.0.0.1:${port}`,
          TICKHOUSE_STORE: 'chdb:silent',
          TICKHOUSE_LISTEN: '127.0.0.1:0',
          TICKHOUSE_SOURCES: 'kraken',
          TICKHOUSE_KRAKEN_WS: 'ws://127.0.0.1:1',
        },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      t.after(() => {
        child.kill('SIGKILL')
        silent.close()
      })
      for await (const chunk of child.stdout) if (/waiting for the log/.test(chunk)) break
      const startedMs = performance.now()
      child.kill('SIGINT')
      assert.deepEqual(await once(child, 'exit'), [0, null])
      assert.ok(performance.now() - startedMs < 30_000, 'seconds, or some more on a busy machine')
    })
})

test('a recorder whose brokers are down logs it immediately, waits, and stops on a signal', async () => {
  const child = spawn(
    NODE,
    [CLI, 'record', '--sources', 'kraken', '--kraken-ws', 'ws://127.0.0.1:1', '--log', 'kafka://127.0.0.1:1'],
    { cwd: directory, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let output = ''
  for await (const chunk of child.stdout) {
    output += chunk
    if ((output.match(/waiting for the log/g) ?? []).length >= 2) break
  }
  child.kill('SIGTERM')
  assert.deepEqual(await once(child, 'exit'), [0, null])
  assert.match(output, /waiting for the log: .*127\.0\.0\.1:1.*ECONNREFUSED/)
})
