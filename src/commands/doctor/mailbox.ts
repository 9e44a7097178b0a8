/** One mailbox: its login, what of it ends and when, the clock of its authority, and what cannot be seen from here. */
import type { Config, MailboxConfig, OAuthClientConfig } from '../../config.ts'
import { MailchuteError } from '../../errors.ts'
import { isClockWrong } from '../../source/oauth/clock.ts'
import { clockSkewSeconds } from '../../source/oauth/clock-skew.ts'
import { type CredentialLife, EXPIRES_SOON_DAYS, livesOf } from '../../upkeep/expiry.ts'
import type { App } from '../app.ts'
import { connecting } from '../connect.ts'
import { ago, counted } from '../terminal.ts'
import { checkAcknowledge } from './acknowledge.ts'
import { adviceFor } from './advice.ts'
import { authenticityAdvice } from './authenticity.ts'
import type { Report, Warning } from './report.ts'

export async function checkMailbox(
  config: Config,
  app: App | null,
  mailbox: MailboxConfig,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  const what = `mailbox ${mailbox.name}`
  await report.check(what, async () => {
    await using by = await connecting(config, mailbox)
    await using session = await by.connect(signal)
    return `login works, ${counted((await session.list()).length, 'message')}`
  })
  const { credentials } = mailbox
  if (credentials.kind === 'oauth') {
    await report.check(`${what}, clock`, () => checkAuthorityClock(credentials.client, signal))
    if (app !== null) await checkLives(app, mailbox, what, report)
    if (isSecretEndUnknown(credentials.client)) report.hint(what, secretEnd(mailbox))
  }
  if (app !== null) await checkAcknowledge(app, mailbox, report, signal)
  for (const advice of [...adviceFor(mailbox), ...authenticityAdvice(mailbox)]) report.hint(what, advice)
}

async function checkAuthorityClock(client: OAuthClientConfig, signal: AbortSignal): Promise<string> {
  const seconds = await clockSkewSeconds(client, signal)
  if (seconds === null) return 'the authority does not tell its time'
  const differ = `this machine and the authority differ by ${Math.abs(seconds)} s`
  if (isClockWrong(seconds)) throw new MailchuteError('oauth/clock-wrong', differ)
  return differ
}

async function checkLives({ store, rows }: App, mailbox: MailboxConfig, what: string, report: Report): Promise<void> {
  const row = rows.get(mailbox.name)
  const login = row === undefined ? null : await store.logins.find(row.id)
  const now = new Date()
  const renewed = login === null ? '' : `, renewed ${ago(login.renewedAt, now)}`
  const lives = livesOf(mailbox, login, now)
  for (const life of lives) {
    const suffix = life.what === 'refresh-token' ? renewed : ''
    const name = `${what}, ${life.what.replace('-', ' ')}`
    if (life.daysLeft >= EXPIRES_SOON_DAYS) report.ok(name, `good for ${life.daysLeft} days${suffix}`)
    else report.warn(name, endingSoon(life, mailbox, suffix))
  }
}

function endingSoon({ what, daysLeft, endsAt }: CredentialLife, { name }: MailboxConfig, suffix: string): Warning {
  const date = endsAt.toISOString().slice(0, 10)
  const said = `${daysLeft < 0 ? 'ended on' : `${daysLeft} days left, until`} ${date}${suffix}`
  const todo =
    what === 'client-secret'
      ? `make a new secret in the app registration, set it, and its end as ${settingOf(name, 'OAUTH_CLIENT_SECRET_EXPIRES')}`
      : `\`mailchute run\` renews it every few days: see why it does not, or run \`mailchute mailbox login ${name}\``
  return { said, todo }
}

const isSecretEndUnknown = ({ clientSecret, clientSecretExpires, provider }: OAuthClientConfig): boolean =>
  provider === 'microsoft' && clientSecret !== null && clientSecretExpires === null

function secretEnd({ name }: MailboxConfig): Warning {
  return {
    said: 'when its client secret ends is not known here',
    todo: `set ${settingOf(name, 'OAUTH_CLIENT_SECRET_EXPIRES')}=2028-05-31 to be told weeks before`,
  }
}

const settingOf = (mailbox: string, suffix: string) => `MAILBOX_${mailbox.toUpperCase().replaceAll('-', '_')}_${suffix}`
