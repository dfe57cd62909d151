/** The pod of the smallest value set as a process: its arguments, environment, secrets and probes. */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { freePort } from '../../support/servers/free-port.ts'
import { ROOT } from '../composition.ts'
import { helmTemplate, type Resource, VALUE_SETS } from './chart.ts'
import { withoutHelm } from './helm.ts'
import { podOf } from './policy.ts'

const run = promisify(execFile)
const CLI = path.join(ROOT, 'src/cli.ts')
const WAIT_MS_MAX = 60_000

test('the pod of mode embedded starts, passes its probes, and helm test agrees', {
  skip: withoutHelm,
  timeout: 180_000,
}, async t => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-pod-'))
  t.after(() => fs.rmSync(directory, { recursive: true, force: true }))
  const secrets = path.join(directory, 'secrets')
  fs.mkdirSync(secrets)
  fs.writeFileSync(path.join(secrets, 'token'), 'a token of enough letters\n')
  const port = await freePort()

  const { file } = VALUE_SETS.find(({ name }) => name === 'embedded')!
  const { resources, error } = await helmTemplate({ values: [file], set: ['sources=simulator:BTCUSDT'] })
  assert.equal(error, undefined)
  /** Arguments and environment of a container, with this machine's paths and port. */
  const containerOf = (resource: Resource) => {
    const [container] = podOf(resource)!.spec.containers
    const environment = container.env.map(({ name, value }: { name: string; value: string }) => [
      name,
      value
        .replace('/run/secrets/tickhouse', secrets)
        .replace('0.0.0.0:8080', `0.0.0.0:${port}`)
        .replace('ticks-tickhouse:8080', `127.0.0.1:${port}`),
    ])
    const { PATH, HOME } = process.env
    const env = { PATH, HOME, ...Object.fromEntries(environment) } as NodeJS.ProcessEnv
    return { container, words: [CLI, ...container.args], options: { cwd: directory, env } }
  }
  const { container, words, options } = containerOf(resources.find(({ kind }) => kind === 'StatefulSet')!)
  const pod = spawn(process.execPath, words, { ...options, stdio: 'ignore' })
  const exited = once(pod, 'exit')
  t.after(() => pod.kill('SIGKILL'))

  for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
    const { path: target } = container[probe].httpGet
    const late = AbortSignal.timeout(WAIT_MS_MAX)
    while (!(await fetch(`http://127.0.0.1:${port}${target}`).catch(() => undefined))?.ok) {
      assert.ok(!late.aborted && pod.exitCode === null, `${probe}: ${target}`)
      await sleep(100)
    }
  }
  const doctor = containerOf(resources.find(({ kind }) => kind === 'Pod')!)
  const { stdout } = await run(process.execPath, doctor.words, doctor.options)
  assert.match(stdout, /Log and store agree\./)

  pod.kill('SIGTERM')
  assert.deepEqual(await exited, [0, null])
})
