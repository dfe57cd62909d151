/** The templates by the checkers of others, and what they must not miss. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { appOf, Bucket, finish, stackOf, synthesize } from '../../../deploy/aws/testing.ts'
import { DEPLOYMENTS } from '../../support/deployments/aws.ts'
import { pythonMissing, pythonWith } from '../../support/processes/python.ts'

const withoutPython = (await pythonMissing()) ?? false
if (withoutPython && process.env.CI) throw new Error(withoutPython)
const CFN_LINT = ['-c', 'import sys; from cfnlint.runner import main; sys.exit(main())']

test('cfn-lint finds nothing in any template, and finds a planted fault', { skip: withoutPython }, async () => {
  const python = await pythonWith('cfn-lint==1.58.0')
  const lint = (...files: string[]) =>
    spawnSync(python.command, [...CFN_LINT, '--non-zero-exit-code', 'informational', ...files], {
      env: { ...process.env, PYTHONPATH: python.path },
      encoding: 'utf8',
    })
  const { status, stdout, stderr } = lint(...Object.values(DEPLOYMENTS).map(settings => synthesize(settings).file))
  assert.equal(status, 0, stdout + stderr)
  const { file } = synthesize(DEPLOYMENTS.recorders!)
  const planted = path.join(path.dirname(file), 'planted.json')
  fs.writeFileSync(planted, fs.readFileSync(file, 'utf8').replace('"StopTimeout": 120', '"StopTimeout": "soon"'))
  const found = lint(planted)
  assert.match(found.stdout, /'soon' is not of type 'integer'/)
})

test('cdk-nag refuses a deployment with a finding that is not acknowledged', () => {
  const app = appOf(DEPLOYMENTS.recorders!)
  new Bucket(stackOf(app), 'Planted')
  assert.throws(() => finish(app), /Validation failed/)
})
