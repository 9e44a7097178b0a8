/**
 * Keeps idle logins alive: a refresh token ends some months after its last use (90 days at Microsoft), and a mailbox
 * that is paused, or polled with a token that lasts, uses it seldom. One renewal a login at a time over all processes:
 * the renewal itself holds the login's row.
 */
import type { OAuthMailbox, Tokens } from '../access/tokens.ts'
import type { MailboxConfig } from '../config.ts'
import { asMailchuteError, type MailchuteError } from '../errors.ts'
import type { LoginState } from '../store/logins.ts'
import type { Store } from '../store/store.ts'

/** Looked for once a day: so a login is renewed at least weekly even where two looks in a row fail. */
const IDLE_DAYS = 3
const DAY_MILLISECONDS = 86_400_000

export interface Renewed {
  readonly mailbox: string
  /** Why it was not; null: it was. */
  readonly error: MailchuteError | null
}

export async function renewIdleLogins(
  { store, tokens }: { store: Store; tokens: Pick<Tokens, 'renewLogin'> },
  mailboxes: readonly MailboxConfig[],
  now: Date,
  signal: AbortSignal,
): Promise<readonly Renewed[]> {
  const renewals: Renewed[] = []
  for (const mailbox of mailboxes.filter(hasLogin)) {
    signal.throwIfAborted()
    const row = await store.mailboxes.find(mailbox.name)
    const login = row === null ? null : await store.logins.find(row.id)
    if (login === null || !isIdle(login, now)) continue
    const error = await renew(tokens, mailbox, signal)
    if (error?.code !== 'runtime/shutting-down') renewals.push({ mailbox: mailbox.name, error })
  }
  return renewals
}

function hasLogin(mailbox: MailboxConfig): mailbox is MailboxConfig & OAuthMailbox {
  return mailbox.credentials.kind === 'oauth' && mailbox.credentials.client.grant === 'login'
}

/** One that was refused is dead, and has been told of: somebody has to log in. */
function isIdle({ renewedAt, refusedAt }: LoginState, now: Date): boolean {
  return refusedAt === null && now.getTime() - renewedAt.getTime() > IDLE_DAYS * DAY_MILLISECONDS
}

async function renew(
  tokens: Pick<Tokens, 'renewLogin'>,
  mailbox: MailboxConfig & OAuthMailbox,
  signal: AbortSignal,
): Promise<MailchuteError | null> {
  try {
    await tokens.renewLogin(mailbox, signal)
    return null
  } catch (error) {
    return asMailchuteError(error)
  }
}

/** Once a day, at a time of its own, so that many installations do not all knock at once. `random` is in [0, 1). */
export function dailySchedule(random: number): string {
  const second = Math.floor(random * 86_400)
  return `${second % 60} ${Math.floor(second / 60) % 60} ${Math.floor(second / 3600)} * * *`
}
