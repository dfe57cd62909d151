/** The bound that chrony states, and what is none. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { ClockErrorGauge, readTracking } from '../../src/telemetry/clock-error.ts'

// Reference, name, stratum, time, offset, last offset, RMS offset, frequency, residual, skew, delay, dispersion, interval, leap.
const FIELDS =
  'A9FEA97B,169.254.169.123,4,1795783927.1,-0.000012,0.000003,0.00001,-7.4,0.001,0.02,0.0004,0.0001,16.1,Normal'

test('the bound is the offset, the dispersion and half the delay, whatever the sign of the offset', () => {
  assert.ok(Math.abs(readTracking(`${FIELDS}\n`)! - 0.000312) < 1e-12)
  assert.equal(readTracking(FIELDS.replace('-0.000012', '0.000012')), readTracking(FIELDS))
})

test('a clock that is not synchronised, and a line of another shape, have no bound', () => {
  assert.equal(readTracking(FIELDS.replace('Normal', 'Not synchronised')), null)
  assert.equal(readTracking(FIELDS.replace(',4,', ',0,')), null)
  for (const line of ['', '506 Cannot talk to daemon', FIELDS.replace('0.0001,', ','), FIELDS.replace('0.0004', 'x')])
    assert.equal(readTracking(line), null, line)
})

test('the program is run, and where there is none or it fails nothing is known', async t => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-chrony-'))
  t.after(() => fs.rmSync(directory, { recursive: true, force: true }))
  const file = path.join(directory, 'chronyc')
  const write = (script: string) => fs.writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  const gauge = new ClockErrorGauge(file)
  await gauge.read()
  assert.equal(gauge.seconds, null)
  write(`[ "$*" = "-c -n tracking" ] && echo '${FIELDS}'`)
  await gauge.read()
  assert.equal(gauge.seconds, readTracking(FIELDS))
  write('echo "506 Cannot talk to daemon"; exit 1')
  await gauge.read()
  assert.equal(gauge.seconds, null)
})
