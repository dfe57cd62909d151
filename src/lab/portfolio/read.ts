/** Reads a portfolio's file. */
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseDocument } from 'yaml'
import type { z } from 'zod'
import { TickhouseError } from '../../errors.ts'
import { nearest } from '../../nearest.ts'
import { STRATEGIES } from '../strategies/index.ts'
import type { Parameters, ReadFile, StrategyKind } from '../strategy.ts'
import { PORTFOLIO, type Portfolio, type StrategyEntry } from './shape.ts'

export interface ReadStrategy {
  entry: StrategyEntry
  kind: StrategyKind
  /** With the defaults of those that the file does not state. */
  parameters: Parameters
  /** What its parameters name: see `StrategyKind.files`. */
  files: Readonly<Record<string, ReadFile>>
}

export interface ReadPortfolio {
  portfolio: Portfolio
  /** Those that are on. */
  strategies: readonly ReadStrategy[]
  /** The file's text. */
  text: string
  /** Its absolute path: what its strategies name is relative to its directory. */
  file: string
}

/** Throws `config_invalid` with all mistakes of the file, in its own words. */
export async function readPortfolio(file: string): Promise<ReadPortfolio> {
  let text: string
  try {
    text = fs.readFileSync(file, 'utf8')
  } catch (error) {
    throw invalid(`cannot read ${file}: ${(error as Error).message}`)
  }
  return await readPortfolioText(text, file)
}

/** The same of a file's text. Strategies of its own are beside `file`. */
export async function readPortfolioText(text: string, file: string): Promise<ReadPortfolio> {
  const portfolio = parsePortfolio(text, file)
  const names = portfolio.strategies.map(({ name }) => name)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined) throw invalid(`${file}: two strategies are named ${twice}`)
  const strategies: ReadStrategy[] = []
  for (const entry of portfolio.strategies.filter(({ on }) => on)) {
    const directory = path.dirname(path.resolve(file))
    const kind = await kindOf(entry.kind, directory)
    const parameters = parametersOf(entry, kind)
    strategies.push({ entry, kind, parameters, files: filesOf(entry, kind, parameters, directory) })
  }
  if (strategies.length === 0) throw invalid(`${file}: no strategy is on`)
  return { portfolio, strategies, text, file: path.resolve(file) }
}

/** The text of a portfolio's file; `name` is the file's, for errors. Throws `config_invalid`. */
export function parsePortfolio(text: string, name: string): Portfolio {
  const document = parseDocument(text)
  if (document.errors.length > 0) throw invalid(`${name}: ${document.errors[0]!.message}`)
  const parsed = PORTFOLIO.safeParse(document.toJS())
  if (!parsed.success) throw invalid(`${name}: ${parsed.error.issues.map(describe).join('; ')}`)
  return parsed.data
}

/** TypeScript or JavaScript. */
const STRATEGY_FILE = /\.[mc]?[jt]s$/

/** A strategy that comes with tickhouse, or the default export of a file beside the portfolio. */
async function kindOf(name: string, directory: string): Promise<StrategyKind> {
  const found = STRATEGIES.find(kind => kind.name === name)
  if (found) return found
  if (!STRATEGY_FILE.test(name)) {
    const names = STRATEGIES.map(kind => kind.name)
    const near = nearest(name, names)
    throw invalid(
      `there is no strategy ${name}${near ? `: did you mean ${near}?` : ''}`,
      `Known are ${names.join(', ')}, and files of your own: docs/lab.md.`,
    )
  }
  const file = path.resolve(directory, name)
  const module: { default?: StrategyKind } = await import(pathToFileURL(file).href).catch(error => {
    throw invalid(`cannot load ${name}: ${(error as Error).message}`)
  })
  const kind = module.default
  if (!kind || typeof kind.make !== 'function' || typeof kind.name !== 'string' || typeof kind.parameters !== 'object')
    throw invalid(`${name} has no strategy as its default export: { name, description, parameters, make }`)
  return kind
}

function parametersOf({ name, parameters }: StrategyEntry, kind: StrategyKind): Parameters {
  for (const [key, value] of Object.entries(parameters)) {
    const known = Object.keys(kind.parameters)
    if (!Object.hasOwn(kind.parameters, key)) {
      const list = known.join(', ') || 'none'
      throw invalid(`strategy ${name}: ${kind.name} has no parameter ${key}`, `Its parameters: ${list}.`)
    }
    const type = typeof kind.parameters[key]
    if (typeof value !== type) throw invalid(`strategy ${name}: parameter ${key} is a ${type}`)
  }
  return { ...kind.parameters, ...parameters }
}

function filesOf(
  { name }: StrategyEntry,
  kind: StrategyKind,
  parameters: Parameters,
  directory: string,
): Record<string, ReadFile> {
  const files: Record<string, ReadFile> = {}
  for (const key of kind.files ?? []) {
    const stated = String(parameters[key])
    if (stated === '') continue
    try {
      const bytes = fs.readFileSync(path.resolve(directory, stated))
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      files[key] = { path: stated, text: bytes.toString('utf8'), sha256 }
    } catch (error) {
      throw invalid(`strategy ${name}: cannot read ${key}: ${(error as Error).message}`)
    }
  }
  return files
}

function describe({ path: at, message }: z.core.$ZodIssue): string {
  const place = at.map(String).join('.')
  return place ? `${place}: ${message}` : message
}

function invalid(message: string, advice = 'docs/lab.md shows a portfolio.'): TickhouseError {
  return new TickhouseError('config_invalid', message, advice)
}
