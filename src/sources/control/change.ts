/** Changes a selection: adds sources to it, or removes some. Pure. */
import { TickhouseError } from '../../errors.ts'
import { formatSources, type Selected } from '../selection.ts'
import { matchesPattern, type Patterns } from '../subscription/pattern.ts'

type Source = Omit<Selected, 'given'>

const NO_PATTERNS: Patterns = { patterns: [], except: [] }

/** The selection with another source. */
export function addSource(selection: readonly Source[], added: Source): Source[] {
  const like = (each: Source) => each.venue === added.venue && each.kinds.join() === added.kinds.join()
  const index = selection.findIndex(like)
  if (index < 0) return [...selection, added]
  const before = selection[index]!
  const { patterns, except } = before.patterns ?? NO_PATTERNS
  const more = added.patterns ?? NO_PATTERNS
  const named = [...added.symbols, ...more.patterns]
  const merged = sourceOf(before, {
    symbols: union(before.symbols, added.symbols),
    patterns: union(patterns, more.patterns),
    except: union(
      except.filter(item => !named.includes(item)),
      more.except,
    ),
  })
  return selection.with(index, merged!)
}

/**
 * The selection without these symbols, those that match these patterns, or all of the venue where neither is given
 * (`everything`), in these kinds. What a pattern of the selection matches becomes an exception of it. Throws
 * `config_invalid` if none of it is selected, if nothing would be left, or for kinds that cannot be removed alone.
 */
export function removeSource(selection: readonly Source[], removed: Source, everything: boolean): Source[] {
  const { venue, symbols, patterns: { patterns } = NO_PATTERNS } = removed
  const names = (symbol: string) =>
    everything || symbols.includes(symbol) || patterns.some(pattern => matchesPattern(pattern, symbol))
  let found = false
  const rest = selection.flatMap((source): Source[] => {
    const kept = source.kinds.filter(kind => !removed.kinds.includes(kind))
    if (source.venue !== venue || kept.length === source.kinds.length) return [source]
    const of = source.patterns ?? NO_PATTERNS
    const hit = source.symbols.filter(names)
    const hitPatterns = of.patterns.filter(pattern => everything || patterns.includes(pattern))
    const others = of.patterns.filter(pattern => !hitPatterns.includes(pattern))
    const matched = symbols.filter(symbol => others.some(pattern => matchesPattern(pattern, symbol)))
    const narrower = others.length > 0 ? patterns.filter(pattern => !of.patterns.includes(pattern)) : []
    if (hit.length + hitPatterns.length + matched.length + narrower.length === 0) return [source]
    found = true
    if (kept.length > 0 && narrower.length > 0)
      throw invalid(`${kept.join(' and ')} of what ${narrower.join(', ')} matches cannot be kept alone`)
    const left = sourceOf(source, {
      symbols: source.symbols.filter(symbol => !hit.includes(symbol)),
      patterns: others,
      except: union(of.except, [...matched, ...narrower]),
    })
    const inKept =
      kept.length > 0 &&
      sourceOf({ ...source, kinds: kept }, { symbols: union(hit, matched), patterns: hitPatterns, except: of.except })
    return [left, inKept].filter(each => each !== undefined && each !== false)
  })
  if (!found) throw invalid(`${formatSources([removed])} is not selected`)
  if (rest.length === 0) throw invalid('nothing would be left to record')
  return rest
}

/** The source with other items; undefined without any. */
function sourceOf(
  source: Source,
  { symbols, patterns, except }: Patterns & Pick<Source, 'symbols'>,
): Source | undefined {
  const { patterns: _, ...plain } = source
  if (symbols.length + patterns.length === 0) return undefined
  return { ...plain, symbols, ...(patterns.length > 0 && { patterns: { patterns, except } }) }
}

const union = (a: readonly string[], b: readonly string[]): string[] => [...new Set([...a, ...b])]

function invalid(message: string): TickhouseError {
  return new TickhouseError('config_invalid', message, 'tickhouse sources list shows what is selected.')
}
