import { expect, test } from 'vitest'
import { NonceEar, newNonce } from './nonce.js'
import { late, within } from './within.js'

const free = new AbortController().signal

test('a nonce is 128 bits in hexadecimal, and another each time', () => {
  const nonces = Array.from({ length: 100 }, newNonce)
  expect(new Set(nonces).size).toBe(100)
  for (const nonce of nonces) expect(nonce).toMatch(/^[0-9a-f]{32}$/)
})

test('a nonce is heard though it comes in two pieces, and no other is', async () => {
  const ear = new NonceEar()
  const [nonce, other] = [newNonce(), newNonce()]
  const heard = ear.hears(nonce)
  const otherHeard = ear.hears(other)
  ear.take(`data:{"nonce":"${nonce.slice(0, 9)}`)
  ear.take(`${nonce.slice(9)}"}\n\n`)
  expect(await heard).toBeGreaterThan(0)
  expect(await within(otherHeard, 1, free)).toBe(late)
})
