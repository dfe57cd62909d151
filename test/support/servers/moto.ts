/** AWS's S3, IAM, STS and CloudFormation as moto imitates them, on this machine, with policies enforced. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { pythonWith } from '../processes/python.ts'
import { freePort } from './free-port.ts'

const VERSION = '5.2.5'
const START_MS_MAX = 120_000
const STACK = new URL('../deployments/moto_stack.py', import.meta.url).pathname

const run = promisify(execFile)

/** AWS credentials, under the names of their variables. */
export type RoleCredentials = Record<'AWS_ACCESS_KEY_ID' | 'AWS_SECRET_ACCESS_KEY' | 'AWS_SESSION_TOKEN', string>

export interface MotoStack {
  endpoint: string
  status: string
  /** By the names of the template. */
  resources: Record<string, { type: string; id: string }>
  /** Of each role of the template. */
  credentials: Record<string, RoleCredentials>
}

/** Starts moto and creates the key, the buckets and the roles of a template in it. */
export async function createInMoto(t: { after(end: () => unknown): void }, template: string): Promise<MotoStack> {
  const extras = 'server,s3,cloudformation,iam,kms'
  const python = await pythonWith(`moto[${extras}]==${VERSION}`)
  const env = { ...process.env, PYTHONPATH: python.path }
  const port = await freePort()
  const server = spawn(python.command, ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)], {
    env,
    stdio: 'ignore',
  })
  t.after(async () => {
    const ended = once(server, 'exit')
    if (server.exitCode === null && server.signalCode === null) {
      server.kill('SIGKILL')
      await ended
    }
  })
  const endpoint = `http://127.0.0.1:${port}`
  const endMs = performance.now() + START_MS_MAX
  while (!(await fetch(`${endpoint}/moto-api/`).catch(() => undefined))?.ok) {
    if (performance.now() > endMs || server.exitCode !== null) throw new Error('moto did not start')
    await sleep(100)
  }
  const { stdout } = await run(python.command, [STACK, endpoint, template], { env })
  return { endpoint, ...(JSON.parse(stdout) as Omit<MotoStack, 'endpoint'>) }
}
