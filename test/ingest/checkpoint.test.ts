import { after, before } from 'node:test'
import { Random } from '../../src/simulator/random.ts'
import { checkpointContract } from '../contracts/checkpoint.ts'
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

for (const remote of [false, true])
  checkpointContract(`the simulated ${remote ? 'server' : 'engine'}`, timeline, async () => {
    return new SimulatedStore(new SimulatedServer(timeline, remote, noFaults()), new Host(timeline))
  })

checkpointContract('the embedded store', timeline, async t => {
  const { store, remove } = await openTestStore()
  t.after(remove)
  return store
})
