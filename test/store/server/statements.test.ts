/** Without a cluster to run them: the engine's own parser checks the statements for one. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { schemaStatements } from '../../../src/store/schema/definitions.ts'
import { guardedInsert, idBeginsWith, onCluster, queryIdPrefix } from '../../../src/store/server/statements.ts'
import { openTestStore, type TestStore } from '../../support/data/storage.ts'

let opened: TestStore
before(async () => {
  opened = await openTestStore()
})
after(() => opened.remove())

/** The statement as the parser understood it, on one line. Throws where it is none. */
async function parsed(query: string): Promise<string> {
  const [row] = await opened.store.rows<{ text: string }>('SELECT formatQuerySingleLine({query:String}) AS text', {
    query,
  })
  return row!.text
}

test('each statement of the schema, rendered for a cluster, runs on all servers, and each table is replicated', async () => {
  for (const statement of schemaStatements()) {
    const before = await parsed(statement)
    const rendered = await parsed(onCluster(statement, 'main'))
    assert.match(rendered, /^CREATE (TABLE IF NOT EXISTS|OR REPLACE VIEW) \w+ ON CLUSTER main /)
    if (before.startsWith('CREATE TABLE'))
      assert.match(
        rendered,
        /ENGINE = Replicated\w*MergeTree\('\/clickhouse\/tables\/\{shard\}\/\{database\}\/\{table\}', '\{replica\}'/,
      )
    const undone = rendered
      .replace(' ON CLUSTER main', '')
      .replace(/ENGINE = Replicated(\w*MergeTree)\('[^']*', '\{replica\}'(?:, )?/, 'ENGINE = $1(')
      .replace(/(ENGINE = \w+)\(\)/, '$1')
    assert.equal(undone, before)
  }
})

test('a column that is added to a table is added on all servers of a cluster', async () => {
  const statement = 'ALTER TABLE trades ADD COLUMN IF NOT EXISTS x UInt8 DEFAULT 0 AFTER venue'
  assert.match(await parsed(onCluster(statement, 'main')), /^ALTER TABLE trades ON CLUSTER main \(?ADD COLUMN/)
})

test('a table that keeps the newest of its rows keeps its version column when it is replicated', async () => {
  const gaps = schemaStatements().find(statement => /CREATE TABLE IF NOT EXISTS gaps/.test(statement))!
  assert.match(onCluster(gaps, 'main'), /^ENGINE = ReplicatedReplacingMergeTree\('.*', '\{replica\}', changed_at\)$/m)
})

test('what ends and synchronises a partition’s inserts is understood by the parser, for a server and for a cluster', async () => {
  const ours = idBeginsWith(queryIdPrefix('my_market', 3))
  assert.equal(
    await parsed(`KILL QUERY WHERE ${ours} SYNC`),
    String.raw`KILL QUERY WHERE query_id LIKE 'tickhouse-my\\_market-3-%' SYNC`,
  )
  await parsed(`KILL QUERY ON CLUSTER 'main' WHERE ${ours} SYNC`)
  await parsed(`SELECT count() AS running FROM clusterAllReplicas('main', system.processes) WHERE ${ours}`)
  assert.match(await parsed("SYSTEM SYNC REPLICA ON CLUSTER 'main' trades LIGHTWEIGHT"), /LIGHTWEIGHT$/)
})

test('ids of other partitions and of databases with a like name are not meant', async () => {
  const ours = idBeginsWith(queryIdPrefix('my_market', 3))
  const ids = ['tickhouse-my_market-3-7-a', 'tickhouse-my_market-33-7-a', 'tickhouse-myxmarket-3-7-a', 'x']
  const rows = await opened.store.rows<{ query_id: string }>(
    `SELECT arrayJoin({ids:Array(String)}) AS query_id WHERE ${ours}`,
    { ids },
  )
  assert.deepEqual(
    rows.map(({ query_id }) => query_id),
    ids.slice(0, 1),
  )
})

test('a guarded insert is one statement, also with quotes in the types', async () => {
  const columns = [
    { name: 'at', type: "DateTime64(9, 'UTC')", filled: '' },
    { name: 'side', type: "Enum8('unknown' = 0, 'buy' = 1)", filled: '' },
  ]
  const statement = guardedInsert('trades', columns, 'Native', { partition: 3, epoch: 7 })
  assert.match(
    await parsed(statement.replace(/ FORMAT Native$/, '')),
    /^INSERT INTO trades \(at, side\) SELECT at, side FROM input\('at DateTime64\(9, .+ WHERE \(SELECT max\(epoch\) FROM epochs WHERE log_partition = 3\) = 7$/,
  )
})
