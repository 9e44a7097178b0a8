/**
 * What is durable. The only place that talks to the database, and the only importer of the generated Prisma client.
 *
 * Guarantees: what a call reports as done is committed; every failure is a `store/*` error; an effect that the
 * promises allow once is made unique by the database (I3), not by the caller's care.
 * Not guaranteed: that a call which failed had no effect. A commit whose answer was lost may have happened, so
 * everything here may be called again.
 */

import { type Again, again } from './again.ts'
import { type Alerts, alerts } from './alerts.ts'
import { type Audit, audit } from './audit.ts'
import { type Balance, balance } from './balance.ts'
import { type Browse, browse } from './browse/browse.ts'
import { type Contacts, contacts } from './contacts.ts'
import { type Copies, copies } from './copies.ts'
import { type Database, openDatabase } from './database.ts'
import { type Erasure, erasure } from './erasure.ts'
import { type Extracts, extracts } from './extracts.ts'
import { type Figures, figures, type Monitor, monitor } from './figures.ts'
import { type Intake, intake } from './intake.ts'
import { type Ledger, ledger } from './ledger.ts'
import { type Logins, logins } from './logins.ts'
import { type Loops, loops } from './loops.ts'
import { type Mailboxes, mailboxes } from './mailboxes.ts'
import { type Messages, messages } from './messages.ts'
import { type Outbox, outbox } from './outbox.ts'
import { type Polls, polls } from './polls.ts'
import { type Raw, raw } from './raw.ts'
import { type Reports, reports } from './reports.ts'
import { type Retention, retention } from './retention.ts'
import { type Tally, tally } from './tally.ts'
import { type Threads, threads } from './threads.ts'
import { type Tickets, tickets } from './tickets.ts'
import { type Webhooks, webhooks } from './webhooks.ts'

export interface Store {
  readonly mailboxes: Mailboxes
  readonly logins: Logins
  readonly polls: Polls
  readonly ledger: Ledger
  readonly intake: Intake
  readonly raw: Raw
  readonly messages: Messages
  readonly threads: Threads
  readonly copies: Copies
  readonly loops: Loops
  readonly tickets: Tickets
  readonly reports: Reports
  readonly contacts: Contacts
  readonly browse: Browse
  /** For monitors: cheap enough to be asked every few seconds. */
  figures(): Promise<Figures>
  readonly monitor: Monitor
  readonly tally: Tally
  readonly alerts: Alerts
  readonly outbox: Outbox
  readonly webhooks: Webhooks
  readonly audit: Audit
  readonly extracts: Extracts
  readonly retention: Retention
  readonly again: Again
  readonly erasure: Erasure
  /** Whether everything is accounted for (I5). Reads much: seconds for a million messages. */
  balance(): Promise<Balance>
  /** Resolves if the database answers and can write. */
  ping(): Promise<void>
  /** How far the database's clock is ahead of this machine's. */
  clockSkewSeconds(): Promise<number>
  close(): Promise<void>
}

/** Connects when first used. Expects the schema to be up to date, see migrate.ts. */
export function openStore(url: string): Store {
  const database = openDatabase(url)
  return {
    mailboxes: mailboxes(database),
    logins: logins(database),
    polls: polls(database),
    ledger: ledger(database),
    intake: intake(database),
    raw: raw(database),
    messages: messages(database),
    threads: threads(database),
    copies: copies(database),
    loops: loops(database),
    tickets: tickets(database),
    reports: reports(database),
    contacts: contacts(database),
    browse: browse(database),
    figures: () => figures(database),
    monitor: monitor(database),
    tally: tally(database),
    alerts: alerts(database),
    outbox: outbox(database),
    webhooks: webhooks(database),
    audit: audit(database),
    extracts: extracts(database),
    retention: retention(database),
    again: again(database),
    erasure: erasure(database),
    balance: () => balance(database),
    ping: () => ping(database),
    clockSkewSeconds: () => clockSkewSeconds(database),
    close: () => database.close(),
  }
}

const PING_MILLISECONDS = 5_000
/** Before we do: what we give up, PostgreSQL goes on with, each time on a connection of its own. */
const PING_SERVER_MILLISECONDS = 4_000

/** Given up soon: else those who ask every second would keep all connections waiting for a server that is cut off. */
async function ping(database: Database): Promise<void> {
  await database.query({
    text: `SET LOCAL statement_timeout = ${PING_SERVER_MILLISECONDS}; SELECT 1 FROM mailboxes LIMIT 1`,
    values: [],
    query_timeout: PING_MILLISECONDS,
  })
}

async function clockSkewSeconds(database: Database): Promise<number> {
  const [row] = await database.query<{ now: Date }>({ text: 'SELECT clock_timestamp() AS now', values: [] })
  return ((row?.now.getTime() ?? Date.now()) - Date.now()) / 1000
}
