/**
 * The kinds of trade ids. Each venue states its own (`Venue.ids`); ingest follows ids by it.
 *
 * | kind        | ids of one symbol                                             | repeat known | loss known   |
 * | ----------- | ------------------------------------------------------------- | ------------ | ------------ |
 * | `dense`     | rise by one                                                   | yes          | yes          |
 * | `aggregate` | rise by one; each states the range of trade ids that it joins | yes          | yes          |
 * | `counted`   | a record states how many ids end at its own; counts adjoin    | yes          | not followed |
 * | `sequence`  | in no order, beside a dense sequence number                   | yes          | not followed |
 * | `rising`    | rise with holes: other symbols or orders take ids too         | yes          | no           |
 * | `opaque`    | differ, in no order: a hash, a UUID                           | yes          | no           |
 * | `none`      | the venue states none                                         | no           | no           |
 */
export const ID_KINDS = ['dense', 'aggregate', 'counted', 'sequence', 'rising', 'opaque', 'none'] as const

/** See `ID_KINDS`. */
export type IdKind = (typeof ID_KINDS)[number]

/** Whether a trade with a lower id than one before it is an old one. */
export function idsRise(kind: IdKind): boolean {
  return kind !== 'sequence' && kind !== 'opaque' && kind !== 'none'
}

/** Whether ids rise by one, so that a missing one is a missed trade. */
export function idsAreDense(kind: IdKind | undefined): boolean {
  return kind === 'dense' || kind === 'aggregate'
}
