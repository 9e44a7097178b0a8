/** The watch (RFC 2177): hears of arrivals, touches nothing, and ends in one typed error. */
import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { type WatchLimits, watchImap } from '../../../src/source/imap/watch.ts'
import { createBeats } from '../../support/beats.ts'
import { expectFailure } from '../../support/hostile.ts'
import { type ImapAnswer, imapAt, SHORT_IMAP, SMALL_IMAP, serveImap } from '../../support/scripted-imap.ts'
import type { Peer, ScriptedServer } from '../../support/scripted-server.ts'

function watching({ port }: ScriptedServer, limits: Partial<WatchLimits> = {}) {
  const beats = createBeats<string>()
  const heard: string[] = []
  const hear = (what: string) => () => {
    heard.push(what)
    beats.beat(what)
  }
  const stopping = new AbortController()
  const watch = watchImap(imapAt(port), { ...SMALL_IMAP, pauseMs: 1, ...limits })
  const ended = watch(stopping.signal, { onReady: hear('ready'), onArrival: hear('arrival') })
  ended.catch(() => {})
  return {
    heard,
    ended,
    untilHeard: (times: number) => beats.until(() => heard.length >= times),
    stop: () => stopping.abort(),
    listeners: () => getEventListeners(stopping.signal, 'abort').length,
  }
}

/** IDLE until DONE, and what `meanwhile` does. */
const idle =
  (meanwhile: (peer: Peer) => unknown): ImapAnswer =>
  async (peer, tag) => {
    await peer.send('+ idling\r\n')
    await meanwhile(peer)
    return (await peer.line()) === 'DONE' ? `${tag} OK\r\n` : undefined
  }

const verbs = ({ lines }: ScriptedServer) => lines.map((line) => line.replace(/^\S+ (\S+).*$/, '$1'))

describe('the watch', () => {
  test('tells of each arrival and of nothing else, and only looks: EXAMINE, no FETCH, no STORE', async () => {
    const news = '* 1 EXPUNGE\r\n* 1 EXISTS\r\n* OK still here\r\n* 1 FETCH (FLAGS (\\Seen))\r\n* 2 EXISTS\r\n'
    await using server = await serveImap({ answers: { IDLE: idle((peer) => peer.send(news)) } })
    const { heard, ended, untilHeard, stop } = watching(server)
    await untilHeard(3)
    stop()
    await expectFailure(ended, 'source/connection-lost')
    expect(heard).toEqual(['ready', 'arrival', 'arrival'])
    expect(verbs(server).filter((verb) => !['CAPABILITY', 'LOGIN', 'LIST', 'LSUB'].includes(verb))).toEqual([
      'EXAMINE',
      'IDLE',
    ])
  })

  test('begins IDLE anew before its time is over, on the same connection (RFC 2177 section 3)', async () => {
    let times = 0
    const answers = { IDLE: idle((peer) => peer.send(`* ${++times + 1} EXISTS\r\n`)) }
    await using server = await serveImap({ answers })
    const { untilHeard, stop, ended } = watching(server, { renewMs: 20 })
    await untilHeard(4)
    stop()
    await expectFailure(ended, 'source/connection-lost')
    expect(server.connections).toBe(1)
    expect(verbs(server).filter((verb) => verb === 'DONE').length).toBeGreaterThanOrEqual(2)
  })

  test('tries out a line that is silent, and gives it up where nobody answers', async () => {
    const answers: Record<string, ImapAnswer> = { IDLE: idle(() => undefined), NOOP: () => undefined }
    await using server = await serveImap({ answers })
    const { ended } = watching(server, { ...SHORT_IMAP, silenceMs: 100 })
    await expectFailure(ended, 'source/connection-lost')
    expect(verbs(server).slice(-2)).toEqual(['DONE', 'NOOP'])
  })

  test('ends when the connection is lost, and never connects again by itself', async () => {
    await using server = await serveImap({ answers: { IDLE: idle((peer) => peer.reset()) } })
    const { ended, listeners } = watching(server)
    await expectFailure(ended, 'source/connection-lost')
    expect(server.connections).toBe(1)
    expect(listeners(), 'what would keep it in memory until the process ends').toBe(0)
  })

  test('is over at once where the server has no IDLE, which is no error', async () => {
    await using server = await serveImap({ capabilities: 'IMAP4rev1 UIDPLUS' })
    const { ended, heard } = watching(server)
    await ended
    expect(heard).toEqual([])
    expect(verbs(server)).not.toContain('EXAMINE')
  })

  test('ends in an error where IDLE is announced and refused', async () => {
    await using server = await serveImap({ answers: { IDLE: (_, tag) => `${tag} BAD what?\r\n` } })
    await expectFailure(watching(server).ended, 'source/server-refused')
  })

  test('can be called off while it connects', async () => {
    await using server = await serveImap({ answers: { LOGIN: () => undefined } })
    const { ended, stop } = watching(server)
    stop()
    await expectFailure(ended, 'source/connection-lost')
  })
})
