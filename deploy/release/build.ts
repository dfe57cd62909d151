/**
 * Compiles src/ into dist/, which the package and the images run: JavaScript for Node 22 and newer, the files that the
 * program reads beside its modules, and the types of the kit for venues (`tickhouse/venue`). `npm run build`.
 */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { ADDRESS, IMPORT_OF_TYPES } from './addresses.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const SOURCE = path.join(ROOT, 'src')
const OUTPUT = path.join(ROOT, 'dist')
const TSC = path.join(ROOT, 'node_modules/typescript/bin/tsc')

fs.rmSync(OUTPUT, { recursive: true, force: true })
for (const config of ['tsconfig.json', 'tsconfig.types.json'])
  execFileSync(process.execPath, [TSC, '-p', path.join(ROOT, 'deploy/release', config)], { stdio: 'inherit' })
for (const file of fs.readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })) {
  const from = path.join(SOURCE, file)
  if (/\.ts$/.test(file) || !fs.statSync(from).isFile()) continue
  fs.copyFileSync(from, path.join(OUTPUT, file))
}
// The compiler rewrites the extensions of imports, and only in JavaScript.
for (const file of fs.readdirSync(OUTPUT, { recursive: true, encoding: 'utf8' })) {
  if (!/\.[jt]s$/.test(file)) continue
  const text = fs.readFileSync(path.join(OUTPUT, file), 'utf8')
  const rewritten = text.replace(file.endsWith('.d.ts') ? IMPORT_OF_TYPES : ADDRESS, '$1.js$2')
  if (rewritten !== text) fs.writeFileSync(path.join(OUTPUT, file), rewritten)
}
