/** A console that people log in to at an issuer, and a browser of one's own in front of it. */
import type { OidcConfig } from '../../src/config/oidc.ts'
import { startConsole } from '../../src/console/server.ts'
import type { MailchuteError } from '../../src/errors.ts'
import type { LogEvent, LogFields } from '../../src/log.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { createParsePool, type ParsePool } from '../../src/ticketing/parse-pool.ts'
import { freePort } from './free-port.ts'
import { createDatabase } from './postgres.ts'

export const TOKENS = { operator: 'operator-token', auditor: null }

export interface OidcConsole extends AsyncDisposable {
  readonly at: string
  /** Every line of the log so far. */
  readonly lines: readonly LogLine[]
  /** What the console takes for the time is so much later. */
  aheadMilliseconds: number
}

interface LogLine extends LogFields {
  readonly event: LogEvent
}

export interface Place {
  readonly port: number
  readonly url: string
}

export async function consolePlace(): Promise<Place> {
  const port = await freePort()
  return { port, url: `http://127.0.0.1:${port}` }
}

let shared: { readonly store: Store; readonly parsePool: ParsePool } | null = null

/** `port` 0: somewhere else, with the same settings. */
export async function startOidcConsole(port: number, oidc: OidcConfig | null): Promise<OidcConsole> {
  shared ??= { store: openStore(await createDatabase()), parsePool: createParsePool({ threads: 1 }) }
  const lines: LogLine[] = []
  const log = {
    event: (event: LogEvent, fields: LogFields = {}) => void lines.push({ ...fields, event }),
    failure: (event: LogEvent, { code, message, context }: MailchuteError, fields: LogFields = {}) =>
      void lines.push({ ...fields, ...context, code, error: message, event }),
  }
  const asking = { queue: null, wake: async () => undefined, requestPoll: async () => undefined }
  const now = () => new Date(Date.now() + console.aheadMilliseconds)
  const deps = { ...shared, mailboxes: [], tokens: TOKENS, oidc, log, now, ...asking }
  const served = await startConsole(deps, { host: '127.0.0.1', port })
  const console: OidcConsole = {
    at: `http://127.0.0.1:${served.port}`,
    lines,
    aheadMilliseconds: 0,
    [Symbol.asyncDispose]: () => served.close(),
  }
  return console
}

/** What all of them stand on. */
export async function closeShared(): Promise<void> {
  await shared?.store.close()
  await shared?.parsePool.close()
  shared = null
}

let guests = 0

/** Keeps cookies, follows nothing by itself. */
export class Guest {
  readonly jar = new Map<string, string>()
  /** As they were set, with all that was said about them. */
  readonly set: string[] = []
  readonly #at: string
  /** Another one each, as far as the console can see. */
  readonly address: string

  constructor(at: string) {
    this.#at = at
    guests += 1
    this.address = `192.0.2.${guests}`
  }

  async ask(address: string, headers: Record<string, string> = {}): Promise<Response> {
    const cookie = [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const url = new URL(address, this.#at)
    const answer = await fetch(this.#at + url.pathname + url.search, {
      redirect: 'manual',
      headers: { accept: 'text/html', cookie, 'x-forwarded-for': this.address, ...headers },
    })
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      this.set.push(line)
      if (value === '') this.jar.delete(name)
      else this.jar.set(name, value)
    }
    return answer
  }

  /** By the button on a page of the console. */
  async logOut(): Promise<Response> {
    const csrf = /name="csrf" value="([^"]+)"/.exec(await (await this.ask('/')).text())?.[1] ?? ''
    const cookie = [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const body = new URLSearchParams({ csrf })
    return await fetch(`${this.#at}/logout`, { method: 'POST', body, headers: { cookie }, redirect: 'manual' })
  }

  /** Where the login leads: to the issuer. */
  async begin(next = '/'): Promise<string> {
    const answer = await this.ask(`/login/oidc?next=${encodeURIComponent(next)}`)
    return answer.headers.get('location') ?? ''
  }
}
