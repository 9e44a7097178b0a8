import type { Part } from './mails/compose.ts'
import { base64Lines } from './mails/transfer.ts'
import type { Random } from './random.ts'

type FileType = readonly [contentType: string, extension: string]

const SENTENCES = [
  'The parcel has not arrived yet, and the tracking page shows nothing new.',
  'Können Sie bitte prüfen, ob die Zahlung eingegangen ist?',
  'J’ai essayé deux fois, mais la page reste blanche après le paiement.',
  'Please send the invoice to our accounting department instead.',
  'El número de pedido está en el asunto de este mensaje.',
  'It worked last week; since the update the button does nothing.',
  'Здравствуйте, подскажите, пожалуйста, когда будет ответ?',
  'I have attached what I see on my screen.',
] as const

const FILE_TYPES: readonly [FileType, ...FileType[]] = [
  ['application/pdf', 'pdf'],
  ['image/jpeg', 'jpg'],
  ['application/zip', 'zip'],
]
const SMALLEST_FILE = 100_000
const LARGEST_FILE = 400_000
/** Octets of base64 text in one line with its CRLF, and what a part costs besides. */
const LINE = 78
const PART_OVERHEAD = 600

/** Prose of about so many octets, several sentences a paragraph. */
export function paragraphs(random: Random, sizeBytes: number): readonly string[] {
  const made: string[] = []
  for (let left = sizeBytes; left > 0; ) {
    const sentences = Array.from({ length: Math.ceil(random.between(0, 4)) }, () => random.pick(SENTENCES))
    const paragraph = sentences.join(' ')
    made.push(paragraph)
    left -= Buffer.byteLength(paragraph) + 2
  }
  return made
}

export interface Attachments {
  /** The next file, if so many octets are enough for it; at the end, one of what is there, if that is worth a file. */
  take(availableBytes: number, last: boolean): Part | undefined
}

/** Files cut out of one pool of noise, each at another place, so that making them costs next to nothing. */
export function createAttachments(random: Random, averageBytes: number): Attachments {
  const scale = Math.max(1, averageBytes / 200_000)
  const draw = () => random.between(SMALLEST_FILE, LARGEST_FILE) * scale
  let pool: Buffer | undefined
  let planned = draw()
  return {
    take(availableBytes, last) {
      const wanted = last ? availableBytes - PART_OVERHEAD : planned
      if (wanted > availableBytes || wanted < LINE) return undefined
      pool ??= noise(random, Math.ceil(2 * LARGEST_FILE * scale))
      planned = draw()
      return file(random, pool, Math.min(wanted, pool.length / 2))
    },
  }
}

function noise(random: Random, sizeBytes: number): Buffer {
  const octets = Buffer.alloc(Math.ceil((sizeBytes * 57) / LINE / 57) * 57)
  for (let at = 0; at < octets.length; at += 1) octets[at] = random.between(0, 256)
  return Buffer.from(base64Lines(octets))
}

function file(random: Random, pool: Buffer, sizeBytes: number): Part {
  const lines = Math.max(1, Math.floor(sizeBytes / LINE))
  const first = Math.floor(random.between(0, pool.length / LINE - lines))
  const [contentType, extension] = random.pick(FILE_TYPES)
  const filename = `file-${Math.floor(random.between(1, 1e6))}.${extension}`
  return {
    fields: [
      ['Content-Type', `${contentType}; name="${filename}"`],
      ['Content-Transfer-Encoding', 'base64'],
      ['Content-Disposition', `attachment; filename="${filename}"`],
    ],
    octets: pool.subarray(first * LINE, (first + lines) * LINE),
  }
}
