/** Whole polls over Graph: what its answers do to what is booked, and to tickets. */
import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'

import { MailchuteError } from '../../../src/errors.ts'
import type { Store } from '../../../src/store/store.ts'
import { createBeats } from '../../support/beats.ts'
import { deliverMail } from '../../support/graph-account.ts'
import { type GraphBench, openGraphBench } from '../../support/graph-bench.ts'
import type { Misbehave } from '../../support/graph-server.ts'
import { mail } from '../../support/mails.ts'

const [A, B, C] = ['a', 'b', 'c'].map((id) => mail({ id, from: `${id}@example.com` })) as [Buffer, Buffer, Buffer]
const LOST = { error: { code: 'source/connection-lost' } }

/** The same mail with another boundary at each request, as Exchange makes its MIME. */
function deliverMultipart({ mailbox }: GraphBench, id: string, fillBytes = 0) {
  const mime = () => {
    const boundary = `_000_${randomUUID()}_`
    const lines = [
      ...['From: Carla <carla@example.com>', `Subject: About ${id}`, `Message-ID: <${id}@example.com>`],
      ...[`Content-Type: multipart/alternative; boundary="${boundary}"`, '', `--${boundary}`],
      ...['Content-Type: text/plain', '', 'Hello', ...Array<string>(Math.ceil(fillBytes / 64)).fill('x'.repeat(62))],
      ...[`--${boundary}--`, ''],
    ]
    return [Buffer.from(lines.join('\r\n'))]
  }
  return mailbox.deliver(mime, `<${id}@example.com>`)
}

const everyDelete =
  (effect: boolean): Misbehave =>
  ({ verb }) =>
    verb === 'delete' || verb === 'move' ? { kind: 'reset', effect } : undefined

async function tickets({ worker }: GraphBench): Promise<number> {
  await worker.workOff()
  return (await worker.app.store.tickets.list(0, 100)).length
}

describe('MIME that is other octets at each request', () => {
  test.each([
    ['before it took effect, is deleted by the next poll without a second download', false],
    ['after it took effect, is booked as gone by the next poll', true],
  ])('makes no second ticket: a mail whose DELETE was lost %s (I3)', async (_, effect) => {
    await using bench = await openGraphBench([])
    for (const id of ['a', 'b', 'c']) deliverMultipart(bench, id)
    bench.server.misbehave(everyDelete(effect))
    expect(await bench.poll()).toMatchObject({ ...LOST, sheet: { retrieved: 3, deleted: 0 } })
    bench.server.misbehave()
    expect(await bench.poll()).toMatchObject({ error: null, sheet: { retrieved: 0 } })
    expect(await bench.poll()).toMatchObject({ error: null, sheet: { listed: 0 } })
    expect([bench.count('download'), bench.left(), await tickets(bench)]).toEqual([3, 0, 3])
  })

  test('makes none either where the mail stays for a while, is put away and comes back', async () => {
    await using bench = await openGraphBench([], 'deleteAfter=1h')
    const item = deliverMultipart(bench, 'a')
    expect(await bench.poll()).toMatchObject({ error: null, sheet: { stored: 1, deleted: 0 } })
    for (const name of ['archive', 'inbox']) {
      const folder = bench.mailbox.folder(name)
      if (folder !== undefined) bench.mailbox.move(item, folder)
      expect(await bench.poll()).toMatchObject({ error: null, sheet: { retrieved: 0 } })
    }
    expect(await bench.poll()).toMatchObject({ error: null, sheet: { listed: 1, known: 1 } })
    expect([bench.count('download'), await tickets(bench)]).toEqual([1, 1])
  })
})

