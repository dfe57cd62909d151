/** The built-in simulated exchange (`src/simulator`): Binance's shapes at a local address, under a name of its own. */
import { binanceShaped } from './binance/decode.ts'
import type { Venue } from './venue.ts'

export const simulator: Venue = binanceShaped({
  name: 'simulator',
  // A simulator's port is known only once it listens: the launcher supplies the addresses.
  ws: 'ws://127.0.0.1:0',
  rest: 'http://127.0.0.1:0',
  kinds: ['trades', 'quotes'],
  defaultSymbols: ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT', 'BNBUSDT', 'DOGEUSDT', 'AVAXUSDT', 'LINKUSDT'],
  limits: { symbolsPerConnection: 200, framesPerSecond: 3 },
  // It pings every 20 s, as Binance does.
  silenceMsMax: 30_000,
})
