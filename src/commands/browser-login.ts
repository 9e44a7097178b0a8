/** A login with a browser: on this machine it comes back by itself, from another one its last URL is pasted here. */
import { createInterface } from 'node:readline'
import type { OAuthClientConfig } from '../config.ts'
import { asMailchuteError, MailchuteError } from '../errors.ts'
import { beginLogin, finishLogin } from '../source/oauth/authorization-code.ts'
import type { Grant } from '../source/oauth/grant.ts'
import { parseRedirect } from '../source/oauth/redirect-url.ts'
import { type Arrival, listenForRedirect, type RedirectListener } from './redirect-listener.ts'
import { print } from './terminal.ts'

export interface BrowserOptions {
  /** To listen on; 0: any free one. */
  readonly port: number
  /** Another redirect URI than http://localhost:PORT/, as the app registration has it. */
  readonly redirect?: string | undefined
}

export interface BrowserWish {
  readonly loginHint: string
  /** Scopes of all resources. */
  readonly consentTo: string
  /** Of the one that the first access token is for. */
  readonly scope: string
}

const DEADLINE_MINUTES = 15

/** Resolves once `keep` has. The browser is told what became of it. */
export async function throughBrowser(
  client: OAuthClientConfig,
  { loginHint, consentTo, scope }: BrowserWish,
  options: BrowserOptions,
  signal: AbortSignal,
  keep: (grant: Grant) => Promise<void>,
): Promise<void> {
  await using place = await placeOf(options)
  const pending = await beginLogin(client, { redirectUri: place.redirectUri, loginHint, scope: consentTo })
  print(
    `Open this URL in a browser and log in as ${loginHint}, or as somebody who may read that mailbox:\n\n  ${pending.url}\n\n`,
  )
  print(`It ends at ${pending.redirectUri}. If the browser is on another machine that page fails to load:\n`)
  print('copy its URL from the address bar and paste it here.\n')
  const { redirect, reply } = await arrivalOf(place, pending.state, signal)
  try {
    await keep(await finishLogin(client, pending, redirect, scope, signal))
  } catch (thrown) {
    const { message, hint } = asMailchuteError(thrown)
    await reply(false, `${message}. ${hint}`)
    throw thrown
  }
  await reply(true, `Mailchute has what it needs for ${loginHint}. See the terminal for what is in the mailbox.`)
}

interface Place extends AsyncDisposable {
  readonly redirectUri: string
  /** null: nothing comes by itself, the URL has to be pasted. */
  readonly listener: RedirectListener | null
}

async function placeOf({ port, redirect }: BrowserOptions): Promise<Place> {
  if (redirect !== undefined && !/^https?:\/\//.test(redirect)) {
    throw new MailchuteError('usage/invalid', '--redirect takes an http or https URL')
  }
  const given = redirect === undefined || !URL.canParse(redirect) ? null : new URL(redirect)
  const isHere = given === null || (given.protocol === 'http:' && LOOPBACK.has(given.hostname))
  const wanted = port === 0 ? Number(given?.port || 0) : port
  const isPasted = !isHere || (given !== null && wanted === 0)
  const listener = isPasted ? null : await listenForRedirect(wanted)
  return {
    redirectUri: given?.href ?? `http://localhost:${listener?.port}/`,
    listener,
    [Symbol.asyncDispose]: async () => listener?.[Symbol.asyncDispose](),
  }
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

async function arrivalOf({ listener, redirectUri }: Place, state: string, signal: AbortSignal): Promise<Arrival> {
  const deadline = AbortSignal.timeout(DEADLINE_MINUTES * 60_000)
  const done = new AbortController()
  const late = new MailchuteError(
    'oauth/login-unfinished',
    `nobody finished the login within ${DEADLINE_MINUTES} minutes`,
  )
  const nothingComes = new MailchuteError(
    'oauth/login-unfinished',
    'the input has ended, and no redirect URL was pasted',
  )
  const waits = [
    pastedLine(state, done.signal, listener === null ? nothingComes : null),
    whenAborted(signal, null),
    whenAborted(deadline, late),
  ]
  if (listener !== null) waits.push(listener.arrival(new URL(redirectUri).pathname, state))
  try {
    return await Promise.race(waits)
  } finally {
    done.abort()
  }
}

function whenAborted(signal: AbortSignal, why: MailchuteError | null): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = () => reject(why ?? signal.reason)
  if (signal.aborted) onAbort()
  else signal.addEventListener('abort', onAbort, { once: true })
  promise.catch(() => undefined)
  return promise
}

/** Lines that are no redirect of this login are told and forgotten. `atEnd`: thrown when no more lines can come. */
function pastedLine(state: string, done: AbortSignal, atEnd: MailchuteError | null): Promise<Arrival> {
  const { promise, resolve, reject } = Promise.withResolvers<Arrival>()
  const isTerminal = process.stdin.isTTY === true
  const lines = createInterface({
    input: process.stdin,
    terminal: isTerminal,
    ...(isTerminal && { output: process.stdout }),
  })
  lines.on('line', (line) => {
    if (line.trim() === '') return
    const redirect = parseRedirect(line, state)
    if (redirect.kind === 'foreign')
      process.stderr.write(`That is not the URL at which the login ended: ${redirect.why}\n`)
    else resolve({ redirect, reply: async () => undefined })
  })
  // On a terminal readline takes Ctrl-C for itself.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  lines.on('close', () => {
    if (atEnd !== null && !done.aborted) reject(atEnd)
  })
  done.addEventListener(
    'abort',
    () => {
      lines.close()
      // A terminal may be asked more; a pipe would keep the process alive.
      if (!isTerminal) process.stdin.destroy()
    },
    { once: true },
  )
  promise.catch(() => undefined)
  return promise
}
