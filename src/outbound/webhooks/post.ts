/**
 * One request to a receiver. It goes to an address that was checked, and to no other: the name is resolved once, by us,
 * and redirects are not followed. Nothing of the answer is believed but its status and Retry-After.
 */
import { lookup } from 'node:dns/promises'
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { MailchuteError } from '../../errors.ts'
import { mayReach, type Reach } from './address.ts'

export type Resolve = (host: string) => Promise<readonly { readonly address: string; readonly family: number }[]>

export interface Posting {
  readonly url: string
  readonly mayBePrivate: boolean
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface PostOptions {
  readonly resolve?: Resolve
  readonly timeoutMilliseconds?: number
}

/** Rejects with `webhook/*`. `retryAfterSeconds` of its context: the receiver asks to be left alone for so long. */
export async function post(posting: Posting, signal: AbortSignal, options: PostOptions = {}): Promise<void> {
  const { resolve = systemResolve, timeoutMilliseconds = TIMEOUT_MILLISECONDS } = options
  const late = AbortSignal.timeout(timeoutMilliseconds)
  try {
    const { status, retryAfter } = await exchange(posting, resolve, AbortSignal.any([signal, late]))
    if (status >= 200 && status < 300) return
    throw refusal(status, retryAfter)
  } catch (thrown) {
    if (thrown instanceof MailchuteError) throw thrown
    if (signal.aborted && signal.reason instanceof MailchuteError) throw signal.reason
    if (late.aborted) throw new MailchuteError('webhook/timeout', 'the receiver did not answer in time')
    throw unreached(thrown)
  }
}

const TIMEOUT_MILLISECONDS = 15_000
/** Of an answer; what is above is not read. */
const ANSWER_OCTETS = 64 * 1024
/** Longer than this nobody is heeded. */
const RETRY_AFTER_SECONDS = 24 * 60 * 60

const systemResolve: Resolve = (host) => lookup(host, { all: true, order: 'verbatim' })

interface Answer {
  readonly status: number
  readonly retryAfter: string | undefined
}

async function exchange(posting: Posting, resolve: Resolve, signal: AbortSignal): Promise<Answer> {
  const url = new URL(posting.url)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const reach: Reach = url.protocol === 'http:' ? 'loopback' : posting.mayBePrivate ? 'private' : 'public'
  if (isIP(host) !== 0) assertMayReach([host], reach)
  const octets = Buffer.from(posting.body)
  return await new Promise((done, fail) => {
    const send = url.protocol === 'http:' ? httpRequest : httpsRequest
    const sent: ClientRequest = send(url, {
      method: 'POST',
      headers: { ...posting.headers, 'content-length': octets.length },
      // No kept connection: each goes to an address that was checked for it.
      agent: false,
      lookup: checkedLookup(resolve, reach),
      signal,
      maxHeaderSize: 16 * 1024,
    })
    sent.on('response', (answer) => {
      drain(answer)
      done({ status: answer.statusCode ?? 0, retryAfter: answer.headers['retry-after'] })
    })
    sent.on('error', fail)
    // Without an error, where the server changes the protocol (101): nobody has asked it to.
    sent.on('close', () => fail(new Error('closed without an answer')))
    sent.end(octets)
  })
}

/** Its status counts whatever comes after it. */
function drain(answer: IncomingMessage): void {
  let octets = 0
  answer.on('error', () => undefined)
  answer.on('data', (chunk: Buffer) => {
    octets += chunk.length
    if (octets > ANSWER_OCTETS) answer.destroy()
  })
}

/** All of them: a name with one address in the house is not to be trusted with the next one either. */
function checkedLookup(resolve: Resolve, reach: Reach): LookupFunction {
  return (host, options, done) => {
    resolve(host).then(
      (found) => {
        try {
          assertMayReach(
            found.map(({ address }) => address),
            reach,
          )
        } catch (error) {
          return done(error as Error, [])
        }
        const [first] = found
        if (options.all === true) return done(null, [...found])
        return done(null, first?.address ?? '', first?.family)
      },
      (error: Error) => done(error, []),
    )
  }
}

function assertMayReach(addresses: readonly string[], reach: Reach): void {
  if (addresses.length > 0 && addresses.every((address) => mayReach(address, reach))) return
  throw new MailchuteError('webhook/address-refused', 'the host of the webhook has an address that is not let')
}

function refusal(status: number, retryAfter: string | undefined): MailchuteError {
  if (status === 410) return new MailchuteError('webhook/gone', 'the receiver is gone', { context: { status } })
  const seconds = secondsOf(retryAfter)
  return new MailchuteError('webhook/refused', `the receiver answered ${status}`, {
    context: { status, ...(seconds === null ? {} : { retryAfterSeconds: seconds }) },
  })
}

/** RFC 9110 section 10.2.3: seconds, or a date. */
function secondsOf(retryAfter: string | undefined): number | null {
  if (retryAfter === undefined) return null
  const seconds = /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - Date.now()) / 1000
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(Math.ceil(seconds), RETRY_AFTER_SECONDS) : null
}

/** The cause may quote the URL, which may hold a secret: its code says enough. */
function unreached(thrown: unknown): MailchuteError {
  const { code = '' } = thrown as NodeJS.ErrnoException
  if (/CERT|SIGNATURE|ISSUER|ALTNAME|SELF_SIGNED/.test(code)) {
    return new MailchuteError('webhook/tls-untrusted', `the certificate cannot be verified (${code})`)
  }
  return new MailchuteError('webhook/unreachable', `the receiver is not reached (${code || 'connection lost'})`)
}
