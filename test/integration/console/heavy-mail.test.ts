import { connect } from 'node:net'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import fastify from 'fastify'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAttachments } from '../../../src/console/attachments.ts'
import { createSanitising } from '../../../src/console/sanitising/sanitising.ts'
import { startConsole } from '../../../src/console/server.ts'
import { letter } from '../../support/front-desk.ts'
import { OPERATOR, type Served, serveDesk } from '../../support/served.ts'

const MIB = 1024 * 1024
const bearer = { authorization: `Bearer ${OPERATOR}` }

let served: Served

beforeAll(async () => {
  served = await serveDesk()
  const { desk } = served
  const folded = 'x'.repeat(2 * MIB).replace(/(.{900})/g, '$1\r\n ')
  desk.deliver('support', letter({ id: 'subject', subject: folded }))
  desk.deliver('support', letter({ id: 'files', fields: MIXED }).replace('This is', FILES))
  await desk.takeIn()
}, 300_000)

afterAll(() => served?.[Symbol.asyncDispose]())

const MIXED = ['MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary=b']
const file = (name: string, octets: Buffer) =>
  `--b\r\nContent-Type: application/x-test; name="${name}"\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n${octets.toString('base64').replace(/(.{76})/g, '$1\r\n')}\r\n`
const FILES = `--b\r\n\r\nhello\r\n${file('a.bin', Buffer.alloc(12 * MIB, 'a'))}${file('b.bin', Buffer.from('the second'))}--b--\r\n`

const idOf = async (name: string): Promise<string> => {
  const [row] = await served.desk.query<{ id: string }>('SELECT id FROM inbound_messages WHERE message_id = $1', [
    `<${name}@letters.example>`,
  ])
  return row?.id ?? ''
}

const ticketOf = async (name: string): Promise<number> => {
  const [row] = await served.desk.query<{ number: number }>(
    'SELECT number FROM tickets JOIN ticket_entries e ON e.ticket_id = tickets.id WHERE e.message_id = $1',
    [`<${name}@letters.example>`],
  )
  return row?.number ?? 0
}

/** As if `count` more mails of this length had come onto the ticket of `name`. */
async function grow(name: string, count: number, chars: number): Promise<void> {
  const { query } = served.desk
  const digest = `encode(sha256(convert_to('${name}' || n, 'UTF8')), 'hex')`
  await query(`INSERT INTO raw_messages (sha256, size_bytes) SELECT ${digest}, 1 FROM generate_series(1, ${count}) n`)
  await query(
    `INSERT INTO inbound_messages (mailbox_id, sha256, unique_id, state, reason, finished_at)
     SELECT mailbox_id, ${digest}, 'grown-' || n, 'ticketed', 'thread/reference', now()
     FROM inbound_messages, generate_series(1, ${count}) n
     WHERE id = (SELECT inbound_message_id FROM ticket_entries WHERE message_id = $1)`,
    [`<${name}@letters.example>`],
  )
  await query(
    `INSERT INTO ticket_entries (ticket_id, inbound_message_id, from_name, from_address, subject, text, reply)
     SELECT e.ticket_id, m.id, '', 'a@example.com', '', repeat('y', $2), repeat('y', $2)
     FROM ticket_entries e, inbound_messages m WHERE e.message_id = $1 AND m.unique_id LIKE 'grown-%'`,
    [`<${name}@letters.example>`, chars],
  )
}

describe('a ticket', () => {
  test('of many long mails is a page that can be made, and a list in the API that goes through all of them', async () => {
    await grow('subject', 30, MIB)
    const number = await ticketOf('subject')
    const page = await served.ask(`/tickets/${number}`, { headers: bearer })
    const text = await page.text()
    expect([page.status, text.length < 31 * 50_000]).toEqual([200, true])
    const seen: string[] = []
    let path = `/api/v1/tickets/${number}`
    for (
      let cursor: string | null = '';
      cursor !== null;
      path = `/api/v1/tickets/${number}/entries?limit=500&cursor=${cursor}`
    ) {
      const told = await (await served.ask(path, { headers: bearer })).text()
      expect(told.length).toBeLessThan(20 * MIB)
      const body = JSON.parse(told)
      seen.push(
        ...(body.entries ?? body.items).map(({ inboundMessageId }: { inboundMessageId: string }) => inboundMessageId),
      )
      cursor = body.next
    }
    expect([seen.length, new Set(seen).size]).toEqual([31, 31])
  })

  test('with a subject of megabytes has the start of it in every list', async () => {
    for (const path of ['/tickets', '/api/v1/tickets', '/messages']) {
      expect((await (await served.ask(path, { headers: bearer })).text()).length).toBeLessThan(50_000)
    }
  })
})

describe('HTML that takes long to be made safe', () => {
  const SLOW = '<'.repeat(2 * MIB)

  test('keeps nobody else waiting meanwhile', async () => {
    const id = await idOf('files')
    await served.desk.query('UPDATE ticket_entries SET html = $2 WHERE inbound_message_id = $1', [id, SLOW.slice(MIB)])
    // The console runs in this process: whatever is done here stops its event loop.
    const delay = monitorEventLoopDelay({ resolution: 10 })
    delay.enable()
    const asked = performance.now()
    expect((await served.ask(`/messages/${id}/mail`, { headers: bearer })).status).toBe(200)
    expect(delay.max / 1e6).toBeLessThan((performance.now() - asked) / 2)
    delay.disable()
  })

  test('is given up when its time is over', async () => {
    const sanitising = createSanitising(200)
    try {
      expect(await sanitising.sanitise(SLOW)).toBeNull()
    } finally {
      await sanitising.close()
    }
    const patient = createSanitising()
    try {
      const safe = await patient.sanitise('<b onclick="x()">b</b><img src="cid:a">', null)
      expect(safe?.html).toBe('<b>b</b><img src="cid:a">')
    } finally {
      await patient.close()
    }
  })
})

