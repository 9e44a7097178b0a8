/**
 * Made-up mails in any number for tests and benchmarks. Deterministic: the same options give the same octets. All
 * Message-IDs and unique-ids of one call differ.
 */
import { createAttachments, paragraphs } from './generated-content.ts'
import { dateField, type Field, html, message, multipart, type Part, SUPPORT, text } from './mails/compose.ts'
import { createRandom, type Random } from './random.ts'

export interface GenerateOptions {
  readonly count: number
  readonly seed?: number
  /** Mostly small text and HTML, and as many attachments of 100 to 400 KB as the average needs; no less than 1 KB. */
  readonly averageBytes?: number
  /** The first `count * mailsEach` mails are conversations; the others stand alone. */
  readonly threads?: ThreadOptions
}

export interface ThreadOptions {
  readonly count: number
  readonly mailsEach: number
  /** What a reply names: all its ancestors, or its parent only. */
  readonly link: 'references' | 'in-reply-to'
  /** `side-by-side`, the default: the first mails of all threads, then the second ones; or thread by thread. */
  readonly order?: 'side-by-side' | 'one-by-one'
}

export interface GeneratedMail {
  readonly uniqueId: string
  readonly messageId: string
  /** Counted from 0; null for a mail that stands alone. */
  readonly thread: number | null
  readonly octets: Buffer
}

interface Place {
  readonly thread: number
  readonly turn: number
}

const COLLEAGUE = 'Robin Hart <robin.hart@mailchute.example>'
const FIRST_SENT = Date.UTC(2026, 8, 1, 8)

export function generateMails(options: GenerateOptions): readonly GeneratedMail[] {
  const { count, seed = 1, averageBytes = 46_000, threads } = options
  const random = createRandom(seed)
  const content = createContent(random, averageBytes, count)
  const places = threads ? placesOf(threads) : []
  return Array.from({ length: count }, (_, index) => {
    const place = places[index]
    const messageId = place ? threadMessageId(seed, place) : `<alone-${seed}-${index}@generated.example>`
    const fields = place && threads ? threadFields(seed, place, threads) : aloneFields(random, index)
    const sent: readonly Field[] = [
      ['Date', dateOf(index)],
      ['Message-ID', messageId],
    ]
    const octets = content((part) => message([...fields, ...sent], part))
    return { uniqueId: `generated-${seed}-${index}`, messageId, thread: place?.thread ?? null, octets }
  })
}

function placesOf({ count, mailsEach, order = 'side-by-side' }: ThreadOptions): readonly Place[] {
  return Array.from({ length: count * mailsEach }, (_, index) =>
    order === 'side-by-side'
      ? { thread: index % count, turn: Math.floor(index / count) }
      : { thread: Math.floor(index / mailsEach), turn: index % mailsEach },
  )
}

function threadMessageId(seed: number, { thread, turn }: Place): string {
  return `<thread-${seed}-${thread}-${turn}@generated.example>`
}

/**
 * The customer writes first, with a colleague in Cc, who may therefore add to the ticket; the colleague answers with
 * the mailbox in Cc, and they take turns.
 */
function threadFields(seed: number, place: Place, { link }: ThreadOptions): readonly Field[] {
  const { thread, turn } = place
  const customer = `Customer ${thread} <customer-${thread}@generated.example>`
  const byCustomer = turn % 2 === 0
  const fields: Field[] = [
    ['From', byCustomer ? customer : COLLEAGUE],
    ['To', byCustomer ? (turn === 0 ? SUPPORT : COLLEAGUE) : customer],
    ['Subject', `${turn === 0 ? '' : 'Re: '}Question ${thread} about my order`],
  ]
  if (turn === 0) return [...fields, ['Cc', COLLEAGUE]]
  const ancestors = Array.from({ length: turn }, (_, earlier) => threadMessageId(seed, { thread, turn: earlier }))
  fields.push(['Cc', SUPPORT], ['In-Reply-To', ancestors.at(-1) ?? ''])
  if (link === 'references') fields.push(['References', ancestors.join('\r\n ')])
  return fields
}

function aloneFields(random: Random, index: number): readonly Field[] {
  return [
    ['From', `Writer ${index} <writer-${index}@generated.example>`],
    ['To', SUPPORT],
    ['Subject', `${random.pick(['Invoice', 'Delivery', 'Login', 'Returns', 'Order'])} ${1000 + index}: a question`],
  ]
}

function dateOf(index: number): string {
  return dateField(new Date(FIRST_SENT + index * 60_000).toISOString().slice(0, 19), '+0000')
}

/**
 * Gives each mail its body. Small mails save octets, and once they have saved enough for it, the next mail gets an
 * attachment; the last mail spends what is left.
 */
function createContent(random: Random, averageBytes: number, count: number) {
  const attachments = createAttachments(random, averageBytes)
  let saved = 0
  let made = 0
  return (build: (part: Part) => Buffer): Buffer => {
    made += 1
    saved += averageBytes
    const small = build(smallPart(random, averageBytes))
    const attached = attachments.take(saved - small.length, made === count)
    const octets = attached ? build(multipart('mixed', [smallPart(random, averageBytes), attached])) : small
    saved -= octets.length
    return octets
  }
}

function smallPart(random: Random, averageBytes: number): Part {
  const words = paragraphs(random, random.between(0.2, 0.9) * Math.min(averageBytes, 8_000))
  if (random.between(0, 1) < 0.6) return text(words.join('\n\n'), 'utf-8', random.pick(['8bit', 'quoted-printable']))
  const rich = html(words.map((paragraph) => `<p>${paragraph}</p>`).join('\n'), 'utf-8', 'quoted-printable')
  return multipart('alternative', [text(words[0] ?? '', 'utf-8', '8bit'), rich])
}
