import { after, before } from 'node:test'
import { Random } from '../../src/simulator/random.ts'
import { checkpointContract, kindsContract } from '../contracts/checkpoint.ts'
import { noFaults } from '../simulation/faults.ts'
import { Host } from '../simulation/host.ts'
import { SimulatedServer, SimulatedStore } from '../simulation/store.ts'
import { Timeline } from '../simulation/timeline.ts'
import { openTestStore } from '../support/data/storage.ts'

const timeline = new Timeline(new Random(1))
let running: NodeJS.Immediate
const run = () => {
  timeline.step()
  running = setImmediate(run)
}
before(run)
after(() => clearImmediate(running))

for (const remote of [false, true]) {
  const name = `the simulated ${remote ? 'server' : 'engine'}`
  const open = async () => new SimulatedStore(new SimulatedServer(timeline, remote, noFaults()), new Host(timeline))
  checkpointContract(name, timeline, open)
  kindsContract(name, timeline, open)
}

checkpointContract('the embedded store', timeline, async t => {
  const { store, remove } = await openTestStore()
  t.after(remove)
  return store
})

kindsContract('the embedded store', timeline, async t => {
  const { store, remove } = await openTestStore()
  t.after(remove)
  const batch = 'batch_first_offset UInt64, batch_good UInt32, epoch UInt64'
  for (const query of [
    // The simulated kind has the name of a real one, and other columns.
    'DROP TABLE marks',
    'CREATE TABLE marks AS trades',
    `ALTER TABLE marks ADD COLUMN ${batch.replaceAll(', ', ', ADD COLUMN ')}`,
  ])
    await store.command(query)
  return store
})
