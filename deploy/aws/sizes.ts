/** What each size runs. The prices of these in `prices.json` are what `npm run bench -- cost` adds up. */

/** Of a Fargate task: vCPU in 1/1024 and MiB. */
export interface TaskSize {
  count: number
  cpu: 256 | 512 | 1024 | 2048
  memoryMiB: number
}

export type Stage = 'record' | 'ingest' | 'serve' | 'archive' | 'watch'

export interface ClusterSize {
  kind: 'cluster'
  tasks: Readonly<Record<Stage, TaskSize>>
  broker: { type: string; count: number; diskGiB: number }
  store: { type: string; memoryMiB: number; diskGiB: number }
}

export interface BoxSize {
  kind: 'box'
  type: string
  /** Of the container: the rest is the system's. */
  memoryMiB: number
  diskGiB: number
}

export type SizeName = 'S' | 'M' | 'L'

/** Zones: a topic has three copies, and loses none with a zone. */
export const ZONES = 3

export const SIZES: Readonly<Record<SizeName, BoxSize | ClusterSize>> = {
  S: { kind: 'box', type: 't4g.medium', memoryMiB: 3_300, diskGiB: 60 },
  M: {
    kind: 'cluster',
    tasks: {
      record: { count: 1, cpu: 1024, memoryMiB: 2_048 },
      ingest: { count: 2, cpu: 1024, memoryMiB: 2_048 },
      serve: { count: 1, cpu: 1024, memoryMiB: 2_048 },
      archive: { count: 1, cpu: 1024, memoryMiB: 2_048 },
      watch: { count: 1, cpu: 256, memoryMiB: 512 },
    },
    broker: { type: 'kafka.m7g.large', count: 3, diskGiB: 200 },
    store: { type: 'r7g.xlarge', memoryMiB: 28_000, diskGiB: 1_000 },
  },
  L: {
    kind: 'cluster',
    tasks: {
      record: { count: 2, cpu: 2048, memoryMiB: 4_096 },
      ingest: { count: 6, cpu: 2048, memoryMiB: 4_096 },
      serve: { count: 2, cpu: 2048, memoryMiB: 4_096 },
      archive: { count: 1, cpu: 2048, memoryMiB: 4_096 },
      watch: { count: 1, cpu: 256, memoryMiB: 512 },
    },
    broker: { type: 'kafka.m7g.xlarge', count: 3, diskGiB: 2_000 },
    store: { type: 'r7g.4xlarge', memoryMiB: 120_000, diskGiB: 8_000 },
  },
}

/** Recorders alone, in a venue's region. */
export const RECORDERS: TaskSize = { count: 2, cpu: 1024, memoryMiB: 2_048 }
