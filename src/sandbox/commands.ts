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

const NO_SUCH_MESSAGE = err('no such message')

export const commands: Readonly<Record<string, Handler>> = {
  CAPA: capa,
  STLS: stls,
  USER: user,
  PASS: pass,
  AUTH: auth,
  STAT: inTransaction(stat),
  LIST: inTransaction((listing, argument) => listingOf(listing, argument, ({ sizeBytes }) => String(sizeBytes))),
  UIDL: inTransaction((listing, argument) => listingOf(listing, argument, ({ uniqueId }) => uniqueId)),
  TOP: inTransaction(top),
  RETR: inTransaction(retr),
  DELE: inTransaction(dele),
  NOOP: inTransaction(() => ok()),
  RSET: inTransaction(rset),
  QUIT: quit,
}

export function greeting(): Reply {
  return ok('Mailchute sandbox ready')
}

function inTransaction(handler: (listing: Listing, argument: string, session: Session) => Reply | Promise<Reply>) {
  return (session: Session, argument: string) =>
    session.listing ? handler(session.listing, argument, session) : err('log in first')
}

function capa({ host, secured, listing }: Session): Reply {
  const withheld = new Set(host.manners().map((manner) => manner.withheld))
  const capabilities = ['TOP', 'UIDL', 'USER', 'RESP-CODES', 'AUTH-RESP-CODE', 'SASL PLAIN XOAUTH2']
  if (host.pipelining) capabilities.push('PIPELINING')
  if (host.secureContext && !secured && !listing) capabilities.push('STLS')
  capabilities.push('IMPLEMENTATION Mailchute-Sandbox')
  return lines(
    'capabilities follow',
    capabilities.filter((capability) => !withheld.has(capability.split(' ')[0])),
  )
}

/** RFC 2595 section 4: in AUTHORIZATION only. */
function stls(session: Session): Reply {
  if (!session.host.secureContext || session.secured || session.listing) return err('no TLS to start here')
  session.after = 'start-tls'
  return ok('begin TLS')
}

function stat(listing: Listing): Reply {
  const present = listing.present()
  return ok(`${present.length} ${totalSize(present)}`)
}

/** LIST and UIDL: one message or all of them. */
function listingOf(listing: Listing, argument: string, tell: (listed: ListedMessage) => string): Reply {
  const row = (listed: ListedMessage) => `${listed.number} ${tell(listed)}`
  if (argument === '') return lines(`${listing.present().length} messages`, listing.present().map(row))
  const listed = listing.find(argument)
  return listed ? ok(row(listed)) : NO_SUCH_MESSAGE
}

function retr(listing: Listing, argument: string, { host, user }: Session): Reply {
  const listed = listing.find(argument)
  if (!listed) return NO_SUCH_MESSAGE
  host.maildrops.get(user ?? '')?.countRetrieval(listed.message)
  const status = line(`+OK ${listed.sizeBytes} octets`)
  const chunks = chunksOf(listed.message)
  return Symbol.asyncIterator in chunks || !Array.isArray(chunks)
    ? stuffedStream(status, chunks)
    : stuffed(status, chunks)
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

async function top(listing: Listing, argument: string, { host }: Session): Promise<Reply> {
  const [number = '', lineCount = ''] = argument.split(' ')
  const listed = listing.find(number)
  if (!listed) return NO_SUCH_MESSAGE
  if (!/^\d{1,9}$/.test(lineCount)) return err('TOP needs a number of lines')
  const octets = await topOf(chunksOf(listed.message), Number(lineCount))
  return stuffed(line('+OK top follows'), [decide(host.manners(), (manner) => manner.top?.(octets)) ?? octets])
}

function dele(listing: Listing, argument: string): Reply {
  const listed = listing.find(argument)
  if (!listed) return NO_SUCH_MESSAGE
  listing.mark(listed)
  return ok(`message ${listed.number} will be deleted`)
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
  return complete ? ok('bye') : err('some deleted messages not removed')
}

function totalSize(present: readonly ListedMessage[]): number {
  return present.reduce((total, { sizeBytes }) => total + sizeBytes, 0)
}
