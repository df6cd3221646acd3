import { join } from 'node:path'
import { Absent } from '../harness/absent.mjs'
import { findProgram } from '../harness/programs.mjs'

/** @throws Absent when there is no Redis */
export function needRedis() {
  if (!findProgram('redis-server')) throw new Absent('there is no redis-server here')
}

/** @returns the words that start a Redis of one's own, which keeps what it was given until it is ended */
export function redis({ port, folder }) {
  const settings = { port, bind: '127.0.0.1', dir: folder, save: '', logfile: join(folder, 'redis.log') }
  return [
    findProgram('redis-server'),
    ...Object.entries(settings).flatMap(([key, value]) => [`--${key}`, `${value}`]),
  ]
}
