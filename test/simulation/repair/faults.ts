/** What may go wrong in a simulated repair, and how often it did. */
export const REPAIR_FAULTS = [
  ...(['feed cut', 'feed silent', 'trade skipped', 'trade sent late', 'trade sent again', 'ids began again'] as const),
  ...(['recorder killed', 'ingest killed'] as const),
  ...(['times in ms', 'page begins above', 'page cut short', 'page with holes', 'page again'] as const),
  ...(['ids of the other space', '429', '418 for others', '403 in HTML', '451', '503', 'reset in the body'] as const),
  ...(['no answer', 'nothing in the page', 'weight used by others', 'refused for good'] as const),
] as const
export type RepairFault = (typeof REPAIR_FAULTS)[number]

export type RepairTally = Record<RepairFault, number>

export const noRepairFaults = (): RepairTally =>
  Object.fromEntries(REPAIR_FAULTS.map(fault => [fault, 0])) as RepairTally

export function tried(tally: RepairTally, fault: RepairFault): void {
  tally[fault]++
}
