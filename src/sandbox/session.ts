import type { SecureContext } from 'node:tls'
import { type Command, type CommandLine, octetsOf, parseCommandLine, VERBS, withoutSecrets } from './command.ts'
import { commands, greeting } from './commands.ts'
import type { Connection } from './connection.ts'
import type { Dialect } from './dialect.ts'
import type { Listing } from './listing.ts'
import type { Maildrop } from './mailbox.ts'
import { decide, type Fate, type Manner } from './manners.ts'
import { err, type Reply } from './reply.ts'

/** What all sessions of a sandbox share. */
export interface Host {
  readonly maildrops: ReadonlyMap<string, Maildrop>
  readonly pipelining: boolean
  readonly exclusive: boolean
  readonly dialect: Dialect
  readonly secureContext: SecureContext | null
  /** How it misbehaves now. */
  readonly manners: () => readonly Manner[]
  readonly heard: (command: Command) => Promise<unknown> | undefined
}

/** One connection and its state: AUTHORIZATION while `listing` is null, TRANSACTION afterwards (RFC 1939 section 3). */
export interface Session {
  readonly host: Host
  readonly connection: Connection
  readonly number: number
  secured: boolean
  user: string | null
  listing: Listing | null
  /** What happens once the reply is out. */
  after: 'go-on' | 'start-tls' | 'end'
}

/** What a server says first, as if the connection had asked for it. */
const GREETING: CommandLine = { verb: 'GREETING', argument: '' }

/** Serves one connection to its end. Whatever ends it, nothing is removed but by QUIT. */
export async function serve(session: Session): Promise<void> {
  const { connection } = session
  try {
    await answer(session, GREETING)
    while (session.after !== 'end' && !connection.lost) {
      const line = await connection.nextLine()
      if (line === undefined) break
      await answer(session, parseCommandLine(line))
    }
  } finally {
    session.listing?.release()
    connection.end()
  }
}

async function answer(session: Session, line: CommandLine): Promise<void> {
  const { host, connection, number } = session
  const logged = line === GREETING ? line : withoutSecrets(line)
  const command = { session: number, ...logged, waiting: connection.waiting }
  const heard = host.heard(command)
  if (heard) await Promise.race([heard, connection.closed])
  await pause(session, command)
  const fate = decide(host.manners(), (manner) => manner.fate?.(command))
  if (fate?.kind === 'reply') {
    if (fate.hangsUp) session.after = 'end'
    return send(session, command, fate.octets)
  }
  if (fate?.kind === 'endless') return pour(session, fate.octets(), Number.POSITIVE_INFINITY)
  if (fate?.afterOctets !== 'before-command') {
    const reply = await carryOut(session, line)
    await send(session, command, reply, fate?.afterOctets)
  }
  if (fate) return befall(session, fate)
  await conclude(session)
}

async function pause(session: Session, command: Command): Promise<void> {
  const milliseconds = decide(session.host.manners(), (manner) => manner.delayMilliseconds?.(command) || undefined)
  if (milliseconds === undefined) return
  await session.connection.pause(milliseconds)
}

function carryOut(session: Session, line: CommandLine): Reply | Promise<Reply> {
  if (line === GREETING) return greeting(session)
  const { words, commandOctets } = session.host.dialect
  if (octetsOf(line) > commandOctets) {
    session.after = 'end'
    return err(words.protocolError)
  }
  const withheld = session.host.manners().some((manner) => manner.withheld === line.verb)
  const handler = withheld || !VERBS.has(line.verb) ? undefined : commands[line.verb]
  return handler ? handler(session, line.argument) : err(words.unknownCommand)
}

function send(session: Session, command: Command, reply: Reply, limit = Number.POSITIVE_INFINITY): Promise<void> {
  const cutting = session.host.manners().some((manner) => manner.cuts)
  return cutting ? sendCut(session, command, reply, limit) : pour(session, reply, limit)
}

async function pour({ connection }: Session, octets: Iterable<Buffer> | AsyncIterable<Buffer>, limit: number) {
  let left = limit
  const put = (piece: Buffer) => {
    const room = left > 0 ? connection.write(piece.length > left ? piece.subarray(0, left) : piece) : undefined
    left -= piece.length
    return room
  }
  if (Symbol.asyncIterator in octets) {
    for await (const piece of octets) {
      await put(piece)
      if (connection.lost || left <= 0) return
    }
    return
  }
  for (const piece of octets) {
    const room = put(piece)
    if (room) await room
    if (connection.lost || left <= 0) return
  }
}

async function sendCut({ connection, host }: Session, command: Command, reply: Reply, limit: number): Promise<void> {
  const pieces: Buffer[] = []
  for await (const piece of reply) pieces.push(piece)
  const whole = Buffer.concat(pieces).subarray(0, limit)
  const positions = decide(host.manners(), (manner) => manner.cuts?.(whole, command)) ?? []
  const places = positions.map((at) => (at < 0 ? whole.length + at : at)).filter((at) => at > 0 && at < whole.length)
  let from = 0
  for (const place of [...new Set(places)].sort((one, other) => one - other)) {
    await connection.writeApart(whole.subarray(from, place))
    from = place
  }
  if (places.length > 0) return connection.writeApart(whole.subarray(from))
  await connection.write(whole)
}

async function befall(session: Session, { kind }: Fate): Promise<void> {
  const { connection } = session
  session.after = 'end'
  await connection.sent()
  if (kind === 'stall') await connection.peerEnded()
  if (kind === 'reset') connection.reset()
}

async function conclude(session: Session): Promise<void> {
  const { connection, host } = session
  if (session.after !== 'start-tls' || !host.secureContext) return
  session.after = 'go-on'
  session.secured = true
  await connection.sent()
  connection.startTls(host.secureContext)
}
