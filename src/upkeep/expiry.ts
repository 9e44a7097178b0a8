/** When credentials end, and who is told: months go by without a sign, and then a mailbox stands still. */
import type { MailboxConfig } from '../config.ts'
import type { LoginState } from '../store/logins.ts'
import type { Store } from '../store/store.ts'

/** Told of from then on, once a day. */
export const EXPIRES_SOON_DAYS = 30

export interface CredentialLife {
  readonly what: 'refresh-token' | 'client-secret'
  readonly endsAt: Date
  /** Whole days; below 0 once it is over. */
  readonly daysLeft: number
}

export interface ExpiryAlert extends CredentialLife {
  readonly mailbox: string
}

/** What is known to end, of a mailbox that logs in by OAuth; an unknown end is left out. */
export function livesOf({ credentials }: MailboxConfig, login: LoginState | null, now: Date): CredentialLife[] {
  if (credentials.kind !== 'oauth') return []
  const { grant, clientSecretExpires } = credentials.client
  const refreshTokenEnds = grant === 'login' ? (login?.expiresAt ?? null) : null
  return [
    ...(refreshTokenEnds ? [life('refresh-token', refreshTokenEnds, now)] : []),
    ...(clientSecretExpires ? [life('client-secret', new Date(clientSecretExpires), now)] : []),
  ]
}

const DAY_MILLISECONDS = 86_400_000

function life(what: CredentialLife['what'], endsAt: Date, now: Date): CredentialLife {
  return { what, endsAt, daysLeft: Math.floor((endsAt.getTime() - now.getTime()) / DAY_MILLISECONDS) }
}

/** Books an event for what ends soon, once a day however many processes look. Returns what was booked by this call. */
export async function watchExpiry(
  store: Store,
  mailboxes: readonly MailboxConfig[],
  now: Date,
): Promise<readonly ExpiryAlert[]> {
  const alerts: ExpiryAlert[] = []
  for (const mailbox of mailboxes) {
    const row = await store.mailboxes.find(mailbox.name)
    if (row === null) continue
    const soon = livesOf(mailbox, await store.logins.find(row.id), now).filter(
      ({ daysLeft }) => daysLeft < EXPIRES_SOON_DAYS,
    )
    for (const { what, endsAt, daysLeft } of soon) {
      const isNew = await store.mailboxes.noteOnceADay(row.id, 'login/expires-soon', { what, daysLeft }, now)
      if (isNew) alerts.push({ mailbox: mailbox.name, what, endsAt, daysLeft })
    }
  }
  return alerts
}
