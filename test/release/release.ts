/**
 * A release, rehearsed: the scripts of `deploy/release/` that the workflow runs, with registries on this machine in
 * place of npm's and GitHub's, and a throw-away key in place of the attestation that only GitHub can give. Not part of
 * `npm test`: it takes minutes. `npm run test:release`.
 */
import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { VERSION } from '../../src/version.ts'
import { ROOT } from '../deploy/composition.ts'
import { type Outcome, outcomeOf } from '../support/processes/outcome.ts'
import { type NpmRegistry, startImageRegistry, startNpmRegistry } from './registries.ts'

const SCRIPTS = path.join(ROOT, 'deploy/release')
const PACKAGE = `tickhouse-${VERSION}.tgz`
const SUMS = 'SHA256SUMS'

let directory: string
let npm: NpmRegistry
let images: Awaited<ReturnType<typeof startImageRegistry>>
let environment: NodeJS.ProcessEnv
let release: string
const key = generateKeyPairSync('ed25519')
let signature: Buffer

before(async () => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-release-'))
  npm = await startNpmRegistry(path.join(directory, 'npm'))
  images = await startImageRegistry(directory)
  environment = { ...npm.environment, PATH: `${images.bin}:${process.env.PATH}` }
  release = path.join(directory, 'release')
})
after(async () => {
  await npm?.stop()
  await images?.stop()
  fs.rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
})

/** Runs a command as the workflow or a user does. */
function run([command, ...words]: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): Promise<Outcome> {
  return outcomeOf(command!, words, { cwd: options.cwd ?? directory, env: { ...environment, ...options.env } })
}

async function succeeds(words: string[], options: Parameters<typeof run>[1] = {}): Promise<string> {
  const { code, text } = await run(words, options)
  assert.equal(code, 0, `${words.join(' ')}\n${text.slice(-4000)}`)
  return text
}

const script = (name: string, ...words: string[]) => [path.join(SCRIPTS, name), ...words]
const fileOf = (name: string, folder = release) => path.join(folder, name)

/** A copy of the release with one file changed. */
function changed(file: string, change: (bytes: Buffer) => Buffer): string {
  const copy = fs.mkdtempSync(path.join(directory, 'changed-'))
  fs.cpSync(release, copy, { recursive: true })
  fs.writeFileSync(fileOf(file, copy), change(fs.readFileSync(fileOf(file))))
  return copy
}

/** Another package of the same name and version: one byte of a file differs. */
function tampered(bytes: Buffer): Buffer {
  const tar = gunzipSync(bytes)
  const at = tar.indexOf('Apache License')
  assert.ok(at > 0)
  tar[at] = 'a'.charCodeAt(0)
  return gzipSync(tar)
}

describe(`release ${VERSION}`, () => {
  test('the files are made: package, list of parts, images, checksums over all of them', async () => {
    await succeeds(script('assets.sh', release))
    const size = fs.statSync(fileOf(PACKAGE)).size
    assert.ok(size < 1_000_000, `${size} bytes`)
    const contents = (await succeeds(['tar', '-tzf', fileOf(PACKAGE)])).trim().split('\n')
    for (const file of [
      'LICENSE',
      'dist/cli.js',
      'dist/venues/outside/kit.d.ts',
      'web/dist/index.html',
      'dashboards/market.json',
      'SECURITY.md',
    ])
      assert.ok(contents.includes(`package/${file}`), file)
    for (const file of contents) assert.doesNotMatch(file, /^package\/(src|test|bench)\/|\.map$|(?<!\.d)\.ts$/)
    const { bomFormat, components } = JSON.parse(fs.readFileSync(fileOf(`tickhouse-${VERSION}.cdx.json`), 'utf8'))
    assert.equal(bomFormat, 'CycloneDX')
    const names = components.map(({ name }: { name: string }) => name)
    assert.ok(names.includes('fastify') && names.includes('chdb') && !names.includes('typescript'))

    const lines = [VERSION, `${VERSION}-slim`].map(tag => {
      // Images of the package alone: what is rehearsed is how they are named, compared and run, not their contents.
      const reference = images.crane(
        'append',
        '--oci-empty-base',
        '-f',
        fileOf(PACKAGE),
        '-t',
        `${images.address}/tickhouse:building-${tag}`,
      )
      return `${tag} ${images.address}/tickhouse@${reference.split('@')[1]}\n`
    })
    fs.writeFileSync(fileOf('images.txt'), lines.join(''))
    await succeeds(script('checksums.sh', release))
    signature = sign(null, fs.readFileSync(fileOf(SUMS)), key.privateKey)
    assert.deepEqual(
      fs
        .readFileSync(fileOf(SUMS), 'utf8')
        .trim()
        .split('\n')
        .map(line => line.split(/ +/)[1])
        .sort(),
      fs
        .readdirSync(release)
        .filter(name => name !== SUMS)
        .sort(),
    )
  })

  test('what is published is byte by byte what was made, and a second run goes on', async () => {
    assert.match(
      await succeeds(script('publish.sh', release)),
      /^npm and the image registry have what the release of \S+ has$/m,
    )
    assert.match(
      await succeeds(script('publish.sh', release)),
      /^npm and the image registry have what the release of \S+ has$/m,
    )
  })

  test('installed from the registry in an empty directory it starts, shows the page and stores trades', async () => {
    await succeeds([process.execPath, ...script('smoke.ts', `tickhouse@${VERSION}`)])
  })

  test('installed without the engine, by Node 22, it records, and states in a sentence what is missing to store', async () => {
    const installed = path.join(directory, 'node-22')
    fs.mkdirSync(installed)
    fs.writeFileSync(fileOf('package.json', installed), '{ "private": true, "allowScripts": { "node": true } }')
    await succeeds(['npm', 'install', '--no-audit', '--no-fund', 'node@22'], { cwd: installed })
    const node = path.join(installed, 'node_modules/node/bin/node')
    assert.match(await succeeds([node, '--version']), /^v22\./)
    await succeeds([node, ...script('smoke.ts', `tickhouse@${VERSION}`, '--without-engine')])
  })

  test('a venue in TypeScript beside an installed package has its types and its helpers', async () => {
    const project = fs.mkdtempSync(path.join(directory, 'venue-'))
    fs.writeFileSync(fileOf('package.json', project), '{ "private": true, "type": "module" }')
    await succeeds(['npm', 'install', '--omit=optional', '--no-audit', '--no-fund', `tickhouse@${VERSION}`], {
      cwd: project,
    })
    const { EXAMPLE } = await import('../venue-check/example.ts')
    fs.writeFileSync(fileOf('my-venue.ts', project), EXAMPLE.venue)
    const tsc = path.join(ROOT, 'node_modules/typescript/bin/tsc')
    const flags = [
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--target',
      'es2024',
      '--types',
      'node',
      '--typeRoots',
      path.join(ROOT, 'node_modules/@types'),
    ]
    await succeeds([process.execPath, tsc, ...flags, 'my-venue.ts'], { cwd: project })
    const main = path.join(project, 'node_modules/tickhouse/bin/tickhouse.js')
    const env = {
      TICKHOUSE_VENUES: './my-venue.ts',
      TICKHOUSE_SOURCES: 'acme:BTC-USD',
      TICKHOUSE_LISTEN: '127.0.0.1:1',
    }
    const { text } = await run([process.execPath, main, 'status'], { cwd: project, env })
    assert.match(text, /^tickhouse: no tickhouse answers at 127\.0\.0\.1:1/)
    const without = await run([process.execPath, '--no-experimental-strip-types', main, 'status'], {
      cwd: project,
      env,
    })
    assert.match(
      without.text,
      /^tickhouse: cannot load \.\/my-venue\.ts: this Node, \S+, does not read TypeScript [^\n]+\n$/,
    )
  })
})

