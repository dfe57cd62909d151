/** Tokens for Amazon MSK, compared with those of AWS's own signer. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import fc from 'fast-check'
import { type AwsCredentials, mskToken } from '../../../../src/log/kafka/login/msk-token.ts'
import { pythonMissing, pythonWith } from '../../../support/processes/python.ts'

const missing = await pythonMissing()
if (missing && process.env.CI) throw new Error(missing)

/** Reads [region, access key, secret, session token] of each, prints the token of each. */
const THEIRS = `
import json, sys
from botocore.credentials import Credentials
from aws_msk_iam_sasl_signer import MSKAuthTokenProvider as provider
construct = vars(provider)["__construct_auth_token"]
for region, *keys in json.load(sys.stdin):
    print(construct(region, Credentials(*keys))[0])
`

const key = fc.string({ unit: fc.constantFrom(...'ABCXYZ0189'), minLength: 16, maxLength: 20 })
const secret = fc.string({ unit: fc.constantFrom(...'abcXYZ0189/+='), minLength: 20, maxLength: 200 })
const given = fc.record({
  region: fc.constantFrom('eu-central-1', 'ap-northeast-1', 'us-gov-west-1'),
  accessKeyId: key,
  secretAccessKey: secret,
  sessionToken: fc.option(secret, { nil: undefined }),
})

const urlOf = (token: string) => {
  const url = new URL(Buffer.from(token, 'base64url').toString())
  // Names the signer, and is not signed.
  url.searchParams.delete('User-Agent')
  return url
}

test("a token is the one that AWS's own signer makes at the same moment", { skip: missing }, async () => {
  const cases: (AwsCredentials & { region: string })[] = fc.sample(given, 40)
  const python = await pythonWith('aws-msk-iam-sasl-signer-python')
  const input = JSON.stringify(
    cases.map(({ region, accessKeyId, secretAccessKey, sessionToken = null }) => [
      ...[region, accessKeyId, secretAccessKey],
      sessionToken,
    ]),
  )
  const env = { ...process.env, PYTHONPATH: python.path }
  const { stdout, stderr } = spawnSync(python.command, ['-c', THEIRS], { input, env, encoding: 'utf8' })
  const theirs = stdout.trim().split('\n')
  assert.equal(theirs.length, cases.length, stderr)
  for (const [index, { region, ...credentials }] of cases.entries()) {
    const expected = urlOf(theirs[index]!)
    const [, date, time] = /^(\d{8})T(\d{6})Z$/.exec(expected.searchParams.get('X-Amz-Date')!)!
    const at = `${date!.replace(/(..)(..)$/, '-$1-$2')}T${time!.replace(/(..)(..)(..)/, '$1:$2:$3')}Z`
    const ours = urlOf(mskToken(region, credentials, new Date(at)))
    assert.equal(ours.host, expected.host)
    const sorted = (url: URL) => [...url.searchParams].sort()
    assert.deepEqual(sorted(ours), sorted(expected))
  }
})