/** A busy machine may ask to try again. */
async function askPatiently(path: string): Promise<Response> {
  for (;;) {
    const answer = await served.ask(path, { headers: bearer })
    if (answer.status !== 429) return answer
  }
}

describe('an attachment', () => {
  test('is handed out as it was sent, by the pages and by the API, and never to be shown', async () => {
    const id = await idOf('files')
    const list = await askPatiently(`/api/v1/messages/${id}/attachments`)
    expect(await list.json()).toMatchObject({
      items: [
        { position: 0, filename: 'a.bin', sizeBytes: 12 * MIB },
        { position: 1, filename: 'b.bin', contentType: 'application/x-test', sizeBytes: 10 },
      ],
    })
    for (const path of [`/api/v1/messages/${id}/attachments/1`, `/messages/${id}/parts/1`]) {
      const answer = await askPatiently(path)
      expect([answer.status, await answer.text()]).toEqual([200, 'the second'])
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        'content-type': 'application/octet-stream',
        'content-disposition': `attachment; filename="b.bin"; filename*=UTF-8''b.bin`,
        'content-security-policy': "default-src 'none'; sandbox",
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
      })
    }
    expect((await askPatiently(`/api/v1/messages/${id}/attachments/2`)).status).toBe(404)
  })

  test('waits where others keep as many in memory as there is room for, and is there when they have left', async () => {
    const id = await idOf('files')
    const attachments = createAttachments(served.deps, 12 * MIB)
    const server = fastify({ forceCloseConnections: true })
    server.get('/:position', async (request, reply) => {
      const message = await served.desk.store.browse.message(id)
      const { position } = request.params as { position: string }
      if (message === null) throw new Error('no message')
      return attachments.send(reply, message, Number(position), 'saved')
    })
    const at = await server.listen({ host: '127.0.0.1', port: 0 })
    try {
      const leave = await stuck('/0', Number(new URL(at).port))
      expect(await (await fetch(`${at}/1`)).json()).toMatchObject({ code: 'console/too-many' })
      leave()
      await expect.poll(async () => (await fetch(`${at}/1`)).status, { timeout: 100_000 }).toBe(200)
    } finally {
      await server.close()
    }
  })
})

/** Asks, reads the start of the answer, and nothing more. */
async function stuck(path: string, port = served.console.port): Promise<() => void> {
  const socket = connect(port, '127.0.0.1')
  const started = new Promise((resolve) => socket.once('data', resolve))
  socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: ${bearer.authorization}\r\n\r\n`)
  await started
  socket.pause()
  return () => socket.destroy()
}

describe('who reads slowly', () => {
  test('keeps no connection to the database, and mail comes in', async () => {
    const id = await idOf('files')
    const readers = await Promise.all(Array.from({ length: 8 }, () => stuck(`/messages/${id}/raw`)))
    try {
      served.desk.deliver('support', letter({ id: 'meanwhile' }))
      await served.desk.takeIn()
      expect(await ticketOf('meanwhile')).toBeGreaterThan(0)
      expect((await served.ask('/messages', { headers: bearer })).status).toBe(200)
    } finally {
      for (const leave of readers) leave()
    }
  })
})

/** Resolves when the other side has ended it, with how much came: the first is read, and the rest when it is over. */
function dropped(port: number, text: string): Promise<number> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    let [octets, isReading] = [0, false]
    socket.on('data', (data) => {
      octets += data.length
      if (octets > 1000 && !isReading) socket.pause()
    })
    const resuming = setTimeout(() => {
      isReading = true
      socket.resume()
    }, 3000)
    socket.on('error', () => undefined)
    socket.on('close', () => {
      clearTimeout(resuming)
      resolve(octets)
    })
  })
}

const UNAVAILABLE = 'store/unavailable'

describe('who sends slowly, and who reads nothing', () => {
  test('lose their connection', async () => {
    const limits = { requestTimeout: 300, connectionTimeout: 600, http: { connectionsCheckingInterval: 100 } }
    const console = await startConsole(served.deps, { host: '127.0.0.1', port: 0 }, limits)
    try {
      const login = 'POST /login HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 50\r\n\r\nslow'
      const raw = `GET /messages/${await idOf('files')}/raw HTTP/1.1\r\nHost: a\r\nAuthorization: ${bearer.authorization}\r\n\r\n`
      const given = await Promise.all([login, raw, ''].map((text) => dropped(console.port, text)))
      // The slow reader got a start; who sends no request to its end gets no more than a refusal.
      expect(given.map((octets) => octets > 1000 && octets < 16 * MIB)).toEqual([false, true, false])
    } finally {
      await console.close()
    }
  })

  test('are not kept waiting by a database that does not answer', async () => {
    const locking = new Client({ connectionString: served.desk.databaseUrl })
    await locking.connect()
    const at = { host: '127.0.0.1', port: 0 }
    const console = await startConsole(served.deps, at, { handlerTimeout: 500 })
    try {
      await locking.query('BEGIN; LOCK TABLE inbound_messages IN ACCESS EXCLUSIVE MODE')
      for (const path of ['/messages', '/api/v1/messages']) {
        const answer = await fetch(`http://127.0.0.1:${console.port}${path}`, { headers: bearer })
        expect([path, answer.status, await answer.text()]).toEqual([path, 503, expect.stringContaining(UNAVAILABLE)])
      }
    } finally {
      await locking.end()
      await console.close()
    }
  })
})
