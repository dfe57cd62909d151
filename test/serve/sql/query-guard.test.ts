import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { ClickHouseError } from '@clickhouse/client'
import fc from 'fast-check'
import { TickhouseError } from '../../../src/errors.ts'
import { isAllowedFunction, listedFunctions } from '../../../src/serve/sql/guard-lists.ts'
import { QueryGuard } from '../../../src/serve/sql/query-guard.ts'
import { openTestStore, type TestStore } from '../../support/data/storage.ts'

let house: TestStore
let gate: QueryGuard
/** A file whose content would show that it was read. */
let secretFile: string
const SECRET = 'kept-from-strangers'

before(async () => {
  house = await openTestStore()
  secretFile = path.join(os.tmpdir(), `tickhouse-secret-${process.pid}.txt`)
  fs.writeFileSync(secretFile, SECRET)
  gate = new QueryGuard(query => house.store.untrusted(query, 'TSVRaw'))
})
after(async () => {
  fs.rmSync(secretFile, { force: true })
  await house.remove()
})

async function answer(query: string, parameters: Record<string, string> = {}): Promise<string> {
  const admitted = await gate.admit(query, parameters)
  return Buffer.from(await house.store.untrusted(admitted.query, 'TSV')).toString()
}

async function assertRefused(query: string, parameters: Record<string, string> = {}): Promise<void> {
  let said: string
  try {
    said = await answer(query, parameters)
  } catch (error) {
    assert.ok(error instanceof TickhouseError || error instanceof ClickHouseError, String(error))
    said = error.message
    assert.ok(!said.includes(SECRET), said)
    return
  }
  assert.fail(`answered: ${said.slice(0, 200)}`)
}

test('every function of the engine is listed', async () => {
  const judged = listedFunctions()
  const named = (...sections: RegExp[]) =>
    [...judged].flatMap(([section, names]) => (sections.some(each => each.test(section)) ? names : []))
  const engine = async (query: string) => (await house.store.rows<{ name: string }>(query)).map(({ name }) => name)
  const sorted = (names: string[]) => [...new Set(names)].sort()
  const ownSyntax = judged.get('allowed syntax')!
  assert.deepEqual(
    sorted([...(await engine('SELECT name FROM system.functions')), ...ownSyntax]),
    sorted(named(/^allowed (?!tables|combinators)/, /^refused (functions|unbounded)/)),
  )
  assert.deepEqual(
    sorted(await engine('SELECT name FROM system.table_functions')),
    sorted(named(/^allowed tables/, /^refused tables/)),
  )
  assert.deepEqual(
    sorted(await engine('SELECT name FROM system.aggregate_function_combinators')),
    sorted(named(/^allowed combinators/)),
  )
  for (const name of named(/^refused (functions|unbounded)/)) assert.ok(!isAllowedFunction(name), name)
})

