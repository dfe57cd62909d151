#!/usr/bin/env node
// The command. Plain JavaScript, so that a Node too old for the program can say so.
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 24 || (major === 24 && minor < 6)) {
  console.error(
    `tickhouse: it needs Node 24.6 or newer, and this is ${process.versions.node} (${process.execPath}). ` +
      'Use the Node that npm installed: npm start, npm run tickhouse -- <command>, or ./node_modules/.bin/node bin/tickhouse.js <command>',
  )
  process.exit(2)
}
await import('../src/cli.ts')
