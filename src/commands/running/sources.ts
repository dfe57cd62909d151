/** `tickhouse sources`: shows and changes what a running tickhouse records. */
import type { Config } from '../../config.ts'
import { TickhouseError } from '../../errors.ts'
import { plainLine } from '../../plain-text.ts'
import type { RecordedSources } from '../../status/model.ts'
import { requestInstance } from './instance-request.ts'

const LINE_LENGTH_MAX = 10_000

export interface SourcesFlags {
  of?: string
}

/** Prints what each recorder records. Throws `process_unreachable`. */
export async function listSources(config: Config): Promise<void> {
  print(await request(config))
}

/**
 * Changes it, and prints it after that. Throws `config_invalid` if a symbol or venue is not known or nothing would be
 * left, `process_unreachable` if no recorder answers.
 */
export async function changeSources(
  config: Config,
  change: { add: string } | { remove: string } | { reset: true },
  { of }: SourcesFlags,
): Promise<void> {
  print(await request(config, { ...change, ...(of !== undefined && { of }) }))
}

async function request(config: Config, change?: object): Promise<RecordedSources[]> {
  const options = change && { method: 'POST', body: JSON.stringify(change) }
  const advice = 'Start it, or set TICKHOUSE_LISTEN to its address (of a recorder alone: TICKHOUSE_METRICS_LISTEN).'
  const response = await requestInstance(config, '/api/sources', { ...options, advice })
  if (response.status === 404) throw response.unreachable(`the process at ${config.LISTEN} knows no recorder`)
  const answer = await response.json<RecordedSources[] | { message: string; advice?: string }>()
  if (Array.isArray(answer)) return answer
  const code = response.status === 400 ? 'config_invalid' : 'process_unreachable'
  throw new TickhouseError(code, answer.message.replace(/\.$/, ''), answer.advice ?? '')
}

function print(recorders: readonly RecordedSources[]): void {
  for (const line of describeSources(recorders)) console.log(plainLine(line, LINE_LENGTH_MAX))
}

/** A line for each source, below its recorder where there are several. */
export function describeSources(recorders: readonly RecordedSources[]): string[] {
  if (recorders.length === 0) return ['No recorder is running.']
  return recorders.flatMap(({ recorder, configured, sources, unresolved }) => [
    ...(recorders.length > 1 ? [recorder] : []),
    ...sources.split(' '),
    ...(unresolved.length > 0 ? [`waiting for the venue's list: ${unresolved.join(' ')}`] : []),
    ...(sources === configured ? [] : [`changed while running; configured: ${configured}`]),
  ])
}
