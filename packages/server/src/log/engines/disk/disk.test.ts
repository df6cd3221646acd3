import { type EngineUnderTest, testEngine } from '../../engine-suite.js'
import { TieredEngine } from '../../tiered-engine.js'
import { MemoryEngine } from '../memory.js'
import type { DiskEngine } from './disk-engine.js'
import { openUnderTest } from './under-test-suite.js'

testEngine('disk', () => openUnderTest('fsync'))
testEngine('disk, durability os', () => openUnderTest('os'))
testEngine('tiered, disk and memory', async () => {
  const subject = await openUnderTest('fsync')
  return tieredOver(subject)
})

/** Channels of the suite are of the engine's own durability, so all of them go to the disk. */
function tieredOver(subject: EngineUnderTest): EngineUnderTest {
  return {
    ...subject,
    engine: new TieredEngine(subject.engine as DiskEngine, new MemoryEngine()),
    reopen: async () => tieredOver((await subject.reopen?.()) as EngineUnderTest),
    flipBit: async (bytes) => tieredOver((await subject.flipBit?.(bytes)) as EngineUnderTest),
  }
}
