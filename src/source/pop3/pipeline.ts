import type { Socket } from 'node:net'

import { asMailchuteError, type MailchuteError } from '../../errors.ts'
import type { Failures } from '../failure.ts'
import { ReplyClock } from '../reply-clock.ts'
import type { Command } from './command.ts'
import { DotDecoder } from './dot-decoder.ts'
import type { Pop3Limits } from './limits.ts'
import type { StatusLine } from './status-line.ts'
import { StatusLineReader } from './status-line-reader.ts'

interface Exchange {
  readonly command: Command
  readonly resolve: (reply: StatusLine) => void
  readonly reject: (error: unknown) => void
  next: Exchange | null
}

/**
 * Commands out in order, replies back in order, over one connection (RFC 1939 section 3; RFC 2449 section 6.6).
 * At most `window` commands wait for their reply at once. The first failure of the connection is the answer to
 * everything that waits and everything that comes; there is no reconnecting.
 */
export class Pipeline {
  readonly #socket: Socket
  readonly #limits: Pop3Limits
  readonly #failures: Failures
  readonly #clock: ReplyClock
  readonly #statusLine: StatusLineReader
  readonly #decoder = new DotDecoder()
  /** Exchanges as a chain: those on the wire first, then from `#unsent` on those that wait for their turn. */
  #first: Exchange | null = null
  #last: Exchange | null = null
  #unsent: Exchange | null = null
  #onTheWire = 0
  #window = 1
  #outgoing = ''
  /** The status line of the multi-line reply whose body is being read. */
  #reading: StatusLine | null = null
  #isBlocked = false
  #failure: MailchuteError | null = null

