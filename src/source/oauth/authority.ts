/**
 * An OAuth authority (RFC 6749), asked for tokens: one file a way to ask. Nothing is kept here.
 *
 * Guarantees: every request has a deadline and heeds the signal; one failure is one typed error (`oauth/*`) that says
 * whether it passes by itself, whether somebody has to log in, or which setting is wrong; no error holds a token, a
 * code or a secret (I9). Plain http is for this machine only.
 * Not guaranteed: that a token is good for the mailbox. Only the mail server knows that.
 */
import {
  allowInsecureRequests,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  Configuration,
  type CustomFetchOptions,
  customFetch,
  None,
} from 'openid-client'
import type { OAuthClientConfig } from '../../config.ts'
import { readBounded } from './bounded.ts'
import { aheadSeconds } from './clock.ts'
import { failureOf, isPassing, type Seen } from './failure.ts'
import type { Step } from './reasons.ts'

export interface Answered<T> {
  readonly answer: T
  readonly clockSkewSeconds: number | null
  /** Before the request went out: what the answer says in seconds counts from here. */
  readonly askedAt: Date
}

export interface AskOptions {
  /** Trouble that passes is answered like a call to slow down (RFC 8628 section 3.5). */
  readonly isPatient?: boolean
}

const DEADLINE_SECONDS = 30

export async function ask<T>(
  client: OAuthClientConfig,
  step: Step,
  signal: AbortSignal,
  work: (configuration: Configuration) => Promise<T>,
  { isPatient = false }: AskOptions = {},
): Promise<Answered<T>> {
  const askedAt = new Date()
  const seen: Seen = { status: null, retryAfterSeconds: null, clockSkewSeconds: null, secrets: [] }
  if (client.clientSecret !== null) seen.secrets.push(client.clientSecret)
  const configuration = configurationOf(client)
  const send = (url: string, options: CustomFetchOptions) => request(url, options, signal, seen)
  configuration[customFetch] = isPatient ? patient(send, signal, seen) : send
  try {
    signal.throwIfAborted()
    const answer = await work(configuration)
    return { answer, clockSkewSeconds: seen.clockSkewSeconds, askedAt }
  } catch (thrown) {
    throw failureOf(client, step, thrown, seen, signal)
  }
}

/** No discovery: its issuer is a template at Microsoft, and the endpoints are settings anyway. */
export function configurationOf(client: OAuthClientConfig): Configuration {
  const { clientId, endpoints } = client
  const server = {
    issuer: new URL(endpoints.token).origin,
    token_endpoint: endpoints.token,
    ...(endpoints.authorize === null ? {} : { authorization_endpoint: endpoints.authorize }),
    ...(endpoints.device === null ? {} : { device_authorization_endpoint: endpoints.device }),
  }
  const configuration = new Configuration(server, clientId, {}, authenticationOf(client))
  configuration.timeout = DEADLINE_SECONDS
  // The settings allow http for loopback hosts only.
  if (Object.values(endpoints).some((url) => url?.startsWith('http:'))) allowInsecureRequests(configuration)
  return configuration
}

/** RFC 6749 section 2.3.1: every authority must take the header; Microsoft's and Google's pages show the field. */
function authenticationOf({ provider, clientSecret }: OAuthClientConfig): ClientAuth {
  if (clientSecret === null) return None()
  return provider === 'other' ? ClientSecretBasic(clientSecret) : ClientSecretPost(clientSecret)
}

type Send = (url: string, options: CustomFetchOptions) => Promise<Response>

/** Names of what may be told; every other field that is sent is a secret. */
const PLAIN_FIELDS = new Set(['client_id', 'grant_type', 'scope', 'redirect_uri', 'client_info'])

async function request(url: string, options: CustomFetchOptions, signal: AbortSignal, seen: Seen): Promise<Response> {
  for (const [name, value] of new URLSearchParams(String(options.body ?? ''))) {
    if (!PLAIN_FIELDS.has(name)) seen.secrets.push(value)
  }
  const [, basic] = /^Basic (.+)/i.exec(options.headers['authorization'] ?? '') ?? []
  if (basic !== undefined) seen.secrets.unshift(basic)
  seen.status = null
  const signals = options.signal === undefined ? [signal] : [options.signal, signal]
  const { method, headers, body, redirect } = options
  const init = { method, headers, redirect, body: body === undefined ? null : String(body) }
  const response = await fetch(url, { ...init, signal: AbortSignal.any(signals) })
  seen.status = response.status
  seen.retryAfterSeconds = retryAfter(response.headers.get('retry-after'))
  seen.clockSkewSeconds = aheadSeconds(response.headers.get('date'), new Date()) ?? seen.clockSkewSeconds
  return await whole(response)
}

/** Read to its end under the deadline. The challenge goes: behind it openid-client would not see the reason. */
async function whole(response: Response): Promise<Response> {
  const octets = await readBounded(response)
  const headers = new Headers(response.headers)
  headers.delete('www-authenticate')
  headers.delete('content-encoding')
  const body = octets.length === 0 ? null : new Uint8Array(octets)
  // openid-client looks for a reason in answers with 4xx only; `Seen` has the true status.
  return new Response(body, { status: response.status >= 500 ? 400 : response.status, headers })
}

/** RFC 9110 section 10.2.3: seconds, or a date. */
function retryAfter(written: string | null): number | null {
  if (written === null) return null
  if (/^\d{1,9}$/.test(written)) return Number(written)
  const seconds = Math.ceil((Date.parse(written) - Date.now()) / 1000)
  return Number.isNaN(seconds) ? null : Math.max(0, seconds)
}

function patient(send: Send, signal: AbortSignal, seen: Seen): Send {
  const slowDown = () => Response.json({ error: 'slow_down' }, { status: 400 })
  return async (url, options) => {
    const response = await send(url, options).catch((error: unknown) => {
      if (signal.aborted) throw error
      return null
    })
    return response === null || isPassing(seen.status) ? slowDown() : response
  }
}
