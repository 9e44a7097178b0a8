/** A real SMTP server: takes mails and shows them, checks logins, and refuses where a test wants it to. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { type Beats, createBeats } from './beats.ts'
import type { Certificate } from './certificate.ts'

export interface ReceivedMail {
  /** Empty: the empty envelope sender. */
  readonly from: string
  readonly to: readonly string[]
  readonly octets: Buffer
}

export interface Refusal {
  readonly code: number
  readonly text: string
}

/** What it does at each step; may be changed at any time. */
export interface SmtpManners {
  login(auth: { method: string; user: string; secret: string }): Refusal | null
  mailFrom(address: string): Refusal | null
  rcptTo(address: string): Refusal | null
  /** After the octets. */
  data(mail: ReceivedMail): Refusal | null | Promise<Refusal | null>
  /** The mail is taken, and the connection ends before the 250. */
  losesAnswer(mail: ReceivedMail): boolean
}

export interface TestSmtp extends AsyncDisposable {
  readonly port: number
  readonly mails: readonly ReceivedMail[]
  /** One beat for each mail that it took. */
  readonly taken: Beats<ReceivedMail>
  readonly manners: SmtpManners
  /** Connections that ever said EHLO. */
  connections(): number
  /** What AUTH sent, of every try. */
  readonly logins: readonly { readonly method: string; readonly user: string; readonly secret: string }[]
}

export interface SmtpOptions {
  /** `plain` and `stripped` have no TLS: the one rightly, the other as a man in the middle makes it look. */
  readonly security?: 'plain' | 'starttls' | 'tls' | 'stripped'
  readonly certificate?: Certificate
  /** SASL mechanisms; none: it wants no login. */
  readonly auth?: readonly string[]
  readonly manners?: Partial<SmtpManners>
  /** Nothing newer than TLS 1.1. */
  readonly isOldTls?: boolean
}

const POLITE: SmtpManners = {
  login: () => null,
  mailFrom: () => null,
  rcptTo: () => null,
  data: () => null,
  losesAnswer: () => false,
}

export async function startSmtp(options: SmtpOptions = {}): Promise<TestSmtp> {
  const manners: SmtpManners = { ...POLITE, ...options.manners }
  const mails: ReceivedMail[] = []
  const logins: { method: string; user: string; secret: string }[] = []
  const taken = createBeats<ReceivedMail>()
  let connections = 0
  const server = new SMTPServer({
    ...securityOf(options),
    authMethods: [...(options.auth ?? [])],
    authOptional: options.auth === undefined,
    allowInsecureAuth: true,
    disableReverseLookup: true,
    logger: false,
    closeTimeout: 100,
    onConnect: (_, done) => {
      connections += 1
      done()
    },
    onAuth: (auth, _, done) => {
      const login = { method: auth.method, user: auth.username ?? '', secret: auth.password ?? auth.accessToken ?? '' }
      logins.push(login)
      const refusal = manners.login(login)
      if (refusal === null) done(null, { user: login.user })
      else done(errorOf(refusal))
    },
    onMailFrom: ({ address }, _, done) => done(errorOf(manners.mailFrom(address))),
    onRcptTo: ({ address }, _, done) => done(errorOf(manners.rcptTo(address))),
    onData: (stream, session, done) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.once('end', () => {
        const { mailFrom, rcptTo } = session.envelope
        const mail = {
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          octets: Buffer.concat(chunks),
        }
        void take(mail).then(done)
      })
    },
  })
  const take = async (mail: ReceivedMail): Promise<Error | null> => {
    const refusal = await manners.data(mail)
    if (refusal !== null) return errorOf(refusal)
    mails.push(mail)
    taken.beat(mail)
    if (manners.losesAnswer(mail)) for (const { _socket: socket } of connectionsOf(server)) socket.destroy()
    return null
  }
  server.on('error', () => undefined)
  const listening = server.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  return {
    port: (listening.address() as AddressInfo).port,
    mails,
    taken,
    manners,
    logins,
    connections: () => connections,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

function securityOf({ security = 'plain', certificate, auth, isOldTls = false }: SmtpOptions) {
  const withoutLogin = auth === undefined ? ['AUTH'] : []
  const tls = certificate === undefined ? {} : { cert: certificate.cert, key: certificate.key }
  if (security === 'plain' || security === 'stripped')
    return { ...tls, disabledCommands: ['STARTTLS', ...withoutLogin] }
  return { ...tls, ...(isOldTls ? OLD_TLS : {}), secure: security === 'tls', disabledCommands: withoutLogin }
}

const OLD_TLS = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const

const errorOf = (refusal: Refusal | null): Error | null =>
  refusal === null ? null : Object.assign(new Error(refusal.text), { responseCode: refusal.code })

const connectionsOf = (server: SMTPServer): { _socket: { destroy(): void } }[] => [
  ...(server.connections as Set<{ _socket: { destroy(): void } }>),
]

/** A port at which nobody listens. */
export async function deadPort(): Promise<number> {
  await using server = await startSmtp()
  return server.port
}
