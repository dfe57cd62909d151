/**
 * The scripts that build and sign images, as far as they can be tested without buildx and cosign: programs of these
 * names record what they are called with.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { DEPLOY } from '../deploy/composition.ts'

const DIGEST = `sha256:${'7'.repeat(64)}`

/** Runs a script of `deploy/release/` with a program of that name, and returns the words of each call of it. */
function run(t: TestContext, script: string, words: (directory: string) => string[], program: string, effect: string) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-images-'))
  t.after(() => fs.rmSync(directory, { recursive: true }))
  const calls = path.join(directory, 'calls')
  fs.writeFileSync(path.join(directory, program), `#!/bin/sh\nprintf '%s\\n' "$*" >>'${calls}'\n${effect}\n`, {
    mode: 0o755,
  })
  const { status, stderr } = spawnSync(path.join(DEPLOY, 'release', script), words(directory), {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${directory}:${path.dirname(process.execPath)}:${process.env.PATH}` },
  })
  return { directory, status, stderr, calls: fs.readFileSync(calls, 'utf8').trim().split('\n') }
}

/** As buildx does: the digest is in the file that --metadata-file names. */
const building = (digest: string) =>
  `while [ "$1" != --metadata-file ]; do shift; done; echo '{"containerimage.digest":"${digest}"}' >"$2"`
const toFile = (directory: string) => ['ghcr.io/owner/name', '1.2.3', path.join(directory, 'images.txt')]

test('both images are built for two architectures, pushed without a tag, and listed by digest', t => {
  const { directory, status, stderr, calls } = run(t, 'images.sh', toFile, 'docker', building(DIGEST))
  assert.equal(status, 0, stderr)
  assert.equal(
    fs.readFileSync(path.join(directory, 'images.txt'), 'utf8'),
    `1.2.3 ghcr.io/owner/name@${DIGEST}\n1.2.3-slim ghcr.io/owner/name@${DIGEST}\n`,
  )
  const dockerfile = fs.readFileSync(path.join(DEPLOY, 'Dockerfile'), 'utf8')
  for (const [at, target] of ['full', 'slim'].entries()) {
    assert.ok(dockerfile.includes(` AS ${target}\n`))
    for (const words of [`--target ${target}`, '--platform linux/amd64,linux/arm64', 'push-by-digest=true'])
      assert.ok(calls[at]!.includes(words), calls[at])
    assert.doesNotMatch(calls[at]!, /--tag|:1\.2\.3/)
  }
})

test('a build without a digest ends the release', t => {
  const { status, stderr } = run(t, 'images.sh', toFile, 'docker', building(''))
  assert.equal(status, 1)
  assert.match(stderr, /no digest of full/)
})

test('every listed image is signed by its digest, with all its architectures', t => {
  const listed = (directory: string) => {
    const file = path.join(directory, 'images.txt')
    fs.writeFileSync(file, `1.2.3 ghcr.io/owner/name@${DIGEST}\n1.2.3-slim ghcr.io/owner/name@${DIGEST}\n`)
    return [file]
  }
  const { status, calls } = run(t, 'sign-images.sh', listed, 'cosign', '')
  assert.equal(status, 0)
  assert.deepEqual(calls, Array(2).fill(`sign --yes --recursive ghcr.io/owner/name@${DIGEST}`))
})
