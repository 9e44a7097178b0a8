/**
 * A desk with two mailboxes that acknowledge, `support@example.org` and `sales@example.org`, over a real database, a real
 * queue and a real SMTP server. Who vouches for a mail, and what a report is about, is said by the test: of a DNS and of
 * the kinds of mail other tests know more.
 */

import { randomBytes } from 'node:crypto'
import { Client, type QueryResultRow } from 'pg'
import { openApp } from '../../src/commands/app.ts'
import { acknowledgingOf, openSender } from '../../src/commands/send.ts'
import { DEFAULT_POLICY } from '../../src/config/policy.ts'
import { type MailboxPolicy, readConfig } from '../../src/config.ts'
import { poll } from '../../src/intake/poll.ts'
import { NOT_LOOKED_AT, type Trust } from '../../src/message/authenticity/authenticity.ts'
import type { ParsedMessage } from '../../src/message/parsed-message.ts'
import { createTicketTokens, type TicketTokens } from '../../src/message/ticket-token.ts'
import { createDeliverer, type DeliverDeps, type Deliverer } from '../../src/outbound/webhooks/deliver.ts'
import { startSandbox } from '../../src/sandbox/server.ts'
import type { Store } from '../../src/store/store.ts'
import type { Outcome } from '../../src/ticketing/outcome.ts'
import { createParsePool, type ParseSource } from '../../src/ticketing/parse-pool.ts'
import { createProcess } from '../../src/ticketing/process.ts'
import { sweep } from '../../src/upkeep/sweep.ts'
import { unguarded } from './append-only.ts'
import { createBeats } from './beats.ts'
import { createDatabase } from './postgres.ts'
import { startSmtp, type TestSmtp } from './smtp-server.ts'

export type DeskMailbox = 'support' | 'sales'

export interface Desk extends AsyncDisposable {
  readonly store: Store
  readonly databaseUrl: string
  readonly smtp: TestSmtp
  /** Of the key that this desk signs with. */
  readonly tokens: TicketTokens
  /** What the next mails are judged by. */
  policy: MailboxPolicy
  trust: Trust
  /** What reports are understood as, in addition. */
  understood: Partial<ParsedMessage>
  deliver(mailbox: DeskMailbox, ...mails: readonly (Buffer | string)[]): void
  /** Polls both mailboxes and works off what is there. */
  takeIn(): Promise<void>
  /** Works off what waits. */
  workOff(): Promise<void>
  /** As it was when it was opened: no mail, no tickets, nobody known. */
  empty(): Promise<void>
  /** Sends what is due. */
  send(): Promise<void>
  /** Of the webhooks that are set. */
  newDeliverer(options?: Partial<DeliverDeps>): Deliverer
  query<Row extends QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>
}

export interface DeskOptions {
  readonly env?: Record<string, string>
  /** How many there are that know nothing of each other, as processes do. */
  readonly workers?: number
  /** What they are given in place of the store. */
  readonly guard?: (store: Store) => Store
}

export const OURS: Record<DeskMailbox, string> = { support: 'support@example.org', sales: 'sales@example.org' }

const PASSWORD = 'correct horse battery'
const FRESH: Pick<Desk, 'policy' | 'trust' | 'understood'> = {
  ...{ policy: DEFAULT_POLICY, trust: 'unknown', understood: {} },
}
const never = new AbortController().signal

const CONCURRENCY = 16

