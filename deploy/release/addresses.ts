/** How files name another module by a path with `.ts`, which is `.js` in the package. */

/** For a thread, a process or a hook: `new URL('./writer.ts', import.meta.url)`. */
export const ADDRESS = /(new URL\('\.[^']+)\.ts(', import\.meta\.url\))/g

/** In a declaration file. */
export const IMPORT_OF_TYPES = /((?:from |import\()['"]\.[^'"]+)\.ts(['"])/g
