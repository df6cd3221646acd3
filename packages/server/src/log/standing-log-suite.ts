import { MemoryEngine } from './engines/memory.js'
import { Log, type LogOptions } from './log.js'

/** A log over an engine whose commits wait, before they can be read or after, until it is told to go on. */
export function standingLog(wait: 'before' | 'after' = 'before', options: LogOptions = {}) {
  const engine = new MemoryEngine()
  const log = new Log(engine, options)
  let mayGoOn = Promise.resolve()
  let goOn = () => {}
  let fail = (_: Error) => {}
  const commit = engine.commit.bind(engine)
  engine.commit = async (what) => {
    if (wait === 'after') await commit(what)
    await mayGoOn
    if (wait === 'before') await commit(what)
  }
  const stand = () => {
    mayGoOn = new Promise((resolve, reject) => {
      goOn = resolve
      fail = reject
    })
  }
  return { log, stand, goOn: () => goOn(), fail: (error: Error) => fail(error) }
}

export const turns = async (count = 5) => {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate)
}
