/** The program as the slim image has it: without the package of the ClickHouse engine. */
import { registerHooks } from 'node:module'

registerHooks({
  resolve(specifier, context, next) {
    if (specifier !== 'chdb') return next(specifier, context)
    throw Object.assign(new Error("Cannot find package 'chdb'"), { code: 'ERR_MODULE_NOT_FOUND' })
  },
})

await import('../../../src/cli.ts')
