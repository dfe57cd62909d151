import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { doctor } from '../../../src/commands/doctor.ts'
import { quarantine } from '../../../src/commands/quarantine.ts'
import { query } from '../../../src/commands/query.ts'
import { coverage } from '../../../src/commands/running/coverage.ts'
import { listGaps } from '../../../src/commands/running/gaps.ts'
import { requestInstance } from '../../../src/commands/running/instance-request.ts'
import { changeSources, listSources } from '../../../src/commands/running/sources.ts'
import { status } from '../../../src/commands/running/status.ts'
import { upgrade } from '../../../src/commands/running/upgrade.ts'
import { type Config, parseConfig } from '../../../src/config.ts'
import { freePort } from '../../support/servers/free-port.ts'

const COMMANDS: Record<string, (config: Config) => Promise<unknown>> = {
  status: config => status(config, {}),
  sources: listSources,
  'sources add': config => changeSources(config, { add: 'binance:BTCUSDT' }, {}),
  upgrade,
  gaps: config => listGaps(config, {}),
  coverage: config => coverage(config, [], {}),
  quarantine: config => quarantine(config, {}),
  query: config => query(config, 'SELECT 1'),
  doctor,
}

async function answering(t: TestContext, answer: RequestListener): Promise<Config> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.closeAllConnections())
  t.after(() => server.close())
  return parseConfig({ LISTEN: `127.0.0.1:${(server.address() as AddressInfo).port}` }, {})
}

test('a command says in a sentence that the process ended before it had answered', async t => {
  const config = await answering(t, (_, response) => {
    response.writeHead(200, { 'content-length': 1000 }).write('{')
    setImmediate(() => response.destroy())
  })
  for (const [name, run] of Object.entries(COMMANDS))
    await assert.rejects(run(config), { code: 'process_unreachable', message: /ended before it had answered/ }, name)
})

test('a command that expects JSON says in a sentence that another program answers', async t => {
  const config = await answering(t, (_, response) => response.end('<html>Welcome</html>'))
  for (const name of ['status', 'sources', 'sources add', 'upgrade', 'quarantine'])
    await assert.rejects(COMMANDS[name]!(config), {
      code: 'process_unreachable',
      message: /is not a tickhouse: HTTP 200/,
    })
})

test('a failure that is no JSON of a tickhouse is shown as it is', async t => {
  for (const text of ['Bad gateway', 'null', '[]']) {
    const config = await answering(t, (_, response) => response.writeHead(502).end(text))
    for (const name of ['coverage', 'query'])
      await assert.rejects(COMMANDS[name]!(config), { code: 'query_failed', message: text })
  }
})

test('a command says in a sentence, with the next step, that nothing listens', async () => {
  const config = parseConfig({ LISTEN: `127.0.0.1:${await freePort()}` }, {})
  for (const [name, run] of Object.entries(COMMANDS).filter(([name]) => name !== 'doctor'))
    await assert.rejects(
      run(config),
      { code: 'process_unreachable', message: /no tickhouse answers at 127/, advice: /TICKHOUSE_LISTEN/ },
      name,
    )
})

test('lines of an answer are read whole wherever its parts end', async t => {
  const config = await answering(t, async (_, response) => {
    for (const part of ['one\ntw', 'o\n', '\nthree €', '€']) {
      response.write(part)
      await new Promise(resolve => setImmediate(resolve))
    }
    response.end()
  })
  const lines: string[] = []
  for await (const line of (await requestInstance(config, '/')).lines()) lines.push(line)
  assert.deepEqual(lines, ['one', 'two', '', 'three €€'])
})
