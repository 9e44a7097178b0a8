import type { Account } from '../config.ts'
import { type ErrorCode, MailchuteError } from '../errors.ts'

export interface FailureDetails {
  /** The command concerned: its verb alone, never an argument. */
  readonly verb?: string
  readonly cause?: unknown
  readonly hint?: string
  /** How long the server asks to be left alone. */
  readonly retryAfterSeconds?: number
}

/** Makes the errors of one mailbox: they name host, port and verb; no argument, no credentials, no mail (I9). */
export interface Failures {
  failure(code: ErrorCode, message: string, details?: FailureDetails): MailchuteError
  /** A server's words, fit for an error message: one short printable line without anything of our credentials. */
  quote(words: string): string
}

export function failuresOf(mailbox: Account): Failures {
  const { host, port } = mailbox
  return {
    failure: (code, message, { verb, cause, hint, retryAfterSeconds } = {}) =>
      new MailchuteError(code, `${host}:${port}: ${verb === undefined ? '' : `${verb}: `}${message}`, {
        cause,
        context: {
          ...{ host, port },
          ...(verb === undefined ? {} : { verb }),
          ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
        },
        ...(hint === undefined ? {} : { hint }),
      }),
    quote: (words) => quoteWithout(mailbox, words),
  }
}

type Credential = Pick<Account, 'user' | 'credentials'>

/** What `Failures.quote` promises, of one credential. */
export function quoteWithout(credential: Credential, words: string): string {
  return redact(printable(words), secretsOf(credential)).slice(0, QUOTE_MAX_CHARACTERS)
}

/** The same of a text in UTF-8 and of its octets one by one. */
const printable = (text: string) => text.replace(/[^\x20-\x7e]+/g, ' ')

const QUOTE_MAX_CHARACTERS = 160
/** No human text has words this long; a server that repeats our line may have cut it anywhere. */
const SUSPICIOUS_WORD_CHARACTERS = 40
const FRAGMENT_CHARACTERS = 12
const REDACTED = '[redacted]'

/** The credential in every form in which it goes over the wire, as it looks when it is printable; the longest first. */
function secretsOf({ user, credentials }: Credential): string[] {
  const secret = credentials.kind === 'password' ? credentials.password : credentials.token
  const responses = [secret, `\0${user}\0${secret}`, `user=${user}\x01auth=Bearer ${secret}\x01\x01`]
  const forms = [secret, ...responses.map((response) => Buffer.from(response).toString('base64'))]
  return forms
    .map((form) => printable(form).toLowerCase())
    .filter((form) => form.trim() !== '')
    .sort((one, other) => other.length - one.length)
}

function redact(words: string, secrets: readonly string[]): string {
  let rest = words
  for (const secret of secrets) rest = replaceIgnoringCase(rest, secret)
  return rest
    .split(' ')
    .map((word) => (isSuspicious(word.toLowerCase(), secrets) ? REDACTED : word))
    .join(' ')
}

/** Of printable words, whose length no change of case changes. */
function replaceIgnoringCase(words: string, secret: string): string {
  const lower = words.toLowerCase()
  const kept: string[] = []
  let start = 0
  for (let at = lower.indexOf(secret); at !== -1; at = lower.indexOf(secret, start)) {
    kept.push(words.slice(start, at))
    start = at + secret.length
  }
  return [...kept, words.slice(start)].join(REDACTED)
}

function isSuspicious(word: string, secrets: readonly string[]): boolean {
  if (word.length >= SUSPICIOUS_WORD_CHARACTERS) return true
  return word.length >= FRAGMENT_CHARACTERS && secrets.some((secret) => secret.includes(word))
}
