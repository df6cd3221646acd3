/**
 * Over how many connections an open loop publishes: as many publishers would, and since a server that takes the
 * requests of one connection one after the other would be measured by its disk's latency, not by what it can do.
 */
export const publishers = 32
