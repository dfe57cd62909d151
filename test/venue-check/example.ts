import fs from 'node:fs'

const PAGE = fs.readFileSync(new URL('../../docs/add-a-venue.md', import.meta.url), 'utf8')
const block = (language: string) => new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 's').exec(PAGE)![1]!

/** The files of docs/add-a-venue.md, as they are there. */
export const EXAMPLE = { venue: block('ts'), frames: block('json') }
