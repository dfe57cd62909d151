/** Clients of other languages, each with its own library, as untrusted clients. */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { fetched, fetchedJars, fetching } from '../../../support/data/fetched.ts'
import { pythonWith } from '../../../support/processes/python.ts'
import { openSqlServer, type SqlServer, TOKEN } from '../../../support/processes/sql-server.ts'

const CLIENTS = fileURLToPath(new URL('../../../support/clients/', import.meta.url))
const FETCH_MS_MAX = 540_000
const run = promisify(execFile)

let sqlServer: SqlServer
before(async () => {
  sqlServer = await openSqlServer()
})
after(() => sqlServer.close())

/** Skips with a reason if a program is missing; in CI it is required. */
function without(...programs: string[]): string | false {
  const missing = programs.filter(program => spawnSync(program, ['version'], { stdio: 'ignore' }).error)
  return missing.length > 0 && process.env.CI !== 'true' && `${missing.join(', ')} not found`
}

test('Python: clickhouse-connect', { skip: without('python3', 'pip'), timeout: FETCH_MS_MAX }, async () => {
  const python = await pythonWith('clickhouse-connect~=1.12')
  const { hostname, port } = new URL(sqlServer.url)
  const { stdout } = await run(
    python.command,
    [path.join(CLIENTS, 'clickhouse_connect_client.py'), hostname, port, TOKEN],
    {
      env: { ...process.env, PYTHONPATH: python.path, PYTHONDONTWRITEBYTECODE: '1' },
    },
  )
  const said = JSON.parse(stdout)
  assert.equal(said.ping, true)
  assert.deepEqual(said.parameters, [["it's\ta\nb", 7]])
  assert.deepEqual([said.streamed, said.gzip, said.zstd], [1_000_000, 499_500, 499_500])
  assert.match(said.error, /code: 60,/)
  assert.match(said.refused, /code: 516,/)
  assert.match(said.outside, /code: 497,/)
})

test('Go: clickhouse-go over HTTP', { skip: without('go'), timeout: FETCH_MS_MAX }, async () => {
  const place = await fetched('clickhouse-go-2.50.0', directory =>
    fetching('go', ['build', '-C', path.join(CLIENTS, 'go'), '-o', path.join(directory, 'client'), '.']),
  )
  const { stdout } = await run(path.join(place, 'client'), [new URL(sqlServer.url).host, TOKEN])
  const said = JSON.parse(stdout)
  assert.equal(said.ping, true)
  assert.deepEqual(said.parameters, ["it's", 7])
  assert.deepEqual([said.none, said.gzip], [1_000_000, 1_000_000])
  assert.match(said.error, /code: 60,/)
  assert.equal(said.typed, true)
  assert.match(said.refused, /code: 516,/)
  assert.match(said.outside, /code: 497,/)
})

test('Java: the JDBC driver that DBeaver uses', { skip: without('java', 'mvn'), timeout: FETCH_MS_MAX }, async () => {
  const classPath = await fetchedJars('clickhouse-jdbc-0.9.4', [
    'com.clickhouse:clickhouse-jdbc:0.9.4:all',
    'org.slf4j:slf4j-api:2.0.17',
  ])
  const source = path.join(CLIENTS, 'java', 'JdbcClient.java')
  const { stdout } = await run('java', ['-cp', classPath, source, new URL(sqlServer.url).host, TOKEN])
  const said = stdout.trim().split('\n')
  assert.deepEqual(said.slice(0, 3), ['valid true', "parameters it's 7", 'streamed 1000000'])
  assert.match(said[3]!, /^tables .*\btrades\b/)
  assert.match(said[4]!, /^columns \d\d$/)
  assert.match(said[5]!, /Code: 60\. .*\(UNKNOWN_TABLE\)/)
  assert.match(said[6]!, /Code: 497\. .*\(ACCESS_DENIED\)/)
  assert.match(said[7]!, /^refused .*Code: 516\./)
})
