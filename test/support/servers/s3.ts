/**
 * S3 as others made it, on this machine: s3proxy from Maven Central, and versitygw where it is installed (`go install
 * github.com/versity/versitygw/cmd/versitygw@v1.8.0`).
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { fetchedJars, jarsMissing } from '../data/fetched.ts'
import { freePort } from './free-port.ts'

const VERSION = '4.1.0'
const JARS = `s3proxy-${VERSION}`
const START_MS_MAX = 120_000
export const BUCKET = 'market'

const run = promisify(execFile)

// Its own choice of jackson-annotations lacks a class that its jackson-databind needs.
const ARTIFACTS = ['com.fasterxml.jackson.core:jackson-annotations:2.22', `org.gaul:s3proxy:${VERSION}`]

/** An S3-compatible server with bucket `market`. Its keys are in this process's environment, where a user sets them. */
export interface S3Server {
  endpoint: string
  stop(): Promise<void>
}

/** A server of which a test needs to know whether it can run here. */
export interface S3Kind {
  name: string
  /** Why it cannot be started here, undefined if it can. */
  missing(): Promise<string | undefined>
  start(): Promise<S3Server>
}

export const S3_PROXY: S3Kind = {
  name: `s3proxy ${VERSION}`,
  missing: () => jarsMissing(JARS),
  start: () =>
    startServer(async (directory, port, keys) => {
      const classPath = await fetchedJars(JARS, ARTIFACTS)
      const properties = join(directory, 's3proxy.properties')
      const basedir = join(directory, 'objects')
      await mkdir(basedir)
      await writeFile(
        properties,
        [
          `s3proxy.endpoint=http://127.0.0.1:${port}`,
          's3proxy.authorization=aws-v2-or-v4',
          `s3proxy.identity=${keys.id}`,
          `s3proxy.credential=${keys.secret}`,
          'jclouds.provider=filesystem-nio2',
          `jclouds.filesystem.basedir=${basedir}`,
        ].join('\n'),
      )
      const args = [
        '-Xmx256m',
        '-XX:+UseSerialGC',
        '-XX:TieredStopAtLevel=1',
        '-cp',
        classPath,
        'org.gaul.s3proxy.Main',
        '--properties',
        properties,
      ]
      return spawn('java', args, { stdio: 'ignore' })
    }),
}

export const VERSITY: S3Kind = {
  name: 'versitygw',
  missing: async () =>
    (await run('versitygw', ['--version']).catch(() => undefined)) ? undefined : 'versitygw is not installed',
  start: () =>
    startServer(async (directory, port, keys) =>
      spawn(
        'versitygw',
        ['--access', keys.id, '--secret', keys.secret, '--port', `127.0.0.1:${port}`, 'posix', directory],
        {
          stdio: 'ignore',
        },
      ),
    ),
}

interface Keys {
  id: string
  secret: string
}

async function startServer(
  launch: (directory: string, port: number, keys: Keys) => Promise<ChildProcess>,
): Promise<S3Server> {
  const directory = await mkdtemp(join(os.tmpdir(), 'tickhouse-s3-'))
  const keys = { id: 'tickhouse', secret: randomBytes(16).toString('hex') }
  const port = await freePort()
  const child = await launch(directory, port, keys)
  const stop = async () => {
    const ended = once(child, 'exit')
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await ended
    }
    await rm(directory, { recursive: true, force: true })
  }
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: keys.id, AWS_SECRET_ACCESS_KEY: keys.secret })
  const endpoint = `http://127.0.0.1:${port}`
  try {
    await makeBucket(endpoint)
  } catch (error) {
    await stop()
    throw error
  }
  return { endpoint, stop }
}

/** It answers only some seconds after it was started. */
async function makeBucket(endpoint: string): Promise<void> {
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, maxAttempts: 1 })
  const endMs = performance.now() + START_MS_MAX
  for (;;) {
    try {
      await client.send(new CreateBucketCommand({ Bucket: BUCKET }))
      client.destroy()
      return
    } catch (error) {
      if (performance.now() > endMs) throw error
      await sleep(100)
    }
  }
}
