import { EventEmitter, once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { TEST_CERT } from './certificate.ts'

const BOUND_MILLISECONDS = 50_000

/** The plainest client: sends what it is told, and waits for octets. */
export class WireClient {
  /** Apart from the socket, whose `error` would end every wait. */
  readonly #events = new EventEmitter()
  #socket: Socket
  #received: Buffer = Buffer.alloc(0)
  readonly chunks: Buffer[] = []
  error: string | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    this.#listen()
  }

  /** Connected, and the greeting not yet waited for. */
  static async dial(port: number): Promise<WireClient> {
    const socket = connect(port, '127.0.0.1')
    const client = new WireClient(socket)
    await once(socket, 'connect')
    return client
  }

  static async connect(port: number): Promise<WireClient> {
    const client = await WireClient.dial(port)
    await client.until((received) => received.endsWith('\r\n'))
    return client
  }

  static async connectTls(port: number): Promise<WireClient> {
    const socket = connectTls({ port, host: '127.0.0.1', ca: TEST_CERT })
    const client = new WireClient(socket)
    await client.until((received) => received.endsWith('\r\n'))
    return client
  }

  /** Greeting and login are over when it resolves. */
  static async login(port: number, user = 'help', password = 'secret'): Promise<WireClient> {
    const client = await WireClient.connect(port)
    client.send(`USER ${user}`, `PASS ${password}`)
    await client.until((received) => received.includes('logged in') || received.includes('-ERR'))
    client.forget()
    return client
  }

  get received(): string {
    return this.#received.toString('latin1')
  }

  send(...lines: readonly string[]): void {
    this.#socket.write(lines.map((line) => `${line}\r\n`).join(''))
  }

  /** Sends and waits for so many status lines or, ended by a dot, one multi-line reply. */
  async ask(line: string, ending: RegExp = /\r\n$/): Promise<string> {
    this.forget()
    this.send(line)
    return this.until((received) => ending.test(received))
  }

  async askMany(line: string): Promise<string> {
    return this.ask(line, /^-ERR.*\r\n$|\r\n\.\r\n$/)
  }

  async until(done: (received: string) => boolean): Promise<string> {
    const signal = AbortSignal.timeout(BOUND_MILLISECONDS)
    while (!done(this.received)) await once(this.#events, 'heard', { signal })
    return this.received
  }

  async closed(): Promise<void> {
    const signal = AbortSignal.timeout(BOUND_MILLISECONDS)
    if (!this.#socket.closed) await once(this.#events, 'gone', { signal })
  }

  forget(): void {
    this.#received = Buffer.alloc(0)
    this.chunks.length = 0
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** FIN from our side. */
  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  async startTls(): Promise<void> {
    this.#socket.removeAllListeners('data')
    this.#socket = connectTls({ socket: this.#socket, host: '127.0.0.1', ca: TEST_CERT })
    this.#listen()
    await once(this.#socket, 'secureConnect')
  }

  #listen(): void {
    const socket = this.#socket
    socket.on('data', (chunk: Buffer) => {
      this.chunks.push(chunk)
      this.#received = Buffer.concat([this.#received, chunk])
      this.#events.emit('heard')
    })
    socket.on('close', () => this.#events.emit('gone'))
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.error = error.code
    })
  }
}
