/**
 * When a commit counts as kept: `fsync`, when it is on the disk and a power cut can't take it; `os`, when
 * the operating system has it and the end of this process can't take it.
 */
export type Durability = 'fsync' | 'os'
