/** A witness that probes a process once: `node witness-once.ts <key file> <url>`. */
import { Witness } from '../../../src/watch/cosigning/witness.ts'
import { WitnessFile } from '../../../src/watch/cosigning/witness-file.ts'
import { InstanceClient } from '../../../src/watch/instance-client.ts'

const [keyFile, url] = process.argv.slice(2)
const { file, signer } = WitnessFile.open(keyFile!, undefined)
await new Witness(file, signer, () => {}).probe([new InstanceClient(url!, undefined)], Date.now())
