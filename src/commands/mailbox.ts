import type { Config, MailboxConfig } from '../config.ts'
import type { LoginState } from '../store/logins.ts'
import type { Mailbox } from '../store/mailboxes.ts'
import { livesOf } from '../upkeep/expiry.ts'
import { mailboxesOf, openApp } from './app.ts'
import { cliActor } from './cli-actor.ts'
import { inspectionText, inspectMailbox } from './mailbox-inspect.ts'
import { ago, print, printJson, table } from './terminal.ts'

export async function listMailboxes(config: Config, options: { json: boolean }): Promise<void> {
  await using app = await openApp(config)
  const now = new Date()
  const logins = await app.store.logins.all()
  const rows = config.mailboxes.flatMap((mailbox) => {
    const row = app.rows.get(mailbox.name)
    if (row === undefined) return []
    const login = logins.find(({ mailboxId }) => mailboxId === row.id) ?? null
    return [{ ...row, schedule: mailbox.schedule, login: loginState(mailbox, login, now) }]
  })
  if (options.json) {
    for (const { name, url, state, pausedReason, failures, nextPollAt, lastGoodPollAt, schedule, login } of rows) {
      printJson({ mailbox: name, url, schedule, state, pausedReason, failures, nextPollAt, lastGoodPollAt, login })
    }
    return
  }
  const columns = COLUMNS.filter(({ isNeeded }) => rows.some(isNeeded))
  const headings = columns.map(({ heading }) => heading)
  const lines = rows.map((row) => columns.map(({ cell }) => cell(row, now)))
  print(lines.length === 0 ? 'no mailbox is set\n' : table(headings, lines))
}

interface Row extends Mailbox {
  readonly schedule: string
  readonly login: LoginSummary | null
}

interface Column {
  readonly heading: string
  /** One that says nothing of any mailbox is left out. */
  readonly isNeeded: (row: Row) => boolean
  readonly cell: (row: Row, now: Date) => string
}

const COLUMNS: readonly Column[] = [
  { heading: 'mailbox', isNeeded: () => true, cell: ({ name }) => name },
  { heading: 'url', isNeeded: () => true, cell: ({ url }) => url },
  { heading: 'schedule', isNeeded: () => true, cell: ({ schedule }) => schedule },
  {
    heading: 'state',
    isNeeded: () => true,
    cell: ({ state, pausedReason }) => (pausedReason === null ? state : `${state} (${pausedReason})`),
  },
  { heading: 'last good poll', isNeeded: () => true, cell: ({ lastGoodPollAt }, now) => ago(lastGoodPollAt, now) },
  {
    heading: 'next poll',
    isNeeded: ({ failures }) => failures > 0,
    cell: ({ failures, nextPollAt }, now) => (failures === 0 ? '' : `${failures} failed, ${within(nextPollAt, now)}`),
  },
  { heading: 'login', isNeeded: ({ login }) => login !== null, cell: ({ login }) => loginText(login) },
]

function within(at: Date | null, now: Date): string {
  const seconds = at === null ? 0 : Math.round((at.getTime() - now.getTime()) / 1000)
  return seconds <= 0 ? 'next one is due' : `next one in ${seconds} s`
}

/** Of a mailbox that somebody logs in to; null: it needs no login. */
interface LoginSummary {
  readonly state: 'missing' | 'refused' | 'good'
  readonly renewedAt: Date | null
  readonly daysLeft: number | null
}

function loginState(mailbox: MailboxConfig, login: LoginState | null, now: Date): LoginSummary | null {
  const { credentials } = mailbox
  if (credentials.kind !== 'oauth' || credentials.client.grant !== 'login') return null
  const life = livesOf(mailbox, login, now).find(({ what }) => what === 'refresh-token')
  const known = { renewedAt: login?.renewedAt ?? null, daysLeft: life?.daysLeft ?? null }
  if (login === null) return { state: 'missing', ...known }
  return { state: login.refusedAt === null ? 'good' : 'refused', ...known }
}

function loginText(login: LoginSummary | null): string {
  if (login === null) return ''
  if (login.state !== 'good') return `${login.state}: mailbox login`
  return login.daysLeft === null ? 'good' : `good for ${login.daysLeft} d`
}

/** Logs in and shows what is there. Changes nothing. Needs a database only for a login. */
export async function testMailbox(
  config: Config,
  name: string,
  options: { json: boolean },
  signal: AbortSignal,
): Promise<void> {
  for (const mailbox of mailboxesOf(config, name)) {
    const inspection = await inspectMailbox(config, mailbox, signal)
    if (options.json) printJson(inspection)
    else print(inspectionText(inspection))
  }
}

export async function pauseMailbox(config: Config, name: string): Promise<void> {
  await change(config, name, 'pause')
  print(`${name} is paused until \`mailchute mailbox resume ${name}\`\n`)
}

export async function resumeMailbox(config: Config, name: string): Promise<void> {
  await change(config, name, 'resume')
  print(`${name} is polled again; what was held on the server is tried again\n`)
}

async function change(config: Config, name: string, what: 'pause' | 'resume'): Promise<void> {
  await using app = await openApp(config)
  for (const mailbox of mailboxesOf(config, name)) {
    const row = app.rows.get(mailbox.name)
    if (row !== undefined) await app.store.mailboxes[what](row.id, { actor: cliActor() })
  }
}
