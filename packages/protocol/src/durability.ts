/**
 * When an append counts as kept: `fsync`, when it is on the disk and a power cut can't take it; `os`, when the
 * operating system has it and the end of the server can't take it; `memory`, when the server has it, and
 * nothing is ever on a disk.
 */
export type Durability = 'fsync' | 'os' | 'memory'

export const durabilities: readonly Durability[] = ['fsync', 'os', 'memory']

export function isDurability(text: unknown): text is Durability {
  return durabilities.some((each) => each === text)
}
