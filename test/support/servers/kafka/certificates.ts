/** Certificates for a broker's TLS listeners and for a client that shows one, made with openssl. */
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Files in PEM. */
export interface Certificates {
  /** The authority that signed both. */
  ca: string
  /** The broker's key and certificate in one file, as Kafka reads them. */
  broker: string
  /** A client's certificate and its key. */
  cert: string
  key: string
}

export async function makeCertificates(directory: string): Promise<Certificates> {
  const file = (name: string) => join(directory, name)
  const openssl = (...args: string[]) => run('openssl', args)
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const ca = file('ca.pem')
  await openssl('req', '-x509', ...curve, '-keyout', file('ca.key'), '-out', ca, '-days', '2', '-subj', '/CN=test-ca')
  const signed = async (name: string) => {
    const request = ['-keyout', file(`${name}.key`), '-out', file(`${name}.csr`), '-subj', `/CN=${name}`]
    await openssl('req', ...curve, ...request)
    const extensions = file(`${name}.ext`)
    writeFileSync(extensions, 'subjectAltName=IP:127.0.0.1,DNS:localhost\n')
    const authority = ['-CA', ca, '-CAkey', file('ca.key'), '-CAcreateserial', '-days', '2', '-extfile', extensions]
    await openssl('x509', '-req', '-in', file(`${name}.csr`), ...authority, '-out', file(`${name}.pem`))
  }
  await signed('broker')
  await signed('client')
  // One after the other: the authority's serial file is written by each.
  const broker = file('broker-keystore.pem')
  writeFileSync(broker, readFileSync(file('broker.key'), 'utf8') + readFileSync(file('broker.pem'), 'utf8'))
  return { ca, broker, cert: file('client.pem'), key: file('client.key') }
}