test.each([
  ['small', 0],
  ['large', 4.1 * 1024 * 1024],
])(
  'two polls at once have one effect of a %s mail, whose octets differ, even where the lock fails them (I3)',
  async (_, fillBytes) => {
    await using bench = await openGraphBench([], 'deleteAfter=1h')
    for (const id of ['a', 'b']) deliverMultipart(bench, id, fillBytes)
    const { store } = bench.worker.app
    const mailboxes = { ...store.mailboxes, tryLock: async () => ({ release: async () => undefined }) }
    const bothList = createBeats<void>()
    let lists = 0
    const census: Store['ledger']['census'] = async (...list) => {
      const entries = await store.ledger.census(...list)
      lists += 1
      bothList.beat()
      await bothList.until(() => lists >= 2)
      return entries
    }
    const lockless = { ...store, mailboxes, ledger: { ...store.ledger, census } }
    // Not with short deadlines: the server makes megabytes in this process.
    const poll = () => bench.worker.poll({ store: lockless })
    const polls = await Promise.all([poll(), poll()])
    for (const each of polls) expect(each).toMatchObject({ error: null, sheet: { retrieved: 2 } })
    expect(bench.count('download')).toBe(4)
    await bench.worker.workOff()
    expect((await store.tickets.list(0, 100)).map(({ _count }) => _count.entries)).toEqual([1, 1])
    expect(await store.messages.countByState()).toMatchObject({ ticketed: 2, suppressed: 0, quarantined: 0 })
  },
)

test('the answer to a move that was lost costs no mail and no second ticket', async () => {
  await using bench = await openGraphBench([A, B], 'moveTo=Processed')
  bench.server.misbehave(everyDelete(true))
  expect(await bench.poll()).toMatchObject(LOST)
  bench.server.misbehave()
  expect(await bench.poll()).toMatchObject({ error: null })
  expect(bench.left()).toBe(0)
  expect([...bench.mailbox.items.values()].map(({ folder }) => folder.displayName)).toEqual(['Processed', 'Processed'])
  expect(await bench.broken([A, B], 2)).toEqual([])
})

describe('the list of changes', () => {
  test('that the server has forgotten (410) is made from the beginning, in the same session', async () => {
    await using bench = await openGraphBench([A, B], 'deleteAfter=1h')
    await bench.poll()
    bench.server.forget()
    deliverMail(bench.mailbox, C)
    expect(await bench.poll()).toMatchObject({ error: null, sheet: { listed: 3, known: 2, stored: 1, connections: 1 } })
    expect(await bench.broken([A, B, C], 3)).toEqual([])
  })

  test('that tells each message twice has each once', async () => {
    await using bench = await openGraphBench([A, B, C])
    bench.server.repeat()
    expect(await bench.poll()).toMatchObject({ error: null, sheet: { listed: 3, stored: 3, deleted: 3 } })
    expect(await bench.poll()).toMatchObject({ error: null, sheet: { listed: 0 } })
    expect(await bench.broken([A, B, C], 3)).toEqual([])
  })

  test.each([
    ['is there', false],
    ['is not', true],
  ])(
    'that tells a message both as removed and as there is not believed: a full pass says that it %s',
    async (_, isGone) => {
      await using bench = await openGraphBench([A], 'deleteAfter=1h')
      await bench.poll()
      const b = deliverMail(bench.mailbox, B)
      if (isGone) bench.mailbox.remove(b)
      bench.server.misbehave(({ url }) => {
        if (!url.includes('deltatoken')) return undefined
        const value = [{ id: b.immutableId }, { id: b.immutableId, '@removed': { reason: 'changed' } }]
        return { kind: 'say', text: JSON.stringify({ value, '@odata.deltaLink': `${bench.server.endpoint}/delta` }) }
      })
      const sheet = isGone ? { listed: 1, stored: 0, left: 0 } : { listed: 2, stored: 1, left: 0 }
      expect(await bench.poll()).toMatchObject({ error: null, sheet })
      expect(await bench.broken(isGone ? [A] : [A, B])).toEqual([])
    },
  )

  test('whose second page is lost is no list: nothing is booked as gone, and nothing passed over', async () => {
    await using bench = await openGraphBench([A, B, C, mail({ id: 'd' })], 'deleteAfter=1h')
    await bench.poll()
    bench.server.forget()
    bench.server.misbehave(({ url }) => (url.includes('skiptoken') ? { kind: 'reset', effect: false } : undefined))
    expect(await bench.poll()).toMatchObject(LOST)
    bench.server.misbehave()
    expect(await bench.poll()).toMatchObject({ error: null, sheet: { listed: 4, known: 4 } })
  })

  test('costs an idle poll one request beside the login', async () => {
    await using bench = await openGraphBench([A, B, C], 'deleteAfter=1h')
    await bench.poll()
    const before = bench.server.asked.length
    expect(await bench.poll()).toMatchObject({ error: null, sheet: { listed: 3, known: 3 } })
    expect(bench.server.asked.slice(before).map(({ verb }) => verb)).toEqual(['login', 'list'])
  })
})

