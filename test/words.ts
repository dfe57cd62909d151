/**
 * Words that this code base does not use in its prose (comments, messages, documents), each with what this field says instead.
 * `node test/words.ts <path>…` lists where files use one.
 */
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

/** A retired word, and the standard terms for what it meant. Names in backticks and code are not prose. */
export const RETIRED: readonly (readonly [RegExp, string])[] = [
  [/\bhouses?\b/i, 'instance, tickhouse, process'],
  [/\bstations?\b/i, 'stage'],
  [/\b(told|tells?|telling|untold)\b/i, 'log, emit, report, notify, show'],
  [/\b(said|says?|saying|speaks?|spoken)\b/i, 'report, state, answer, name'],
  [/\b(asked|asking|unasked)\b/i, 'query, fetch, poll, request, subscribe'],
  [/\bquestions?\b/i, 'query, request'],
  [/\banew\b/i, 'again'],
  [/\bfigures?\b/i, 'metric, number'],
  [/\blanes?\b/i, 'session, partition buffer, producer'],
  [/\brhythms?\b/i, 'learned gap, liveness'],
  [/\bledgers?\b/i, 'checkpoint, catalog'],
  [/\bstrangers?('s)?\b/i, 'untrusted client'],
  [/\b(voices?|doors?|gates?)\b/i, 'server protocol, server, query guard'],
  [/\belsewhere\b/i, 'another process, remote'],
  [/(?<!\.)\bslices?\b/i, 'chunk (of a read), segment (of the archive)'],
  [/\b(let go|put aside|given up|for good|at once)\b/i, 'released, quarantined, dropped, permanently, immediately'],
  [/\b(mends?|mended|mending|upkeep)\b/i, 'repair, maintenance'],
  [/\brequeu\w*\b/i, 'reprocess'],
  [/\b(re|un)?judg\w*\b/i, 'validate, evaluate'],
  [/\bverdicts?\b/i, 'status, result'],
  [/\bwhoever\b/i, 'the client, the owner, …'],
  [/\b(hears?|heard)\b/i, 'receive'],
  [/\b(held|holds?|holding|holders?)\b/i, 'contain, store, keep; paused; assigned'],
  [/\boccurrences?\b/i, 'event'],
  [/\b(frozen|adopts?)\b/i, 'stale, apply'],
]

/** Words that are the field's own where strategies and their accounts are written about. */
const OF_THE_LAB = { files: /(^|[/-])lab[/.-]/, words: /^(ledgers?|holds?|holding|held)$/i }

/** A text for people: more than one word, and not SQL. */
const isSentence = (literal: string) =>
  / /.test(literal) && !/^.\s*(SELECT|INSERT|CREATE|ALTER|WITH|FROM|WHERE)\b/.test(literal)

/** The prose of a file: all that is not code. */
export function proseOf(file: string, text: string): string {
  if (/\.md$/.test(file))
    return text
      .replace(/^```.*?^```/gms, fenced => fenced.replace(/[^\n]/g, ' '))
      .replace(/`[^`\n]*`|\]\([^)\n]*\)/g, '')
  if (/\.sql$/.test(file)) return text.replace(/^(?!\s*--).*?(--.*)?$/gm, '$1')
  const kept = text.replace(
    /(\/\*[\s\S]*?\*\/|\/\/ .*|(?<![=\s])>[^<>{}=;()]*\w [^<>{}=;()]*<)|('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`)|[^\n]/g,
    (_, prose?: string, literal?: string) =>
      prose ?? (literal && isSentence(literal) ? literal : (literal ?? '').replace(/[^\n]/g, '')),
  )
  return kept.replace(/\$\{[^}\n]*\}/g, '').replace(/`[^`\n ]*`/g, '')
}

/** Each use of a retired word: `line: word (say …)`. */
export function retiredWordsIn(file: string, text: string): string[] {
  return proseOf(file, text)
    .split('\n')
    .flatMap((line, index) =>
      RETIRED.flatMap(([word, instead]) => {
        const found = word.exec(line)
        const isOwn = found && OF_THE_LAB.files.test(file) && OF_THE_LAB.words.test(found[0])
        return found && !isOwn ? [`${file}:${index + 1}: “${found[0]}”: ${instead}`] : []
      }),
    )
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const files = process.argv
    .slice(2)
    .flatMap(given =>
      fs.statSync(given).isDirectory() ? fs.globSync(`${given}/**/*.{ts,tsx,md,sql}`).sort() : [given],
    )
  const found = files.flatMap(file => retiredWordsIn(path.posix.normalize(file), fs.readFileSync(file, 'utf8')))
  console.log(`${found.join('\n')}\n${found.length} retired words in ${files.length} files`)
}
