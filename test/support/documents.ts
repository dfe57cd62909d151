/** The documents, as their readers use them. */
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const DOCS = fileURLToPath(new URL('../../docs/', import.meta.url))

/** The shell blocks of a document, in order, each as its lines; one that goes on over several lines is one. */
export function blocksOf(document: string): string[][] {
  const text = fs.readFileSync(path.join(DOCS, document), 'utf8')
  const blocks = [...text.matchAll(/^```\n(.*?)^```$/gms)].map(([, block]) => block!)
  return blocks.map(block => block.replaceAll('\\\n', ' ').trim().split('\n'))
}

/** The lines of all shell blocks. */
export const commandsOf = (document: string): string[] => blocksOf(document).flat()
