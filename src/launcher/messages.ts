/** Messages between `start` and its child processes. */
import type { UpgradeStatus } from '../service.ts'

export type ToSupervisor =
  /** It starts, and reads messages. */
  | { started: true }
  /** A sign of life, each second while it runs, with the version of its program. */
  | { alive: string }
  /** Before it exits by itself: the reason. */
  | { ending: string }
  /** The answer to `handOver`: it stops now, or goes on recording. */
  | { handedOver: boolean }
  /** What a handover waits for. */
  | { handover: string }
  /** Someone wants an upgrade. */
  | { upgrade: true }

export type ToChild =
  /** A recorder of the next version runs beside it: stop once that is shown to record the same ticks. */
  | { handOver: true }
  /** Go on recording. */
  | { stay: true }
  | { upgrade: UpgradeStatus }
