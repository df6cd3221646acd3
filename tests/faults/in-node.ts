import { connect } from '@tidings/client'
import { WebSocket } from 'ws'
import { type Account, live } from './live.js'
import type { Place } from './sequence.js'

const runtime = { connect, webSocket: WebSocket }

/** Clients that live in this process. */
export const inNode: Place['live'] = async (habit, onPublished) => {
  const account: Account = { hearings: [], attempts: [], trouble: [], journal: [] }
  const ended = live(runtime, habit, account, onPublished)
  return { ended, account: async () => account }
}