describe('a poll that dies', () => {
  const failing = (store: Store, name: 'remember' | 'identified'): Store => ({
    ...store,
    ledger: { ...store.ledger, [name]: () => Promise.reject(new MailchuteError('store/unavailable', 'made to fail')) },
  })

  test('before the cursor was kept hears the same changes again, and gets rid of what is gone since', async () => {
    await using bench = await openGraphBench([A], 'deleteAfter=1h')
    await bench.poll()
    const [b] = [deliverMail(bench.mailbox, B), deliverMail(bench.mailbox, C)]
    const { store } = bench.worker.app
    expect(await bench.poll({ store: failing(store, 'remember') })).toMatchObject({
      error: { code: 'store/unavailable' },
    })
    bench.mailbox.remove(b)
    // Changes since the old cursor have nothing of what came and went: only its download shows that it is not there.
    expect(await bench.poll()).toMatchObject({ error: null, sheet: { listed: 3, stored: 1, left: 1 } })
    expect(await bench.poll()).toMatchObject({ error: null, sheet: { listed: 2, known: 2 } })
  })

  test('before a message that came back was identified sees it again', async () => {
    await using bench = await openGraphBench([A], 'deleteAfter=1h')
    await bench.poll()
    const [item] = bench.mailbox.inFolder('inbox')
    const [inbox, archive] = [bench.mailbox.folder('inbox'), bench.mailbox.folder('archive')]
    if (item === undefined || inbox === undefined || archive === undefined) throw new Error('something is missing')
    bench.mailbox.move(item, archive)
    expect(await bench.poll()).toMatchObject({ sheet: { listed: 0 } })
    bench.mailbox.move(item, inbox)
    const { store } = bench.worker.app
    expect(await bench.poll({ store: failing(store, 'identified') })).toMatchObject({
      error: { code: 'store/unavailable' },
    })
    expect(await bench.poll()).toMatchObject({ error: null, sheet: { listed: 1, known: 1 } })
    expect(await bench.broken([A], 1)).toEqual([])
  })
})

test('a cursor that somebody else has replaced meanwhile is given up: one of the two lists was older', async () => {
  await using bench = await openGraphBench([])
  const { store, rows, config } = bench.worker.app
  const [id, source] = [rows.get('test')?.id ?? '', config.mailboxes[0]?.source ?? '']
  const cursor = async () => (await store.ledger.remembered(id, source)).cursor
  await store.ledger.remember(id, { from: null, to: 'mine' })
  expect(await cursor()).toBe('mine')
  await store.ledger.remember(id, { from: 'mine', to: 'next' })
  expect(await cursor()).toBe('next')
  await store.ledger.remember(id, { from: 'mine', to: 'late' })
  expect(await cursor()).toBeNull()
})

