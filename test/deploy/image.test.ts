/** Contents and healthcheck of the image, as far as they can be tested without a container engine. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { builtinModules } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { VERSION } from '../../src/version.ts'
import { WAIT_MS_MAX, within } from '../support/judges/within.ts'
import { TestInstance } from '../support/processes/tickhouse.ts'
import { freePort } from '../support/servers/free-port.ts'
import { VERSITY } from '../support/servers/s3.ts'
import { DEPLOY, ROOT, readComposition, stagesOf } from './composition.ts'

const { filled } = readComposition()
const TOKEN = 'the token of the test'

test('all that src/ imports is a production dependency', () => {
  const {
    name: own,
    dependencies,
    optionalDependencies,
  } = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'))
  const files = fs.readdirSync(path.join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
  const code = files
    .filter(file => file.endsWith('.ts'))
    .map(file => fs.readFileSync(path.join(ROOT, 'src', file), 'utf8'))
    .join('\n')
  // What is only a type is gone when it runs.
  const imports = code
    .replace(/^import type [^;]*? from '.*'$/gm, '')
    .matchAll(/(?:from|import\(|^import) ?'([^.'\s][^'\s]*)'/gm)
  const packages = new Set<string>()
  for (const [, target] of imports) {
    if (target!.startsWith('node:') || builtinModules.includes(target!)) continue
    packages.add(target!.split('/', target!.startsWith('@') ? 2 : 1).join('/'))
  }
  const unknown = [...packages].filter(
    name => name !== own && !Object.hasOwn({ ...dependencies, ...optionalDependencies }, name),
  )
  assert.deepEqual(unknown, [])
  assert.ok(packages.size > 10)
})

test('the image builds page and program from what .dockerignore lets through, and runs what the Dockerfile copies', t => {
  const dockerfile = fs.readFileSync(path.join(DEPLOY, 'Dockerfile'), 'utf8')
  const lines = fs.readFileSync(path.join(ROOT, '.dockerignore'), 'utf8').split('\n')
  const allowed = lines.filter(line => line.startsWith('!')).map(line => line.slice(1))
  /** Files of a path that the build sees; undefined if it sees none of it. */
  const visible = (source: string) => {
    if (allowed.includes(source)) return [source]
    const inside = allowed
      .filter(name => name.startsWith(`${source}/`))
      .flatMap(name => fs.globSync(name, { cwd: ROOT }))
    return inside.length > 0 ? inside : undefined
  }
  const stages = new Map<string, { copied: string[]; built: [stage: string, target: string][] }>()
  for (const stage of dockerfile.split(/^(?=FROM )/m).slice(1)) {
    const [, base, name] = /^FROM (?:--platform=\S+ )?(\S+) AS ([\w-]+)/.exec(stage)!
    const copied = [...stage.matchAll(/^COPY (?!--)(.*) \S+$/gm)].flatMap(([, sources]) => sources!.split(' '))
    for (const source of copied) assert.ok(visible(source), `${source} is not in .dockerignore`)
    const built = [...stage.matchAll(/^COPY --from=(\S+) \/tickhouse\/(?!node_modules)\S+ (\S+)$/gm)]
    const earlier = stages.get(base!) ?? { copied: [], built: [] }
    stages.set(name!, {
      copied: [...earlier.copied, ...copied],
      built: [...earlier.built, ...built.map(([, from, target]): [string, string] => [from!, target!])],
    })
  }
  const directoryOf = (name: string) => {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-image-'))
    t.after(() => fs.rmSync(directory, { recursive: true }))
    const filter = (source: string) => source !== path.join(ROOT, 'web/dist')
    for (const source of stages.get(name)!.copied.flatMap(source => visible(source)!))
      fs.cpSync(path.join(ROOT, source), path.join(directory, source), { recursive: true, filter })
    fs.symlinkSync(path.join(ROOT, 'node_modules'), path.join(directory, 'node_modules'))
    return directory
  }
  const run = (cwd: string, ...words: string[]) => {
    const { status, stdout, stderr } = spawnSync(words[0]!, words.slice(1), { cwd, encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    return stdout
  }
  const build = directoryOf('build')
  run(build, 'sh', '-c', /^RUN (npm run prepare.*)$/m.exec(dockerfile)![1]!)
  const image = directoryOf('full')
  const { built } = stages.get('full')!
  assert.deepEqual(built, [
    ['build', 'web/dist'],
    ['build', 'dist'],
  ])
  for (const [, target] of built) fs.cpSync(path.join(build, target), path.join(image, target), { recursive: true })
  assert.ok(fs.existsSync(path.join(image, 'web/dist/index.html')))
  const entrypoint: string[] = JSON.parse(/^ENTRYPOINT (.*)$/m.exec(dockerfile)![1]!)
  const tickhouse = [process.execPath, ...entrypoint.slice(1)]
  assert.equal(run(image, ...tickhouse, '--version').trim(), VERSION)
  assert.match(run(image, ...tickhouse, 'dashboards', 'copied'), /^copied\/market\.json$/m)
  assert.ok(fs.existsSync(path.join(image, 'copied/tickhouse.rules.yaml')))
})

test('the healthcheck passes for a healthy stage, without a token, and fails for one that has ended', async t => {
  const checks = stagesOf(filled).map(([, { healthcheck }]) => healthcheck!.test)
  const dockerfile = fs.readFileSync(path.join(DEPLOY, 'Dockerfile'), 'utf8')
  checks.push(['CMD', ...JSON.parse(/^ {2}CMD (\[.*\])$/m.exec(dockerfile)![1]!)])
  assert.equal(new Set(checks.map(check => check.join(' '))).size, 1, 'one check for all')
  const recorder = new TestInstance(t).run('record', {
    SOURCES: 'simulator:BTCUSDT?rate=50',
    METRICS_LISTEN: '127.0.0.1:0',
    TOKEN,
  })
  const { port } = new URL(String((await recorder.waitFor('serving_figures')).url))
  await recorder.waitFor('connection_opened')
  const [, , ...words] = checks[0]!
  const check = () =>
    spawnSync(
      process.execPath,
      words.map(word => word.replace(':8080', `:${port}`)),
    ).status
  await within(WAIT_MS_MAX, async () => (check() === 0 ? undefined : 'unhealthy'))
  await recorder.end('SIGTERM')
  assert.equal(check(), 1)
})

test('the S3 stand-in creates its bucket and reports that it is healthy', {
  skip: await VERSITY.missing(),
}, async t => {
  const { entrypoint, environment, healthcheck } = filled.services.s3!
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-s3-'))
  const port = await freePort()
  const here = (word: string) =>
    word.replaceAll('/objects', directory).replace(/(127\.0\.0\.1)?:7070/, `127.0.0.1:${port}`)
  const server = spawn(entrypoint![0]!, entrypoint!.slice(1).map(here), {
    env: { PATH: process.env.PATH!, ...environment },
    stdio: 'ignore',
  })
  t.after(async () => {
    server.kill('SIGTERM')
    if (server.exitCode === null) await once(server, 'exit')
    fs.rmSync(directory, { recursive: true })
  })
  const health = here(healthcheck!.test.at(-1)!)
  await within(WAIT_MS_MAX, async () => {
    const answer = await fetch(health).catch(() => undefined)
    return answer?.ok ? undefined : 'unhealthy'
  })
  const client = new S3Client({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: environment!.ROOT_ACCESS_KEY!, secretAccessKey: environment!.ROOT_SECRET_KEY! },
  })
  await client.send(new HeadBucketCommand({ Bucket: 'tickhouse' }))
  client.destroy()
})