export async function openDesk({ env = {}, workers = 1, guard }: DeskOptions = {}): Promise<Desk> {
  const smtp = await startSmtp()
  const users = Object.values(OURS)
  const sandbox = await startSandbox({ mailboxes: users.map((user) => ({ user, password: PASSWORD })) })
  const databaseUrl = await createDatabase()
  const key = randomBytes(32)
  const settings = users.map((user) => {
    const name = `MAILBOX_${user.slice(0, user.indexOf('@')).toUpperCase()}`
    return {
      [`${name}_URL`]: sandbox.url(user),
      [`${name}_PASSWORD`]: PASSWORD,
      [`${name}_SMTP_URL`]: `smtp://127.0.0.1:${smtp.port}`,
      [`${name}_ACKNOWLEDGE`]: 'on',
    }
  })
  const secrets = { DATABASE_URL: databaseUrl, MAILCHUTE_SECRET_KEY: key.toString('base64'), LOG_LEVEL: 'silent' }
  const config = readConfig(Object.assign({}, ...settings, secrets, env), '/nonexistent')
  const app = await openApp(config)
  const queue = await app.openQueue({ retryDelayMilliseconds: 5 })
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  const pool = createParsePool()
  const tokens = createTicketTokens([key])
  const outcomes = createBeats<Outcome>()
  const parse = async (source: ParseSource, signal: AbortSignal) => ({
    ...(await pool.parse(source, signal)),
    ...desk.understood,
  })
  const startWork = () => {
    const process = createProcess(
      guard?.(app.store) ?? app.store,
      { parse },
      {
        acknowledging: acknowledgingOf(app),
        authenticate: async () => ({ ...NOT_LOOKED_AT, trust: desk.trust }),
        policyOf: () => desk.policy,
        ticketTokens: async () => tokens,
      },
    )
    return queue.work(async (id, run) => outcomes.beat(await process(id, run)), CONCURRENCY)
  }
  const working = Array.from({ length: workers }, startWork)
  const workOff = async () => {
    await sweep(app.store, queue.wake)
    await outcomes.until(async () => (await app.store.messages.countWaiting()) === 0)
  }
  const pollOnce = async (name: string) => {
    const mailbox = config.mailboxes.find((each) => each.name === name)
    const row = await app.store.mailboxes.find(name)
    if (mailbox === undefined || row === null) throw new Error('no such mailbox')
    const { store, connect, assertRoom } = app
    const deps = { store, connect, assertRoom, wake: queue.wake, now: () => new Date(), random: Math.random }
    const result = await poll(deps, mailbox, row, never)
    if (result.outcome !== 'polled' || result.error !== null) throw new Error('the poll failed', { cause: result })
  }
  const desk: Desk = {
    ...{ store: app.store, databaseUrl, smtp, tokens, ...FRESH, workOff },
    deliver: (mailbox, ...mails) => {
      for (const octets of mails) sandbox.mailbox(OURS[mailbox]).deliver(Buffer.from(octets))
    },
    takeIn: async () => {
      for (const { name } of config.mailboxes) await pollOnce(name)
      await workOff()
    },
    empty: async () => {
      await client.query(
        unguarded('TRUNCATE raw_messages, contacts, threads, remote_messages RESTART IDENTITY CASCADE'),
      )
      Object.assign(desk, FRESH)
    },
    send: async () => (await openSender(app, config.mailboxes)).sendDue(never, never),
    newDeliverer: (options = {}) =>
      createDeliverer({
        ...{ store: app.store, log: app.log, webhooks: config.webhooks },
        ...{ now: () => new Date(), random: Math.random },
        ...options,
      }),
    query: async <Row extends QueryResultRow>(text: string, values: unknown[] = []) =>
      (await client.query<Row>(text, values)).rows,
    [Symbol.asyncDispose]: async () => {
      for (const each of working) await each.stop(0)
      await pool.close()
      await client.end()
      await app[Symbol.asyncDispose]()
      await sandbox.close()
      await smtp[Symbol.asyncDispose]()
    },
  }
  return desk
}

/** A ticket as people see it. */
export interface DeskTicket extends QueryResultRow {
  readonly number: number
  readonly mailbox: string
  readonly status: string
  readonly requester: string
  readonly linked: number | null
  /** msg-ids of its entries, without domain, in their order. */
  readonly ids: readonly string[]
}

export const ticketsOf = ({ query }: Desk): Promise<DeskTicket[]> =>
  query<DeskTicket>(
    `SELECT t.number, b.name AS mailbox, t.status, c.address AS requester, linked.number AS linked,
       coalesce(array_agg(ltrim(split_part(e.message_id, '@', 1), '<') ORDER BY e.created_at, e.id)
         FILTER (WHERE e.id IS NOT NULL), '{}') AS ids
     FROM tickets t JOIN contacts c ON c.id = t.requester_id JOIN mailboxes b ON b.id = t.mailbox_id
     LEFT JOIN tickets linked ON linked.id = t.linked_ticket_id LEFT JOIN ticket_entries e ON e.ticket_id = t.id
     GROUP BY t.number, b.name, t.status, c.address, linked.number ORDER BY t.number`,
  )

export interface Letter {
  readonly id: string
  /** As the header field has it. */
  readonly from?: string
  readonly to?: string
  readonly subject?: string
  readonly fields?: readonly string[]
}

export function letter({ id, from = 'Carla <carla@example.com>', to = OURS.support, ...rest }: Letter): string {
  const { subject = `about ${id}`, fields = [] } = rest
  return [
    ...[`From: ${from}`, `To: ${to}`, `Subject: ${subject}`, `Message-ID: <${id}@letters.example>`, ...fields],
    ...['', `This is ${id}.`, ''],
  ].join('\r\n')
}
