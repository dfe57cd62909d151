import { ClickHouseError } from '@clickhouse/client'
import type { FastifyReply } from 'fastify'
import { TickhouseError } from '../errors.ts'
import type { Emit } from '../observe/events.ts'
import { NoTurn } from './turns.ts'

/** Tells whoever asked what went wrong and what to do next, as JSON `{ message, advice }`. */
export function answerError(error: unknown, reply: FastifyReply, emit: Emit): void {
  const { message, statusCode } = error as Error & { statusCode?: number }
  if (error instanceof NoTurn) {
    reply.code(503).send({ message, advice: 'Ask again in a moment.' })
  } else if (error instanceof TickhouseError) {
    emit('query_refused', { why: message })
    reply.code(error.code === 'query_failed' ? 400 : 503).send({ message, advice: error.advice })
  } else if (error instanceof ClickHouseError) {
    reply.code(400).send({ message: message.trim(), advice: 'The engine could not answer this.' })
  } else {
    reply.code(statusCode ?? 500).send({ message, advice: '' })
  }
}
