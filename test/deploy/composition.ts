/** `deploy/compose.yaml` as Compose reads it: with merged anchors, and values of `deploy/.env` put in. */
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseEnv } from 'node:util'
import { parse } from 'yaml'
import { environmentText } from '../../deploy/environment.ts'

export const DEPLOY = fileURLToPath(new URL('../../deploy', import.meta.url))
export const ROOT = path.dirname(DEPLOY)

/** As much of a service as the tests look at. */
export interface Service {
  image: string
  build?: { context: string; dockerfile: string }
  entrypoint?: string[]
  command?: string[]
  environment?: Record<string, string>
  ports?: string[]
  volumes?: string[]
  secrets?: string[]
  restart?: string
  mem_limit?: string
  cpus?: number
  stop_grace_period?: string
  logging?: { options: Record<string, string> }
  security_opt?: string[]
  depends_on?: Record<string, { condition: string }>
  healthcheck?: { test: string[]; start_period: string }
  ulimits?: Record<string, number>
}

export interface Composition {
  services: Record<string, Service>
  volumes: Record<string, null>
}

/** The file as it is written, and as it is once the environment is put in. */
export function readComposition(): { written: Composition; filled: Composition; unknown: string[] } {
  const written = parse(fs.readFileSync(path.join(DEPLOY, 'compose.yaml'), 'utf8'), { merge: true }) as Composition
  const environment = parseEnv(environmentText())
  const unknown: string[] = []
  const fill = (text: string) =>
    text.replace(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_, name: string, kind: string, rest: string) => {
      const value = environment[name] ?? (kind === '-' ? rest : undefined)
      if (value === undefined) unknown.push(name)
      return value ?? ''
    })
  const filled = structuredClone(written)
  const walk = (branch: Record<string, unknown>) => {
    for (const [key, value] of Object.entries(branch)) {
      if (typeof value === 'string') branch[key] = fill(value)
      else if (typeof value === 'object' && value !== null) walk(value as Record<string, unknown>)
    }
  }
  walk(filled.services)
  return { written, filled, unknown }
}

/** The services that run this repository's own code: all of one image. */
export function stagesOf({ services }: Composition): [name: string, stage: Service][] {
  const built = Object.values(services).find(({ build }) => build !== undefined)
  return Object.entries(services).filter(([, { image }]) => image === built?.image)
}
