import type { RunQuery } from '../../replay/range.ts'

/** The rows of a SELECT; JSON's numbers of 64 bits arrive as text. */
export async function rowsOf<T>(runQuery: RunQuery, statement: string): Promise<T[]> {
  const answer = await runQuery(statement, 'JSONEachRow')
  return new TextDecoder()
    .decode(answer)
    .split('\n')
    .filter(Boolean)
    .map(row => JSON.parse(row) as T)
}
