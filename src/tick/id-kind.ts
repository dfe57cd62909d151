/**
 * The kinds of trade ids. Each venue states its own (`Venue.ids`); ingest follows ids by it.
 *
 * | kind        | ids of one symbol                                                     | repeat is known | loss is known |
 * | ----------- | --------------------------------------------------------------------- | --------------- | ------------- |
 * | `dense`     | rise by one                                                           | yes             | yes           |
 * | `aggregate` | each record states the range of ids it stands for; the ranges adjoin  | yes             | not followed  |
 * | `counted`   | a record states how many ids end at its own; the counts adjoin        | yes             | not followed  |
 * | `sequence`  | unordered, beside a dense sequence number in a field of its own       | yes             | not followed  |
 * | `rising`    | rise with holes, since other symbols or orders take ids too           | yes             | no            |
 * | `opaque`    | differ, in no order: a hash, a UUID                                   | yes             | no            |
 * | `none`      | the venue states none                                                 | no              | no            |
 */
export type IdKind = 'dense' | 'aggregate' | 'counted' | 'sequence' | 'rising' | 'opaque' | 'none'
