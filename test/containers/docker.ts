/**
 * A Docker to run the containers with: the one of this machine if it answers, else one of our own with local images
 * under the pinned names (`lab.sh`). Commands of the documents run in a copy of this repository, as they are written
 * there.
 */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse, stringify } from 'yaml'
import { ROOT } from '../deploy/composition.ts'
import { type Outcome, outcomeOf } from '../support/processes/outcome.ts'

const LAB_SCRIPT = fileURLToPath(new URL('./lab.sh', import.meta.url))
/** A build of Compose 2 beside this checkout, for machines whose packages have none. */
const COMPOSE_BESIDE = path.join(ROOT, '../shared/tools/docker-compose-2.40.3-linux-amd64.xz')
const COMMAND_MS_MAX = 600_000
/** Images that are not in a package registry: their contents are not run here. */
const NOT_HERE = ['grafana', 'loki', 'alloy']

export class Docker {
  /** The copy of the repository. */
  readonly copy: string
  readonly #directory: string
  readonly #own: boolean
  readonly #environment: NodeJS.ProcessEnv

  private constructor(directory: string, own: boolean) {
    this.#directory = directory
    this.#own = own
    this.copy = path.join(directory, 'copy')
    this.#environment = {
      ...process.env,
      // `npm run` of the documents finds the Node that npm installed here.
      PATH: `${path.join(directory, 'bin')}:${path.join(ROOT, 'node_modules/.bin')}:${process.env.PATH}`,
      ...(own && {
        DOCKER_HOST: `unix://${directory}/docker.sock`,
        DOCKER_CONFIG: path.join(directory, 'docker-config'),
        DOCKER_BUILDKIT: '1',
      }),
    }
  }

  /** A Docker, or why there is none. */
  static start(): Docker | string {
    const own = spawnSync('docker', ['info']).status !== 0
    // A socket's path is short.
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'th-'))
    const docker = new Docker(directory, own)
    if (own) {
      const { status, stderr } = spawnSync(LAB_SCRIPT, ['start', directory], {
        encoding: 'utf8',
        timeout: COMMAND_MS_MAX,
      })
      if (status !== 0) {
        docker.stop()
        return `no Docker daemon can be started here: ${stderr.trim().split('\n').slice(-3).join(' / ')}`
      }
    }
    const missing = docker.#prepareCompose()
    if (missing) {
      docker.stop()
      return missing
    }
    docker.#copyRepository()
    return docker
  }

  /** Runs a line of a document in the copy. Rejects only if it does not end in time. */
  run(line: string): Promise<Outcome> {
    const online = this.#own && /--build|docker build/.test(line) ? [LAB_SCRIPT, 'online', this.#directory] : []
    const [command, ...words] = [...online, 'bash', '-c', line]
    return outcomeOf(command!, words, { cwd: this.copy, env: this.#environment, timeout: COMMAND_MS_MAX })
  }

  /** Runs a line where the published ports are, such as a curl of the page. */
  runInside(line: string): Promise<Outcome> {
    const network = `/run/netns/tickhouse-${path.basename(this.#directory)}`
    return this.run(this.#own ? `nsenter --net=${network} bash -c ${JSON.stringify(line)}` : line)
  }

  /** Builds the stand-in for ClickHouse's image from the image of the stages. */
  standInForClickHouse(stationImage: string): void {
    if (!this.#own) return
    const { status, stderr } = spawnSync(LAB_SCRIPT, ['clickhouse', this.#directory, stationImage], {
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(stderr)
  }

  stop(): void {
    if (this.#own) spawnSync(LAB_SCRIPT, ['stop', this.#directory])
    fs.rmSync(this.#directory, { recursive: true, force: true })
  }

  #prepareCompose(): string | undefined {
    const compose = () => spawnSync('docker', ['compose', 'version'], { env: this.#environment }).status === 0
    if (compose()) return undefined
    if (!fs.existsSync(COMPOSE_BESIDE)) return 'Compose 2 is not installed here'
    const plugins = path.join(this.#environment.DOCKER_CONFIG ?? path.join(os.homedir(), '.docker'), 'cli-plugins')
    fs.mkdirSync(plugins, { recursive: true })
    const { stdout } = spawnSync('xz', ['-dc', COMPOSE_BESIDE], { maxBuffer: 512 * 2 ** 20 })
    fs.writeFileSync(path.join(plugins, 'docker-compose'), stdout, { mode: 0o755 })
    return compose() ? undefined : 'Compose 2 does not run here'
  }

  /** What git has of the repository, with the composition as far as this machine can run it. */
  #copyRepository(): void {
    const left = new Set(['node_modules', '.git', 'data', 'dist', '.env'])
    fs.cpSync(ROOT, this.copy, { recursive: true, filter: source => !left.has(path.basename(source)) })
    if (!this.#own) return
    // Our own images have the pinned names and no registry's digests.
    const dockerfile = path.join(this.copy, 'deploy/Dockerfile')
    fs.writeFileSync(dockerfile, withoutDigests(fs.readFileSync(dockerfile, 'utf8')))
    const file = path.join(this.copy, 'deploy/compose.yaml')
    const composition = parse(withoutDigests(fs.readFileSync(file, 'utf8')), { merge: true })
    for (const name of NOT_HERE) {
      delete composition.services[name]
      delete composition.volumes[name]
    }
    // Beyond its own hard limit a container may raise nothing here.
    const { stdout } = spawnSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' })
    const files = Number(stdout) || 1_000_000
    for (const { ulimits } of Object.values(composition.services) as { ulimits?: { nofile: number } }[])
      if (ulimits) ulimits.nofile = Math.min(ulimits.nofile, files)
    fs.writeFileSync(file, stringify(composition))
  }
}

const withoutDigests = (text: string) => text.replace(/@sha256:[0-9a-f]{64}/g, '')
