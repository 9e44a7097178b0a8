import type { MailchuteError } from '../errors.ts'

const FIRST_SECONDS = 30
const LONGEST_SECONDS = 15 * 60
/** A server that asks for more is not believed: it may be wrong, and mail waits. */
const LONGEST_ASKED_SECONDS = 60 * 60

/**
 * When to try again after so many failures in a row: doubling, to 15 minutes, of which a random half is spared so
 * that many mailboxes do not come back at the same instant. `random` is in [0, 1). Never before the time that the
 * server itself has asked for (`retryAfterSeconds` in the error's context).
 */
export function nextPollAt(
  failures: number,
  now: Date,
  random: number,
  { context }: Pick<MailchuteError, 'context'>,
): Date {
  const seconds = Math.min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** Math.min(failures - 1, 10)) * (0.5 + random / 2)
  return new Date(now.getTime() + Math.max(seconds, askedSeconds(context['retryAfterSeconds'])) * 1000)
}

function askedSeconds(asked: unknown): number {
  return typeof asked === 'number' && asked > 0 ? Math.min(asked, LONGEST_ASKED_SECONDS) : 0
}

/** Errors that pause a mailbox with an alert. It is still tried, with back-off, and resumes by itself. */
export function pausesMailbox({ code }: MailchuteError): boolean {
  return code === 'source/credentials-refused' || code === 'oauth/login-required'
}
