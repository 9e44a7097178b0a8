import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'

import { ImapFlow, type ImapFlowOptions } from 'imapflow'
import { type ErrorCode, MailchuteError } from '../../errors.ts'
import { startTls } from '../connection.ts'
import { ReplyClock } from '../reply-clock.ts'
import { type Refusal, refusalOf, refused } from './refusal.ts'
import type { Setting } from './setting.ts'

/**
 * imapflow over a connection of ours, with a deadline for each reply, a bound for its octets, and one typed error for
 * whatever ends it: the first failure is the answer to everything that waits and everything that comes.
 *
 * imapflow tells the reason of a refusal to its log alone where a command answers true or false, so the log is
 * listened to; nothing of it is written anywhere (I9). Nothing here connects again.
 */
export class ImapClient {
  readonly flow: ImapFlow
  readonly #setting: Setting
  readonly #clock: ReplyClock
  readonly #failed = Promise.withResolvers<never>()
  #failure: MailchuteError | null = null
  #verb = 'greeting'
  #allowedOctets: number
  #refusal: unknown = null
  #tls: TLSSocket | null = null

  constructor(socket: Socket, setting: Setting, options: ImapFlowOptions = {}) {
    this.#setting = setting
    this.#allowedOctets = setting.limits.chatterOctets
    this.#failed.promise.catch(() => {})
    this.#clock = new ReplyClock(setting.limits, (what) =>
      this.fail(this.#fault('source/reply-timeout', `waited too long for the ${what}`)),
    )
    this.flow = new ImapFlow({
      ...optionsOf(setting),
      ...options,
      logger: this.#log(),
      transport: this.#transport(socket),
    })
    this.flow.on('error', (error: unknown) => this.fail(this.#lost(error)))
    this.flow.on('close', () =>
      this.fail(this.#lost(Object.assign(new Error('closed'), { reason: this.flow.byeReason }))),
    )
    const { signal } = setting.lifetime
    if (signal.aborted) this.#onAbort()
    else signal.addEventListener('abort', this.#onAbort, { once: true })
  }

  /** Why the connection has ended; null while it stands. */
  get failure(): MailchuteError | null {
    return this.#failure
  }

  /** The TLS that STARTTLS has begun. */
  get upgraded(): TLSSocket | null {
    return this.#tls
  }

  /**
   * One command with its deadline. A NO or BAD is `otherwise`, unless the server says what it means; false, as which
   * imapflow gives a refusal of some commands, is one too.
   */
  async command<T>(command: Command, act: () => Promise<T>): Promise<Exclude<T, false>> {
    if (this.#failure !== null) throw this.#failure
    const { limits, failures } = this.#setting
    this.#verb = command.verb
    this.#refusal = null
    this.#allowedOctets = (command.allowedOctets ?? 0) + limits.chatterOctets
    this.#clock.expect(limits.replyMs, command.expectedOctets ?? 0)
    try {
      const outcome = await Promise.race([act(), this.#failed.promise])
      if (outcome !== false) return outcome as Exclude<T, false>
      throw this.#refusal ?? this.#fault('source/protocol-violation', 'no reply that could be understood')
    } catch (error) {
      throw this.typed(error, (refusal) => refused(refusal, command.verb, command.otherwise, failures))
    } finally {
      this.#clock.rest()
    }
  }

  /** The one error that counts for what was thrown. What is no refusal has ended the connection. */
  typed(error: unknown, onRefusal: (refusal: Refusal) => MailchuteError): MailchuteError {
    if (this.#failure !== null) return this.#failure
    if (error instanceof MailchuteError) return error
    const refusal = refusalOf(error)
    if (refusal !== null && isOfCommand(error)) return onRefusal(refusal)
    const lost = this.#lost(error)
    this.fail(lost)
    return lost
  }

  /** While the receiver is busy the server owes nothing. */
  async held<T>(taken: Promise<T>): Promise<T> {
    this.#clock.pause()
    try {
      return await Promise.race([taken, this.#failed.promise])
    } finally {
      this.#clock.resume()
    }
  }

  /** Ends the connection at once. */
  fail(error: MailchuteError): void {
    if (this.#failure !== null) return
    this.#failure = error
    this.#clock.stop()
    // That of a watch lasts as long as the process, and must not keep each connection that there ever was.
    this.#setting.lifetime.signal.removeEventListener('abort', this.#onAbort)
    this.#failed.reject(error)
    this.flow.close()
  }

  /** Until something else is to be done or the connection is lost; unbounded, as the server has nothing to say. */
  async idle(): Promise<void> {
    if (this.#failure !== null) throw this.#failure
    this.#verb = 'IDLE'
    this.#allowedOctets = Number.POSITIVE_INFINITY
    const outcome = await Promise.race([this.flow.idle(), this.#failed.promise])
    if (outcome === false)
      throw this.typed(this.#refusal, (refusal) =>
        refused(refusal, 'IDLE', 'source/server-refused', this.#setting.failures),
      )
  }

  /** Ends it by LOGOUT, whose answer changes nothing; `over` is the answer to what comes later. */
  async end(over: MailchuteError): Promise<void> {
    if (this.#failure !== null) throw this.#failure
    this.#failure = over
    this.#clock.stop()
    await this.flow.logout()
  }

  #lost(error: unknown): MailchuteError {
    const { failures } = this.#setting
    const refusal = refusalOf(error)
    if (refusal !== null) return refused(refusal, this.#verb, 'source/connection-lost', failures)
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (VIOLATIONS.test(code)) return this.#fault('source/protocol-violation', `no reply of IMAP (${code})`, error)
    return this.#fault('source/connection-lost', 'the server closed the connection', error)
  }

  #fault(code: ErrorCode, message: string, cause?: unknown): MailchuteError {
    return this.#setting.failures.failure(code, message, { verb: this.#verb, cause })
  }

  #log() {
    return {
      ...{ trace: ignore, debug: ignore, info: ignore, error: ignore, fatal: ignore },
      isLevelEnabled: (level: string) => level === 'warn',
      warn: (entry: { err?: unknown; throttleDelay?: unknown }) => {
        if (entry.err === undefined) return
        this.#refusal = entry.err
        // imapflow would wait before it tells, for minutes: when to come back is for the poll to decide.
        if (entry.throttleDelay !== undefined) queueMicrotask(() => this.fail(this.#lost(entry.err)))
      },
    }
  }

  #transport(socket: Socket): NonNullable<ImapFlowOptions['transport']> {
    return {
      connect: (_, onConnect) => {
        process.nextTick(() => this.#carry(socket, onConnect))
        return socket
      },
      prepareUpgrade: () => void socket.off('data', this.#received),
      upgrade: (bare, _, onSecure) => {
        const tls = startTls(bare as Socket, this.#setting)
        this.#tls = tls
        return tls.once('secureConnect', () => this.#carry(tls, onSecure))
      },
    }
  }

  /** The listener comes after imapflow's own: the first one makes the socket flow. */
  #carry(socket: Socket, onOpen: () => void): void {
    onOpen()
    socket.on('data', this.#received)
  }

  readonly #onAbort = (): void => this.fail(this.#setting.lifetime.reason())

  readonly #received = ({ length }: Buffer): void => {
    this.#clock.received(length)
    this.#allowedOctets -= length
    if (this.#allowedOctets < 0) this.fail(this.#fault('source/protocol-violation', 'the reply has no end'))
  }
}

export interface Command {
  readonly verb: string
  readonly otherwise: ErrorCode
  /** What is to come, as far as it is known. */
  readonly expectedOctets?: number
  /** What may come; more ends the session. */
  readonly allowedOctets?: number
}

function optionsOf({ mailbox, limits }: Setting): ImapFlowOptions {
  const { user, credentials } = mailbox
  return {
    host: mailbox.host,
    port: mailbox.port,
    secure: mailbox.security === 'tls',
    doSTARTTLS: mailbox.security === 'stls',
    auth:
      credentials.kind === 'password' ? { user, pass: credentials.password } : { user, accessToken: credentials.token },
    clientInfo: { name: 'mailchute' },
    disableAutoIdle: true,
    disableAutoEnable: true,
    disableCompression: true,
    disableIMAP4rev2: true,
    greetingTimeout: limits.greetingMs,
    // The clock above is the only one that counts.
    socketTimeout: limits.sessionMs,
    maxLiteralSize: limits.pieceOctets,
    maxLineLength: limits.lineOctets,
    maxResponseSize: limits.pieceOctets + limits.lineOctets,
    maxResponseTokens: MOST_TOKENS,
  }
}

/** Of one reply: a row of a FETCH has a dozen, CAPABILITY some dozens. */
const MOST_TOKENS = 20_000

/** What imapflow calls a reply that breaks the protocol or one of the limits. */
const VIOLATIONS = /TooLarge$|^TooMany|^Parser|^MAX_IMAP|^Unexpected|^Invalid|^MissingTag|INJECTION|^ResponseProcessing/

/** Not a BYE, after which there is no connection. */
const isOfCommand = (error: unknown) => error instanceof Error && !('reason' in error)

function ignore(): void {}
