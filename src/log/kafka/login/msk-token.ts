/**
 * Tokens for brokers of Amazon MSK that log clients in by IAM: OAUTHBEARER, with a URL that is signed by the process's
 * AWS credentials (Signature Version 4 in the query) as the token. Form: aws/aws-msk-iam-sasl-signer-python.
 */
import { createHash, createHmac } from 'node:crypto'
import { defaultProvider } from '@aws-sdk/credential-provider-node'

/** The longest that brokers accept. The client logs in again before. */
const EXPIRES_SECONDS = 900
const SERVICE = 'kafka-cluster'
const ALGORITHM = 'AWS4-HMAC-SHA256'

export interface AwsCredentials {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string | undefined
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()
/** All but unreserved characters (RFC 3986), also those that `encodeURIComponent` leaves. */
const encoded = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, one => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)

/** The token of these credentials, valid for 15 minutes from `now`. */
export function mskToken(region: string, credentials: AwsCredentials, now: Date): string {
  const host = `kafka.${region}.amazonaws.com`
  const time = now.toISOString().replace(/[-:]|\.\d+/g, '')
  const scope = [time.slice(0, 8), region, SERVICE, 'aws4_request']
  const parameters: Record<string, string | undefined> = {
    Action: `${SERVICE}:Connect`,
    'X-Amz-Algorithm': ALGORITHM,
    'X-Amz-Credential': [credentials.accessKeyId, ...scope].join('/'),
    'X-Amz-Date': time,
    'X-Amz-Expires': String(EXPIRES_SECONDS),
    'X-Amz-Security-Token': credentials.sessionToken,
    'X-Amz-SignedHeaders': 'host',
  }
  // In order of their names, as they are signed.
  const query = Object.entries(parameters)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${encoded(value)}`]))
    .join('&')
  const request = ['GET', '/', query, `host:${host}`, '', 'host', sha256('')].join('\n')
  const toSign = [ALGORITHM, time, scope.join('/'), sha256(request)].join('\n')
  const key = scope.reduce<string | Buffer>(hmac, `AWS4${credentials.secretAccessKey}`)
  const url = `https://${host}/?${query}&X-Amz-Signature=${hmac(key, toSign).toString('hex')}&User-Agent=tickhouse`
  return Buffer.from(url).toString('base64url')
}

/** Signs with AWS's provider chain: environment, profile, container or instance role. It renews what expires. */
export function mskTokens(region: string): () => Promise<string> {
  const credentials = defaultProvider()
  return async () => mskToken(region, await credentials(), new Date())
}
