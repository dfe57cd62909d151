/** Renders the Helm chart with the real helm. */
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { parseAllDocuments } from 'yaml'
import { helmPath } from './helm.ts'

export const CHART = fileURLToPath(new URL('../../../deploy/helm/tickhouse', import.meta.url))
const run = promisify(execFile)
const VALUES = fileURLToPath(new URL('values', import.meta.url))

/** A resource of Kubernetes, as much as the tests look at. */
export interface Resource {
  apiVersion: string
  kind: string
  metadata: { name: string; labels?: Record<string, string>; annotations?: Record<string, string> }
  // biome-ignore lint/suspicious/noExplicitAny: of many kinds
  spec?: any
  data?: Record<string, string>
  automountServiceAccountToken?: boolean
}

/** The value sets of this folder, each with the kinds that its cluster has besides Kubernetes' own. */
export const VALUE_SETS: { name: string; file: string; apiVersions: string[] }[] = fs
  .readdirSync(VALUES)
  .sort()
  .map(name => {
    const file = path.join(VALUES, name)
    const [, listed = ''] = /^# api-versions: (.*)$/m.exec(fs.readFileSync(file, 'utf8')) ?? []
    return { name: path.basename(name, '.yaml'), file, apiVersions: listed.split(' ').filter(Boolean) }
  })

export interface Rendering {
  values?: string[]
  set?: string[]
  setJson?: string[]
  apiVersions?: string[]
  kubeVersion?: string
  chart?: string
}

/** What helm prints; `error` is its message if it refuses. */
export async function helmTemplate(
  rendering: Rendering,
): Promise<{ resources: Resource[]; error: string | undefined }> {
  const { values = [], set = [], setJson = [], apiVersions = [], kubeVersion, chart = CHART } = rendering
  const words = [
    ...values.flatMap(file => ['--values', file]),
    ...set.flatMap(one => ['--set', one]),
    ...setJson.flatMap(one => ['--set-json', one]),
    ...apiVersions.flatMap(one => ['--api-versions', one]),
    ...(kubeVersion ? ['--kube-version', kubeVersion] : []),
  ]
  try {
    const { stdout } = await run(await helmPath(), ['template', 'ticks', chart, ...words], { maxBuffer: 64 * 2 ** 20 })
    // The rules of Kubernetes' YAML.
    const documents = parseAllDocuments(stdout, { version: '1.1' })
    for (const { errors } of documents) if (errors.length > 0) throw errors[0]
    return { resources: documents.map(one => one.toJS() as Resource).filter(Boolean), error: undefined }
  } catch (error) {
    const { stderr } = error as { stderr?: string }
    if (stderr === undefined) throw error
    return { resources: [], error: stderr }
  }
}

/** The resources of a value set. Throws with helm's message if it refuses them. */
export async function resourcesOf({ file, apiVersions }: (typeof VALUE_SETS)[number], kubeVersion?: string) {
  const { resources, error } = await helmTemplate({ values: [file], apiVersions, ...(kubeVersion && { kubeVersion }) })
  if (error) throw new Error(`${path.basename(file)}: ${error}`)
  return resources
}
