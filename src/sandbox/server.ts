/**
 * A POP3 server for `mailchute demo` and for tests, on 127.0.0.1. It keeps RFC 1939 to the letter (marks take effect
 * at QUIT only, a lost connection removes nothing, octets go out as they are) unless it is given bad manners.
 *
 * It is no mail server: mailboxes live in memory, and anybody on this machine who knows a password gets in.
 */
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { createSecureContext } from 'node:tls'
import { MailchuteError } from '../errors.ts'
import type { Command } from './command.ts'
import { Connection } from './connection.ts'
import { type Dialect, PLAIN_DIALECT } from './dialect.ts'
import { createMaildrop, type MailboxOptions, type Maildrop, type SandboxMailbox } from './mailbox.ts'
import type { Manner } from './manners.ts'
import { type Host, serve } from './session.ts'

export interface SandboxOptions {
  readonly mailboxes: readonly MailboxOptions[]
  /** 0, the default: any free one. */
  readonly port?: number
  /** PEM texts. `implicit`: TLS from the first octet (RFC 8314); `stls`: RFC 2595. Without: plain TCP. */
  readonly tls?: { readonly mode: 'implicit' | 'stls'; readonly key: string; readonly cert: string }
  /** Whether CAPA announces PIPELINING (default: yes); pipelined commands are answered either way. */
  readonly pipelining?: boolean
  /** One session a mailbox at a time (default: no). */
  readonly exclusive?: boolean
  /** As which server it speaks (default: as itself). */
  readonly dialect?: Dialect
  readonly manners?: readonly Manner[]
}

const OTHER_PORT = 'another program listens there, perhaps another demo: take another --port (0: any free one)'

export type CommandListener = (command: Command) => unknown

/** Resolves once it accepts connections. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const sandbox = new Sandbox(options)
  await sandbox.listen(options.port ?? 0)
  return sandbox
}

export class Sandbox implements AsyncDisposable {
  readonly #options: SandboxOptions
  readonly #dialect: Dialect
  readonly #maildrops: ReadonlyMap<string, Maildrop>
  readonly #host: Host
  readonly #server: Server
  readonly #connections = new Set<Connection>()
  readonly #sessions = new Set<Promise<void>>()
  readonly #listeners = new Set<CommandListener>()
  readonly #log: Command[] = []
  #manners: readonly Manner[]
  #sessionCount = 0
  #port = 0

  constructor(options: SandboxOptions) {
    const { mailboxes, manners = [], tls, pipelining = true, exclusive = false, dialect = PLAIN_DIALECT } = options
    this.#options = options
    this.#dialect = dialect
    this.#manners = [...manners, ...dialect.manners]
    this.#maildrops = new Map(mailboxes.map((mailbox) => [mailbox.user, createMaildrop(mailbox)]))
    this.#host = {
      maildrops: this.#maildrops,
      pipelining,
      exclusive,
      dialect,
      secureContext: tls ? createSecureContext({ key: tls.key, cert: tls.cert }) : null,
      manners: () => this.#manners,
      heard: (command) => this.#heard(command),
    }
    this.#server = createServer({ allowHalfOpen: true, highWaterMark: 262_144 }, (socket) => this.#accept(socket))
  }

  get port(): number {
    return this.#port
  }

  /** Every command since the start, in the order of arrival. */
  get log(): readonly Command[] {
    return this.#log
  }

  /** Connections accepted so far. */
  get sessionCount(): number {
    return this.#sessionCount
  }

  /** `pop3://user@127.0.0.1:port`, or `pop3s://` or `pop3+stls://`; no password. */
  url(user: string): string {
    const { tls } = this.#options
    const scheme = !tls ? 'pop3' : tls.mode === 'implicit' ? 'pop3s' : 'pop3+stls'
    return `${scheme}://${encodeURIComponent(user)}@127.0.0.1:${this.#port}`
  }

  mailbox(user: string): SandboxMailbox {
    const maildrop = this.#maildrops.get(user)
    if (!maildrop) throw new MailchuteError('internal/bug', 'the sandbox has no mailbox of this user')
    return maildrop
  }

  /** Called before a command is carried out; a promise holds the reply back. Returns how to stop listening. */
  onCommand(listener: CommandListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Other manners, from the next command on; unique-ids and sizes from the next login on. */
  behave(manners: readonly Manner[]): void {
    this.#manners = [...manners, ...this.#dialect.manners]
  }

  /** Resolves once no session is open. */
  async idle(): Promise<void> {
    while (this.#sessions.size > 0) await Promise.all(this.#sessions)
  }

  async listen(port: number): Promise<void> {
    this.#server.listen(port, '127.0.0.1')
    await once(this.#server, 'listening').catch((cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'EADDRINUSE') throw cause
      throw new MailchuteError('runtime/port-taken', `127.0.0.1:${port} is taken`, { cause, hint: OTHER_PORT })
    })
    const address = this.#server.address()
    if (address !== null && typeof address === 'object') this.#port = address.port
  }

  /** Drops all connections and frees the port. */
  async close(): Promise<void> {
    const closed = this.#server.listening ? once(this.#server, 'close') : undefined
    this.#server.close()
    for (const connection of this.#connections) connection.destroy()
    await this.idle()
    await closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #accept(socket: Socket): void {
    const secured = this.#options.tls?.mode === 'implicit'
    const connection = new Connection(socket, secured ? this.#host.secureContext : null)
    this.#sessionCount += 1
    this.#connections.add(connection)
    socket.once('close', () => this.#connections.delete(connection))
    const number = this.#sessionCount
    const served = serve({ host: this.#host, connection, number, secured, user: null, listing: null, after: 'go-on' })
    this.#sessions.add(served)
    served.finally(() => this.#sessions.delete(served))
  }

  #heard(command: Command): Promise<unknown> | undefined {
    this.#log.push(command)
    if (this.#listeners.size === 0) return undefined
    return Promise.all([...this.#listeners].map((listener) => listener(command)))
  }
}
