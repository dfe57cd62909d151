/** A strategy whose decisions are written down as it makes them. */
import { type Instrument, nameOf, quantityOf } from '../market/instrument.ts'
import type { Context, OrderRequest, Prediction, Strategy } from '../strategy.ts'

export interface Decision {
  timeMicros: number
  /** All that it states. */
  text: string
  /** Of an order: its id, and what marked its instrument when it was made; else 0 and NaN. */
  orderId: number
  mark: number
}

/** Features of an instrument at a time. */
export interface SampledRow {
  timeMicros: number
  instrument: string
  values: Float64Array
}

export interface Log {
  decisions: Decision[]
  samples: SampledRow[]
}

/** Later ones are not compared. */
const KEPT_MAX = 500_000

/** Handlers of events; `onStart` has no event. */
const HANDLERS = ['onTrade', 'onQuote', 'onBar', 'onTimer', 'onFill', 'onData'] as const
type Handler = (event: unknown, context: Context) => void

/** Does what the strategy does, and adds each order, cancel, sample and prediction to `log`. */
export function watched(strategy: Strategy, log: Log): Strategy {
  const { barSeconds, timerSeconds, features } = strategy
  let context: Context | undefined
  const around = (of: Context) => {
    context ??= watchedContext(of, log)
    return context
  }
  const handlers = HANDLERS.filter(name => strategy[name]).map(name => {
    const handler = strategy[name]!.bind(strategy) as Handler
    return [name, (event: unknown, of: Context) => handler(event, around(of))] as const
  })
  return {
    ...(barSeconds === undefined ? {} : { barSeconds }),
    ...(timerSeconds === undefined ? {} : { timerSeconds }),
    ...(features === undefined ? {} : { features }),
    ...(strategy.onStart ? { onStart: (of: Context) => strategy.onStart!(around(of)) } : {}),
    ...Object.fromEntries(handlers),
  }
}

function watchedContext(of: Context, { decisions, samples }: Log): Context {
  const note = (text: string, orderId = 0, mark = Number.NaN) => {
    if (decisions.length < KEPT_MAX) decisions.push({ timeMicros: of.nowMicros, text, orderId, mark })
  }
  const own: Pick<Context, 'order' | 'cancel' | 'sampled' | 'predicted'> = {
    order(request: OrderRequest) {
      const { instrument, direction, quantity, limit, immediateOrCancel } = request
      const mark = of.mark(instrument)
      const id = of.order(request)
      const rest = `${limit === undefined ? '' : ` at ${limit}`}${immediateOrCancel ? ', immediate or cancel' : ''}`
      note(`${direction === 1 ? 'buys' : 'sells'} ${quantity} ${nameOf(instrument)}${rest}`, id, mark)
      return id
    },
    cancel(orderId: number) {
      note(`cancels order ${orderId}`)
      of.cancel(orderId)
    },
    sampled(instrument: Instrument, values: Float64Array) {
      if (samples.length < KEPT_MAX)
        samples.push({ timeMicros: of.nowMicros, instrument: nameOf(instrument), values: values.slice() })
      note(`computes ${values.join(' ')} of ${nameOf(instrument)}`)
      of.sampled(instrument, values)
    },
    predicted(instrument: Instrument, prediction: Prediction) {
      note(`predicts ${prediction.score} of ${nameOf(instrument)}`)
      of.predicted(instrument, prediction)
    },
  }
  return {
    get nowMicros() {
      return of.nowMicros
    },
    instruments: of.instruments,
    position: instrument => of.position(instrument),
    openQuantity: instrument => of.openQuantity(instrument),
    quantityOf,
    cash: () => of.cash(),
    equity: () => of.equity(),
    mark: instrument => of.mark(instrument),
    isWhole: instrument => of.isWhole(instrument),
    random: () => of.random(),
    drifted: (name, index, bound) => of.drifted(name, index, bound),
    ...own,
  }
}
