/** A database with an audit log: events of one mailbox, sealed in small seals. */
import { Client } from 'pg'
import { type SealKeys, sealKeysOf } from '../../src/audit/keys.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { createSealing } from '../../src/upkeep/seal.ts'
import { type Verified, type VerifyOptions, verifyChain } from '../../src/upkeep/verify-chain.ts'
import { unguarded } from './append-only.ts'
import { createDatabase } from './postgres.ts'

export interface AuditLog extends AsyncDisposable {
  readonly url: string
  readonly store: Store
  readonly mailboxId: string
  query<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>
  /** Books so many more. */
  book(count: number): Promise<string[]>
  seal(): Promise<void>
  /** As the owner of the tables can, who switches off the guard. */
  tamper(sql: string): Promise<void>
  verify(options?: VerifyOptions & { keys?: SealKeys }): Promise<Verified>
}

export const never = new AbortController().signal
export const KEYS = sealKeysOf([Buffer.alloc(32, 1)])
export const EVENTS_A_SEAL = 5
const PATIENCE_MILLISECONDS = 100_000

export async function openAuditLog(events: number, keys: SealKeys = []): Promise<AuditLog> {
  const url = await createDatabase()
  const store = openStore(url)
  const mailboxes = await store.mailboxes.ensure([
    { name: 'help', url: 'pop3://h@127.0.0.1', source: 'pop3 127.0.0.1' },
  ])
  const mailboxId = mailboxes.get('help')?.id ?? ''
  const client = new Client({ connectionString: url })
  await client.connect()
  const query = async <Row extends object>(text: string, values: unknown[] = []) =>
    (await client.query<Row & Record<string, unknown>>(text, values)).rows as Row[]
  const log: AuditLog = {
    ...{ url, store, mailboxId, query },
    book: async (count) =>
      (await query<{ id: string }>(`${INSERT} RETURNING id`, [mailboxId, count])).map(({ id }) => id),
    seal: async () => {
      const options = { patienceMilliseconds: PATIENCE_MILLISECONDS, eventsASeal: EVENTS_A_SEAL }
      await createSealing(store.audit, keys)(never, options)
    },
    tamper: async (sql) => void (await query(unguarded(sql))),
    verify: ({ keys: known = keys, ...options } = {}) => verifyChain(store.audit, known, options),
    [Symbol.asyncDispose]: async () => {
      await client.end()
      await store.close()
    },
  }
  await log.book(events)
  await log.seal()
  return log
}

const INSERT = `
  INSERT INTO inbound_events (mailbox_id, code, at, detail)
  SELECT $1, 'test/event-' || n % 3, timestamptz '2026-11-25 12:00:00+00' + n * interval '1 second',
    jsonb_build_object('uniqueId', 'u' || n, 'n', n, 'list', jsonb_build_array(n, 'ä "quoted" \\ ' || n))
  FROM generate_series(1, $2) AS n`
