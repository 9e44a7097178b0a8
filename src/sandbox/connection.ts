import type { Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type SecureContext, TLSSocket } from 'node:tls'

const LF = 0x0a

/**
 * Command lines out of a socket and octets into it. Writes are gathered while commands are waiting and go out in few
 * system calls; a full socket is waited for, so a message of any size needs little memory. No wait outlives the peer.
 */
export class Connection {
  /** Resolves when the connection is gone, whoever ended it. */
  readonly closed: Promise<void>
  readonly #raw: Socket
  #socket: Socket
  #lines: string[] = []
  #partial: Buffer = Buffer.alloc(0)
  #inputEnded = false
  #corked = false
  #wake: (() => void)[] = []

  constructor(socket: Socket, secureContext: SecureContext | null) {
    this.#raw = socket
    this.#socket = socket
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()))
    socket.setNoDelay(true)
    // What a peer does to its own connection is not ours to report; `close` follows.
    socket.on('error', () => undefined)
    if (secureContext) this.startTls(secureContext)
    else this.#listen()
  }

  get waiting(): number {
    return this.#lines.length
  }

  get lost(): boolean {
    return this.#socket.destroyed
  }

  /** The next command line without its line end; undefined once the peer has ended. */
  async nextLine(): Promise<string | undefined> {
    while (this.#lines.length === 0 && !this.#inputEnded) {
      this.#flush()
      await this.#change()
    }
    return this.#lines.shift()
  }

  /** Resolves once there is room for more. */
  write(octets: Buffer): undefined | Promise<void> {
    if (this.lost) return undefined
    if (!this.#corked) {
      this.#socket.cork()
      this.#corked = true
    }
    return this.#socket.write(octets) ? undefined : this.#drained()
  }

  /** Writes in a segment of its own, as far as TCP lets us: sent and, by a peer in this process, read. */
  async writeApart(octets: Buffer): Promise<void> {
    await this.sent()
    await this.write(octets)
    await this.sent()
    // Two turns of the event loop: the first may be over before sockets are read again.
    await nextTurn()
    await nextTurn()
  }

  /** Resolves when everything written was handed to the network, or the connection is lost. */
  async sent(): Promise<void> {
    this.#flush()
    if (this.lost) return
    const socket = this.#socket
    await new Promise<void>((resolve) => socket.write('', () => resolve()))
  }

  /** RFC 2595 section 4: what came before TLS is forgotten. */
  startTls(secureContext: SecureContext): void {
    this.#raw.removeAllListeners('data')
    this.#lines = []
    this.#partial = Buffer.alloc(0)
    this.#socket = new TLSSocket(this.#raw, { isServer: true, secureContext })
    this.#listen()
  }

  /** Resolves when the peer has ended or the connection is lost. */
  async peerEnded(): Promise<void> {
    this.#flush()
    while (!this.#inputEnded) await this.#change()
  }

  /** Lets time pass, but not beyond the loss of the connection. */
  async pause(milliseconds: number): Promise<void> {
    this.#flush()
    const end = performance.now() + milliseconds
    const timer = setTimeout(() => this.#notify(), milliseconds + 1)
    while (performance.now() < end && !this.lost) await this.#change()
    clearTimeout(timer)
  }

  /** FIN: the peer still gets all that was written. */
  end(): void {
    this.#flush()
    this.#socket.end()
    this.#socket.resume()
  }

  /** RST. */
  reset(): void {
    this.#raw.resetAndDestroy()
    this.#socket.destroy()
  }

  destroy(): void {
    this.#socket.destroy()
    this.#raw.destroy()
  }

  #listen(): void {
    const socket = this.#socket
    const ended = () => {
      this.#inputEnded = true
      this.#notify()
    }
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.on('drain', () => this.#notify())
    socket.on('end', ended)
    socket.on('close', ended)
    socket.on('error', () => undefined)
  }

  #take(chunk: Buffer): void {
    const octets = this.#partial.length > 0 ? Buffer.concat([this.#partial, chunk]) : chunk
    let from = 0
    for (let end = octets.indexOf(LF); end >= 0; end = octets.indexOf(LF, from)) {
      this.#lines.push(octets.toString('utf8', from, end).replace(/\r$/, ''))
      from = end + 1
    }
    this.#partial = octets.subarray(from)
    this.#notify()
  }

  async #drained(): Promise<void> {
    this.#flush()
    while (this.#socket.writableNeedDrain && !this.lost) await this.#change()
  }

  #flush(): void {
    if (!this.#corked) return
    this.#corked = false
    this.#socket.uncork()
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve))
  }

  #notify(): void {
    const waiting = this.#wake
    this.#wake = []
    for (const wake of waiting) wake()
  }
}
