import { inPieces } from '../../in-pieces.ts'
import { decodeText } from '../charset.ts'
import { decodedRtf } from './compressed-rtf.ts'
import { type MapiValue, mapiProperties } from './mapi-properties.ts'
import { type RtfText, rtfText } from './rtf.ts'

export interface TnefFile {
  readonly name: string
  readonly octets: Buffer
  readonly contentType: string | null
  readonly contentId: string | null
}

export interface Tnef {
  readonly files: readonly TnefFile[]
  readonly subject: string
  readonly text: string | null
  readonly html: string | null
}

/** [MS-OXTNEF] section 2.1.3.1: what comes first. */
const SIGNATURE = 0x223e9f78

const ATTRIBUTE = {
  subject: 0x8004,
  body: 0x800c,
  attachData: 0x800f,
  attachTitle: 0x8010,
  attachRendData: 0x9002,
  mapiProperties: 0x9003,
  attachment: 0x9005,
  codepage: 0x9007,
} as const

/** [MS-OXPROPS]. */
const PROPERTY = {
  body: 0x1000,
  rtfCompressed: 0x1009,
  bodyHtml: 0x1013,
  subject: 0x0037,
  internetCodepage: 0x3fde,
  displayName: 0x3001,
  attachDataObject: 0x3701,
  attachFilename: 0x3704,
  attachMethod: 0x3705,
  attachLongFilename: 0x3707,
  attachMimeTag: 0x370e,
  attachContentId: 0x3712,
} as const

const MAX_FILES = 1000
const MAX_DEPTH = 4
const EMBEDDED_MESSAGE = 5
/** The interface identifier before an object. */
const IID_OCTETS = 16

/**
 * What a winmail.dat holds ([MS-OXTNEF]): its files, and its text. null: it is none. What is damaged is read up to the
 * damage; checksums are not looked at. Linear, apart from messages within messages, which are followed a few levels.
 */
export function readTnef(octets: Buffer, depth = 0): Tnef | null {
  if (octets.length < 6 || octets.readUInt32LE(0) !== SIGNATURE) return null
  const message = new Message(depth)
  let at = 6
  while (at + 9 <= octets.length) {
    const id = octets.readUInt16LE(at + 1)
    const length = octets.readUInt32LE(at + 5)
    const end = at + 9 + length
    message.attribute(id, octets.subarray(at + 9, Math.min(end, octets.length)))
    if (end + 2 > octets.length) break
    at = end + 2
  }
  return message.read()
}

type Properties = ReadonlyMap<number, MapiValue>

interface OpenFile {
  title: Buffer | null
  data: Buffer | null
  properties: Properties
}

class Message {
  readonly #depth: number
  readonly #files: OpenFile[] = []
  #codepage = 'windows-1252'
  #subject: Buffer | null = null
  #body: Buffer | null = null
  #properties: Properties = new Map()

  constructor(depth: number) {
    this.#depth = depth
  }

  attribute(id: number, data: Buffer): void {
    const file = this.#files.at(-1)
    if (id === ATTRIBUTE.codepage && data.length >= 4) this.#codepage = `windows-${data.readUInt32LE(0)}`
    else if (id === ATTRIBUTE.subject) this.#subject = data
    else if (id === ATTRIBUTE.body) this.#body = data
    else if (id === ATTRIBUTE.mapiProperties) this.#properties = mapiProperties(data)
    else if (id === ATTRIBUTE.attachRendData && this.#files.length < MAX_FILES) {
      this.#files.push({ title: null, data: null, properties: new Map() })
    } else if (file === undefined) return
    else if (id === ATTRIBUTE.attachTitle) file.title = data
    else if (id === ATTRIBUTE.attachData) file.data = data
    else if (id === ATTRIBUTE.attachment) file.properties = mapiProperties(data)
  }

  read(): Tnef {
    const rtf = this.#rtf()
    const html = this.#octets(PROPERTY.bodyHtml)
    const codepage = this.#properties.get(PROPERTY.internetCodepage)
    const charset = typeof codepage === 'number' ? (codepage === 65001 ? 'utf-8' : `cp${codepage}`) : this.#codepage
    const text = this.#string(this.#properties, PROPERTY.body) ?? (this.#body && this.#decoded(this.#body))
    return {
      files: this.#files.flatMap((file) => this.#readFile(file)),
      subject: this.#string(this.#properties, PROPERTY.subject) ?? (this.#subject ? this.#decoded(this.#subject) : ''),
      text: text?.trim() ? inPieces(text, (piece) => piece.replace(/\r\n?/g, '\n')) : (rtf?.text ?? null),
      html: html === null ? (rtf?.html ?? null) : decodeText(html, charset).text,
    }
  }

  #rtf(): RtfText | null {
    const compressed = this.#octets(PROPERTY.rtfCompressed)
    const rtf = compressed === null ? null : decodedRtf(compressed)
    return rtf === null ? null : rtfText(rtf)
  }

  #octets(id: number): Buffer | null {
    const value = this.#properties.get(id)
    return Buffer.isBuffer(value) ? value : null
  }

  #readFile({ title, data, properties }: OpenFile): TnefFile[] {
    const object = properties.get(PROPERTY.attachDataObject)
    const octets = data ?? (Buffer.isBuffer(object) ? object.subarray(IID_OCTETS) : null)
    if (octets === null) return []
    if (properties.get(PROPERTY.attachMethod) === EMBEDDED_MESSAGE && this.#depth < MAX_DEPTH) {
      const inner = readTnef(octets, this.#depth + 1)
      if (inner !== null) return [...asFile(inner), ...inner.files]
    }
    const name = [PROPERTY.attachLongFilename, PROPERTY.attachFilename, PROPERTY.displayName]
      .map((id) => this.#string(properties, id))
      .find((one) => one?.trim())
    return [
      {
        name: name ?? (title === null ? '' : this.#decoded(title)),
        octets,
        contentType: this.#string(properties, PROPERTY.attachMimeTag)?.toLowerCase() || null,
        contentId: this.#string(properties, PROPERTY.attachContentId) || null,
      },
    ]
  }

  #string(properties: Properties, id: number): string | null {
    const value = properties.get(id)
    if (typeof value === 'string') return value
    return Buffer.isBuffer(value) ? this.#decoded(value) : null
  }

  #decoded(octets: Buffer): string {
    const end = octets.indexOf(0)
    return decodeText(end < 0 ? octets : octets.subarray(0, end), this.#codepage).text
  }
}

/** A message within is no mail that could be shown as one: its text becomes a file. */
function asFile({ subject, text, html }: Tnef): TnefFile[] {
  const content = html ?? text
  if (content === null) return []
  const extension = html === null ? 'txt' : 'html'
  const contentType = html === null ? 'text/plain' : 'text/html'
  return [{ name: `${subject || 'message'}.${extension}`, octets: Buffer.from(content), contentType, contentId: null }]
}
