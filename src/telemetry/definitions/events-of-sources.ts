/** What is told of venues and the connections to them: see `events.ts`. */
import type { EventDefinition } from './event.ts'

export const SOURCE_EVENTS = {
  connection_opened: {
    station: 'sources',
    level: 'info',
    message: '{venue} connected ({connection}): {symbols} symbols asked for',
  },
  connection_lost: {
    station: 'sources',
    level: 'warn',
    message: '{venue} connection lost ({connection}): {why}; again in {waitMs} ms',
  },
  connection_refused: {
    station: 'sources',
    level: 'warn',
    message: '{venue} cannot be reached at {url}: {why}; trying again in {waitMs} ms',
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
      "this machine's clock is {apartMs} ms {direction} the time of {venue} ({connection}): set it by NTP. " +
      'Recording goes on; see docs/decisions/clock.md',
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
    message: '{venue}: {symbol} is named more than once in TICKHOUSE_SOURCES and recorded once',
  },
  symbol_unknown: {
    station: 'sources',
    level: 'error',
    message:
      '{venue} does not list {symbol}: no trades will come of it. The nearest it lists is {nearest}; correct TICKHOUSE_SOURCES',
  },
  symbol_resting: {
    station: 'sources',
    level: 'warn',
    message: '{venue} lists {symbol} as {state}: trades of it come only once it is traded again',
  },
  symbols_unchecked: {
    station: 'sources',
    level: 'info',
    message: "{venue}'s list of symbols cannot be had ({why}): they are recorded unchecked, and it is asked for again",
  },
  subscription_rejected: {
    station: 'sources',
    level: 'error',
    message: '{venue} refused {symbols} ({connection}): {detail}; asked again in {waitMs} ms',
  },
  subscription_unanswered: {
    station: 'sources',
    level: 'warn',
    message: '{venue} {symbols} ({connection}): {detail}; asked again',
  },
  subscription_ended: {
    station: 'sources',
    level: 'error',
    message: '{venue} ended the subscription of {symbols} ({connection}); asked again in {waitMs} ms',
  },
  symbols_silent: {
    station: 'sources',
    level: 'warn',
    message: '{venue} {symbols} silent ({connection}): {detail}; subscribed to again',
  },
  trades_missed: {
    station: 'sources',
    level: 'error',
    message:
      '{venue} {symbol} ({connection}): trades {first} to {last} were announced and never came; subscribed to again',
  },
  symbols_back: {
    station: 'sources',
    level: 'info',
    message: '{venue} {symbols} back ({connection}) after {downMs} ms',
  },
  symbols_counted: {
    station: 'sources',
    level: 'info',
    message: '{venue} ({connection}): {symbols} of {asked} symbols acknowledged or trading',
  },
  venue_not_online: {
    station: 'sources',
    level: 'warn',
    message: '{venue} says that it is in state {state}: fewer trades, or none, until it is online',
  },
  venue_online: { station: 'sources', level: 'info', message: '{venue} is online again, after {before}' },
  venue_maintenance: { station: 'sources', level: 'warn', message: '{venue} announces: {upcoming}' },
  frames_unreadable: {
    station: 'sources',
    level: 'error',
    message:
      '{venue} sends nothing that can be read ({connection}): {frames} frames refused in {forMs} ms, none read. See tickhouse quarantine',
  },
  frames_readable: { station: 'sources', level: 'info', message: '{venue} can be read again ({connection})' },
  venue_error: { station: 'sources', level: 'error', message: '{venue} says ({connection}): {detail}' },
  rate_limited: {
    station: 'sources',
    level: 'warn',
    message: '{venue} asks for fewer requests: {detail}; no new connection to it for {waitMs} ms',
  },
  region_refused: {
    station: 'sources',
    level: 'error',
    message:
      '{venue} refuses your region at {url}: {why}. Record it from where it may be used, or choose another venue; trying again in {waitMs} ms',
  },
  address_refused: {
    station: 'sources',
    level: 'error',
    message:
      "{venue}'s proxy refuses this address at {url}: {why}. Addresses of clouds and VPNs often are, and those that connected too often for a time; trying again in {waitMs} ms",
  },
  errors_repeated: {
    station: 'sources',
    level: 'warn',
    message: '{venue}: {count} more errors, repeated or too many to name ({events})',
  },
  frame_refused: { station: 'sources', level: 'warn', message: '{venue} frame refused ({reason}): {detail}' },
  frames_refused: { station: 'sources', level: 'warn', message: '{venue}: {count} more frames refused ({reasons})' },
  sources_blocked: {
    station: 'sources',
    level: 'warn',
    message: 'the log is slow: reading from venues is held back ({pendingBytes} bytes pending)',
  },
  sources_unblocked: { station: 'sources', level: 'info', message: 'reading from venues goes on after {blockedMs} ms' },
} as const satisfies Record<string, EventDefinition>
