/** Venues from outside the tree: every mistake of their files is named; none ends in a stack trace. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { TickhouseError } from '../../../src/errors.ts'
import { VENUES } from '../../../src/venues/index.ts'
import { DECODER_THREW, loadVenues } from '../../../src/venues/outside/load.ts'
import { decoded } from '../../support/judges/collecting-sink.ts'
import { EXAMPLE } from '../../venue-check/example.ts'

const CLI = fileURLToPath(new URL('../../../src/cli.ts', import.meta.url))
const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

let directory: string
before(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-outside-'))
})
after(() => fs.rmSync(directory, { recursive: true, force: true }))

let written = 0
function fileOf(text: string): string {
  const file = path.join(directory, `venue-${written++}.ts`)
  fs.writeFileSync(file, text)
  return file
}

/** The example of docs/add-a-venue.md with one line of its venue replaced. */
function exampleWith(line: RegExp, replacement: string): string {
  assert.match(EXAMPLE.venue, line)
  return EXAMPLE.venue.replace(line, replacement)
}

/** What loading files is refused with; the list of venues stays as it was. */
async function refusalOf(files: string): Promise<string> {
  const count = VENUES.length
  const error = await loadVenues(files).then(
    () => assert.fail('it was loaded'),
    error => error,
  )
  assert.ok(error instanceof TickhouseError && error.code === 'config_invalid', String(error))
  assert.notEqual(error.advice, '')
  assert.equal(VENUES.length, count)
  return error.message
}

describe('a file that is no module with a venue is refused', () => {
  test('one that is not there', async () =>
    assert.match(await refusalOf('./nowhere.ts'), /names \.\/nowhere\.ts, which is not a file/))
  test('a directory', async () => assert.match(await refusalOf(directory), /which is not a file/))
  test('one with a mistake of syntax, with its line', async () =>
    assert.match(await refusalOf(fileOf('export default {\n  name: }\n')), /line 2: /))
  test('one that imports what is not there', async () =>
    assert.match(await refusalOf(fileOf("import './nothing.ts'\nexport default {}")), /Cannot find module .*nothing/))
  test('one that imports from the kit what it does not have', async () =>
    assert.match(
      await refusalOf(fileOf("import { emitTrades } from 'tickhouse/venue'\nexport default emitTrades")),
      /does not provide an export named 'emitTrades'/,
    ))
  test('one that throws', async () =>
    assert.match(await refusalOf(fileOf("throw new Error('no luck')")), /cannot load .*: no luck/))
  test('one without a default export, with the others', async () =>
    assert.match(await refusalOf(fileOf('export const acme = {}')), /venue-\d+\.ts has no default export, only acme$/))
  test('one with a list', async () => assert.match(await refusalOf(fileOf('export default []')), /is a list, not an/))
})