describe('statements that only read are answered', () => {
  for (const query of [
    'SELECT count() FROM trades',
    'SELECT 1;',
    'SHOW TABLES',
    'SHOW DATABASES',
    'SHOW COLUMNS FROM trades',
    'SHOW CREATE TABLE trades',
    "SHOW FUNCTIONS LIKE 'quantile%'",
    'DESCRIBE trades',
    'EXISTS TABLE trades',
    'EXPLAIN SELECT count() FROM trades',
    'EXPLAIN PIPELINE SELECT count() FROM trades',
    'EXPLAIN indexes = 1 SELECT count() FROM default.trades',
    "WITH x AS (SELECT 'file(1)' AS a) SELECT a FROM x",
    'WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT sum(n) FROM t',
    'SELECT sum(number) FROM numbers(10)',
    "SELECT * FROM candles(venue = 'a', symbol = 'b', seconds = 60)",
    "SELECT * FROM `candles`(venue = 'a', symbol = 'b', seconds = 60)",
    "SELECT 'it\\'s', 'arrayMap(file, x)' AS delta",
    'SELECT name FROM system.tables LIMIT 1',
    'SELECT table_name FROM information_schema.tables LIMIT 1',
    'SELECT 1 FORMAT JSONEachRow',
    'SELECT symbol, count() FROM trades GROUP BY symbol UNION ALL SELECT symbol, 1 FROM quarantine',
    'SELECT quantilesTDigestIf(0.5, 0.99)(price, volume > 1) FROM trades',
    'SELECT avg(price) OVER (PARTITION BY symbol ORDER BY timestamp ROWS BETWEEN 10 PRECEDING AND CURRENT ROW) FROM trades',
    'SELECT a.price FROM trades AS a ASOF LEFT JOIN trades AS b ON a.symbol = b.symbol AND a.timestamp >= b.timestamp',
    'SELECT toStartOfMinute(timestamp) AS t, count() FROM trades GROUP BY t ORDER BY t WITH FILL STEP INTERVAL 1 MINUTE INTERPOLATE',
    'SELECT symbol, groupArray((timestamp, price))[1].2 AS p, arraySum(x -> x * 2, [1, 2]) FROM trades GROUP BY symbol',
    "SELECT JSONExtractFloat('{\"p\": 1.5}', 'p'), JSON_VALUE('{\"p\": 1}', '$.p')",
    'SELECT * EXCEPT (price) REPLACE (volume * 2 AS volume) FROM trades LIMIT 1 BY symbol',
    'SELECT * APPLY(toString) FROM trades',
    "SELECT COLUMNS('price|volume') APPLY(x -> round(x, 2)) FROM trades",
    "SELECT CASE WHEN price > 1 THEN 1 ELSE 2 END, price BETWEEN 1 AND 2, symbol ILIKE 'b%', symbol IN (SELECT symbol FROM trades) FROM trades",
    'SELECT symbol, count() FROM trades GROUP BY ROLLUP (symbol) HAVING count() > 1 QUALIFY row_number() OVER (ORDER BY symbol) = 1',
    'SELECT sumMerge(s) FROM (SELECT sumState(price) AS s FROM trades)',
    "SELECT DATE '2026-01-01' + INTERVAL 1 DAY, extract(YEAR FROM now()), x::Decimal(18, 2) FROM (SELECT 1 AS x)",
    'SELECT argMin(price, (timestamp, trade_id)) AS open FROM trades WHERE NOT empty(symbol)',
    'SELECT count() FROM "default"."trades"',
    'SELECT symbol FROM trades WHERE symbol IN (SELECT symbol FROM default.trades) AND price IN (1, 2) AND symbol NOT IN (venue, symbol)',
    'SELECT (1, 2) IN ((1, 2)), price IN tuple(1, 2), 1 IN [1, 2], NULL IN (NULL) FROM trades',
    'SELECT has(log_index, 1), 2 IN (x) FROM (SELECT [1, 2] AS x, [toUInt64(1)] AS log_index)',
    'WITH a AS (SELECT 1 AS b), c AS (SELECT b AS d FROM a) SELECT d FROM c WHERE d IN a',
    'SELECT * FROM (WITH a AS (SELECT 1 AS b) SELECT b FROM a) AS x JOIN (SELECT 1 AS b) AS y USING (b)',
    'SHOW CREATE VIEW all_trades',
    'EXISTS VIEW default.all_trades',
    'SELECT count() FROM all_trades',
    'SELECT price AS `last price (USD)` FROM trades ORDER BY `last price (USD)`',
    'SELECT version(), currentDatabase(), timezone(), currentUser()',
    "SELECT cluster, url, name FROM values('cluster String, url String, name String', ('a', 'b', 'c'))",
    'SELECT count() FROM trades, LATERAL_NUMBERS AS x'.replace(
      ', LATERAL_NUMBERS AS x',
      ' AS t CROSS JOIN numbers(3) AS n',
    ),
  ]) {
    test(query, () => assert.doesNotReject(answer(query)))
  }

  test('a SETTINGS clause at the end is separated from the statement', async () => {
    for (const query of ["SELECT 1 SETTINGS max_threads = 2, session_timezone = 'UTC' FORMAT JSON"]) {
      const admitted = await gate.admit(query)
      assert.equal(admitted.query.replace(/\s+/g, ' '), 'SELECT 1 FORMAT JSON')
      assert.deepEqual(admitted.settings, { max_threads: '2', session_timezone: 'UTC' })
      assert.equal(admitted.format, 'JSON')
    }
  })

  test('names can be given as parameters', async () => {
    const { query } = await gate.admit('SELECT count() FROM {db:Identifier}.{table:Identifier}', {
      db: 'default',
      table: 'trades',
    })
    assert.equal(query.replace(/\s+/g, ' '), 'SELECT count() FROM default.trades')
  })
})

