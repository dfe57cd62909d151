/** Packages that tests need from registries, cached in node_modules/.cache. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const CACHE = join(import.meta.dirname, '../../node_modules/.cache')
const JAVA_MIN = 17
const FETCH_MS_MAX = 540_000

const run = promisify(execFile)

/**
 * The cached directory of that name, filled by `fetch` if missing. Of several concurrent fetches the first to finish is
 * kept.
 */
export async function fetched(name: string, fetch: (directory: string) => Promise<unknown>): Promise<string> {
  const cached = join(CACHE, name)
  if (existsSync(cached)) return cached
  await mkdir(CACHE, { recursive: true })
  const directory = await mkdtemp(`${cached}-`)
  try {
    await fetch(directory)
    await rename(directory, cached).catch(error => {
      if (!existsSync(cached)) throw error
    })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
  return cached
}

/** Runs a program that fetches. Rejects with its output. */
export async function fetching(program: string, args: readonly string[], directory?: string): Promise<void> {
  await run(program, [...args], { cwd: directory, timeout: FETCH_MS_MAX })
}

/** Why Java programs cannot be run here on these fetched jars, undefined if they can. */
export async function jarsMissing(name: string): Promise<string | undefined> {
  const java = await run('java', ['-version']).catch(() => undefined)
  const [, version] = /version "(\d+)/.exec(java?.stderr ?? '') ?? []
  if (Number(version ?? 0) < JAVA_MIN) return `no Java ${JAVA_MIN} or newer`
  if (existsSync(join(CACHE, name))) return undefined
  return (await run('mvn', ['-version']).catch(() => undefined)) ? undefined : `no Maven to fetch ${name} with`
}

/** The class path of artifacts (`group:artifact:version`) and all they need, from Maven Central. */
export async function fetchedJars(name: string, artifacts: readonly string[]): Promise<string> {
  const directory = await fetched(name, async directory => {
    await writeFile(join(directory, 'pom.xml'), pomOf(artifacts))
    const goal = ['dependency:copy-dependencies', '-DoutputDirectory=.', '-DincludeScope=runtime']
    await fetching('mvn', ['-q', '-B', ...goal], directory)
  })
  return join(directory, '*')
}

function pomOf(artifacts: readonly string[]): string {
  const dependencies = artifacts.map(artifact => {
    const [group, name, version, classifier] = artifact.split(':')
    return `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version>${
      classifier ? `<classifier>${classifier}</classifier>` : ''
    }</dependency>`
  })
  return `<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>tickhouse</groupId><artifactId>fetched</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>${dependencies.join('')}</dependencies>
</project>
`
}
