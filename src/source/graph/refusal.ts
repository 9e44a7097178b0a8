/** What Microsoft's answers mean that are no success: by status, and by the codes of their body where these say more. */
import { z } from 'zod'

import { MailchuteError } from '../../errors.ts'
import type { Failures } from '../failure.ts'
import { retryAfterSeconds } from './throttle.ts'
import type { Answer, Request } from './wire.ts'
import { NOT_GRAPH } from './wire.ts'

/** What a request is about: a fault of one message stops no other. */
export type About = 'login' | 'mailbox' | 'list' | 'message'

/** `{error: {code, message, innerError: {code, ...}}}`, where it is that. */
export interface ErrorBody {
  /** From the outermost to the most detailed one. */
  readonly codes: readonly string[]
  readonly message: string
}

export function errorBodyOf(text: string): ErrorBody {
  const parsed = body.safeParse(jsonOf(text))
  if (!parsed.success) return { codes: [], message: '' }
  const { error } = parsed.data
  return { codes: codesOf(error), message: error.message ?? '' }
}

/** Microsoft nests two or three. A server that nests thousands must not make us do as many calls. */
const DEEPEST_CODES = 10

function codesOf(outermost: z.infer<typeof level>): string[] {
  const codes: string[] = []
  let inner: z.infer<typeof level> | undefined = outermost
  for (let depth = 0; inner !== undefined && depth < DEEPEST_CODES; depth++) {
    if (inner.code !== undefined) codes.push(inner.code)
    inner = level.safeParse(inner.innerError ?? inner.innererror).data
  }
  return codes
}

const level = z.object({
  code: z.string().optional(),
  message: z.string().optional(),
  innerError: z.unknown().optional(),
  innererror: z.unknown().optional(),
})
const body = z.object({ error: level })

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** 410 with `SyncStateNotFound` or `resyncRequired`; 400 where it cannot even read the link any more. */
export function isStateLost(about: About, status: number): boolean {
  return about === 'list' && (status === 410 || status === 400)
}

/** The message is not there (any more). */
export const NOT_FOUND = 'ErrorItemNotFound'

export function refusalOf(
  { failure, quote }: Failures,
  { verb }: Pick<Request, 'verb'>,
  about: About,
  { status, headers }: Pick<Answer, 'status' | 'headers'>,
  said: ErrorBody,
): MailchuteError {
  const words = quote(`${said.codes.join(' ')}: ${said.message}`.replace(/^: |: $/, ''))
  const message = `${status} ${words === '' ? 'without a reason' : words}`
  const told = (code: Parameters<Failures['failure']>[0], hint?: string) =>
    failure(code, message, hint === undefined ? { verb } : { verb, hint })
  if (status === 401) return told(about === 'login' ? 'source/credentials-refused' : 'source/token-refused')
  if (isBusy(status)) return busy(told('source/server-busy'), headers['retry-after'])
  const mailboxHint = MAILBOX_HINTS.find(([pattern]) => said.codes.some((code) => pattern.test(code)))?.[1]
  if (mailboxHint !== undefined) return told('source/server-refused', mailboxHint)
  if (status === 403) return told('source/server-refused', DENIED)
  if (status >= 200 && status < 400) return told('source/protocol-violation', NOT_GRAPH)
  if (about === 'message') return told('source/message-refused')
  return status >= 500 || status === 410 ? told('source/server-busy') : told('source/server-refused')
}

const isBusy = (status: number) => status === 429 || status === 503 || status === 504 || status === 509

/** With what the server asks for, for the back-off of the mailbox. */
function busy(error: MailchuteError, header: string | undefined): MailchuteError {
  const seconds = retryAfterSeconds(header, new Date())
  if (seconds === null) return error
  const { code, message, hint, context } = error
  return new MailchuteError(code, message, { hint, context: { ...context, retryAfterSeconds: seconds } })
}

const DENIED =
  'the app may not do this in this mailbox: it needs Mail.ReadWrite, consented to in Entra or, better, given for this ' +
  'mailbox alone by RBAC for Applications in Exchange. A change there takes up to an hour or two. See docs/outlook.md'
const NO_MAILBOX =
  'the address is none of a mailbox in this organisation, or it has no Exchange Online licence, is switched off, or lives ' +
  'on premises: check the address in the URL and the tenant'

const MAILBOX_HINTS: readonly (readonly [RegExp, string])[] = [
  [/^(ErrorInvalidUser|ResourceNotFound|Request_ResourceNotFound|ErrorNonExistentMailbox)$/i, NO_MAILBOX],
  [/^Mailbox(NotEnabled|NotSupported)ForRESTAPI$/i, NO_MAILBOX],
  [/^(ErrorAccessDenied|AccessDenied|Authorization_RequestDenied|extensionError)$/i, DENIED],
]
