/** SIGKILL of the program while it tells a webhook: what was told is told again under the same id, and nothing is lost. */
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { Client } from 'pg'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createBeats } from '../support/beats.ts'
import { mail } from '../support/mails.ts'
import { createDatabase } from '../support/postgres.ts'
import { buildProgram, type Running, run, start } from '../support/program.ts'
import { startMailbox } from '../support/sandbox.ts'
import { startReceiver } from '../support/webhook-receiver.ts'

beforeAll(buildProgram, 300_000)

const opened: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close()
})

/** With one ticket, of which a webhook is to be told. */
async function openDesk() {
  const receiver = await startReceiver()
  const mailbox = await startMailbox([{ uniqueId: 'one', octets: mail({ id: 'one' }) }])
  const databaseUrl = await createDatabase()
  const database = new Client({ connectionString: databaseUrl })
  await database.connect()
  opened.push(
    async () => await receiver[Symbol.asyncDispose](),
    async () => await mailbox[Symbol.asyncDispose](),
    async () => await database.end(),
  )
  const env = (url: string) => ({
    ...mailbox.env(),
    DATABASE_URL: databaseUrl,
    LOG_LEVEL: 'warn',
    MAILCHUTE_WEBHOOK_CRM_URL: url,
    MAILCHUTE_WEBHOOK_CRM_SECRET: `whsec_${Buffer.alloc(32, 9).toString('base64')}`,
  })
  const outbox = async () => (await database.query('SELECT state, attempts FROM outbox')).rows
  const leaseIsOver = () => database.query('UPDATE outbox SET next_attempt_at = now()')
  return { receiver, database, env, outbox, leaseIsOver }
}

async function dead(running: Running): Promise<void> {
  running.child.kill('SIGKILL')
  expect((await running.ended).signal).toBe('SIGKILL')
}

describe('a program that is killed', () => {
  test('between the 2xx and its commit tells it again, under the same webhook-id', async () => {
    const { receiver, database, env, outbox, leaseIsOver } = await openDesk()
    const { behave } = receiver
    const locked = createBeats<null>()
    receiver.behave = async (request, response) => {
      // No commit gets past this, and no kill comes too late.
      await database.query('BEGIN; LOCK TABLE outbox IN SHARE ROW EXCLUSIVE MODE')
      behave(request, response)
      response.once('close', () => locked.beat(null))
    }
    const running = start(['drain'], env(receiver.url))
    await locked.until(() => locked.count > 0)
    await waitsForLock(database)
    await dead(running)
    await database.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${WAITING}`)
    await database.query('ROLLBACK')
    expect(await outbox()).toEqual([{ state: 'waiting', attempts: 1 }])
    receiver.behave = behave
    await leaseIsOver()
    expect((await run(['drain'], env(receiver.url))).code).toBe(0)
    const ids = receiver.received.map(({ headers }) => headers['webhook-id'])
    expect([ids.length, new Set(ids).size]).toEqual([2, 1])
    expect(await outbox()).toEqual([{ state: 'sent', attempts: 2 }])
    expect((await run(['drain'], env(receiver.url))).code).toBe(0)
    expect(receiver.received).toHaveLength(2)
  })

  test('before its request was read tells it later, once', async () => {
    const { receiver, env, outbox, leaseIsOver } = await openDesk()
    const deaf = createServer({ pauseOnConnect: true }, (socket) => socket.on('error', () => undefined))
    deaf.listen(0, '127.0.0.1')
    opened.push(async () => deaf.close())
    await once(deaf, 'listening')
    const connected = once(deaf, 'connection')
    const running = start(['drain'], env(`http://127.0.0.1:${(deaf.address() as AddressInfo).port}/hook`))
    await connected
    await dead(running)
    expect(await outbox()).toEqual([{ state: 'waiting', attempts: 1 }])
    await leaseIsOver()
    expect((await run(['drain'], env(receiver.url))).code).toBe(0)
    expect(receiver.received.map(({ json }) => json.type)).toEqual(['ticket.created'])
    expect(await outbox()).toEqual([{ state: 'sent', attempts: 2 }])
  })
})

const WAITING = `datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%outbox%'`

/** Within a transaction what is read of other sessions stays as it was, until it is let go. */
async function waitsForLock(database: Client): Promise<void> {
  for (let looks = 0; looks < LOOKS; looks++) {
    if ((await database.query(`SELECT 1 FROM pg_stat_activity WHERE ${WAITING}`)).rows.length > 0) return
    await database.query('SELECT pg_stat_clear_snapshot(), pg_sleep(0.01)')
  }
  throw new Error('nobody commits')
}

const LOOKS = 2_000
