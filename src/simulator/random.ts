/**
 * A seeded random generator (sfc32): the same seed gives the same numbers on every machine of this engine version. Not
 * cryptographically secure.
 */
export class Random {
  #a: number
  #b: number
  #c: number
  #counter = 1
  #spare = Number.NaN

  /** Different names give independent sequences, so a symbol's walk does not depend on the other symbols. */
  constructor(seed: number, name = '') {
    this.#a = seed | 0
    this.#b = hash(name)
    this.#c = (seed / 2 ** 32) | 0
    // The first outputs still resemble the seed.
    for (let round = 0; round < 15; round++) this.bits()
  }

  /** 32 random bits, as a signed integer. */
  bits(): number {
    const result = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0
    return result
  }

  /** Uniform over [0, 1). */
  uniform(): number {
    return (this.bits() >>> 0) / 2 ** 32
  }

  /** Standard normal, by the polar method: two at a time. */
  normal(): number {
    if (!Number.isNaN(this.#spare)) {
      const spare = this.#spare
      this.#spare = Number.NaN
      return spare
    }
    let x = 0
    let y = 0
    let square = 0
    do {
      x = this.uniform() * 2 - 1
      y = this.uniform() * 2 - 1
      square = x * x + y * y
    } while (square >= 1 || square === 0)
    const scale = Math.sqrt((-2 * Math.log(square)) / square)
    this.#spare = y * scale
    return x * scale
  }
}

/** A 32-bit FNV-1a hash of a text. */
export function hash(text: string): number {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  return value | 0
}
