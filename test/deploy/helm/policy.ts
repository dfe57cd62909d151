/** What every pod and network policy of the chart must be, whatever the values. */
import type { Resource } from './chart.ts'

const PUBLIC_PORTS = new Set([443, 8443, 465, 587])
const WORKLOADS = new Set(['Deployment', 'StatefulSet'])

/** One line for each rule that a resource breaks. */
export function violations(resources: readonly Resource[]): string[] {
  const policies = resources.filter(({ kind }) => kind === 'NetworkPolicy')
  return [
    ...resources.filter(({ kind }) => kind === 'Secret').map(one => `${nameOf(one)}: a secret among the resources`),
    ...resources.flatMap(one => podFaults(one)),
    ...resources.filter(({ kind }) => WORKLOADS.has(kind)).flatMap(one => workloadFaults(one, resources)),
    ...policies.flatMap(policyFaults),
    ...(policies.length > 0 ? resources.flatMap(one => unprotected(one, policies)) : []),
  ]
}

export const nameOf = ({ kind, metadata }: Resource) => `${kind} ${metadata.name}`

/** The pod of a workload or of a test; undefined for other resources. */
export function podOf({ kind, metadata, spec }: Resource) {
  if (WORKLOADS.has(kind)) return { labels: spec.template.metadata.labels, spec: spec.template.spec }
  return kind === 'Pod' ? { labels: metadata.labels!, spec } : undefined
}

function podFaults(resource: Resource): string[] {
  const pod = podOf(resource)
  if (!pod) return []
  const { spec } = pod
  const security = spec.securityContext ?? {}
  const rules: Record<string, boolean> = {
    'runs as root': security.runAsNonRoot === true && security.runAsUser >= 1000 && security.runAsGroup >= 1000,
    'no seccomp profile': security.seccompProfile?.type === 'RuntimeDefault',
    'a token of the API server': spec.automountServiceAccountToken === false,
    'settings from names of services': spec.enableServiceLinks === false,
    'a part of the host': !spec.hostNetwork && !spec.hostPID && !spec.hostIPC,
    'a directory of the host': !spec.volumes.some((volume: object) => 'hostPath' in volume),
  }
  for (const container of [...spec.containers, ...(spec.initContainers ?? [])]) {
    const { securityContext: own = {}, resources: needs, image, env = [] } = container
    rules['gains privileges'] = own.allowPrivilegeEscalation === false && own.privileged !== true
    rules['runs as root by its container'] = own.runAsUser === undefined || own.runAsUser >= 1000
    rules['writes to its image'] = own.readOnlyRootFilesystem === true
    rules['keeps capabilities'] = own.capabilities?.drop?.includes('ALL') === true && !own.capabilities.add
    rules['no requests or no memory limit'] = Boolean(
      needs?.requests?.cpu && needs.requests.memory && needs.limits?.memory,
    )
    rules['an image without a version'] = /(@sha256:[0-9a-f]{64}|:(?!latest$)[\w.-]+)$/.test(image)
    rules['a secret in the environment'] = env.every((one: { valueFrom?: object }) => one.valueFrom === undefined)
  }
  return broken(resource, rules)
}

function workloadFaults(resource: Resource, resources: readonly Resource[]): string[] {
  const { spec } = podOf(resource)!
  const several = resource.spec.replicas > 1
  const budget = resources.find(
    one => one.kind === 'PodDisruptionBudget' && selects(one.spec.selector, podOf(resource)!.labels),
  )
  const [container] = spec.containers
  return broken(resource, {
    'a missing probe': ['startupProbe', 'livenessProbe', 'readinessProbe'].every(probe => container[probe]?.httpGet),
    'not spread over zones':
      !several ||
      spec.topologySpreadConstraints?.some(
        ({ topologyKey }: { topologyKey: string }) => topologyKey === 'topology.kubernetes.io/zone',
      ),
    'a budget for a single pod, or none for several': several === (budget !== undefined),
    'stops before its successor is ready':
      resource.kind !== 'Deployment' ||
      resource.spec.strategy.type === 'Recreate' ||
      (resource.spec.strategy.rollingUpdate.maxUnavailable === 0 &&
        resource.spec.strategy.rollingUpdate.maxSurge === 1),
  })
}

type Peer = { ipBlock?: { cidr: string; except?: string[] } }
type Rule = { to?: Peer[]; from?: Peer[]; ports?: { port: number | string }[] }

function policyFaults(policy: Resource): string[] {
  const {
    egress = [],
    ingress = [],
    policyTypes,
  } = policy.spec as Record<'egress' | 'ingress', Rule[]> & {
    policyTypes: string[]
  }
  const open = (peers: Peer[] | undefined, ports: Rule['ports']) =>
    !peers?.length ||
    !ports?.length ||
    peers.some(
      ({ ipBlock }) =>
        ipBlock?.cidr.endsWith('/0') &&
        (!ipBlock.except?.length || ports.some(({ port }) => !PUBLIC_PORTS.has(Number(port)))),
    )
  return broken(policy, {
    'not for both directions': policyTypes.includes('Ingress') && policyTypes.includes('Egress'),
    'open egress': !egress.some(({ to, ports }) => open(to, ports)),
    'open ingress': !ingress.some(({ from, ports }) => open(from, ports) || ports!.some(({ port }) => port !== 'http')),
  })
}

function unprotected(resource: Resource, policies: readonly Resource[]): string[] {
  const pod = podOf(resource)
  if (!pod) return []
  const own = policies.filter(({ spec }) => selects(spec.podSelector, pod.labels))
  return broken(resource, { 'not under one network policy': own.length === 1 })
}

function selects({ matchLabels }: { matchLabels: Record<string, string> }, labels: Record<string, string>): boolean {
  return Object.entries(matchLabels).every(([key, value]) => labels[key] === value)
}

function broken(resource: Resource, rules: Record<string, unknown>): string[] {
  return Object.entries(rules).flatMap(([rule, holds]) => (holds ? [] : [`${nameOf(resource)}: ${rule}`]))
}