/** `FILE` stands for the path of the secret. */
const ATTACKS = [
  // Statements that do not read.
  'DROP TABLE trades',
  'TRUNCATE TABLE trades',
  'RENAME TABLE trades TO gone',
  'INSERT INTO log_identity (identity) VALUES (1)',
  "INSERT INTO FUNCTION file('FILE.out', 'TSV', 'a String') SELECT 1",
  'ALTER TABLE trades DELETE WHERE 1',
  'DELETE FROM trades WHERE 1',
  'UPDATE trades SET price = 0 WHERE 1',
  'OPTIMIZE TABLE trades FINAL',
  'CREATE TABLE x (a Int8) ENGINE = Memory',
  'CREATE TEMPORARY TABLE x (a Int8)',
  "CREATE TABLE x (a String) ENGINE = File(TSV, 'FILE')",
  'CREATE VIEW x AS SELECT 1',
  'CREATE FUNCTION x AS a -> a',
  'CREATE DATABASE x',
  "CREATE NAMED COLLECTION x AS a = '1'",
  'CREATE USER x',
  'ATTACH TABLE x',
  'DETACH TABLE trades',
  'EXCHANGE TABLES trades AND gaps',
  "BACKUP TABLE trades TO Disk('a', 'b')",
  'SYSTEM SHUTDOWN',
  'SYSTEM KILL',
  'SYSTEM FLUSH LOGS',
  'SYSTEM STOP MERGES',
  'SET max_threads = 1',
  'SET ROLE x',
  'USE system',
  'KILL QUERY WHERE 1',
  'KILL MUTATION WHERE 1',
  'GRANT ALL ON *.* TO default',
  'SHOW GRANTS',
  'SHOW PROCESSLIST',
  'SHOW USERS',
  'CHECK TABLE trades',
  'BEGIN TRANSACTION',
  'EXPLAIN AST DROP TABLE trades',
  'EXPLAIN SYNTAX INSERT INTO trades SELECT * FROM trades',
  "EXPLAIN TABLE OVERRIDE mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
  // One behind another.
  'SELECT 1; DROP TABLE trades',
  'SELECT 1;;DROP TABLE trades',
  'SELECT 1 -- \n; DROP TABLE trades',
  'SELECT 1 /* ; */ ; DROP TABLE trades',
  'SELECT 1 FORMAT TSV; DROP TABLE trades',
  'SELECT 1 PARALLEL WITH SELECT 2',
  // Files.
  "SELECT 1 INTO OUTFILE 'FILE.out'",
  "SELECT 1 INTO OUTFILE 'FILE.out' AND STDOUT FORMAT TSV",
  "SELECT 1 INTO OUTFILE 'FILE.out' TRUNCATE COMPRESSION 'gzip'",
  "EXPLAIN SELECT 1 INTO OUTFILE 'FILE.out'",
  "SELECT * FROM file('FILE', 'LineAsString')",
  "SELECT * FROM `file`('FILE')",
  'SELECT * FROM "file"(\'FILE\')',
  "SELECT * FROM FILE('FILE', 'LineAsString')",
  "SELECT * FROM fi/**/le('FILE')",
  "SELECT * FROM file /* x */ ('FILE', 'LineAsString')",
  "SELECT file('FILE')",
  "SELECT `file`('FILE')",
  "SELECT (SELECT count() FROM file('FILE', 'LineAsString'))",
  "WITH x AS (SELECT * FROM file('FILE', 'LineAsString')) SELECT * FROM x",
  "WITH (SELECT file('FILE')) AS x SELECT x",
  "SELECT 1 UNION ALL SELECT * FROM file('FILE', 'LineAsString')",
  "(SELECT 1) INTERSECT (SELECT file('FILE'))",
  "EXPLAIN SELECT * FROM file('FILE', 'LineAsString')",
  "EXPLAIN AST SELECT file('FILE')",
  "SELECT * FROM trades WHERE symbol IN (SELECT * FROM file('FILE', 'LineAsString'))",
  "SELECT 'a' IN file('FILE', 'LineAsString')",
  "SELECT 1 FROM trades JOIN file('FILE', 'LineAsString') AS f ON 1",
  "SELECT 1 LIMIT length(file('FILE'))",
  "SELECT 1 ORDER BY file('FILE')",
  "SELECT * FROM trades PREWHERE file('FILE') != ''",
  "SELECT count() FROM trades GROUP BY GROUPING SETS ((file('FILE')))",
  "SELECT a FROM (SELECT 1 AS a) ARRAY JOIN [file('FILE')] AS f",
  "SELECT sum(1) OVER (PARTITION BY file('FILE'))",
  "SELECT number FROM numbers(1) ORDER BY number WITH FILL FROM length(file('FILE')) TO 9",
  "SELECT * FROM view(SELECT file('FILE'))",
  "SELECT * FROM viewIfPermitted(SELECT file('FILE') AS a ELSE null('a String'))",
  "DESCRIBE file('FILE')",
  "DESCRIBE TABLE (SELECT file('FILE'))",
  // Functions that are named, not called.
  "SELECT * APPLY(file) FROM (SELECT 'FILE' AS a)",
  "SELECT * APPLY file FROM (SELECT 'FILE' AS a)",
  "SELECT COLUMNS('a') APPLY(x -> file(x)) FROM (SELECT 'FILE' AS a)",
  "SELECT COLUMNS('a') APPLY(x -> (SELECT * FROM url(x))) FROM (SELECT 'FILE' AS a)",
  "SELECT * REPLACE (file(a) AS a) FROM (SELECT 'FILE' AS a)",
  "SELECT arrayMap(file, ['FILE'])",
  "SELECT arrayMap(x -> file(x), ['FILE'])",
  "SELECT arrayMap(`fi\\x6ce`, ['FILE'])",
  'SELECT arrayMap("fil\\145", [\'FILE\'])',
  "SELECT `a'`, arrayMap(file, ['FILE']) AS `'b` FROM (SELECT 1 AS `a'`)",
  "SELECT arrayFold((acc, x) -> file(x), ['FILE'], '')",
  "SELECT arrayMap(dictGetString, ['a'], ['b'], [1])",
  'SELECT * APPLY(sleep) FROM (SELECT 1 AS a)',
  // Other servers.
  "SELECT * FROM url('http://127.0.0.1:1/', 'TSV', 'a String')",
  "SELECT * FROM urlCluster('a', 'http://127.0.0.1:1/')",
  "SELECT * FROM s3('http://127.0.0.1:1/a/b')",
  "SELECT * FROM gcs('http://127.0.0.1:1/a/b')",
  "SELECT * FROM hdfs('hdfs://127.0.0.1:1/a', 'TSV', 'a String')",
  "SELECT * FROM azureBlobStorage('a', 'b', 'c')",
  "SELECT * FROM remote('127.0.0.1', 'default', 'trades')",
  "SELECT * FROM remote('127.0.0.1:1', system.one)",
  "SELECT * FROM remoteSecure('127.0.0.1:1', system.one)",
  "SELECT * FROM cluster('default', system.one)",
  "SELECT * FROM clusterAllReplicas('default', system.one)",
  "SELECT * FROM mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
  "SELECT * FROM postgresql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
  "SELECT * FROM mongodb('127.0.0.1:1', 'a', 'b', 'c', 'd', 'e String')",
  "SELECT * FROM redis('127.0.0.1:1', 'a', 'a String')",
  "SELECT * FROM sqlite('FILE', 'y')",
  "SELECT * FROM odbc('a', 'b', 'c')",
  "SELECT * FROM jdbc('a', 'b', 'c')",
  "SELECT * FROM iceberg('a')",
  "SELECT * FROM deltaLake('a')",
  "SELECT hasColumnInTable('127.0.0.1:1', 'a', 'b', 'system', 'one', 'dummy')",
  "SELECT aiGenerate('a')",
  // Programs, dictionaries, the process and its machine.
  "SELECT * FROM executable('x', 'TSV', 'a String')",
  "SELECT * FROM dictionary('x')",
  "SELECT dictGet('x', 'y', 1)",
  "SELECT joinGet('x', 'y', 1)",
  "SELECT * FROM eval('SELECT 1')",
  'SELECT * FROM loop(trades)',
  "SELECT * FROM merge('system', 'users')",
  "SELECT * FROM filesystem('/')",
  "SELECT * FROM mergeTreeIndex('default', 'trades')",
  "SELECT * FROM input('a String')",
  'SELECT sleep(3)',
  'SELECT sleepEachRow(1) FROM numbers(3)',
  'SELECT hostName()',
  'SELECT FQDN()',
  "SELECT getMacro('a')",
  "SELECT getServerSetting('a')",
  'SELECT showCertificate()',
  'SELECT filesystemAvailable()',
  "SELECT catboostEvaluate('FILE', 1)",
  'SELECT addressToLine(1)',
  'SELECT tcpPort()',
  'SELECT __getScalar(1)',
  // The engine's own tables.
  'SELECT * FROM system.users',
  'SELECT * FROM `system`.`users`',
  'SELECT * FROM "system" . "users"',
  'SELECT * FROM system/**/.users',
  'SELECT * FROM `system.users`',
  'SELECT * FROM system.named_collections',
  'SELECT * FROM system.processes',
  'SELECT * FROM system.macros',
  'SELECT * FROM system.certificates',
  'SELECT * FROM system.dictionaries',
  'SELECT * FROM system.stack_trace',
  'SELECT * FROM system.server_settings',
  'SELECT 1 IN system.users',
  'SELECT (SELECT count() FROM system.users)',
  'SELECT * FROM trades AS t, system.users AS u',
  'DESCRIBE system.users',
  'SHOW CREATE TABLE system.users',
  'EXISTS system.users',
  // Files by the name of a table, and databases of ours that are nobody's business.
  'SELECT * FROM `FILE`',
  'SELECT * FROM "FILE"',
  'SELECT * FROM default.`FILE`',
  'SELECT * FROM `default`.`FILE` AS trades',
  'SELECT * FROM trades, `FILE`',
  'SELECT * FROM trades JOIN `FILE` AS f USING (symbol)',
  'SELECT * FROM (SELECT * FROM `FILE`)',
  'SELECT (SELECT count() FROM `FILE`)',
  'SELECT 1 IN `FILE`',
  'SELECT 1 IN (`FILE`)',
  'SELECT 1 NOT IN default.`FILE`',
  'SELECT 1 GLOBAL IN `FILE`',
  'SELECT in(1, `FILE`)',
  'SELECT globalNotIn(1, `FILE`)',
  'SELECT * APPLY(x -> x IN `FILE`) FROM trades',
  'SELECT * APPLY(x -> in(x, `FILE`)) FROM trades',
  "SELECT COLUMNS('a') APPLY(x -> (SELECT count() FROM `FILE`)) FROM trades",
  'SELECT * REPLACE (1 IN `FILE` AS symbol) FROM trades',
  'SELECT 1 QUALIFY 1 IN `FILE`',
  'SELECT * FROM view(SELECT * FROM `FILE`)',
  'WITH x AS (SELECT * FROM `FILE`) SELECT * FROM x',
  'WITH `FILE` AS (SELECT 1) SELECT * FROM (SELECT * FROM `FILE`)',
  'SELECT * FROM (SELECT 1) AS `FILE`, (SELECT * FROM `FILE`)',
  'SELECT * FROM `trades (alias /../../../../../../FILE)`',
  'SELECT * FROM `trades\\n/../../../../../../FILE`',
  'FROM `FILE` SELECT 1',
  'EXPLAIN SELECT * FROM `FILE`',
  'EXPLAIN AST SELECT * FROM `FILE`',
  'DESCRIBE `FILE`',
  'DESC TABLE `FILE`',
  'SHOW CREATE TABLE `FILE`',
  'SHOW CREATE default.`FILE`',
  'SELECT * FROM `data`',
  'SELECT * FROM nothing_of_that_name',
  'SELECT * FROM archived.trades_1',
  'SHOW CREATE TABLE archived.trades_1',
  'DESCRIBE archived.trades_1',
  // What the engine does not bound.
  "SELECT JSONMergePatch('{}', '{}')",
  'SELECT arrayLevenshteinDistance([1], [1])',
  'SELECT arraySimilarity([1], [1], [1], [1])',
  // Settings.
  'SELECT 1 FROM (SELECT 1 SETTINGS readonly = 0)',
  'SELECT 1 FROM (SELECT 1 SETTINGS max_memory_usage = 0)',
  "SELECT COLUMNS('a') APPLY(x -> (SELECT 1 SETTINGS readonly = 0)) FROM (SELECT 1 AS a)",
  // No statement at all.
  'nonsense',
  'SELECT \u202e1',
  'ＳＥＬＥＣＴ 1; DROP TABLE trades',
  "SELECT * FROM ﬁle('FILE')",
  "SELECT\u00a0*\u00a0FROM\u00a0file('FILE')",
  'SELECT 1\u0000; DROP TABLE trades',
  '',
]

