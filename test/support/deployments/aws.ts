/** Deployments of `deploy/aws` as the tests look at them: with their references filled in as AWS would. */

export const LOG_CLUSTER = 'arn:aws:kafka:eu-central-1:111122223333:cluster/market/abcd-1'
/** Of the key that seals. */
export const SEAL_SECRET = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:seal-c3d4e5'
const SECRET = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:a-b1c2d3'

/** Settings of every kind of deployment. */
export const DEPLOYMENTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  S: { size: 'S' },
  'S, everything set': {
    size: 'S',
    alarmEmail: 'ops@example.org',
    logKeepHours: '48',
    storeKeepDays: '30',
    glacierAfterDays: '90',
    objectLockDays: '30',
    accountsSecret: SECRET,
    accounts: 'ALPACA_KEY,ALPACA_SECRET',
    sealKeySecret: SEAL_SECRET,
    sources: 'alpaca:AAPL',
  },
  M: { size: 'M' },
  'M, private, everything set': {
    size: 'M',
    network: 'private',
    logKeepHours: '48',
    storeKeepDays: '30',
    webhooksSecret: SECRET,
    sealKeySecret: SEAL_SECRET,
    image: 'registry.example/tickhouse@sha256:00',
  },
  'L, external ClickHouse': { size: 'L', storeSecret: SECRET },
  L: { size: 'L' },
  recorders: {
    size: 'recorders',
    name: 'tickhouse-tokyo',
    log: 'kafka://b-1.example:9098?tls=1&sasl=aws-msk-iam&region=eu-central-1',
    logCluster: LOG_CLUSTER,
  },
  'recorders, log in a secret': { size: 'recorders', logSecret: SECRET },
}

type Value = unknown
const PASSWORD = 'aB3'.repeat(16)

/** Text of a template's value: intrinsic functions computed, generated names and secrets invented. */
export function filled(value: Value): string {
  if (typeof value !== 'object' || value === null)
    return String(value).replace(/\{\{resolve:secretsmanager:[^}]*\}\}/g, PASSWORD)
  const [[name, inner]] = Object.entries(value) as [[string, Value]]
  switch (name) {
    case 'Ref':
      if (inner === 'AWS::Region') return 'eu-central-1'
      return String(inner).replace('::', '-').toLowerCase()
    case 'Fn::Join': {
      const [separator, parts] = inner as [string, Value[]]
      return filled(parts.map(filled).join(separator))
    }
    case 'Fn::Select': {
      const [index, list] = inner as [number, { 'Fn::Split': [string, Value] }]
      const [separator, text] = list['Fn::Split']
      return filled(text).split(separator)[index]!
    }
    case 'Fn::GetAtt': {
      const [resource, attribute] = inner as [string, string]
      if (attribute === 'BootstrapBrokerStringSaslIam') return 'b-1.market.example:9098,b-2.market.example:9098'
      if (resource.startsWith('LogCluster')) return LOG_CLUSTER
      return attribute === 'Arn' ? `arn:aws:s3:::${resource.toLowerCase()}` : `${resource}.${attribute}`
    }
  }
  throw new Error(`unknown function ${name}`)
}

/** What a secret contains that CloudFormation generates. */
export const generatedSecret = PASSWORD
