import { ClickHouseError } from '@clickhouse/client'
import type { FastifyReply } from 'fastify'
import { TickhouseError } from '../../errors.ts'
import { bounded } from '../../plain-text.ts'
import { LimiterFull } from '../sql/limiter.ts'
import type { RefusedQueries } from '../sql/refused-queries.ts'

/** Longest error message in an answer. */
const MESSAGE_LENGTH_MAX = 16_384

/** Answers a failed request with the error and the next step, as JSON `{ message, advice }`. */
export function answerError(error: unknown, reply: FastifyReply, refused: RefusedQueries): void {
  const { statusCode } = error as Error & { statusCode?: number }
  const message = bounded((error as Error).message, MESSAGE_LENGTH_MAX)
  if (error instanceof LimiterFull) {
    reply.code(503).send({ message, advice: 'Try again in a moment.' })
  } else if (error instanceof TickhouseError) {
    refused.report(error.code, message)
    reply.code(error.code === 'query_failed' ? 400 : 503).send({ message, advice: error.advice })
  } else if (error instanceof ClickHouseError) {
    reply.code(400).send({ message: message.trim(), advice: 'The engine refused the statement.' })
  } else {
    reply.code(statusCode ?? 500).send({ message, advice: '' })
  }
}