describe('what was changed is refused by the commands of SECURITY.md', () => {
  test('a package, by its checksum', async () => {
    const copy = changed(PACKAGE, tampered)
    const { code, text } = await run(['sha256sum', '--check', '--strict', SUMS], { cwd: copy })
    assert.equal(code, 1)
    assert.match(text, /tickhouse-.*\.tgz: FAILED/)
    assert.notEqual((await run(script('publish.sh', copy))).code, 0)
  })

  test('checksums that were made again for it, by their signature', () => {
    const sums = fs.readFileSync(fileOf(SUMS))
    assert.ok(verify(null, sums, key.publicKey, signature))
    const forged = changed(SUMS, bytes => {
      const of = (data: Buffer) => createHash('sha256').update(data).digest('hex')
      const original = fs.readFileSync(fileOf(PACKAGE))
      return Buffer.from(bytes.toString().replace(of(original), of(tampered(original))))
    })
    assert.ok(!verify(null, fs.readFileSync(fileOf(SUMS, forged)), key.publicKey, signature))
  })

  test('a package that was changed in the registry, by npm; with changed hashes there, by comparing it', async t => {
    const stored = path.join(npm.storage, 'tickhouse', PACKAGE)
    const manifest = path.join(npm.storage, 'tickhouse/package.json')
    const [original, description] = [fs.readFileSync(stored), fs.readFileSync(manifest, 'utf8')]
    t.after(() => {
      fs.writeFileSync(stored, original)
      fs.writeFileSync(manifest, description)
    })
    const other = tampered(original)
    fs.writeFileSync(stored, other)
    // What npm has in its cache is not fetched again.
    const fresh = (name: string) => ({ env: { npm_config_cache: path.join(directory, name) } })
    const { code, text } = await run(['npm', 'pack', `tickhouse@${VERSION}`], fresh('cache-1'))
    assert.notEqual(code, 0)
    assert.match(text, /EINTEGRITY/)
    const hash = (name: string, bytes: Buffer, form: 'hex' | 'base64') => createHash(name).update(bytes).digest(form)
    const forged = description
      .replaceAll(hash('sha512', original, 'base64'), hash('sha512', other, 'base64'))
      .replaceAll(hash('sha1', original, 'hex'), hash('sha1', other, 'hex'))
    assert.notEqual(forged, description)
    fs.writeFileSync(manifest, forged)
    const compared = await run(script('compare.sh', release), fresh('cache-2'))
    assert.notEqual(compared.code, 0)
    assert.match(compared.text, /differ/)
  })

  test('an image behind a moved tag, by its digest', async () => {
    const [, reference] = fs.readFileSync(fileOf('images.txt'), 'utf8').split('\n')[0]!.split(' ')
    const before = images.crane('manifest', reference!)
    const other = path.join(directory, 'other.tgz')
    fs.writeFileSync(other, tampered(fs.readFileSync(fileOf(PACKAGE))))
    images.crane('append', '--oci-empty-base', '-f', other, '-t', `${images.address}/tickhouse:${VERSION}`)
    const { code, text } = await run(script('compare.sh', release))
    assert.equal(code, 1)
    assert.match(text, /is sha256:[0-9a-f]{64}, the release has sha256:[0-9a-f]{64}/)
    assert.equal(images.crane('manifest', reference!), before, 'by its digest it is what it was')
  })
})