describe('statements that write or reach outside the tables are refused', () => {
  for (const query of ATTACKS) {
    test(query || '(nothing)', () => assertRefused(query.replaceAll('FILE', secretFile)))
  }

  test('a file looks like a missing table', async () => {
    for (const name of [secretFile, `${secretFile}.not`, '/proc/self/environ', 'LICENSE']) {
      assert.equal(await answer(`EXISTS TABLE \`${name}\``), '0\n')
      assert.equal(await answer(`EXISTS \`default\`.\`${name}\` FORMAT CSV`), '0\n')
      assert.equal(await answer('EXISTS TABLE {t:Identifier}', { t: name }), '0\n')
      for (const query of [`SELECT * FROM \`${name}\``, `SELECT 1 IN \`${name}\``, `DESCRIBE \`${name}\``])
        await assert.rejects(gate.admit(query), ({ cause }) => cause.code === '60')
    }
    assert.equal(await answer('EXISTS DATABASE archived'), '0\n')
    assert.equal(await answer('EXISTS DATABASE default'), '1\n')
    assert.equal(await answer('EXISTS TABLE trades'), '1\n')
  })

  test('names given as parameters', async () => {
    await assertRefused('SELECT * FROM {t:Identifier}', { t: secretFile })
    await assertRefused('SELECT 1 IN {t:Identifier}', { t: secretFile })
    await assertRefused('SELECT * FROM {t:Identifier}', { t: 'system.users' })
    await assertRefused('SELECT * FROM {d:Identifier}.{t:Identifier}', { d: 'system', t: 'users' })
    await assertRefused('SELECT * FROM {d : Identifier}.users', { d: 'system' })
    await assertRefused("SELECT * APPLY({f:Identifier}) FROM (SELECT '1' AS a)", { f: 'file' })
    await assertRefused('SELECT * FROM {t:Identifier}', { t: 'trades`; DROP TABLE `trades' })
  })

  test('a refused call stays refused wherever it stands and however it is dressed', async () => {
    const calls = [
      "file('FILE')",
      "`file`('FILE')",
      "(SELECT count() FROM url('http://127.0.0.1:1/', 'TSV', 'a String'))",
    ]
    const dresses = [
      (inner: string) => `(${inner})`,
      (inner: string) => `[${inner}]`,
      (inner: string) => `toString(${inner})`,
      (inner: string) => `if(1, ${inner}, ${inner})`,
      (inner: string) => `/* a */ ${inner} -- b\n`,
      (inner: string) => `(SELECT ${inner})`,
      (inner: string) => `CAST(${inner} AS String)`,
      (inner: string) => `arrayMap(x -> ${inner}, [1])`,
      (inner: string) => `CASE WHEN 1 THEN ${inner} END`,
    ]
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...calls),
        fc.array(fc.constantFrom(...dresses), { maxLength: 5 }),
        async (call, worn) => {
          const inner = worn.reduce((text, dress) => dress(text), call)
          await assertRefused(`SELECT ${inner}`.replaceAll('FILE', secretFile))
        },
      ),
      { numRuns: 60 },
    )
  })

  test('any text at all is answered or refused in words, never a crash', async () => {
    const word = fc.constantFrom(
      ..."SELECT FROM trades , ( ) * IN 1 AS x `FILE` WITH JOIN USING symbol WHERE = {t:Identifier} UNION ALL APPLY -> file url [ ] :: String ; -- /* */ FORMAT TSV SETTINGS a EXISTS TABLE SHOW CREATE DESCRIBE system . users \\ '".split(
        ' ',
      ),
      fc.sample(fc.string(), 1)[0]!,
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(word, fc.string({ unit: 'grapheme', maxLength: 8 })), { maxLength: 14 }),
        async words => {
          const query = words.join(' ').replaceAll('FILE', secretFile)
          const said = await answer(query, { t: secretFile }).catch(error => {
            assert.ok(error instanceof TickhouseError || error instanceof ClickHouseError, String(error))
            return String(error.message)
          })
          assert.ok(!said.includes(SECRET), query)
        },
      ),
      { numRuns: 400 },
    )
  })

  test('and none of them left anything behind', async () => {
    assert.ok(!fs.existsSync(`${secretFile}.out`))
    const rows = await house.store.rows<{ name: string }>(
      'SELECT name FROM system.tables WHERE database = currentDatabase()',
    )
    assert.ok(rows.some(({ name }) => name === 'trades'))
    assert.ok(!rows.some(({ name }) => name === 'x'))
    assert.deepEqual(await house.store.rows('SELECT * FROM log_identity'), [])
    assert.ok(fs.existsSync(path.join(house.directory, 'store')))
  })
})

test('a failed query of the guard is repeated: one failure refuses no later statement', async () => {
  for (const looked of ['system.functions', 'system.tables', 'system.columns', 'currentDatabase()']) {
    let failures = 1
    const once = new QueryGuard(async query => {
      if (
        query.startsWith('SELECT') &&
        !query.startsWith('SELECT formatQuery') &&
        query.includes(looked) &&
        failures-- > 0
      )
        throw new ClickHouseError({ code: '159', type: 'TIMEOUT_EXCEEDED', message: 'Timeout exceeded' })
      return house.store.untrusted(query, 'TSVRaw')
    })
    await assert.rejects(once.admit('SELECT count() FROM trades'), /Timeout exceeded/, looked)
    assert.match((await once.admit('SELECT count() FROM trades')).query, /trades/)
  }
})
