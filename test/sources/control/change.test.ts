import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { addSource, removeSource } from '../../../src/sources/control/change.ts'
import { formatSources, namesNothing, parseSources } from '../../../src/sources/selection.ts'
import { isSelected } from '../../../src/sources/subscription/pattern.ts'

const add = (sources: string, added: string) =>
  formatSources(
    parseSources(added).reduce((to, one) => addSource(to, one), parseSources(sources) as ReturnType<typeof addSource>),
  )
const remove = (sources: string, removed: string) =>
  formatSources(
    parseSources(removed).reduce(
      (from, one) => removeSource(from, one, namesNothing(one)),
      parseSources(sources) as ReturnType<typeof addSource>,
    ),
  )

test('a source joins that of its venue and kinds, or stands by itself', () => {
  assert.equal(add('kraken:A,B', 'kraken:C,A'), 'kraken:A,B,C')
  assert.equal(add('kraken:A', 'kraken:B@quotes okx:X'), 'kraken:A kraken:B@quotes okx:X')
  assert.equal(add('kraken:A,*/USD,-X/USD', 'kraken:X/USD,*/EUR'), 'kraken:A,X/USD,*/USD,*/EUR')
  assert.equal(add('kraken:A', 'kraken:*,-B'), 'kraken:A,*,-B')
})

test('what a pattern matches is removed as an exception, what is named by its name, a venue as a whole', () => {
  assert.equal(remove('kraken:A,B okx:X', 'kraken:A'), 'kraken:B okx:X')
  assert.equal(remove('kraken:A,B okx:X', 'kraken'), 'okx:X')
  assert.equal(remove('kraken:A/USD,*/USD', 'kraken:A/USD'), 'kraken:*/USD,-A/USD')
  assert.equal(remove('kraken:A/USD,*/USD,*/EUR', 'kraken:*/USD'), 'kraken:*/EUR')
  assert.equal(remove('kraken:*', 'kraken:*/USD'), 'kraken:*,-*/USD')
  assert.equal(remove('kraken:A,B', 'kraken:A@quotes'), 'kraken:B kraken:A@trades')
  assert.equal(remove('kraken:*/USD', 'kraken:A/USD@quotes'), 'kraken:*/USD,-A/USD kraken:A/USD@trades')
  assert.equal(remove('kraken:*/USD', 'kraken:*/USD@quotes'), 'kraken:*/USD@trades')
  assert.equal(remove('kraken:A@trades kraken:A,B@quotes', 'kraken:A@quotes'), 'kraken:A@trades kraken:B@quotes')
})

test('what cannot be removed is refused with the reason', () => {
  assert.throws(() => remove('kraken:A', 'kraken:B'), /kraken:B is not selected/)
  assert.throws(() => remove('kraken:A@trades', 'kraken:A@quotes'), /is not selected/)
  assert.throws(() => remove('kraken:A', 'okx:A'), /is not selected/)
  assert.throws(() => remove('kraken:A', 'kraken:A'), /nothing would be left/)
  assert.throws(() => remove('kraken:*', 'kraken:*/USD@quotes'), /trades of what \*\/USD matches cannot be kept alone/)
})

test('a symbol that is removed is not recorded with that kind, all others as before; added again, it is', () => {
  const symbol = fc.constantFrom('A/USD', 'B/USD', 'A/EUR', 'B/EUR')
  const item = fc.oneof(symbol, fc.constantFrom('*/USD', '*/EUR', 'A/*', '*'))
  const kinds = fc.constantFrom('', '@trades', '@quotes')
  const source = fc
    .tuple(fc.uniqueArray(item, { minLength: 1 }), kinds)
    .map(([items, of]) => `kraken:${items.join()}${of}`)
  const recorded = (sources: string) =>
    ['A/USD', 'B/USD', 'A/EUR', 'B/EUR'].flatMap(each =>
      ['trades', 'quotes']
        .filter(kind =>
          parseSources(sources).some(
            ({ symbols, patterns, kinds: all }) =>
              all.includes(kind) && (symbols.includes(each) || (patterns !== undefined && isSelected(patterns, each))),
          ),
        )
        .map(kind => `${each} ${kind}`),
    )
  fc.assert(
    fc.property(fc.array(source, { minLength: 1, maxLength: 4 }), symbol, kinds, (sources, one, of) => {
      const before = sources.join(' ')
      const gone = of === '' ? [`${one} trades`, `${one} quotes`] : [`${one} ${of.slice(1)}`]
      // One that stays in any case.
      const after = remove(`${before} okx:X kraken:${one}${of}`, `kraken:${one}${of}`)
      assert.deepEqual(
        recorded(after),
        recorded(before).filter(each => !gone.includes(each)),
      )
      const again = recorded(add(after, `kraken:${one}${of}`))
      for (const each of gone) assert.ok(again.includes(each))
    }),
  )
})
