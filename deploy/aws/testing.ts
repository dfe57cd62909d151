/** Synthesized deployments for tests in another folder, which do not see this package's dependencies. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { App, type Stack } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { tickhouseApp } from './tickhouse-app.ts'

export { Match } from 'aws-cdk-lib/assertions'
export { Bucket } from 'aws-cdk-lib/aws-s3'

export interface Resource {
  Type: string
  Properties: Record<string, unknown>
  DeletionPolicy?: string
  UpdateReplacePolicy?: string
}

export interface Deployment {
  stack: Stack
  template: Template
  resources: Record<string, Resource>
  /** The template's file. */
  file: string
}

const { context } = JSON.parse(fs.readFileSync(new URL('cdk.json', import.meta.url), 'utf8')) as { context: object }
const known = new Map<string, Deployment>()

/** What `cdk synth -c …` makes of these settings. Throws for findings that are not acknowledged. */
export function synthesize(settings: Readonly<Record<string, string>>): Deployment {
  const key = JSON.stringify(settings)
  const deployment = known.get(key) ?? finish(appOf(settings))
  known.set(key, deployment)
  return deployment
}

/** An app with these settings, for a test that changes it before `finish`. */
export function appOf(settings: Readonly<Record<string, string>>): App {
  const outdir = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-cdk-'))
  process.on('exit', () => fs.rmSync(outdir, { recursive: true, force: true }))
  return tickhouseApp(new App({ outdir, context: { ...context, ...settings } }))
}

export const stackOf = (app: App) => app.node.children.find((child): child is Stack => 'templateFile' in child)!

export function finish(app: App): Deployment {
  const { directory } = app.synth()
  const stack = stackOf(app)
  const file = path.join(directory, stack.templateFile)
  const json = JSON.parse(fs.readFileSync(file, 'utf8')) as { Resources: Record<string, Resource> }
  return { stack, template: Template.fromJSON(json), resources: json.Resources, file }
}
