/** A mailbox with rules: mail comes in over POP3 and is worked by the parts of the real program. */
import { mkdtemp, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Client } from 'pg'
import { createDatabase } from './postgres.ts'
import { startMailbox } from './sandbox.ts'
import { openWorker, type TestWorker } from './worker.ts'

export interface Desk extends AsyncDisposable {
  /** The one that works now. */
  readonly worker: TestWorker
  readonly env: Record<string, string>
  /** Polls what is there, without working it. */
  fetch(...octets: readonly (Buffer | string)[]): Promise<void>
  /** Polls it and works it off. */
  takeIn(...octets: readonly (Buffer | string)[]): Promise<void>
  /** Another worker takes the place of this one, which ends in the middle of what it does. */
  restart(): Promise<void>
  query<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>
}

export async function openDesk(rules: string | null, more: Record<string, string> = {}): Promise<Desk> {
  const mailbox = await startMailbox([])
  const env = {
    ...mailbox.env(),
    DATABASE_URL: await createDatabase(),
    ...(rules === null ? {} : { MAILCHUTE_RULES: await rulesFile(rules) }),
    ...more,
  }
  let worker = await openWorker(env)
  const client = new Client({ connectionString: env.DATABASE_URL })
  await client.connect()
  const fetch = async (...all: readonly (Buffer | string)[]) => {
    for (const octets of all) mailbox.mailbox.deliver(Buffer.from(octets))
    const result = await worker.poll()
    if (result.outcome !== 'polled' || result.error !== null) throw new Error('the poll failed', { cause: result })
  }
  return {
    get worker() {
      return worker
    },
    env,
    fetch,
    takeIn: async (...all) => {
      await fetch(...all)
      await worker.workOff()
    },
    restart: async () => {
      await worker[Symbol.asyncDispose]()
      worker = await openWorker(env)
    },
    query: async <Row extends object>(text: string, values: unknown[] = []) =>
      (await client.query<Row & Record<string, unknown>>(text, values)).rows as Row[],
    [Symbol.asyncDispose]: async () => {
      await client.end()
      await worker[Symbol.asyncDispose]()
      await mailbox[Symbol.asyncDispose]()
    },
  }
}

export async function rulesFile(text: string): Promise<string> {
  const file = path.join(await mkdtemp(path.join(process.env['TEST_RUN_FOLDER'] ?? '', 'rules-')), 'rules.yaml')
  await writeFile(file, text)
  return file
}

export interface LetterOptions {
  readonly id?: string
  readonly from?: string
  readonly subject?: string
  readonly body?: string
  /** More fields, as whole lines. */
  readonly fields?: readonly string[]
}

export function letter(options: LetterOptions = {}): string {
  const {
    id = 'one',
    from = 'Ann <ann@customer.example>',
    subject = 'A question',
    body = 'How does it work?',
  } = options
  return [
    ...(from === '' ? [] : [`From: ${from}`]),
    'To: support@desk.example',
    `Subject: ${subject}`,
    `Message-ID: <${id}@customer.example>`,
    'Date: Mon, 02 Nov 2026 09:00:00 +0000',
    ...(options.fields ?? []),
    '',
    `${body}\r\n`,
  ].join('\r\n')
}
