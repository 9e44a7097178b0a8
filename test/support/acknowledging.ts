/** A mailbox that acknowledges: mail comes in over POP3, goes out over SMTP, with the real program's parts between. */
import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import { openSender } from '../../src/commands/send.ts'
import type { Sender } from '../../src/outbound/sender.ts'
import { createDatabase } from './postgres.ts'
import { startMailbox, type TestMailbox } from './sandbox.ts'
import { startSmtp, type TestSmtp } from './smtp-server.ts'
import { openWorker, type TestWorker } from './worker.ts'

export const SUPPORT = 'support@example.org'

export interface Acknowledging extends AsyncDisposable {
  readonly worker: TestWorker
  readonly smtp: TestSmtp
  readonly databaseUrl: string
  readonly env: Record<string, string>
  deliver(...octets: readonly (Buffer | string)[]): void
  /** Polls and works off what is there. */
  takeIn(): Promise<void>
  /** As a process that has just started would. */
  newSender(): Promise<Sender>
  /** One round of a new sender. */
  send(): Promise<void>
  /** What waits becomes due, whatever its back-off. */
  makeDue(): Promise<void>
  query<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>
}

export interface AcknowledgingOptions {
  readonly env?: Record<string, string>
  readonly smtp?: TestSmtp
  readonly pop3?: TestMailbox
  readonly from?: string
}

export const never = new AbortController().signal

export async function openAcknowledging(options: AcknowledgingOptions = {}): Promise<Acknowledging> {
  const smtp = options.smtp ?? (await startSmtp())
  const mailbox = options.pop3 ?? (await startMailbox([]))
  const databaseUrl = await createDatabase()
  const env = {
    ...mailbox.env(),
    DATABASE_URL: databaseUrl,
    MAILCHUTE_SECRET_KEY: randomBytes(32).toString('base64'),
    MAILBOX_TEST_SMTP_URL: `smtp://127.0.0.1:${smtp.port}`,
    MAILBOX_TEST_ACKNOWLEDGE: 'on',
    MAILBOX_TEST_ACKNOWLEDGE_FROM: options.from ?? `Support <${SUPPORT}>`,
    ...options.env,
  }
  const worker = await openWorker(env)
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  const query = async <Row extends object>(text: string, values: unknown[] = []) =>
    (await client.query<Row & Record<string, unknown>>(text, values)).rows as Row[]
  const newSender = () => openSender(worker.app, worker.app.config.mailboxes)
  return {
    ...{ worker, smtp, databaseUrl, env, query, newSender },
    deliver: (...all) => {
      for (const octets of all) mailbox.mailbox.deliver(Buffer.from(octets))
    },
    takeIn: async () => {
      const result = await worker.poll()
      if (result.outcome !== 'polled' || result.error !== null) throw new Error('the poll failed', { cause: result })
      await worker.workOff()
    },
    send: async () => await (await newSender()).sendDue(never, never),
    makeDue: async () => void (await query(`UPDATE outbox SET next_attempt_at = now() WHERE state = 'waiting'`)),
    [Symbol.asyncDispose]: async () => {
      await client.end()
      await worker[Symbol.asyncDispose]()
      if (options.pop3 === undefined) await mailbox[Symbol.asyncDispose]()
      if (options.smtp === undefined) await smtp[Symbol.asyncDispose]()
    },
  }
}

/** Its header as it went out, unfolded; of a field that is there more than once, the first. */
export function headerOf(octets: Buffer): Map<string, string> {
  const [header = ''] = octets.toString('latin1').split('\r\n\r\n')
  const fields = header.replace(/\r\n[ \t]+/g, ' ').split('\r\n')
  return new Map(
    fields.toReversed().map((field) => {
      const colon = field.indexOf(':')
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()]
    }),
  )
}
