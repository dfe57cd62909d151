/**
 * The image and the composition, run for real: every command of docs/container.md and docs/deploy.md as it is written
 * there, every stage killed, all of it taken down and brought up again. Not part of `npm test`: it takes some minutes.
 * `npm run test:containers`.
 */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { commandsOf } from '../support/documents.ts'
import type { Outcome } from '../support/processes/outcome.ts'
import { Docker } from './docker.ts'

const STATIONS = ['record', 'ingest', 'serve', 'archive', 'watch']
const COMPOSE = 'docker compose -f deploy/compose.yaml'
const WAIT_MS_MAX = 180_000

const started = Docker.start()
const docker = started as Docker
after(() => {
  if (started instanceof Docker) started.stop()
})

async function succeeds(outcome: Promise<Outcome>, line = ''): Promise<string> {
  const { code, text, stdout } = await outcome
  assert.equal(code, 0, `${line}\n${text.slice(-4000)}`)
  return stdout
}

const run = (line: string) => succeeds(docker.run(line), line)

/** Resolves once the check returns no problem; rejects with the last one. */
async function until(work: () => Promise<string | undefined>): Promise<void> {
  const endMs = performance.now() + WAIT_MS_MAX
  for (;;) {
    const wrong = await work()
    if (wrong === undefined) return
    if (performance.now() > endMs) throw new Error(wrong)
    await sleep(1000)
  }
}

const statusOf = async (url: string) =>
  (await docker.runInside(`curl -s -o /dev/null -w '%{http_code}' '${url}'`)).stdout

