import type { MailContent } from '../parsed-message.ts'
import { deliveryReport, type StatusGroup } from './bounce/status-fields.ts'

/** What says how a mail came about stands at its start; what comes later is content, or somebody else's. */
const HEAD_MAX_CHARACTERS = 6000

/** A mail as the rules look at it. What costs something is worked out when the first rule asks for it. */
export class Evidence {
  readonly content: MailContent
  /** Of the first From, in lower case; null: there is none that a mail could go to. */
  readonly sender: string | null
  readonly localPart: string
  readonly domain: string
  readonly subject: string
  readonly #fields = new Map<string, string[]>()
  #head: string | undefined
  #groups: readonly StatusGroup[] | undefined

  constructor(content: MailContent) {
    this.content = content
    const [{ address } = { address: '' }] = content.from
    this.sender = isAddress(address) ? address.toLowerCase() : null
    const at = address.lastIndexOf('@')
    this.localPart = (at < 0 ? address : address.slice(0, at)).slice(0, 320).toLowerCase()
    this.domain = at < 0 ? '' : address.slice(at + 1, at + 321).toLowerCase()
    this.subject = content.subject.slice(0, 1000).replace(/\s+/g, ' ').trim()
    for (const { name, value } of content.header) {
      const values = this.#fields.get(name)
      if (values === undefined) this.#fields.set(name, [value])
      else values.push(value)
    }
  }

  /** Any field of these names whose value is like this. */
  has(names: readonly string[], value?: RegExp): boolean {
    return names.some((name) => {
      const values = this.#fields.get(name)
      return values !== undefined && (value === undefined || values.some((each) => value.test(each)))
    })
  }

  /** The start of the text without quoted lines: in lower case, with single spaces. */
  get head(): string {
    this.#head ??= ` ${unquoted((this.content.text ?? '').slice(0, HEAD_MAX_CHARACTERS))} `
    return this.#head
  }

  /** Each phrase in lower case and with single spaces. */
  says(phrases: readonly string[]): boolean {
    return phrases.some((phrase) => this.head.includes(phrase))
  }

  hasPart(type: RegExp): boolean {
    return this.content.reportParts.some(({ contentType }) => type.test(contentType))
  }

  /** The groups of fields that RFC 3464 tells of recipients. */
  get statusGroups(): readonly StatusGroup[] {
    this.#groups ??= deliveryReport(this.content)
    return this.#groups
  }
}

function unquoted(text: string): string {
  const lines = text.split('\n').filter((line) => !/^\s?>(?!>>)/.test(line))
  return lines.join(' ').replace(/\s+/g, ' ').replaceAll('’', "'").toLowerCase()
}

/** RFC 5321 section 4.5.3.1. */
const ADDRESS_MAX_CHARACTERS = 320

/** An addr-spec that a mail can go to, whatever else RFC 5322 would allow. */
const isAddress = (address: string) =>
  address.length <= ADDRESS_MAX_CHARACTERS && /^[^\s<>()[\]\\,;:"@]+@[^\s<>()[\]\\,;:"@]+$/.test(address)
