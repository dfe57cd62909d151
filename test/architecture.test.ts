/** The rules of this code base that no linter knows. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ADDRESS } from '../deploy/release/addresses.ts'
import { configurationPage } from '../docs/configuration.ts'
import { metricsPage } from '../docs/metrics.ts'
import { EVENTS } from '../src/telemetry/events.ts'
import { ALERT_NAMES } from '../src/watch/alerts/names.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const read = (file: string) => fs.readFileSync(path.join(ROOT, file), 'utf8')
const filesIn = (folder: string, ending: RegExp) =>
  fs
    .readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter(file => ending.test(file))
    .map(file => path.posix.join(folder, file))
const SOURCES = filesIn('src', /\.ts$/)

/** Files at the top of src/ that every folder may import. */
const COMMON = /^(errors|clock|disk|proxies|plain-text|loopback|nearest|version|service)$/
const CONTRACTS =
  /^(log\/(log|assignment|retention|status-board|record-hash|log-time)|store\/(store|sql|exact-sums|query-errors|trade-order|since-offsets))$/

/** What the files of each folder may import from other folders, in the order of a tick's way; nobody imports downwards. */
const MAY_IMPORT: Record<string, RegExp[]> = {
  settings: [/^venues\/index$/],
  tick: [],
  telemetry: [],
  venues: [/^tick\//],
  store: [/^tick\/kinds$/],
  log: [/^tick\/(records|json)$/, /^telemetry\/events$/],
  sources: [
    /^(tick|telemetry)\//,
    /^venues\/(book\/.*|venue|index|read-trade|repair\/repairer|retry-after|instruments)$/,
    /^log\/(log|status-board)$/,
  ],
  audit: [CONTRACTS, /^tick\/kinds$/],
  coverage: [/^tick\/(kinds|id-kind)$/, /^audit\/quote-proofs$/, CONTRACTS],
  ingest: [/^(tick|telemetry|audit)\//, CONTRACTS],
  proof: [/^tick\/id-kind$/],
  archive: [/^tick\/(kinds|id-kind)$/, /^telemetry\//, /^proof\//, CONTRACTS, /^store\/embedded\/files$/],
  reconcile: [/^tick\//, /^venues\/candles\/candles$/, /^store\/(sql|exact-sums)$/],
  backfill: [/^(tick|reconcile)\//, CONTRACTS, /^sources\/recording\/symbol-buffers$/],
  simulator: [/^venues\//],
  replay: [/^(tick|venues)\//, CONTRACTS, /^sources\/recording\/symbol-buffers$/],
  lab: [
    /^tick\//,
    /^venues\/(index|venue)$/,
    /^replay\/(range|stored-ticks|time-chunks|timeline)$/,
    /^simulator\/random$/,
    CONTRACTS,
  ],
  status: [
    /^(telemetry|audit)\//,
    /^venues\/index$/,
    CONTRACTS,
    /^sources\/(status|connection\/status|control\/choices|subscription\/symbol-states)$/,
    /^ingest\/ingest$/,
    /^archive\/archive$/,
  ],
  serve: [
    /^(tick|telemetry|audit|coverage|status)\//,
    CONTRACTS,
    /^sources\/(status|metrics|control\/choices|subscription\/symbol-states)$/,
    /^ingest\/(ingest|reprocess\/(quarantine|reprocess))$/,
    /^archive\/(archive|metrics)$/,
    /^lab\/(results\/tables|portfolio\/shape)$/,
  ],
  watch: [/^(telemetry|status|proof)\//, /^sources\/connection\/status$/, /^(config|environment)$/],
  launcher: [/^(tick|venues|telemetry|sources|log|simulator)\//, /^config$/],
  modes: [
    /^(tick|venues|telemetry|sources|log|store|audit|ingest|coverage|archive|status|serve|launcher|watch)\//,
    /^config$/,
  ],
  commands: [
    /^(tick|telemetry|log|store|audit|coverage|ingest|proof|archive|status|replay|reconcile|backfill|lab|watch)\//,
    /^(venues\/(index|venue|candles\/candles)|sources\/rest\/(hosts|kept-pauses))$/,
    /^(config|settings)$/,
  ],
}

/** Folder of src/, or of web/src/, that a path below it is in; empty at its top. */
const folderOf = (file: string) => (file.includes('/') ? file.slice(0, file.indexOf('/')) : '')

function importsOf(file: string): string[] {
  const found = read(file).matchAll(/(?:from|import) '(\.[^']+)'/g)
  return [...found].map(([, target]) => path.posix.join(path.posix.dirname(file), target!))
}

test('imports point down the way of a tick, and a folder knows only the contracts of others', () => {
  const folders = new Set(SOURCES.map(file => folderOf(file.slice(4))))
  assert.deepEqual(Object.keys(MAY_IMPORT).sort(), [...folders].filter(Boolean).sort())
  for (const file of SOURCES) {
    const folder = folderOf(file.slice(4))
    if (folder === '') continue
    for (const target of importsOf(file)) {
      const name = target.replace(/^src\//, '').replace(/\.ts$/, '')
      const fine = folderOf(name) === folder || [COMMON, ...MAY_IMPORT[folder]!].some(pattern => pattern.test(name))
      assert.ok(fine, `${file} imports ${name}`)
    }
  }
})

test("the lab's statistics import only each other", () => {
  const files = SOURCES.filter(file => file.startsWith('src/lab/statistics/'))
  assert.ok(files.length > 10)
  for (const file of files) {
    for (const target of importsOf(file))
      assert.ok(target.startsWith('src/lab/statistics/'), `${file} imports ${target}`)
  }
})

test('a contract imports no implementation', () => {
  const contracts = SOURCES.filter(file => CONTRACTS.test(file.slice(4, -3)))
  assert.ok(contracts.length >= 10)
  for (const file of contracts) {
    for (const target of importsOf(file)) {
      const name = target.replace(/^src\//, '').replace(/\.ts$/, '')
      assert.ok(
        [COMMON, CONTRACTS, /^tick\//].some(pattern => pattern.test(name)),
        `${file} imports ${name}`,
      )
    }
  }
})

test('no files import each other in a circle, types included', () => {
  const seen = new Set<string>()
  const visit = (file: string, way: readonly string[]): void => {
    assert.ok(!way.includes(file), [...way, file].join(' → '))
    if (seen.has(file)) return
    for (const target of importsOf(file)) visit(target, [...way, file])
    seen.add(file)
  }
  for (const file of [...SOURCES, ...filesIn('web/src', /\.tsx?$/)]) {
    if (/\.(ts|tsx)$/.test(file)) visit(file, [])
  }
})

test('the Kafka client is loaded only by a process whose log is on Kafka: it is half of all modules', () => {
  const within = SOURCES.filter(file => file.startsWith('src/log/kafka/'))
  assert.ok(within.some(file => read(file).includes("'@platformatic/kafka'")))
  for (const file of SOURCES.filter(file => !within.includes(file))) {
    for (const target of importsOf(file)) assert.ok(!within.includes(target), `${file} imports ${target}`)
    assert.ok(!read(file).includes("'@platformatic/kafka'"), file)
  }
})

test('no folder holds more than 14 source files', () => {
  const counts = Map.groupBy([...SOURCES, ...filesIn('web/src', /\.tsx?$/)], file => path.posix.dirname(file))
  for (const [folder, files] of counts) assert.ok(files.length <= 14, `${folder}: ${files.length}`)
})

test('no source file has grown beyond 300 lines', () => {
  for (const file of SOURCES) assert.ok(read(file).split('\n').length <= 301, file)
})

test('no age is taken by a clock that may be set: elapsed time is performance.now(), or a Clock', () => {
  for (const file of SOURCES) assert.doesNotMatch(read(file), /Date\.now\(\) - (this\.)?#|\w+ - Date\.now\(\) >/, file)
})

test('ticks are compared with times of their own type: with a DateTime the engine loses those of a whole second', () => {
  // Table coverage has hours, records have seconds: those are DateTime.
  const own = /\b(hour|day|log_day|logged_at|closed_before) (<|>) /
  for (const file of SOURCES)
    for (const line of read(file).split('\n'))
      if (!own.test(line))
        assert.doesNotMatch(
          line,
          /[\w}] (<|>) (fromUnixTimestamp\(|toDateTime\(|now\(\) - INTERVAL)/,
          `${file}: ${line}`,
        )
})

test('a module that is loaded by its address has the one form that deploy/release/build.ts compiles', () => {
  for (const file of SOURCES) {
    const code = read(file).replace(/^\s*(?:\/?\*|\/\/).*$/gm, '')
    const others = code.replace(ADDRESS, '').replace(/(?:from |import |import\()'[^']+\.ts'/g, '')
    assert.doesNotMatch(others, /\.ts['"`]/, file)
  }
})

test('a timer of computed length is no longer than a timer can be: see timerMs in src/clock.ts', () => {
  const computed = /\bset(?:Timeout|Interval)\([^\n]*, (?:ms|waitMs|\w+dMs)\)$|^\s*\}, ms\)$/m
  for (const file of SOURCES.filter(name => /^src\/(sources|log|ingest|archive|watch)\//.test(name)))
    assert.doesNotMatch(read(file), computed, file)
})

test('every event that is defined is told somewhere', () => {
  const code = SOURCES.filter(file => !file.endsWith('telemetry/events.ts'))
    .map(read)
    .join('\n')
  for (const name of Object.keys(EVENTS)) assert.ok(code.includes(`'${name}'`), name)
})

test('docs/configuration.md is what the schema prints: run npm run docs', () => {
  assert.equal(read('docs/configuration.md'), configurationPage())
})

test('every alert of the watcher has its section in docs/watch.md', () => {
  const sections = [...read('docs/watch.md').matchAll(/^### (\w+)$/gm)].map(([, name]) => name!)
  const named = filesIn('src/watch/alerts', /\.ts$/)
    .flatMap(file => [...read(file).matchAll(/^\s+name: '(\w+)'/gm)])
    .map(([, name]) => name!)
  assert.deepEqual([...new Set(named)].sort(), sections.toSorted())
  assert.deepEqual(ALERT_NAMES, sections)
})

test('docs/metrics.md is what the figures print: run npm run docs', () => {
  assert.equal(read('docs/metrics.md'), metricsPage())
})

test('the tree in the README is the real one', () => {
  const tree = [...read('README.md').matchAll(/^(src\/[\w.-]+\/?|web\/|dashboards\/|bench\/|test\/|docs\/) /gm)].map(
    ([, place]) => place!.replace(/\/$/, ''),
  )
  for (const place of tree) assert.ok(fs.existsSync(path.join(ROOT, place)), place)
  const folders = fs.readdirSync(path.join(ROOT, 'src'), { withFileTypes: true }).filter(entry => entry.isDirectory())
  for (const { name } of folders) assert.ok(tree.includes(`src/${name}`), `src/${name} is not in the README`)
})

test('every link between the documents leads somewhere', () => {
  for (const file of ['README.md', ...filesIn('docs', /\.md$/)]) {
    for (const [, link] of read(file).matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      assert.ok(fs.existsSync(path.join(ROOT, path.dirname(file), link!)), `${file} links to ${link}`)
    }
  }
})

test('every source file that a comment or a document names is there', () => {
  const ours = fs.globSync('{src,web,test,bench,docs,dashboards,deploy,bin}/**/*.{ts,tsx}', {
    cwd: ROOT,
    exclude: name => ['node_modules', 'cdk.out'].includes(path.basename(name)),
  })
  const texts = [...ours, 'README.md', ...filesIn('docs', /\.md$/), ...filesIn('src', /\.sql$/)]
  for (const file of texts.filter(name => name !== 'test/architecture.test.ts')) {
    const words = /\.ts/.test(path.extname(file))
      ? [...read(file).matchAll(/^\s*(?:\/\*\*|\*|\/\/).*$/gm)].join('\n')
      : read(file)
    for (const [named] of words.matchAll(/(?<!\w)[\w./-]+\.tsx?\b/g)) {
      const name = named.replace(/^[./]+/, '')
      assert.ok(
        // A user's file, in examples.
        ['test.ts', 'my-venue.ts', 'my-strategy.ts'].includes(name) ||
          ours.some(each => each === name || each.endsWith(`/${name}`)),
        `${file} names ${named}`,
      )
    }
  }
})

/** Hashes of these cannot be asked of every registry mirror: see docs/decisions/dependencies.md. */
const WITHOUT_INTEGRITY = ['@chdb/lib-darwin-arm64', '@chdb/lib-darwin-x64', '@chdb/lib-linux-arm64-gnu']

test('every package of the lock file has an integrity', () => {
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, { integrity?: string }> }
  const without = Object.entries(packages)
    .filter(([where, { integrity }]) => where !== '' && !integrity?.startsWith('sha512-'))
    .map(([where]) => where.replace('node_modules/', ''))
  assert.deepEqual(without, WITHOUT_INTEGRITY)
})

test('no file holds a conflict marker', () => {
  const notOurs = ['node_modules', '.git', 'data', 'dist', 'cdk.out']
  const files = fs.globSync('**/*', { cwd: ROOT, exclude: name => notOurs.includes(path.basename(name)) })
  assert.ok(files.length > 400)
  const marker = /^(<{7}|\|{7}|>{7})( |$)|^={7}$/m
  for (const file of files) {
    if (!fs.statSync(path.join(ROOT, file), { throwIfNoEntry: false })?.isFile()) continue
    assert.ok(!marker.test(fs.readFileSync(path.join(ROOT, file), 'latin1')), file)
  }
})

test('every test that docs/decisions/promises.md names is there', () => {
  const named = [...read('docs/decisions/promises.md').matchAll(/`([\w/-]+): ([^`]+)`/g)]
  assert.ok(named.length > 50)
  for (const [, file, title] of named) {
    const path = [`test/${file}.test.ts`, `test/${file}.ts`].find(path => fs.existsSync(`${ROOT}${path}`))
    assert.ok(path, file)
    assert.ok(read(path).includes(title!), `${file}: ${title}`)
  }
})
