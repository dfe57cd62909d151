/** What a size costs a month by `prices.json`, without the archive, which grows with the load. */
import prices from './prices.json' with { type: 'json' }
import { type BoxSize, type ClusterSize, SIZES, type SizeName } from './sizes.ts'

export { prices }

/** US dollars a month. */
export type Cost = Readonly<Record<string, number>>

/** Secrets: token, ClickHouse's address and its two passwords. */
const SECRETS = { box: 1, cluster: 4 }
/** Lines of logs of all stages, at level `info`. */
const LOGS_GIB = { box: 1, cluster: 10 }
/** The disk of the system. */
const SYSTEM_GIB = 30

export function monthlyCost(name: SizeName): Cost {
  const size = SIZES[name]
  return size.kind === 'box' ? boxCost(size) : clusterCost(size)
}

export const total = (cost: Cost): number => Object.values(cost).reduce((sum, dollars) => sum + dollars, 0)

function boxCost({ type, diskGiB }: BoxSize): Cost {
  return {
    machine: hours(prices.machineHour, type) + addresses(1),
    disks: (diskGiB + SYSTEM_GIB) * prices.diskGiBMonth,
    other: other('box', 2),
  }
}

function clusterCost({ tasks, broker, store }: ClusterSize): Cost {
  const all = Object.values(tasks)
  const sum = (of: (task: (typeof all)[number]) => number) =>
    all.reduce((total, task) => total + task.count * of(task), 0)
  const hour = sum(
    ({ cpu, memoryMiB }) => (cpu / 1024) * prices.fargateVcpuHour + (memoryMiB / 1024) * prices.fargateGiBHour,
  )
  const count = sum(() => 1)
  return {
    stages: hour * prices.hoursPerMonth + addresses(count),
    brokers: broker.count * (hours(prices.brokerHour, broker.type) + broker.diskGiB * prices.brokerDiskGiBMonth),
    ClickHouse:
      hours(prices.machineHour, store.type) + (store.diskGiB + SYSTEM_GIB) * prices.diskGiBMonth + addresses(1),
    other: other('cluster', 12),
  }
}

const addresses = (count: number) => count * prices.publicAddressHour * prices.hoursPerMonth

const other = (kind: 'box' | 'cluster', alarms: number) =>
  prices.keyMonth + SECRETS[kind] * prices.secretMonth + alarms * prices.alarmMonth + LOGS_GIB[kind] * prices.logsGiB

/** Throws for a type without a price. */
function hours(table: Readonly<Record<string, number>>, type: string): number {
  const price = table[type]
  if (price === undefined) throw new Error(`no price of ${type} in prices.json`)
  return price * prices.hoursPerMonth
}
