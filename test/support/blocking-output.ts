/**
 * Loaded by `npm test` into each process of a test file, which then writes its results synchronously. Otherwise `--test-force-exit` ends it while
 * its last results wait to be written, and they are missing from the count.
 */
const { _handle: pipe } = process.stdout as { _handle?: { setBlocking?(blocking: boolean): void } }
pipe?.setBlocking?.(true)
