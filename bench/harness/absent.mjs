/** A peer, a compiler or a core that is not here: reported beside the results, and the rest goes on. */
export class Absent extends Error {}