describe('containers', { skip: started instanceof Docker ? false : started }, () => {
  test('one container does what docs/container.md describes, and resumes after a crash', async () => {
    const [build, start, token, ...others] = commandsOf('container.md')
    assert.deepEqual(others, [])
    await run(build!)
    await run(start!)
    const secret = (await run(token!)).trim()
    assert.match(secret, /^[0-9a-f]{32}$/)
    const page = 'http://127.0.0.1:8080/'
    await until(async () => {
      const status = await statusOf(`${page}ready`)
      return status === '200' ? undefined : `not ready: ${status} ${(await docker.run('docker logs tickhouse')).text}`
    })
    assert.equal(await statusOf(page), '403')
    assert.equal(await statusOf(`${page}?token=${secret}`), '200')
    const tickhouse = 'docker exec tickhouse node bin/tickhouse.js'
    const stored = async () => Number(await run(`${tickhouse} query "SELECT count() FROM trades FORMAT TSV"`))
    await until(async () => ((await stored()) > 0 ? undefined : 'nothing is stored'))
    assert.match(await run(`${tickhouse} doctor`), /Log and store agree\./)
    assert.match(await run('docker exec tickhouse cat LICENSE'), /Apache License/)
    const before = await stored()
    await run('docker kill tickhouse && docker start tickhouse')
    await until(async () => ((await stored().catch(() => 0)) > before ? undefined : 'nothing more is stored'))
    assert.match(await run(`${tickhouse} doctor`), /Log and store agree\./)
    const startedMs = performance.now()
    await run('docker stop --time 60 tickhouse')
    assert.ok(performance.now() - startedMs < 30_000, 'it stops within the 30 s that the document gives it')
    assert.equal((await run('docker inspect -f {{.State.ExitCode}} tickhouse')).trim(), '0')
    await run('docker rm -v tickhouse')
  })

  test('all of it comes up by docs/deploy.md, and each command there works while ticks are stored', async () => {
    // Its image is that of the stages; it replaces ClickHouse before any stage starts.
    await run('docker tag tickhouse tickhouse:0.0.0-container')
    docker.standInForClickHouse('tickhouse:0.0.0-container')
    const commands = commandsOf('deploy.md')
    const [environment, up, showToken, ...everyDay] = commands
    await run(environment!)
    await run("echo 'TICKHOUSE_SOURCES=simulator:BTCUSDT,ETHUSDT?rate=200' >> deploy/.env")
    await run(up!)
    assert.match(await run(showToken!), /TICKHOUSE_TOKEN=[0-9a-f]{32}/)
    await until(async () => ((await count()) > 0 ? undefined : 'nothing is stored'))
    const upgrade = everyDay.pop()!
    assert.match(upgrade, /^git pull && .* up -d --build --wait$/)
    for (const line of everyDay) {
      const follows = line.includes(' -f --since')
      const { code, text } = await docker.run(follows ? `timeout 5 ${line}` : line.replace(' exec ', ' exec -T '))
      assert.equal(code, follows ? 124 : 0, `${line}\n${text}`)
      if (line.endsWith(' doctor')) assert.match(text, /Log and store agree\./)
      if (line.endsWith('archive status')) assert.match(text, /^s3:\/\/tickhouse\/market: /m)
    }
    // Hours are long, days that are over are archived in the next round: put into the bucket, read back, compared.
    const password = (await run("sed -n 's/^CLICKHOUSE_PASSWORD=//p' deploy/.env")).trim()
    await succeeds(
      docker.runInside(
        `curl -sS --fail --user tickhouse:${password} 'http://127.0.0.1:8123/?database=tickhouse' --data-binary ` +
          "'INSERT INTO events SELECT * REPLACE (at - INTERVAL 2 DAY AS at) FROM events LIMIT 5'",
      ),
    )
    await until(async () => {
      const text = await run(`${COMPOSE} exec -T archive node bin/tickhouse.js archive status`)
      return /^s3:\/\/tickhouse\/market: [1-9]/m.test(text) ? undefined : text
    })
    const before = await containers()
    await run(`${COMPOSE} up -d --wait`)
    assert.deepEqual(await containers(), before, 'nothing is started again where nothing has changed')
    await run(upgrade.replace('git pull && ', ''))
  })

  test('each crashed stage is restarted and resumes', async () => {
    for (const station of STATIONS) {
      const restarts = async () =>
        Number(await run(`docker inspect -f {{.RestartCount}} $(${COMPOSE} ps -q ${station})`))
      const before = await restarts()
      // Every process but the container's first, which only waits for them.
      await docker.run(`${COMPOSE} exec -T ${station} sh -c 'kill -9 -1'`)
      await until(async () => ((await restarts()) > before ? undefined : `${station} was not started again`))
      await until(async () => {
        const health = (await run(`docker inspect -f {{.State.Health.Status}} $(${COMPOSE} ps -q ${station})`)).trim()
        return health === 'healthy' ? undefined : `${station} is ${health}`
      })
    }
    const before = await count()
    await until(async () => ((await count()) > before ? undefined : 'nothing more is stored'))
  })

  test('deploy/rollout.sh replaces every stage by another image; one that does not work is rolled back, and recording goes on', async () => {
    const image = await run(`docker inspect -f {{.Config.Image}} $(${COMPOSE} ps -q serve)`)
    const build = async (name: string, ...lines: string[]) => {
      const file = [`FROM ${image.trim()}`, ...lines].join('\n')
      await run(`echo '${file}' | docker build --quiet --tag ${name} -`)
    }
    const images = async () =>
      Promise.all(
        STATIONS.map(async stage => (await run(`docker inspect -f {{.Image}} $(${COMPOSE} ps -q ${stage})`)).trim()),
      )
    const recorder = async () => (await run(`${COMPOSE} ps -q record`)).trim()

    // Its ingest starts and never becomes ready; the other stages work.
    await build(
      'tickhouse:0.0.0-silent',
      'ENTRYPOINT ["sh", "-c", "[ $0 != ingest ] || exec sleep 600; exec node bin/tickhouse.js $0"]',
    )
    const [imagesBefore, recorderBefore] = [await images(), await recorder()]
    const { code, text: why } = await docker.run('deploy/rollout.sh tickhouse:0.0.0-silent 40')
    assert.equal(code, 1, why)
    assert.match(why, /ingest does not work with tickhouse:0.0.0-silent; going back/)
    assert.match(why, /rolled back: every stage runs the image that it ran before/)
    assert.deepEqual(await images(), imagesBefore, why)
    assert.equal(await recorder(), recorderBefore, 'the recorder was not touched')

    await build('tickhouse:0.0.0-next', 'LABEL next=1')
    // Its gate needs an archiver that has had a round since it was replaced.
    await until(async () => {
      const { code, text } = await docker.run(`${COMPOSE} exec -T serve node bin/tickhouse.js status`)
      return code === 0 ? undefined : text
    })
    const text = await run('deploy/rollout.sh tickhouse:0.0.0-next 300')
    assert.match(text, /handover_proved/)
    assert.match(text, /rollout\.sh: done/)
    const next = (await run('docker inspect -f {{.Id}} tickhouse:0.0.0-next')).trim()
    assert.deepEqual(
      await images(),
      STATIONS.map(() => next),
    )
    const before = await containers()
    await run(`${COMPOSE} up -d --wait`)
    assert.deepEqual(await containers(), before, 'the next `up` keeps the image')
    // What was recorded over all this is judged by the next test.
  })

  test('down and up again, everything goes on, and every tick is stored once or known to be missing', async () => {
    const before = await count()
    await run(`${COMPOSE} down`)
    await run(`${COMPOSE} up -d --wait`)
    await until(async () => ((await count()) > before ? undefined : 'nothing more is stored'))
    await run(`${COMPOSE} stop record`)
    await until(async () => {
      const { text } = await docker.run(`${COMPOSE} exec -T serve node bin/tickhouse.js doctor`)
      return /^lag /m.test(text) ? text : undefined
    })
    assert.match(await run(`${COMPOSE} exec -T serve node bin/tickhouse.js doctor`), /Log and store agree\./)
    // Each recorder has a simulated exchange of its own, whose trades are another run of ids.
    const [sums] = await rows<{ doubled: string; holes: string; known: string }>(
      `SELECT toString(sum(ticks - ids)) AS doubled, toString(sum(span - ids)) AS holes,
         toString((SELECT sum(missing) FROM gaps FINAL WHERE state = 'open')) AS known
       FROM (SELECT count() AS ticks, uniqExact(trade_id) AS ids, max(trade_id) - min(trade_id) + 1 AS span FROM trades GROUP BY symbol, id_run)`,
    )
    assert.equal(sums!.doubled, '0')
    assert.equal(sums!.holes, sums!.known)
    // Every log line of a stage is JSON, also the last ones of stopped stages.
    for (const station of STATIONS)
      for (const line of (await run(`${COMPOSE} logs --no-log-prefix ${station}`)).trim().split('\n')) JSON.parse(line)
    await run(`${COMPOSE} down -v`)
  })
})

async function rows<T>(query: string): Promise<T[]> {
  const line = `${COMPOSE} exec -T serve node bin/tickhouse.js query ${JSON.stringify(`${query.replace(/\s+/g, ' ')} FORMAT JSONEachRow`)}`
  return (await run(line))
    .trim()
    .split('\n')
    .filter(Boolean)
    .map(text => JSON.parse(text) as T)
}

const count = async () => (await rows<{ count: number }>('SELECT toUInt32(count()) AS count FROM trades'))[0]!.count

/** The containers of the composition, by id. */
const containers = async () => (await run(`${COMPOSE} ps -q`)).trim().split('\n').sort()
