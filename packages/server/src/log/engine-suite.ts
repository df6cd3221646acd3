import { afterEach, describe, test } from 'vitest'
import { batchTests } from './engine-suite/batch-suite.js'
import { channelTests } from './engine-suite/channel-suite.js'
import { keepingTests } from './engine-suite/keeping-suite.js'
import { removalTests } from './engine-suite/removal-suite.js'
import type { EngineUnderTest, Exemption } from './engine-suite/subject-suite.js'

export type { EngineUnderTest, Exemption } from './engine-suite/subject-suite.js'

/** What an engine is: one that passes this. */
export function testEngine(
  name: string,
  open: () => Promise<EngineUnderTest>,
  exemptions: readonly Exemption[] = [],
): void {
  describe(`the ${name} engine`, () => {
    const opened: EngineUnderTest[] = []
    const openTracked = async () => {
      const subject = await open()
      opened.push(subject)
      return subject
    }
    afterEach(async () => {
      for (const subject of opened.splice(0)) await subject.dispose()
    })

    const left = new Map(exemptions.map((exemption) => [exemption.test, exemption.reason]))
    for (const [title, body] of Object.entries({
      ...batchTests,
      ...channelTests,
      ...removalTests,
      ...keepingTests,
    })) {
      const reason = left.get(title)
      left.delete(title)
      if (reason !== undefined) console.info(`exempt: the ${name} engine: ${title}: ${reason}`)
      else test(title, () => body(openTracked))
    }
    if (left.size > 0) throw new Error(`The suite has no test of this name: ${[...left.keys()].join(', ')}`)
  })
}