  constructor(socket: Socket, limits: Pop3Limits, failures: Failures) {
    this.#socket = socket
    this.#limits = limits
    this.#failures = failures
    this.#statusLine = new StatusLineReader(limits.lineOctets)
    this.#clock = new ReplyClock(limits, (what) =>
      this.fail(this.#fault('source/reply-timeout', `waited too long for the ${what}`)),
    )
    socket.on('data', this.#receive).on('error', this.#onError).on('end', this.#onClose).on('close', this.#onClose)
  }

  /** Why the connection has ended; null while it stands. */
  get failure(): MailchuteError | null {
    return this.#failure
  }

  set window(commands: number) {
    this.#window = commands
    this.#fill()
  }

  /** Resolves with the status line once the whole reply was taken; `-ERR` is an answer, not an error. */
  send(command: Command): Promise<StatusLine> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) return reject(this.#failure)
      if (command.line !== null && FORBIDDEN.test(command.line)) {
        return reject(this.#failures.failure('config/invalid', 'CR, LF or NUL in an argument', { verb: command.verb }))
      }
      this.#append({ command, resolve, reject, next: null })
      this.#fill()
    })
  }

  /** Ends the connection at once. `own` is for the command whose reply was being read, where it differs. */
  fail(error: MailchuteError, own: unknown = error): void {
    if (this.#failure !== null) return
    this.#end(error, own)
    this.#socket.destroy()
  }

  /** Ends the connection after its last reply; `ended` is the answer to what comes later. */
  close(ended: MailchuteError): void {
    if (this.#failure !== null) return
    this.#end(ended)
    this.#socket.destroySoon()
  }

  /** Hands the bare connection over to TLS. Nothing that came in clear text may be left to be read (RFC 2595). */
  detach(): Socket {
    if (this.#failure === null && this.#socket.readableLength > 0) this.#unasked(NOTHING)
    if (this.#failure !== null) throw this.#failure
    this.#end(this.#failures.failure('source/connection-lost', 'the clear-text part of the session has ended'))
    return this.#socket
  }

  #end(error: MailchuteError, own: unknown = error): void {
    this.#failure = error
    this.#clock.stop()
    const socket = this.#socket.off('data', this.#receive).off('error', this.#onError)
    socket.off('end', this.#onClose).off('close', this.#onClose)
    const first = this.#first
    this.#first = null
    first?.reject(own)
    for (let later = first?.next ?? null; later !== null; later = later.next) later.reject(error)
  }

  #append(exchange: Exchange): void {
    if (this.#last !== null && this.#first !== null) this.#last.next = exchange
    else this.#first = exchange
    this.#last = exchange
    this.#unsent ??= exchange
  }

  #fill(): void {
    while (this.#unsent !== null && this.#onTheWire < this.#window) {
      const { line } = this.#unsent.command
      if (line !== null) this.#write(`${line}\r\n`)
      this.#onTheWire += 1
      if (this.#onTheWire === 1) this.#expect(this.#unsent.command)
      this.#unsent = this.#unsent.next
    }
  }

  /** What one tick brings goes out as one write. */
  #write(line: string): void {
    if (this.#outgoing === '') process.nextTick(this.#flush)
    this.#outgoing += line
  }

  readonly #flush = (): void => {
    const octets = this.#outgoing
    this.#outgoing = ''
    if (this.#failure === null) this.#socket.write(octets)
  }

  #expect({ replyMs = this.#limits.replyMs, expectedOctets = 0 }: Command): void {
    this.#clock.expect(replyMs, expectedOctets)
  }

  readonly #receive = (chunk: Buffer): void => this.#consume(chunk, 0)

  #consume(chunk: Buffer, from: number): void {
    let at = from
    while (at < chunk.length && this.#failure === null && !this.#isBlocked) {
      if (this.#first === null || this.#onTheWire === 0) {
        this.#unasked(chunk.subarray(at))
        return
      }
      at = this.#reading === null ? this.#readStatus(this.#first, chunk, at) : this.#readBody(this.#first, chunk, at)
    }
    if (this.#failure === null) this.#fill()
  }

  #readStatus(exchange: Exchange, chunk: Buffer, from: number): number {
    const { end, line } = this.#statusLine.read(chunk, from)
    this.#clock.received(end - from)
    if (line === 'pending') return end
    if (line === 'malformed' || (line.kind === 'continue' && exchange.command.mayContinue !== true)) {
      this.fail(this.#fault('source/protocol-violation', 'the reply is none of POP3'))
    } else if (line.kind === 'ok' && exchange.command.body !== undefined) {
      this.#reading = line
      this.#decoder.reset()
    } else this.#complete(exchange, line)
    return end
  }

  #readBody(exchange: Exchange, chunk: Buffer, from: number): number {
    const { octets, end } = this.#decoder.decode(chunk, from)
    const next = end ?? chunk.length
    this.#clock.received(next - from)
    const status = end === null ? null : this.#reading
    const taken = octets.length === 0 ? undefined : this.#give(exchange, octets)
    if (this.#failure !== null) return next
    if (taken !== undefined) {
      this.#block(exchange, taken, status, chunk.subarray(next))
      return chunk.length
    }
    if (status !== null) this.#complete(exchange, status)
    return next
  }

  #give(exchange: Exchange, octets: Buffer): undefined | Promise<void> {
    try {
      return exchange.command.body?.take(octets)
    } catch (error) {
      this.#refused(error)
      return undefined
    }
  }

  /** Back-pressure: nothing is read until `taken` is settled; then the rest of the chunk comes first. */
  #block(exchange: Exchange, taken: Promise<void>, status: StatusLine | null, rest: Buffer): void {
    this.#isBlocked = true
    this.#socket.pause()
    this.#clock.pause()
    taken.then(
      () => {
        if (this.#failure !== null) return
        this.#isBlocked = false
        this.#clock.resume()
        if (status !== null) this.#complete(exchange, status)
        this.#consume(rest, 0)
        if (!this.#isBlocked && this.#failure === null) this.#socket.resume()
      },
      (reason) => this.#refused(reason),
    )
  }

  /** The receiver gave up on one reply; the only way to stop its octets is to drop the connection. */
  #refused(reason: unknown): void {
    const error = asMailchuteError(reason)
    const isOfTheConnection = error.code === 'source/protocol-violation'
    const forOthers = this.#fault('source/connection-lost', 'dropped in the middle of a reply', error)
    this.fail(isOfTheConnection ? error : forOthers, error)
  }

  #complete(exchange: Exchange, reply: StatusLine): void {
    this.#reading = null
    this.#first = exchange.next
    this.#onTheWire -= 1
    if (this.#first !== null && this.#onTheWire > 0) this.#expect(this.#first.command)
    else this.#clock.rest()
    exchange.resolve(reply)
  }

  /** A server that ends an idle session may say so first; anything else out of turn is not to be trusted. */
  #unasked(octets: Buffer): void {
    const isFarewell = octets.toString('latin1', 0, FAREWELL.length) === FAREWELL
    const code = isFarewell ? 'source/connection-lost' : 'source/protocol-violation'
    this.fail(this.#failures.failure(code, 'the server spoke without being asked', { verb: 'session' }))
  }

  #fault(
    code: 'source/reply-timeout' | 'source/connection-lost' | 'source/protocol-violation',
    message: string,
    cause?: unknown,
  ) {
    return this.#failures.failure(code, message, { verb: this.#first?.command.verb ?? 'session', cause })
  }

  readonly #onError = (cause: Error): void => this.fail(this.#fault('source/connection-lost', 'connection lost', cause))

  readonly #onClose = (): void => this.fail(this.#fault('source/connection-lost', 'the server closed the connection'))
}

const FORBIDDEN = /[\r\n\0]/
const FAREWELL = '-ERR'
const NOTHING = Buffer.alloc(0)
