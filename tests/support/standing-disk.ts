import { onTestFinished, vi } from 'vitest'
import { MemoryEngine } from '../../packages/server/src/log/engines/memory.js'

/**
 * The memory engine as a disk that stands still when told to, until it is told to go on. Call it after the
 * server was started, which waits for the disk when it stops.
 */
export function standingDisk(): { stand(): void; goOn(): void } {
  let mayGoOn = Promise.resolve()
  let goOn = () => {}
  const commit = MemoryEngine.prototype.commit
  const spy = vi.spyOn(MemoryEngine.prototype, 'commit').mockImplementation(async function (
    this: MemoryEngine,
    what,
  ) {
    await mayGoOn
    await commit.call(this, what)
  })
  // Before the server is stopped, which waits for it.
  onTestFinished(() => {
    goOn()
    spy.mockRestore()
  })
  return {
    stand: () => {
      mayGoOn = new Promise((resolve) => {
        goOn = resolve
      })
    },
    goOn: () => goOn(),
  }
}
