/** Frames with damage, for decoders. */
import fc from 'fast-check'

/** Pieces at the border of what a reader accepts. */
const SPLICES = [
  ...[
    '"',
    '\\',
    '\\u0030',
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '.',
    '-',
    '+',
    'e5',
    '0',
    '00',
    '9'.repeat(17),
    ' ',
    '\n',
    '\0',
  ],
  ...['é', '🦀', 'null', 'true', '""', '"data":', '[[[[', '\ud800'],
]

/** Real frames that were cut, or had pieces replaced, doubled or spliced in; random bytes and random JSON too. */
export function damaged(frames: readonly string[]): fc.Arbitrary<Buffer> {
  const change = fc.record({
    at: fc.nat(400),
    dropped: fc.nat(12),
    inserted: fc.oneof(fc.constantFrom(...SPLICES), fc.string({ maxLength: 8 }), fc.constant('')),
  })
  const spliced = fc.tuple(fc.constantFrom(...frames), fc.array(change, { maxLength: 3 })).map(([frame, changes]) => {
    let text = frame
    for (const { at, dropped, inserted } of changes) {
      const position = at % (text.length + 1)
      text = text.slice(0, position) + inserted + text.slice(position + dropped)
    }
    return Buffer.from(text)
  })
  const cut = fc.tuple(fc.constantFrom(...frames), fc.nat(400)).map(([frame, at]) => Buffer.from(frame).subarray(0, at))
  const flipped = fc.tuple(fc.constantFrom(...frames), fc.nat(400), fc.nat(255)).map(([frame, at, byte]) => {
    const bytes = Buffer.from(frame)
    bytes[at % bytes.length] = byte
    return bytes
  })
  const random = fc.uint8Array({ maxLength: 300 }).map(bytes => Buffer.from(bytes))
  const json = fc.json().map(text => Buffer.from(text))
  return fc.oneof({ weight: 5, arbitrary: spliced }, cut, { weight: 2, arbitrary: flipped }, random, json)
}

/** Frames that are long or deeply nested, for a decoder that must not hang. */
export function monstrous(frames: readonly string[]): string[] {
  return [
    '['.repeat(1e6),
    '{"data":'.repeat(1e5),
    `${'['.repeat(1e5)}1234567890123456${']'.repeat(1e5)}`,
    '9'.repeat(1e6),
    ...frames.map(frame => frame.replace(/"[^"]*"}/, `"${'9'.repeat(1e6)}"}`)),
    ...frames.map(frame => frame.replace(/\d+\.?\d*/, '1'.repeat(1e5))),
  ]
}
