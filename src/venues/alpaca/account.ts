import type { Account } from '../venue.ts'

/** One account for stocks and crypto: https://docs.alpaca.markets/docs/streaming-market-data#authentication. */
export const ACCOUNT: Account = {
  name: 'alpaca',
  secrets: ['key', 'secret'],
  advice: 'Create a key and its secret under "API Keys" at https://app.alpaca.markets; a free account is enough.',
  login: ({ key, secret }) => [JSON.stringify({ action: 'auth', key, secret })],
  headers: ({ key, secret }) => ({ 'APCA-API-KEY-ID': key!, 'APCA-API-SECRET-KEY': secret! }),
}
