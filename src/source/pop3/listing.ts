import type { MailchuteError } from '../../errors.ts'
import type { RemoteMessage } from '../source.ts'
import { linesBody } from './lines-body.ts'
import type { Pipeline } from './pipeline.ts'
import { meaningOf } from './response-code.ts'
import type { Setting } from './setting.ts'

/**
 * What lies in the mailbox, by message number: UIDL and LIST (RFC 1939 sections 5 and 7). The unique-id decides
 * what may be deleted (I2), so a line of UIDL that is not as the RFC has it ends the session. Sizes are hints:
 * a missing or senseless one is 0. Two messages may share a unique-id: the RFC lets a server hash the content.
 */
export async function readListing(pipeline: Pipeline, setting: Setting): Promise<readonly RemoteMessage[]> {
  const uniqueIds = new Map<number, string>()
  const sizes = new Map<number, number>()
  const uidlBody = listingBody('UIDL', setting, uniqueIdsInto(uniqueIds, setting))
  const uidlReply = pipeline.send({ verb: 'UIDL', line: 'UIDL', body: uidlBody })
  const listReply = pipeline.send({ verb: 'LIST', line: 'LIST', body: listingBody('LIST', setting, sizesInto(sizes)) })
  // A server that refuses UIDL and hangs up has told why.
  listReply.catch(() => {})
  const { failure, quote } = setting.failures
  const uidl = await uidlReply
  if (uidl.kind !== 'ok') {
    throw failure(meaningOf(uidl, 'source/uidl-unsupported'), `refused: ${quote(uidl.text)}`, { verb: 'UIDL' })
  }
  const list = await listReply
  if (list.kind !== 'ok') {
    throw failure(meaningOf(list, 'source/protocol-violation'), `refused: ${quote(list.text)}`, { verb: 'LIST' })
  }
  return [...uniqueIds]
    .map(([number, uniqueId]) => ({ uniqueId, sizeBytes: sizes.get(number) ?? 0, number }))
    .sort((a, b) => a.number - b.number)
}

function listingBody(verb: string, { limits, failures }: Setting, onLine: (line: string) => void) {
  return linesBody(
    { lineOctets: limits.lineOctets, lines: limits.listingLines, octets: limits.listingOctets },
    onLine,
    () => failures.failure('source/protocol-violation', 'the listing has no end', { verb }),
  )
}

function uniqueIdsInto(uniqueIds: Map<number, string>, { failures }: Setting): (line: string) => void {
  const violation = (message: string): MailchuteError =>
    failures.failure('source/protocol-violation', message, { verb: 'UIDL' })
  return (line) => {
    const [, digits, uniqueId] = UIDL_LINE.exec(line) ?? []
    if (digits === undefined || uniqueId === undefined) throw violation('a line is not a number and a unique-id')
    const number = Number(digits)
    if (uniqueIds.has(number)) throw violation('a message number is listed twice')
    uniqueIds.set(number, uniqueId)
  }
}

/** RFC 1939 section 7 allows 70 characters; some servers have longer ones. */
const UIDL_LINE = /^([1-9]\d{0,9}) +([\x21-\x7e]{1,255}) *$/

function sizesInto(sizes: Map<number, number>): (line: string) => void {
  return (line) => {
    const [, number, octets] = LIST_LINE.exec(line) ?? []
    if (number !== undefined) sizes.set(Number(number), Math.min(Number(octets), LARGEST_BYTES))
  }
}

/** No mail is larger; what a server says beyond is a lie that need not be kept. */
const LARGEST_BYTES = 2 ** 31 - 1

const LIST_LINE = /^([1-9]\d{0,9}) +(\d+)(?: |$)/
