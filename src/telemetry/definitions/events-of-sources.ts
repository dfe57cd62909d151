/** Events of venues and of the connections to them: see `events.ts`. */
import type { EventDefinition } from './event.ts'

export const SOURCE_EVENTS = {
  connection_opened: {
    station: 'sources',
    level: 'info',
    message: '{venue} connected ({connection}): {symbols} symbols requested',
  },
  connection_lost: {
    station: 'sources',
    level: 'warn',
    message: '{venue} connection lost ({connection}): {why}; reconnecting in {waitMs} ms',
  },
  connection_refused: {
    station: 'sources',
    level: 'warn',
    message: '{venue} unreachable at {url}: {why}; retrying in {waitMs} ms',
  },
  connection_silent: {
    station: 'sources',
    level: 'warn',
    message: '{venue} silent for {silentMs} ms ({connection}): reconnecting in {waitMs} ms',
  },
  clock_wrong: {
    station: 'sources',
    level: 'error',
    message:
      "this machine's clock is {apartMs} ms {direction} the time of {venue} ({connection}): set it by NTP. Recording continues; see docs/decisions/clock.md",
  },
  clock_right: {
    station: 'sources',
    level: 'info',
    message: "this machine's clock agrees with {venue} ({connection}) again",
  },
  connection_rotated: {
    station: 'sources',
    level: 'info',
    message: '{venue} connection replaced ({connection}): {why}',
  },
  symbol_respelled: {
    station: 'sources',
    level: 'info',
    message: '{venue}: {given} is recorded as {symbol}, as the venue spells it',
  },
  symbol_doubled: {
    station: 'sources',
    level: 'info',
    message: '{venue}: {symbol} is listed more than once in TICKHOUSE_SOURCES and recorded once',
  },
  symbol_unknown: {
    station: 'sources',
    level: 'error',
    message:
      '{venue} does not list {symbol}, so no trades of it will arrive. The nearest symbol is {nearest}: correct TICKHOUSE_SOURCES',
  },
  symbols_unknown: {
    station: 'sources',
    level: 'error',
    message: '{venue} does not list {count} more of the symbols of TICKHOUSE_SOURCES',
  },
  symbol_delisted: {
    station: 'sources',
    level: 'error',
    message: '{venue} no longer lists {symbol}: it was delisted, and no more trades of it will arrive',
  },
  symbol_resting: {
    station: 'sources',
    level: 'warn',
    message: '{venue} lists {symbol} as {state}: no trades until trading resumes',
  },
  symbols_unchecked: {
    station: 'sources',
    level: 'info',
    message:
      'cannot read the list of instruments of {venue} ({why}): its symbols are recorded as requested, and the list is read again later',
  },
  instruments_found: {
    station: 'sources',
    level: 'info',
    message: '{venue} lists {count} instruments: they are stored in table instruments, and so is each later change',
  },
  instruments_read: {
    station: 'sources',
    level: 'debug',
    message: '{venue} lists {count} instruments; {changes} changes since the last list',
  },
  instruments_unstored: {
    station: 'sources',
    level: 'warn',
    message:
      'cannot write the changes of the instruments of {venue} to the log ({why}): the list is read and compared again soon',
  },
  instruments_unkept: {
    station: 'sources',
    level: 'warn',
    message:
      'cannot keep the list of instruments of {venue} in the log ({why}): it is tried again with the next list. A restart before that stores its last changes once more',
  },
  instrument_listed: {
    station: 'sources',
    level: 'info',
    message: '{venue} lists {count} new: {symbols}',
  },
  instrument_delisted: {
    station: 'sources',
    level: 'info',
    message: '{venue} delisted {count}: {symbols}',
  },
  instrument_halted: {
    station: 'sources',
    level: 'info',
    message: '{venue} halted trading of {count}: {symbols}',
  },
  instrument_resumed: {
    station: 'sources',
    level: 'info',
    message: '{venue} began or resumed trading of {count}: {symbols}',
  },
  patterns_waiting: {
    station: 'sources',
    level: 'info',
    message: '{venue}: {patterns} is recorded as soon as the list of instruments of {venue} was read',
  },
  patterns_unresolvable: {
    station: 'sources',
    level: 'error',
    message:
      '{venue}: {patterns} cannot be compared with a list of instruments, {count} symbols that it matched before are recorded: set {setting} to the address of the list',
  },
  symbols_matched: {
    station: 'sources',
    level: 'info',
    message: '{venue}: {count} symbols match {patterns} and are recorded',
  },
  symbols_matched_before: {
    station: 'sources',
    level: 'info',
    message:
      '{venue}: the {count} symbols that {patterns} matched last are recorded; the list of instruments is read now',
  },
  symbols_joined: {
    station: 'sources',
    level: 'info',
    message: '{venue}: {count} more symbols match the selection and are recorded: {symbols}',
  },
  symbols_left: {
    station: 'sources',
    level: 'info',
    message: '{venue}: {count} symbols match the selection no longer: {symbols}',
  },
  selection_changed: {
    station: 'sources',
    level: 'info',
    message: 'the selection was changed: {sources}',
  },
  selection_changed_before: {
    station: 'sources',
    level: 'info',
    message:
      'recording {sources}, as it was changed while running; the configuration is {configured}: tickhouse sources reset returns to it',
  },
  selection_unreadable: {
    station: 'sources',
    level: 'error',
    message:
      'the selection as it was changed while running, {sources}, cannot be recorded ({why}): the configuration is recorded',
  },
  selection_unkept: {
    station: 'sources',
    level: 'error',
    message: 'cannot keep the selection in the log ({why}): a restart records what was selected before',
  },
  symbols_uncheckable: {
    station: 'sources',
    level: 'info',
    message: '{venue} has no list of instruments to read ({why}): its symbols are recorded as requested, unchecked',
  },
  symbols_over_limit: {
    station: 'sources',
    level: 'warn',
    message:
      '{venue}: {symbols} symbols are selected, but one key has one connection, with {allowed} symbols on the free plan. The venue refuses the rest without naming them: they stay without trades',
  },
  subscription_rejected: {
    station: 'sources',
    level: 'error',
    message: '{venue} refused {kind} of {symbols} ({connection}): {detail}; subscribing again in {waitMs} ms',
  },
  subscription_unanswered: {
    station: 'sources',
    level: 'warn',
    message: '{venue} {kind} of {symbols} ({connection}): {detail}; subscribing again',
  },
  subscription_ended: {
    station: 'sources',
    level: 'error',
    message: '{venue} ended the subscription to {kind} of {symbols} ({connection}); subscribing again in {waitMs} ms',
  },
  symbols_silent: {
    station: 'sources',
    level: 'warn',
    message: '{venue} {kind} of {symbols} silent ({connection}): {detail}; subscribing again',
  },
  trades_missed: {
    station: 'sources',
    level: 'error',
    message:
      '{venue} {symbol} ({connection}): trades {first} to {last} were announced but did not arrive; subscribing again',
  },
  volume_differs: {
    station: 'sources',
    level: 'error',
    message: '{venue} {symbol} ({connection}): {detail}',
  },
  symbols_back: {
    station: 'sources',
    level: 'info',
    message: '{venue} {kind} of {symbols} back ({connection}) after {downMs} ms',
  },
  symbols_counted: {
    station: 'sources',
    level: 'info',
    message: '{venue} ({connection}): {kind} of {symbols} of {requested} symbols acknowledged or live',
  },
  quote_check_failed: {
    station: 'sources',
    level: 'warn',
    message:
      '{venue} {symbol}: the order book cannot be rebuilt ({why}), so its quotes are not checked now; the next check is in {waitMs} ms. Recording continues',
  },
  venue_not_online: {
    station: 'sources',
    level: 'warn',
    message: '{venue} reports state {state}: fewer trades, or none, until it is online',
  },
  venue_online: { station: 'sources', level: 'info', message: '{venue} is online again, after {before}' },
  venue_maintenance: { station: 'sources', level: 'warn', message: '{venue} announces: {upcoming}' },
  frames_unreadable: {
    station: 'sources',
    level: 'error',
    message:
      '{venue} sends no readable frames ({connection}): {frames} refused in {forMs} ms. See tickhouse quarantine',
  },
  frames_readable: { station: 'sources', level: 'info', message: '{venue} frames are readable again ({connection})' },
  venue_error: { station: 'sources', level: 'error', message: '{venue} reports an error ({connection}): {detail}' },
  rate_limited: {
    station: 'sources',
    level: 'warn',
    message: '{venue} limits our requests: {detail}; no new connection to it for {waitMs} ms',
  },
  region_refused: {
    station: 'sources',
    level: 'error',
    message:
      '{venue} refuses your region at {url}: {why}. Record it from a permitted region, or choose another venue; retrying in {waitMs} ms',
  },
  address_refused: {
    station: 'sources',
    level: 'error',
    message:
      'the proxy of {venue} refuses this IP address at {url}: {why}. It often refuses clouds and VPNs, and for some time addresses that connected too often; retrying in {waitMs} ms',
  },
  account_refused: {
    station: 'sources',
    level: 'error',
    message:
      '{venue} does not accept your key at {url}: {why}. Correct it (docs/live.md) and start again; retrying in {waitMs} ms, and a key in a file is read again',
  },
  plan_refused: {
    station: 'sources',
    level: 'error',
    message:
      '{venue}: your plan does not include {url}: {why}. Choose another feed, or another plan at the venue; trying again in {waitMs} ms',
  },
  connections_exceeded: {
    station: 'sources',
    level: 'error',
    message:
      '{venue} allows this account no further connection to {url}: {why}. Another program uses the same key, or a broken connection still counts; trying again in {waitMs} ms',
  },
  errors_repeated: {
    station: 'sources',
    level: 'warn',
    message: '{venue}: {count} more errors, repeated or too many to list ({events})',
  },
  frame_refused: { station: 'sources', level: 'warn', message: '{venue} frame refused ({reason}): {detail}' },
  frames_refused: { station: 'sources', level: 'warn', message: '{venue}: {count} more frames refused ({reasons})' },
  sources_blocked: {
    station: 'sources',
    level: 'warn',
    message: 'backpressure: log too slow, reading from venues paused ({pendingBytes} bytes pending)',
  },
  sources_unblocked: { station: 'sources', level: 'info', message: 'reading from venues resumed after {blockedMs} ms' },
} as const satisfies Record<string, EventDefinition>
