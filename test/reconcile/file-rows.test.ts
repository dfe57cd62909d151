/** Lines of a day file, wherever its chunks are cut. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BadLine, readRows } from '../../src/reconcile/file-rows.ts'
import { FileFault } from '../../src/reconcile/zip.ts'

const HEADER = 'id,price,qty,quote_qty,time,is_buyer_maker'
const ROWS = ['7,1.5,2,3,1723161255342,true', '8,1.25,4,5,1735689600000001,False,True']

async function read(text: string, bytes = 5): Promise<{ ids: number[]; times: number[]; bad: BadLine[] }> {
  async function* chunks() {
    for (let at = 0; at < text.length; at += bytes) yield Buffer.from(text.slice(at, at + bytes))
  }
  const found = { ids: [] as number[], times: [] as number[], bad: [] as BadLine[] }
  for await (const rows of readRows(chunks(), line => found.bad.push(line))) {
    found.ids.push(...rows.id.subarray(0, rows.length))
    found.times.push(...rows.time.subarray(0, rows.length))
  }
  return found
}

test('rows are read with and without a header, with six and seven fields, in ms and µs', async () => {
  const expected = { ids: [7, 8], times: [1_723_161_255_342, 1_735_689_600_000_001], bad: [] }
  for (const lines of [ROWS, [HEADER, ...ROWS]])
    for (const [newline, end] of [
      ['\n', '\n'],
      ['\r\n', '\r\n'],
      ['\n', ''],
    ] as const)
      assert.deepEqual(await read(lines.join(newline) + end), expected)
})

test('a line that is no row is named by its number; a header is one on the first line only', async () => {
  const lines = [
    '9,-1,2,3,4,True',
    '9,1,2,3,True',
    '9,1,2,3,4,maybe',
    '9,1,2,3,4,True,True,x',
    '',
    HEADER,
    '9,1e3,2,3,4,True',
  ]
  const { ids, bad } = await read([...ROWS, ...lines].join('\n'))
  assert.deepEqual(ids, [7, 8])
  assert.deepEqual(
    bad,
    lines.map((text, index) => ({ line: index + 3, text })),
  )
})

test('a line without an end is not kept in memory', async () => {
  await assert.rejects(
    read('0'.repeat(10_000)),
    error => error instanceof FileFault && /longer than/.test(error.message),
  )
})
