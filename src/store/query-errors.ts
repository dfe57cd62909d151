/** How an untrusted query ends that the engine did not end itself. */
import { ClickHouseError } from '@clickhouse/client'
import { ANSWER_BYTES_MAX } from './sql.ts'

export function answerTooLong(): ClickHouseError {
  const message = `Limit for result exceeded, max bytes: ${ANSWER_BYTES_MAX}.`
  return new ClickHouseError({ code: '396', type: 'TOO_MANY_ROWS_OR_BYTES', message })
}

/**
 * The caller no longer waits, and the engine may still run the query. A limit on concurrent queries counts it until
 * `ended`.
 */
export class AbandonedQuery extends ClickHouseError {
  readonly ended: Promise<void>
  /** It ran past its time limit, which the engine should have enforced. */
  readonly overran: boolean

  constructor({ message, code, type }: ClickHouseError, ended: Promise<void>, overran = false) {
    super({ message, code, ...(type ? { type } : {}) })
    // ClickHouseError resets the prototype of its subclasses.
    Object.setPrototypeOf(this, AbandonedQuery.prototype)
    this.ended = ended
    this.overran = overran
  }
}
