// What a page runs to hear with one client; esbuild puts the client in the place of `hear`. Whoever drives the page
// gives it `tell`, and calls `hearing(asked)` and `resting()`.
import { hear } from 'hear'

const nowMs = () => performance.timeOrigin + performance.now()
let stop

globalThis.resting = () => {
  stop?.()
  stop = undefined
}
globalThis.hearing = (asked) => {
  globalThis.resting()
  const { channel } = asked
  const beginMs = nowMs()
  const tell = (said) => globalThis.tell({ channel, atMs: nowMs(), afterMs: nowMs() - beginMs, ...said })
  stop = hear({
    ...asked,
    heard: (n) => tell({ n }),
    way: (way) => tell({ way }),
    told: (told) => tell({ told }),
  })
}
