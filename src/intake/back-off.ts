import type { MailchuteError } from '../errors.ts'

const FIRST_SECONDS = 30
const LONGEST_SECONDS = 15 * 60

/**
 * When to try again after so many failures in a row: doubling, to 15 minutes, of which a random half is spared so
 * that many mailboxes do not come back at the same instant. `random` is in [0, 1).
 */
export function nextPollAt(failures: number, now: Date, random: number): Date {
  const seconds = Math.min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** Math.min(failures - 1, 10))
  return new Date(now.getTime() + seconds * (0.5 + random / 2) * 1000)
}

/** Errors that pause a mailbox with an alert. It is still tried, with back-off, and resumes by itself. */
export function pausesMailbox({ code }: MailchuteError): boolean {
  return code === 'source/credentials-refused' || code === 'oauth/login-required'
}
