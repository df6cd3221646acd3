import { type Durability, Problem } from '@tidings/protocol'
import type { ChannelSpec } from './append.js'
import type { Channel } from './channel.js'

/**
 * What a memory channel keeps where it names no bound of its own. Both are needed: a message of one byte takes
 * half a KiB of memory when it was appended alone.
 */
export const memoryChannelBound = { count: 10_000, bytes: 1024 * 1024 }

/** A memory channel is bounded in any case: who publishes to it would else fill the server's memory. */
export function withBound(spec: ChannelSpec): ChannelSpec {
  if (spec.durability !== 'memory') return spec
  return { ...spec, retention: { ...memoryChannelBound, ...spec.retention } }
}

/**
 * @param usual  what the engine gives
 * @throws Problem `durability-unavailable` for more than the engine can keep, `fork-invalid` for a fork in memory
 */
export function checkDurability({ durability, fork }: ChannelSpec, usual: Durability): void {
  if (usual === 'memory' && durability !== undefined && durability !== 'memory') {
    throw new Problem(
      'durability-unavailable',
      `This server keeps everything in memory, so it can not promise ${durability}. Start it with --engine disk.`,
    )
  }
  if (durability === 'memory' && fork) {
    throw new Problem('fork-invalid', 'A fork stands on kept data: it is made with fsync or os.')
  }
}

/** @throws Problem `fork-invalid` */
export function checkCanBeForked({ record }: Channel): void {
  if (record.durability !== 'memory') return
  throw new Problem('fork-invalid', 'A memory channel keeps nothing that a fork could stand on.')
}
