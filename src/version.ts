import fs from 'node:fs'

/** This release, as package.json has it. */
export const VERSION: string = JSON.parse(fs.readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version
