/**
 * Installs a package as a user does, in an empty directory, and runs it against the simulated exchange with the Node
 * that runs this: `node deploy/release/smoke.ts <tarball or name@version> [--without-engine]`. Exits with 0 if the page
 * answers, ticks are stored, log and store agree, and it stops cleanly; without the engine, if it records and states
 * what is missing.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'

const WAIT_MS_MAX = 120_000
const SOURCES = 'simulator:BTCUSDT,ETHUSDT?rate=200'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { 'without-engine': { type: 'boolean', default: false } },
})
const [spec] = positionals
if (spec === undefined) throw new Error('name a tarball, or a package with its version')

const directory = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-smoke-')))
const running = new Set<ChildProcess>()
try {
  install(fs.existsSync(spec) ? path.resolve(spec) : spec, values['without-engine'])
  if (values['without-engine']) await recordWithoutEngine()
  else await runAll()
  console.log(`${spec} works with Node ${process.versions.node} on ${process.platform} ${process.arch}`)
} finally {
  for (const child of running) child.kill('SIGKILL')
  fs.rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
}

function install(from: string, withoutEngine: boolean): void {
  const flags = ['--no-audit', '--no-fund', ...(withoutEngine ? ['--omit=optional'] : [])]
  // The Node that runs this, and not one that a package brings, decides which engines are accepted.
  const PATH = `${path.dirname(process.execPath)}${path.delimiter}${process.env.PATH}`
  execFileSync('npm', ['install', '--prefix', directory, ...flags, from], {
    env: { ...process.env, PATH },
    stdio: 'inherit',
  })
  assert.ok(fs.existsSync(path.join(directory, 'node_modules/.bin/tickhouse')), 'npm has linked the command')
  assert.equal(fs.existsSync(path.join(directory, 'node_modules/chdb')), !withoutEngine)
  const { main } = commandOf()
  assert.equal(execFileSync(process.execPath, [main, '--version'], { encoding: 'utf8' }).trim(), packed().version)
}

function packed(): { version: string; bin: { tickhouse: string } } {
  return JSON.parse(fs.readFileSync(path.join(directory, 'node_modules/tickhouse/package.json'), 'utf8'))
}

function commandOf() {
  return { main: path.join(directory, 'node_modules/tickhouse', packed().bin.tickhouse) }
}

interface Started {
  child: ChildProcess
  output(): string
  end(): Promise<void>
}

function start(command: string, settings: Record<string, string>): Started {
  const child = spawn(process.execPath, [commandOf().main, command], { cwd: directory, env: environment(settings) })
  running.add(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', text => {
      output += text
    })
  return {
    child,
    output: () => output,
    end: async () => {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      const [code] = await ended
      running.delete(child)
      assert.equal(code, 0, output)
      assert.doesNotMatch(output, /Warning|\n\s+at /, output)
    },
  }
}

function environment(settings: Record<string, string>): Record<string, string> {
  const { PATH, HOME } = process.env
  return { ...(PATH && { PATH }), ...(HOME && { HOME }), TICKHOUSE_SOURCES: SOURCES, ...settings }
}

function tickhouse(listen: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [commandOf().main, ...args], {
    cwd: directory,
    env: environment({ TICKHOUSE_LISTEN: listen }),
    encoding: 'utf8',
  })
  assert.equal(status, 0, stdout + stderr)
  assert.equal(stderr, '')
  return stdout
}

async function runAll(): Promise<void> {
  const listen = `127.0.0.1:${await freePort()}`
  const process = start('start', { TICKHOUSE_LISTEN: listen })
  await until(process, async () => (await fetch(`http://${listen}/ready`)).ok)
  const page = await (await fetch(`http://${listen}/`)).text()
  const [, script] = /<script[^>]* src="([^"]+)"/.exec(page) ?? []
  assert.ok(script, page)
  assert.equal((await fetch(new URL(script, `http://${listen}/`))).status, 200)
  const stored = () => Number(tickhouse(listen, 'query', 'SELECT count() FROM trades FORMAT TSV'))
  await until(process, async () => stored() > 0)
  const before = stored()
  await until(process, async () => stored() > before)
  assert.match(tickhouse(listen, 'doctor'), /Log and store agree\./)
  assert.match(tickhouse(listen, 'dashboards', 'dashboards'), /market\.json/)
  // Starts the program of the package beside itself.
  tickhouse(listen, 'upgrade')
  const replaced = stored()
  await until(process, async () => stored() > replaced)
  await process.end()
}

async function recordWithoutEngine(): Promise<void> {
  const listen = `127.0.0.1:${await freePort()}`
  const recorder = start('record', { TICKHOUSE_METRICS_LISTEN: listen })
  const appended = async () => {
    const metrics = await (await fetch(`http://${listen}/metrics`)).text()
    return /^tickhouse_source_ticks_total\S* [1-9]/m.test(metrics)
  }
  await until(recorder, appended)
  await recorder.end()
  const { status, stderr } = spawnSync(process.execPath, [commandOf().main, 'ingest'], {
    cwd: directory,
    env: environment({}),
    encoding: 'utf8',
  })
  assert.equal(status, 2, stderr)
  assert.match(stderr, /^tickhouse: the embedded ClickHouse engine \(package chdb\) is not installed\. [^\n]+\n$/)
}

/** Resolves when the condition is true; rejects with the output of the process if it ends, and after two minutes. */
async function until({ child, output }: Started, condition: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + WAIT_MS_MAX
  for (;;) {
    const ready = await condition().catch(() => false)
    if (ready) return
    if (child.exitCode !== null || performance.now() > endMs)
      throw new Error(`${child.exitCode === null ? 'too late' : `ended with ${child.exitCode}`}:\n${output()}`)
    await sleep(500)
  }
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  server.close()
  return port
}
