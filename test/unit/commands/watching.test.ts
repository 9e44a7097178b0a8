import { describe, expect, test } from 'vitest'
import { type Pauses, watchMailboxes } from '../../../src/commands/watching.ts'
import { MailchuteError } from '../../../src/errors.ts'
import type { Log } from '../../../src/log.ts'
import type { Watch } from '../../../src/source/source.ts'
import { createBeats } from '../../support/beats.ts'
import { imapAt } from '../../support/scripted-imap.ts'

const MAILBOX = imapAt(143)
const QUICK: Pauses = { calmMilliseconds: 1, againMilliseconds: () => 1, steadyMilliseconds: 0, lookMilliseconds: 1 }
const lost = () => new MailchuteError('source/connection-lost', 'it is lost')

const untilAborted: Watch = (signal) =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(lost()), { once: true }))

function watching(
  watch: Watch | null,
  mayPoll: () => boolean = () => true,
  ask = async (): Promise<void> => undefined,
  pauses: Partial<Pauses> = {},
) {
  const beats = createBeats<void>()
  const heard: string[] = []
  const hear = (what: string) => {
    heard.push(what)
    beats.beat()
  }
  const log: Log = { event: hear, failure: hear, flush: async () => undefined }
  const asked = async () => {
    hear('asked')
    await ask()
  }
  const all = { ...QUICK, ...pauses }
  const { stop } = watchMailboxes({ watch: () => watch, log }, [MAILBOX], async () => mayPoll(), asked, all)
  const count = (what: string) => heard.filter((each) => each === what).length
  return { heard, stop, until: (what: string, times: number) => beats.until(() => count(what) >= times), count }
}

describe('watching', () => {
  test('asks for a poll whenever a watch begins, for mail may have come in between, and opens a lost one again', async () => {
    let times = 0
    const { until, stop, heard } = watching(async (signal, watched) => {
      watched.onReady()
      times += 1
      return times < 3 ? Promise.reject(lost()) : untilAborted(signal, watched)
    })
    await until('watch.started', 3)
    await until('asked', 1)
    await stop()
    expect(heard.filter((each) => each === 'watch.lost')).toHaveLength(2)
  })

  test.each([
    ['ever longer where it is lost as soon as it has begun', Number.POSITIVE_INFINITY, [1, 2, 3]],
    ['as after the first loss where it had lasted', 0, [1, 1, 1]],
  ])('waits before it opens a lost one again: %s', async (_, steadyMilliseconds, expected) => {
    const asked: number[] = []
    const againMilliseconds = (losses: number) => {
      asked.push(losses)
      return 1
    }
    const lostAtOnce: Watch = async (_signal, watched) => {
      watched.onReady()
      throw lost()
    }
    const { until, stop } = watching(lostAtOnce, undefined, undefined, { steadyMilliseconds, againMilliseconds })
    await until('watch.lost', 3)
    await stop()
    expect(asked.slice(0, 3)).toEqual(expected)
  })

  test('makes one poll of a burst, and one more of what comes while it is asked for', async () => {
    const asking = Promise.withResolvers<void>()
    const burst: Watch = (signal, watched) => {
      for (let arrival = 0; arrival < 100; arrival++) watched.onArrival()
      return untilAborted(signal, watched)
    }
    const { until, count, stop } = watching(
      burst,
      () => true,
      () => asking.promise,
    )
    await until('asked', 1)
    expect(count('asked')).toBe(1)
    asking.resolve()
    await until('asked', 2)
    await stop()
    expect(count('asked')).toBe(2)
  })

  test('leaves a mailbox alone while it is not to be polled: paused, or in its back-off', async () => {
    let looks = 0
    const { until, stop, heard } = watching(
      (signal, watched) => {
        watched.onReady()
        return untilAborted(signal, watched)
      },
      () => ++looks > 3,
    )
    await until('watch.started', 1)
    await stop()
    expect(looks).toBe(4)
    expect(heard).not.toContain('watch.lost')
  })

  test('ends where the server tells nothing, and where the protocol does not', async () => {
    const { until, stop, heard } = watching(async () => undefined)
    await until('watch.unsupported', 1)
    await stop()
    expect(heard).toEqual(['watch.unsupported'])
    await watching(null).stop()
  })
})
