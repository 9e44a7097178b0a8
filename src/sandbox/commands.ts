/** The commands of RFC 1939, RFC 2449 (CAPA) and RFC 2595 (STLS): each gives its reply. */
import { auth, pass, user } from './authenticate.ts'
import type { ListedMessage, Listing } from './listing.ts'
import { chunksOf } from './mailbox.ts'
import { decide } from './manners.ts'
import { err, line, lines, ok, type Reply } from './reply.ts'
import type { Session } from './session.ts'
import { createStuffer } from './stuffing.ts'
import { topOf } from './top.ts'

type Handler = (session: Session, argument: string) => Reply | Promise<Reply>

export const commands: Readonly<Record<string, Handler>> = {
  CAPA: capa,
  STLS: stls,
  USER: user,
  PASS: pass,
  AUTH: auth,
  STAT: inTransaction(stat),
  LIST: inTransaction((...asked) => listingOf(...asked, ({ sizeBytes }) => String(sizeBytes))),
  UIDL: inTransaction((...asked) => listingOf(...asked, ({ uniqueId }) => uniqueId)),
  TOP: inTransaction(top),
  RETR: inTransaction(retr),
  DELE: inTransaction(dele),
  NOOP: inTransaction(() => ok()),
  RSET: inTransaction(rset),
  QUIT: quit,
}

export function greeting({ host }: Session): Reply {
  return ok(host.dialect.words.ready)
}

/** What may stand behind `+OK`. */
const remark = ({ host }: Session, text: string): string => (host.dialect.isTalkative ? text : '')

const noSuchMessage = ({ host }: Session): Reply => err(host.dialect.words.noSuchMessage)

function inTransaction(handler: (listing: Listing, argument: string, session: Session) => Reply | Promise<Reply>) {
  return (session: Session, argument: string) =>
    session.listing ? handler(session.listing, argument, session) : err(session.host.dialect.words.wrongState)
}

function capa(session: Session): Reply {
  const { host, secured, listing } = session
  const withheld = new Set(host.manners().map((manner) => manner.withheld))
  const mayStartTls = host.secureContext !== null && !secured && !listing
  const capabilities = host.dialect.capabilities({ pipelining: host.pipelining, mayStartTls })
  return lines(
    remark(session, 'capabilities follow'),
    capabilities.filter((capability) => !withheld.has(capability.split(' ')[0])),
  )
}

/** RFC 2595 section 4: in AUTHORIZATION only. */
function stls(session: Session): Reply {
  if (!session.host.secureContext || session.secured || session.listing)
    return err(session.host.dialect.words.wrongState)
  session.after = 'start-tls'
  return ok('begin TLS')
}

function stat(listing: Listing): Reply {
  const present = listing.present()
  return ok(`${present.length} ${totalSize(present)}`)
}

/** LIST and UIDL: one message or all of them. */
function listingOf(
  listing: Listing,
  argument: string,
  session: Session,
  tell: (listed: ListedMessage) => string,
): Reply {
  const row = (listed: ListedMessage) => `${listed.number} ${tell(listed)}`
  const present = listing.present()
  if (argument === '') return lines(remark(session, `${present.length} messages`), present.map(row))
  const listed = listing.find(argument)
  return listed ? ok(row(listed)) : noSuchMessage(session)
}

function retr(listing: Listing, argument: string, session: Session): Reply {
  const { host, user } = session
  const listed = listing.find(argument)
  if (!listed) return noSuchMessage(session)
  host.maildrops.get(user ?? '')?.countRetrieval(listed.message)
  const status = line(`+OK ${remark(session, `${listed.sizeBytes} octets`)}`.trimEnd())
  const chunks = converted(session, listed)
  if (chunks === 'fails') return err(host.dialect.words.notConverted)
  return Symbol.asyncIterator in chunks || !Array.isArray(chunks)
    ? stuffedStream(status, chunks)
    : stuffed(status, chunks)
}

/** The octets as they are, unless a manner has it otherwise. */
function converted({ host }: Session, { message }: ListedMessage) {
  const conversion = decide(host.manners(), (manner) => manner.conversion?.(message))
  return Buffer.isBuffer(conversion) ? [conversion] : (conversion ?? chunksOf(message))
}

function stuffed(status: Buffer, chunks: readonly Buffer[]): Reply {
  const stuffer = createStuffer()
  return [status, ...chunks.flatMap((chunk) => stuffer.push(chunk)), stuffer.end()]
}

async function* stuffedStream(status: Buffer, chunks: Iterable<Buffer> | AsyncIterable<Buffer>) {
  const stuffer = createStuffer()
  yield status
  for await (const chunk of chunks) yield* stuffer.push(chunk)
  yield stuffer.end()
}

async function top(listing: Listing, argument: string, session: Session): Promise<Reply> {
  const { host } = session
  const [number = '', lineCount = ''] = argument.split(' ')
  const listed = listing.find(number)
  if (!listed) return noSuchMessage(session)
  if (!/^\d{1,9}$/.test(lineCount)) return err(host.dialect.words.unknownCommand)
  const chunks = converted(session, listed)
  if (chunks === 'fails') return err(host.dialect.words.notConverted)
  const octets = await topOf(chunks, Number(lineCount))
  return stuffed(line(`+OK ${remark(session, 'top follows')}`.trimEnd()), [
    decide(host.manners(), (manner) => manner.top?.(octets)) ?? octets,
  ])
}

function dele(listing: Listing, argument: string, session: Session): Reply {
  const listed = listing.find(argument)
  if (!listed) return noSuchMessage(session)
  listing.mark(listed)
  return ok(remark(session, `message ${listed.number} will be deleted`))
}

function rset(listing: Listing): Reply {
  listing.unmarkAll()
  return ok()
}

/** Only here UPDATE is entered (RFC 1939 section 6); the lock is gone before the client can know. */
function quit(session: Session): Reply {
  session.after = 'end'
  const complete = session.listing?.commit() ?? true
  session.listing?.release()
  return complete ? ok(session.host.dialect.words.bye) : err('some deleted messages not removed')
}

function totalSize(present: readonly ListedMessage[]): number {
  return present.reduce((total, { sizeBytes }) => total + sizeBytes, 0)
}
