import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Outcome } from '../../../src/ticketing/outcome.ts'
import { createTurns, type Turns } from '../../../src/ticketing/turns.ts'

const DONE: Outcome = { state: 'nothing-to-do' }
const options = { isLastAttempt: false, stalls: 0, signal: new AbortController().signal }

/** Messages that wait for others, by who waits for whom; says in which order they were worked, and how often. */
function chain(ancestors: Readonly<Record<string, readonly string[]>>, fails: (id: string) => boolean = () => false) {
  const worked: string[] = []
  const turns: Turns = createTurns(async (id, { signal }) => {
    for (const ancestor of ancestors[id] ?? []) await turns.first(id, ancestor, signal)
    // As a database would answer: some time later.
    await new Promise((resolve) => setImmediate(resolve))
    worked.push(id)
    if (fails(id)) throw new Error('not this one')
    return DONE
  })
  return { turns, worked }
}

describe('who goes first', () => {
  test('a message is worked after the ones it refers to', async () => {
    const { turns, worked } = chain({ c: ['a', 'b'], b: ['a'] })
    await turns.run('c', options)
    expect(worked.indexOf('a')).toBeLessThan(worked.indexOf('b'))
    expect(worked.at(-1)).toBe('c')
  })

  test('a message that is worked already is waited for, not worked again', async () => {
    const { turns, worked } = chain({ b: ['a'] })
    await Promise.all(['a', 'b', 'a', 'b'].map((id) => turns.run(id, options)))
    expect(worked).toEqual(['a', 'b'])
  })

  test('a parent that fails does not fail its reply', async () => {
    const { turns, worked } = chain({ b: ['a'] }, (id) => id === 'a')
    await expect(turns.run('b', options)).resolves.toEqual(DONE)
    await expect(turns.run('a', options)).rejects.toThrow('not this one')
    expect(worked).toEqual(['a', 'b', 'a'])
  })

  test('a circle of any shape ends, whoever starts', async () => {
    const ids = ['a', 'b', 'c', 'd', 'e']
    const graph = fc.record(Object.fromEntries(ids.map((id) => [id, fc.subarray(ids.filter((other) => other !== id))])))
    await fc.assert(
      fc.asyncProperty(graph, fc.shuffledSubarray(ids, { minLength: 1 }), async (ancestors, started) => {
        const { turns, worked } = chain(ancestors)
        await Promise.all(started.map((id) => turns.run(id, options)))
        for (const id of started) expect(worked).toContain(id)
      }),
    )
  })

  test('a forged chain of thousands ends, too, without all of it in memory at once', async () => {
    const length = 5000
    const ancestors = Object.fromEntries(Array.from({ length }, (_, index) => [`${index + 1}`, [`${index}`]]))
    const { turns, worked } = chain(ancestors)
    await turns.run(`${length}`, options)
    expect(worked.at(-1)).toBe(`${length}`)
    expect(worked.length).toBeLessThan(100)
  })
})
