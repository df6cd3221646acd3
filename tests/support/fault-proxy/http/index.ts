import { buffer } from './buffer.js'
import type { HttpFault } from './http-fault.js'
import { keepAlive } from './keep-alive.js'
import { ownAnswer } from './own-answer.js'
import { upgrades } from './upgrades.js'

export const httpFaults: readonly HttpFault[] = [keepAlive, ownAnswer, upgrades, buffer]
