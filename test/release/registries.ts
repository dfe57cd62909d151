/** Registries for a rehearsal of a release, on this machine: verdaccio for npm, crane's for images. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { within } from '../support/judges/within.ts'
import { freePort } from '../support/servers/free-port.ts'

const VERDACCIO = 'verdaccio@6.10.4'
const CRANE = 'github.com/google/go-containerregistry/cmd/crane@v0.22.1'

export interface Registry {
  /** host:port */
  address: string
  stop(): Promise<void>
}

export interface NpmRegistry extends Registry {
  /** Of the published packages. */
  storage: string
  /** For npm, so that it installs from here and may publish here. */
  environment: NodeJS.ProcessEnv
}

/** Installs verdaccio below a directory and starts it; other packages come from the registry that npm uses here. */
export async function startNpmRegistry(directory: string): Promise<NpmRegistry> {
  const upstream = execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim()
  // Beside this repository, a directory of its own: npm would look for a package around it.
  fs.mkdirSync(directory, { recursive: true })
  // Its `node-fetch@cjs` is a tag, which a mirror of the registry may not have.
  fs.writeFileSync(path.join(directory, 'package.json'), '{ "private": true, "overrides": { "node-fetch": "2.7.0" } }')
  const { status, stderr } = spawnSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', VERDACCIO], {
    cwd: directory,
    encoding: 'utf8',
  })
  if (status !== 0)
    throw new Error(`${VERDACCIO} cannot be installed, without which a release cannot be rehearsed: ${stderr}`)
  const address = `127.0.0.1:${await freePort()}`
  const storage = path.join(directory, 'storage')
  fs.writeFileSync(path.join(directory, 'config.yaml'), configuration(storage, path.join(directory, 'users'), upstream))
  const main = path.join(directory, 'node_modules/verdaccio/bin/verdaccio')
  const child = spawn(process.execPath, [main, '--config', 'config.yaml', '--listen', address], {
    cwd: directory,
    stdio: 'ignore',
  })
  const url = `http://${address}/`
  await within(60_000, async () => {
    const answer = await fetch(`${url}-/ping`).catch(() => undefined)
    return answer?.ok ? undefined : 'verdaccio does not answer'
  })
  const user = { name: 'rehearsal', password: 'throw-away' }
  const answer = await fetch(`${url}-/user/org.couchdb.user:${user.name}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(user),
  })
  const { token } = (await answer.json()) as { token: string }
  const npmrc = path.join(directory, 'npmrc')
  fs.writeFileSync(npmrc, `registry=${url}\n//${address}/:_authToken=${token}\n`)
  return {
    address,
    storage,
    // The log level of `npm run --silent`, which may run this, would hide npm's reasons.
    environment: {
      ...process.env,
      npm_config_userconfig: npmrc,
      npm_config_registry: url,
      npm_config_loglevel: 'notice',
    },
    stop: () => end(child),
  }
}

const configuration = (storage: string, users: string, upstream: string) => `
storage: ${storage}
auth: { htpasswd: { file: ${users} } }
uplinks: { upstream: { url: ${JSON.stringify(upstream)}, timeout: 120s, maxage: 1h } }
packages:
  tickhouse: { access: $all, publish: $authenticated }
  '**': { access: $all, proxy: upstream }
max_body_size: 100mb
log: { type: stdout, level: error }
`

/** Starts a registry of images in memory. `crane` is on the PATH, or is built below the directory. */
export async function startImageRegistry(
  directory: string,
): Promise<Registry & { crane: (...words: string[]) => string; bin: string }> {
  let bin = path.dirname(spawnSync('which', ['crane'], { encoding: 'utf8' }).stdout.trim())
  if (bin === '.') {
    bin = directory
    const { status, stderr } = spawnSync('go', ['install', CRANE], {
      env: { ...process.env, GOBIN: bin },
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`crane cannot be built, without which images cannot be rehearsed: ${stderr}`)
  }
  const program = path.join(bin, 'crane')
  const address = `127.0.0.1:${await freePort()}`
  const child = spawn(program, ['registry', 'serve', '--address', address], { stdio: 'ignore' })
  await within(30_000, async () => {
    const answer = await fetch(`http://${address}/v2/`).catch(() => undefined)
    return answer?.ok ? undefined : 'the image registry does not answer'
  })
  const crane = (...words: string[]) =>
    execFileSync(program, ['--insecure', ...words], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim()
  return { address, bin, crane, stop: () => end(child) }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}
