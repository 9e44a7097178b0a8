import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Linked } from '../../../src/store/threads.ts'
import { groupThreads } from '../../../src/ticketing/group.ts'

const message = (id: string, messageId: string | null, ...refersTo: string[]): Linked => ({ id, messageId, refersTo })

const msgId = fc.constantFrom('<a>', '<b>', '<c>', '<d>', '<e>', '<f>', '<g>')
const messages = fc
  .array(fc.record({ messageId: fc.option(msgId), refersTo: fc.uniqueArray(msgId, { maxLength: 3 }) }), {
    maxLength: 12,
  })
  .map((list) => list.map((each, index) => ({ ...each, id: `m${index}` })))
const known = fc.array(fc.tuple(msgId, fc.constantFrom('t1', 't2', 't3'))).map((pairs) => new Map(pairs))

const sorted = (groups: ReturnType<typeof groupThreads>) =>
  groups
    .map(({ threadIds, messageIds }) => ({ threadIds, messageIds: messageIds.toSorted() }))
    .toSorted((one, other) => JSON.stringify(one).localeCompare(JSON.stringify(other)))

describe('messages that name each other are one group (RFC 5322 section 3.6.4)', () => {
  test('a reply and its parent, in whatever order', () => {
    const [parent, reply] = [message('1', '<1>'), message('2', '<2>', '<1>')]
    expect(groupThreads([parent, reply], new Map())).toEqual([{ threadIds: [], messageIds: ['1', '2'] }])
    expect(groupThreads([reply, parent], new Map())).toEqual([{ threadIds: [], messageIds: ['2', '1'] }])
  })

  test('two replies to a message that is not here', () => {
    expect(groupThreads([message('1', '<1>', '<x>'), message('2', '<2>', '<x>')], new Map())).toHaveLength(1)
  })

  test('messages that name nothing stay alone', () => {
    expect(groupThreads([message('1', null), message('2', null), message('3', '<3>')], new Map())).toHaveLength(3)
  })

  test('threads that are known already are joined by a message that names both', () => {
    const threads = new Map([
      ['<a>', 't2'],
      ['<b>', 't1'],
    ])
    expect(groupThreads([message('1', '<1>', '<a>', '<b>')], threads)).toEqual([
      { threadIds: ['t1', 't2'], messageIds: ['1'] },
    ])
  })

  test('a message, a msg-id and a thread of the same name are not the same', () => {
    const groups = groupThreads([message('x', '<1>'), message('y', 'x'), message('z', '<3>')], new Map([['<3>', 'x']]))
    expect(groups).toHaveLength(3)
  })

  test('the groups do not depend on the order of the messages', () => {
    fc.assert(
      fc.property(
        messages.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))),
        known,
        ([list, shuffled], threads) => {
          expect(sorted(groupThreads(shuffled, threads))).toEqual(sorted(groupThreads(list, threads)))
        },
      ),
    )
  })

  test('every message is in one group, and two that share a msg-id are in the same', () => {
    fc.assert(
      fc.property(messages, known, (list, threads) => {
        const groups = groupThreads(list, threads)
        expect(groups.flatMap(({ messageIds }) => messageIds).toSorted()).toEqual(list.map(({ id }) => id).toSorted())
        const groupOf = (id: string) => groups.findIndex(({ messageIds }) => messageIds.includes(id))
        const names = ({ messageId, refersTo }: Linked) => [...refersTo, ...(messageId === null ? [] : [messageId])]
        for (const one of list) {
          for (const other of list) {
            if (names(one).some((name) => names(other).includes(name))) expect(groupOf(one.id)).toBe(groupOf(other.id))
          }
        }
      }),
    )
  })
})
