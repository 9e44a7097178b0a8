/** `mailchute doctor`: looks at everything a worker needs, and says of each finding what to do. Changes nothing on any mail server. */
import type { Config, MailboxConfig } from '../../config.ts'
import { asMailchuteError, MailchuteError } from '../../errors.ts'
import { loadRules } from '../../ticketing/rules/load-rules.ts'
import { type App, openApp } from '../app.ts'
import { counted } from '../terminal.ts'
import { checkDns } from './authenticity.ts'
import { checkConsoleTokens } from './console-token.ts'
import { checkMailbox } from './mailbox.ts'
import { checkOidc } from './oidc.ts'
import { createReport, type Report, type Warning } from './report.ts'

/** Resolves with the exit code: that of the first fault, 0 if there is none. */
export async function doctor(config: Config, signal: AbortSignal): Promise<number> {
  const report = createReport()
  if (config.mailboxes.length === 0) report.warn('settings', NO_MAILBOX)
  else report.ok('settings', counted(config.mailboxes.length, 'mailbox', 'mailboxes'))
  checkConsoleTokens(config, report)
  if (config.rulesFile !== null) await report.check('rules', async () => checkRules(config.rulesFile))
  const app = await openApp(config).catch((thrown: unknown) => {
    report.fault('database', asMailchuteError(thrown))
    return null
  })
  try {
    if (app !== null) await checkInstallation(app, report)
    await report.check('DNS', () => checkDns(config))
    if (config.oidc !== null) await checkOidc(config.oidc, report)
    for (const mailbox of config.mailboxes) await checkMailbox(config, app, mailbox, report, signal)
  } finally {
    await app?.[Symbol.asyncDispose]()
  }
  return report.exitCode()
}

const NO_MAILBOX: Warning = {
  said: 'no mailbox is set, so there is no mail to come',
  todo: '`mailchute mailbox add` asks what it needs and tries it',
}

const checkRules = (file: string | null) => counted(loadRules(file).length, 'rule', 'rules')

async function checkInstallation(app: App, report: Report): Promise<void> {
  const { config } = app
  await report.check('database', () => checkDatabase(app))
  await report.check('disk', async () => {
    await app.assertRoom()
    return config.databaseUrl === null ? 'room enough' : 'the database is elsewhere: watch its disk there'
  })
  await report.check('queue', async () => {
    await app.openQueue()
    return config.redisUrl === null ? 'in the database' : 'Redis answers and evicts nothing'
  })
  await checkLoops(app, report)
  await report.check('clock', () => checkClock(app))
  await report.check('audit log', () => checkAudit(app, new Date()))
  if (config.mailboxes.some(needsSecretKey)) {
    await report.check('secret key', async () => checkSecretKey(config))
  }
}

/** For a login that is kept, and for the token in the Message-ID of an acknowledgement. */
const needsSecretKey = ({ credentials, acknowledge }: MailboxConfig): boolean =>
  credentials.kind === 'oauth' || acknowledge !== null

async function checkDatabase({ store }: App): Promise<string> {
  await store.ping()
  const { received, quarantined } = await store.messages.countByState()
  return `answers and is up to date; ${received} messages wait, ${quarantined} are quarantined`
}

async function checkLoops({ store }: App, report: Report): Promise<void> {
  const { looping } = await store.figures()
  if (looping === 0) return
  report.warn('loops', {
    said: `${counted(looping, 'mail is', 'mails are')} held, for there were too many like it within an hour`,
    todo:
      '`mailchute messages --state quarantined` lists them (loop/similar). End the loop where it comes from, or let\n' +
      'one through with `mailchute messages release ID`; MAILCHUTE_SIMILAR_PER_HOUR sets how many are too many',
  })
}

/** Sealed once a minute: so long only where no worker runs, or one transaction stays open. */
const TOLERATED_SEAL_MINUTES = 10

async function checkAudit({ store }: App, now: Date): Promise<string | Warning> {
  const head = await store.audit.head()
  const { events, oldestAt } = await store.audit.after(BigInt(head?.lastEventId ?? 0))
  const minutes = oldestAt === null ? 0 : (now.getTime() - oldestAt.getTime()) / 60_000
  if (minutes < TOLERATED_SEAL_MINUTES) return `sealed, but for ${counted(events, 'event')} of the last minutes`
  return {
    said: `${counted(events, 'event')} not sealed, for ${minutes.toFixed(0)} minutes`,
    todo:
      '`mailchute run` with the role `work` seals once a minute, `mailchute drain` at its end. Where they do run, a transaction\n' +
      'may be open for long: SELECT pid, xact_start, query FROM pg_stat_activity WHERE backend_xid IS NOT NULL ORDER BY xact_start',
  }
}

const TOLERATED_SECONDS = 5

async function checkClock({ store }: App): Promise<string | Warning> {
  const seconds = Math.abs(await store.clockSkewSeconds())
  if (seconds < TOLERATED_SECONDS) return `this machine and the database agree to ${seconds.toFixed(1)} s`
  return { said: `this machine and the database differ by ${seconds.toFixed(0)} s`, todo: 'set both by NTP' }
}

function checkSecretKey({ secretKey, oldSecretKey, databaseUrl, dataDir }: Config): string | Warning {
  if (secretKey === null && databaseUrl !== null) {
    throw new MailchuteError('config/secret-key-missing', 'MAILCHUTE_SECRET_KEY is not set')
  }
  if (oldSecretKey !== null) {
    return {
      said: 'there is an old one beside it',
      todo: 'run `mailchute rotate-key`, then take MAILCHUTE_SECRET_KEY_OLD out',
    }
  }
  return secretKey === null ? `kept in ${dataDir}: a backup without it cannot open the logins` : 'set'
}
