/** Numbers of Binance's frames, written digit by digit into a buffer: no text is made on the way. */

import { type FrameBuffer, writeTextHeader } from '../websocket-frames.ts'
import { UNITS_PER_ONE } from './units.ts'

/** A header of this length is left free and the payload written behind it: most payloads need just this one. */
export const USUAL_HEADER_BYTES = 4
const DIGIT_ZERO = 48
const POINT = 46

/** Sets the header of the frame whose payload ends here. */
export function finishFrame(out: FrameBuffer, payloadEnd: number): void {
  const payloadAt = out.end + USUAL_HEADER_BYTES
  const headerBytes = writeTextHeader(out.bytes, out.end, payloadEnd - payloadAt)
  if (headerBytes !== USUAL_HEADER_BYTES) out.bytes.copyWithin(out.end + headerBytes, payloadAt, payloadEnd)
  out.end = payloadEnd + headerBytes - USUAL_HEADER_BYTES
}

/** Writes a whole number of units of 1e-8 with its eight decimals; returns where it ends. */
export function writeDecimal(bytes: Buffer, at: number, units: number): number {
  const whole = Math.floor(units / UNITS_PER_ONE)
  const pointAt = writeInteger(bytes, at, whole)
  bytes[pointAt] = POINT
  writeEight(bytes, pointAt + 1, units - whole * UNITS_PER_ONE)
  return pointAt + 9
}

/** Writes a whole number from 0 to 2^53 without leading zeros; returns where it ends. */
export function writeInteger(bytes: Buffer, at: number, value: number): number {
  if (value >= UNITS_PER_ONE) {
    const upper = Math.floor(value / UNITS_PER_ONE)
    const middle = writeInteger(bytes, at, upper)
    writeEight(bytes, middle, value - upper * UNITS_PER_ONE)
    return middle + 8
  }
  let rest = value | 0
  let digits = 1
  for (let bound = 10; rest >= bound; bound *= 10) digits++
  for (let index = at + digits - 1; index >= at; index--) {
    const tenth = (rest / 10) | 0
    bytes[index] = DIGIT_ZERO + rest - tenth * 10
    rest = tenth
  }
  return at + digits
}

/** Writes a number below 1e8 with exactly eight digits. */
function writeEight(bytes: Buffer, at: number, value: number): void {
  let rest = value | 0
  for (let index = at + 7; index >= at; index--) {
    const tenth = (rest / 10) | 0
    bytes[index] = DIGIT_ZERO + rest - tenth * 10
    rest = tenth
  }
}
