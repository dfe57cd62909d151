#!/usr/bin/env node
// The command. Plain JavaScript, so that a Node too old for the program can report it.
import { existsSync } from 'node:fs'

// Node 22.22 and 24.6 are the oldest that all packages support; the repository's own TypeScript runs on Node 24.
const source = existsSync(new URL('../src/cli.ts', import.meta.url))
const [major, minor] = process.versions.node.split('.').map(Number)
const tooOld = major < 24 ? source || major !== 22 || minor < 22 : major === 24 && minor < 6
if (tooOld) {
  const found = `and this is ${process.versions.node} (${process.execPath})`
  console.error(
    source
      ? `tickhouse: it needs Node 24.6 or newer, ${found}. ` +
          'Use the Node that npm installed: npm start, npm run tickhouse -- <command>, or ./node_modules/.bin/node bin/tickhouse.js <command>'
      : `tickhouse: it needs Node 24.6 or newer, or 22.22 or newer of Node 22, ${found}. ` +
          'Install Node 24, from nodejs.org or with a version manager.',
  )
  process.exit(2)
}
await import(source ? '../src/cli.ts' : '../dist/cli.js')
