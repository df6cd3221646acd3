const publisherCount = 16
const appendsOfEach = 30

/**
 * Sixteen publishers, each waiting for its own, on channels of their own, a shared one, and some that are
 * removed again. Notes what each was told.
 *
 * @param store  `create(name)` → history, `append(name, publisher, n, text)` → next offset, `remove(name)`;
 *   each throws when it is refused
 */
export async function publishWith(store, note, seed) {
  const create = async (channel) => {
    const history = await store.create(channel)
    note({ told: 'created', channel, history })
    return history
  }
  await create('shared')
  await Promise.all(
    Array.from({ length: publisherCount }, async (_, publisher) => {
      try {
        await publish({ ...store, create }, note, publisher, seeded(seed + publisher))
      } catch (error) {
        note({ told: 'refused', code: error.code })
        // What is refused once is refused from then on.
        await create(`after/${publisher}`).catch(() => {})
      }
    }),
  )
}

async function publish(store, note, publisher, random) {
  const counts = new Map()
  const append = async (channel) => {
    const n = counts.get(channel) ?? 0
    counts.set(channel, n + 1)
    // Now and then more than a page of LMDB's, which it keeps apart.
    const filling = 'x'.repeat(random() < 0.1 ? 5000 * random() : 200 * random())
    const nextOffset = await store.append(channel, publisher, n, JSON.stringify({ publisher, n, filling }))
    note({ told: 'appended', channel, publisher, n, nextOffset })
  }
  await store.create(`own/${publisher}`)
  for (let turn = 0; turn < appendsOfEach; turn++) {
    await append(random() < 0.5 ? 'shared' : `own/${publisher}`)
    if (turn % 10 === 5) {
      const channel = `short-lived/${publisher}-${turn}`
      const history = await store.create(channel)
      await append(channel)
      if (random() < 0.7) {
        note({ told: 'removing', channel, history })
        await store.remove(channel)
        note({ told: 'removed', channel, history })
      }
    }
    // Publishers that wait a little, each differently, make more commits of fewer.
    for (let turns = 8 * random(); turns > 0; turns--) await new Promise(setImmediate)
  }
}

function seeded(state) {
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