describe('a venue that lacks something is refused with all that is wrong', () => {
  const missing = [
    'name',
    'ws',
    'rest',
    'ids',
    'kinds',
    'defaultSymbols',
    'limits',
    'silenceMsMax',
    'acknowledges',
    'instruments',
    'url',
    'subscribe',
    'resubscribe',
    'unsubscribe',
    'decoder',
  ]
  for (const field of missing)
    test(`without ${field}`, async () =>
      assert.match(
        await refusalOf(fileOf(exampleWith(new RegExp(`^  ${field}: .*\\n`, 'm'), ''))),
        new RegExp(`cannot be used: ${field} is missing: \\S+`),
      ))

  const wrong: [line: RegExp, replacement: string, message: RegExp][] = [
    [/name: 'acme'/, "name: 'Acme Inc'", /name must be letters a to z/],
    [/name: 'acme'/, "name: 'external'", /name must be .* not external/],
    [/ws: 'wss:.*'/, "ws: 'https://feed.acme.example'", /ws must be an address ws:\/\//],
    [/rest: '.*'/, "rest: 'https://api.acme.example/'", /rest must be .* without a slash/],
    [/ids: 'dense'/, "ids: 'sorted'", /ids must be one of dense, /],
    [/kinds: .*,/, "kinds: ['trades'],", /kinds must be lists of quotes and trades by connection/],
    [/kinds: .*,/, "kinds: [['trade']],", /kinds must be lists of quotes and trades/],
    [/symbolsPerConnection: 50/, 'symbolsPerConnection: 0', /limits must be/],
    [/silenceMsMax: 30_000/, 'silenceMsMax: 30', /silenceMsMax must be ms without/],
    [/acknowledges: true/, 'acknowledges: 1', /acknowledges must be true or false/],
    [/instruments: .*,/, "instruments: { path: '/symbols' },", /instruments must be \{ requests, read \}/],
    [/silenceMsMax: 30_000/, 'silenceMsMax: 30_000, keepAlives: 1', /keepAlives is no field .* nearest is keepAlive$/],
    [/url: .*,/, "url: () => 'acme',", /url must return an address/],
    [/resubscribe: .*/, 'resubscribe: () => 7 as never,', /resubscribe must return a list of frames/],
    [/resubscribe: .*/, 'resubscribe: () => null!.x,', /resubscribe threw TypeError/],
    [/decoder: \(\) => decode/, 'decoder: decode as never', /decoder (threw|must return)/],
  ]
  for (const [line, replacement, message] of wrong)
    test(replacement, async () => assert.match(await refusalOf(fileOf(exampleWith(line, replacement))), message))

  test('two mistakes are two messages', async () => {
    const text = exampleWith(/ids: 'dense'/, "ids: 'sorted'").replace(/acknowledges: true,/, '')
    assert.match(await refusalOf(fileOf(text)), /ids must be .*; acknowledges is missing/)
  })
})

test('a name that is taken is refused, by a built-in venue or by another file', async () => {
  assert.match(await refusalOf(fileOf(exampleWith(/'acme'/, "'kraken'"))), /there is a venue kraken already/)
  const [first, second] = [fileOf(exampleWith(/'acme'/, "'first'")), fileOf(exampleWith(/'acme'/, "'first'"))]
  await loadVenues(` ${first} ,`)
  assert.equal(VENUES.at(-1)?.name, 'first')
  assert.match(await refusalOf(second), /there is a venue first already/)
})

test('what a decoder throws is a refused frame, and the frames after it are read', async () => {
  await loadVenues(
    fileOf(exampleWith(/'acme'/, "'throwing'").replace('const { type', 'if (message.x) null!.x\n  const { type')),
  )
  const venue = VENUES.at(-1)!
  const decode = venue.decoder()
  const [refusal] = decoded(decode, '{"x":1}').refusals
  assert.equal(refusal?.reason, 'malformed_frame')
  assert.ok(refusal.detail.startsWith(`${DECODER_THREW} TypeError`), refusal.detail)
  assert.deepEqual(decoded(decode, '{"type":"heartbeat"}').controls, [{ kind: 'heartbeat' }])
})

test('a decoder that changes the frames that are sent does so in a venue from outside too', async () => {
  await loadVenues(
    fileOf(
      EXAMPLE.venue.replace(
        'export default acme',
        `const changing = () => Object.assign(acme.decoder(), { addressed: (frame: string) => frame + '!' })
export default { ...acme, name: 'changing', decoder: changing }`,
      ),
    ),
  )
  assert.equal(VENUES.at(-1)!.decoder().addressed!('{}'), '{}!')
})

test('a venue that is an instance of a class has all its fields, with its own this', async () => {
  const text = EXAMPLE.venue.replace(
    'export default acme',
    "class Made {\n  #name = 'made'\n  get name() {\n    return this.#name\n  }\n}\nexport default Object.assign(new Made(), (({ name: _, ...rest }) => rest)(acme))",
  )
  await loadVenues(fileOf(text))
  const venue = { ...VENUES.at(-1)! }
  assert.equal(venue.name, 'made')
  assert.deepEqual(decoded(venue.decoder(), '{"type":"heartbeat"}').controls, [{ kind: 'heartbeat' }])
})

test('a command answers a mistake in the file with one line, from the environment, a flag or .env', () => {
  const attempt = (args: string[], env: Record<string, string> = {}) =>
    spawnSync(process.execPath, [CLI, ...args], {
      cwd: directory,
      env: { PATH: process.env.PATH, ...env },
      encoding: 'utf8',
    })
  const one = /^tickhouse: TICKHOUSE_VENUES names \.\/gone\.ts, which is not a file\. .*\n$/
  const by = [
    attempt(['doctor'], { TICKHOUSE_VENUES: './gone.ts' }),
    attempt(['record', '--venues', './gone.ts']),
    attempt(['start', '--venues=./gone.ts'], { TICKHOUSE_VENUES: './other.ts' }),
  ]
  fs.writeFileSync(path.join(directory, '.env'), 'TICKHOUSE_VENUES=./gone.ts\n')
  by.push(attempt(['ingest']))
  fs.rmSync(path.join(directory, '.env'))
  for (const { status, stderr } of by) {
    assert.match(stderr, one)
    assert.equal(status, 2)
  }
  fs.writeFileSync(path.join(directory, 'my-venue.ts'), EXAMPLE.venue)
  const known = attempt(['record'], { TICKHOUSE_VENUES: './my-venue.ts', TICKHOUSE_ACME_WS: 'x' })
  assert.match(known.stderr, /^tickhouse: TICKHOUSE_ACME_WS "x": /)
  const unknown = attempt(['record', '--sources', 'other:A'], { TICKHOUSE_VENUES: './my-venue.ts' })
  assert.match(unknown.stderr, /unknown venue other; known: .*, acme/)
})

test('the example of docs/add-a-venue.md fits the types that a file beside an installed tickhouse gets', () => {
  const folder = path.join(directory, 'typed')
  fs.mkdirSync(path.join(folder, 'node_modules'), { recursive: true })
  // What an installed package has.
  execFileSync(process.execPath, [path.join(ROOT, 'deploy/release/build.ts')], { stdio: 'pipe' })
  fs.symlinkSync(ROOT, path.join(folder, 'node_modules', 'tickhouse'))
  fs.symlinkSync(path.join(ROOT, 'node_modules', '@types'), path.join(folder, 'node_modules', '@types'))
  fs.writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}')
  fs.writeFileSync(path.join(folder, 'my-venue.ts'), EXAMPLE.venue)
  const options = { ...JSON.parse(fs.readFileSync(path.join(ROOT, 'tsconfig.json'), 'utf8')).compilerOptions }
  fs.writeFileSync(
    path.join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { ...options, types: ['node'] }, include: ['my-venue.ts'] }),
  )
  const tsc = path.join(ROOT, 'node_modules', '.bin', 'tsc')
  const check = () => execFileSync(tsc, ['-p', folder], { encoding: 'utf8', stdio: 'pipe' })
  check()
  fs.writeFileSync(path.join(folder, 'my-venue.ts'), EXAMPLE.venue.replace("ids: 'dense'", "ids: 'sorted'"))
  assert.throws(check, ({ stdout }) => /TS2322/.test(stdout))
})