describe('one message of its own trouble stops no other (I6)', () => {
  const troubled =
    (id: string): Misbehave =>
    ({ url }) =>
      url.includes(encodeURIComponent(id)) && url.endsWith('$value')
        ? { kind: 'refuse', status: 500, code: 'ErrorMimeContentConversionFailed' }
        : undefined

  test('not converted, it is never deleted, and held after three times', async () => {
    await using bench = await openGraphBench([A, B, C])
    bench.server.misbehave(troubled(bench.mailbox.inFolder('inbox')[1]?.immutableId ?? ''))
    expect(await bench.poll()).toMatchObject({ error: null, sheet: { listed: 3, stored: 2, deleted: 2, left: 1 } })
    expect(await bench.poll()).toMatchObject({ error: null, sheet: { listed: 1, left: 1 } })
    expect(await bench.poll()).toMatchObject({ error: null, sheet: { listed: 1, held: 1 } })
    expect(bench.left()).toBe(1)
    expect(await bench.broken([A, C], 2)).toEqual([])
  })

  test('not told of now, it waits for the next poll rather than be downloaded again in other octets', async () => {
    await using bench = await openGraphBench([], 'deleteAfter=1h')
    for (const id of ['a', 'b', 'c']) deliverMultipart(bench, id)
    await bench.poll()
    bench.server.misbehave(({ verb, nth }) =>
      verb === 'look' && nth === 1 ? { kind: 'refuse', status: 500, code: 'ErrorInternalServerError' } : undefined,
    )
    const due = { deleteAfterSeconds: 0 }
    expect(await bench.poll({}, due)).toMatchObject({
      error: null,
      sheet: { listed: 3, known: 2, left: 1, deleted: 2 },
    })
    expect(await bench.poll({}, due)).toMatchObject({ error: null, sheet: { listed: 1, known: 1, deleted: 1 } })
    expect([bench.count('download'), bench.left(), await tickets(bench)]).toEqual([3, 0, 3])
  })

  test('held, put away and brought back, it costs no full pass at each poll', async () => {
    await using bench = await openGraphBench([A], 'maxMessageBytes=100')
    const [item] = bench.mailbox.items.values()
    const kept = async () => (await bench.worker.app.store.mailboxes.find(bench.worker.mailbox.name))?.listCursor
    for (const name of ['inbox', 'archive', 'inbox']) {
      const folder = bench.mailbox.folder(name)
      if (item !== undefined && folder !== undefined) bench.mailbox.move(item, folder)
      expect(await bench.poll()).toMatchObject({ error: null, sheet: { held: name === 'inbox' ? 1 : 0 } })
    }
    expect(await kept()).not.toBeNull()
  })

  test('too large, which no list tells, it is held and costs the others nothing', async () => {
    const large = mail({ id: 'large', sizeBytes: 200_000 })
    await using bench = await openGraphBench([A, large, C], 'maxMessageBytes=50000')
    const sheet = { listed: 3, stored: 2, held: 1, deleted: 2, left: 0, connections: 1 }
    expect(await bench.poll()).toMatchObject({ error: null, sheet })
    expect(await bench.poll()).toMatchObject({ error: null, sheet: { listed: 1, held: 1 } })
    expect(bench.count('download')).toBe(3)
    expect(await bench.broken([A, C], 2)).toEqual([])
  })
})

test('a server that is too busy is left alone as long as it asks, and what was stored is stored', async () => {
  await using bench = await openGraphBench([A, B, C, mail({ id: 'd' }), mail({ id: 'e' })])
  const headers = { 'retry-after': '1800' }
  bench.server.misbehave(({ verb, nth }) =>
    verb === 'download' && nth > 2 ? { kind: 'refuse', status: 429, code: 'ApplicationThrottled', headers } : undefined,
  )
  expect(await bench.poll()).toMatchObject({ error: { code: 'source/server-busy' }, sheet: { stored: 2, deleted: 2 } })
  const row = await bench.worker.app.store.mailboxes.find('test')
  expect(row?.nextPollAt?.getTime()).toBeGreaterThan(Date.now() + 1_700_000)
  bench.server.misbehave()
  expect(await bench.poll()).toMatchObject({ error: null, sheet: { listed: 3, stored: 3 } })
})
