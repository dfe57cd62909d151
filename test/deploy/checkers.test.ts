/** Checks the files in `deploy/` with the tools of their programs, if installed. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { writeEnvironment } from '../../deploy/environment.ts'
import { DEPLOY, ROOT } from './composition.ts'

const inDeploy = (file: string) => path.join(DEPLOY, file)
const WORKFLOWS = ['ci', 'release', 'deploy'].map(name => path.join(ROOT, `.github/workflows/${name}.yaml`))
const SCRIPTS = fs.globSync(path.join(DEPLOY, '**/*.sh'), { exclude: ['**/node_modules/**'] })

/** Each must end with 0. */
const CHECKERS: { what: string; command: string; words: string[] }[] = [
  { what: 'the Dockerfile', command: 'hadolint', words: [inDeploy('Dockerfile')] },
  {
    what: "Prometheus' file",
    command: 'promtool',
    words: ['check', 'config', '--syntax-only', inDeploy('prometheus/prometheus.yaml')],
  },
  { what: 'the workflows', command: 'actionlint', words: WORKFLOWS },
  {
    what: "the workflows' rights",
    command: 'zizmor',
    words: [
      '--offline',
      '--config',
      path.join(ROOT, '.github/zizmor.yml'),
      ...WORKFLOWS,
      path.join(ROOT, '.github/dependabot.yml'),
    ],
  },
  { what: 'the scripts', command: 'shellcheck', words: SCRIPTS },
]

/** Why a command cannot run here, false if it can. */
function missing(command: string, ...words: string[]): string | false {
  return spawnSync(command, words).status === 0 ? false : `${[command, ...words].join(' ')} does not run here`
}

for (const { what, command, words } of CHECKERS) {
  test(`${command} finds nothing in ${what}`, { skip: missing(command, '--version') }, () => {
    const { status, stdout, stderr } = spawnSync(command, words, { encoding: 'utf8' })
    assert.equal(status, 0, stdout + stderr)
  })
}

test('docker compose finds nothing in the composition', { skip: missing('docker', 'compose', 'version') }, t => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-compose-'))
  t.after(() => fs.rmSync(directory, { recursive: true }))
  const file = path.join(directory, '.env')
  writeEnvironment(file)
  const compose = (...words: string[]) =>
    spawnSync(
      'docker',
      ['compose', ...words, '-f', inDeploy('compose.yaml'), '--profile', 'logs', 'config', '--quiet'],
      {
        encoding: 'utf8',
      },
    )
  const { status, stderr } = compose('--env-file', file)
  assert.equal(status, 0, stderr)
  assert.equal(stderr, '')
  const without = compose('--env-file', os.devNull)
  assert.notEqual(without.status, 0)
  assert.match(without.stderr, /run npm run deploy:env/)
})

test('every action is pinned by commit, with its version, and every script that a workflow runs is here', () => {
  for (const file of WORKFLOWS) {
    const text = fs.readFileSync(file, 'utf8')
    const uses = [...text.matchAll(/uses: (.*)$/gm)].map(([, action]) => action!)
    assert.ok(uses.length > 0)
    for (const action of uses) assert.match(action, /^[\w.-]+\/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/, file)
    for (const [script] of text.matchAll(/(?:deploy\/release|deploy|\.ci)\/[\w.-]+/g))
      assert.ok(fs.existsSync(path.join(ROOT, script)), script)
  }
})
