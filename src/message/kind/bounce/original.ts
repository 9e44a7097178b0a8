import { type ThreadFields, threadFields } from '../../header/thread-fields.ts'
import type { MailContent } from '../../parsed-message.ts'
import { ADDRESS, plain } from './addresses.ts'
import { ORIGINAL_TYPE } from './status-fields.ts'

/** The mail that a report gives back, as far as it gives it back. */
export interface Original {
  readonly thread: ThreadFields
  /** Who wrote it, in lower case. */
  readonly senders: readonly string[]
  readonly recipients: readonly string[]
}

const HEADER_MAX_CHARACTERS = 64 * 1024
const ADDRESSES_MAX = 200

/** `returned`: what stands in the text below the words of a notice. */
export function originalOf({ reportParts }: MailContent, returned: string): Original {
  const part = reportParts.find(({ contentType }) => ORIGINAL_TYPE.test(contentType))
  return headerOf(part?.text ?? returned)
}

function headerOf(text: string): Original {
  const header = headerText(text)
  const named = (names: RegExp): string[] =>
    unfolded(header)
      .filter((line) => names.test(line))
      .flatMap(addressesIn)
      .slice(0, ADDRESSES_MAX)
  return {
    thread: threadFields(Buffer.from(header, 'utf8')),
    senders: named(/^(?:from|sender|return-path|reply-to|errors-to|x-envelope-from)\s*:/i),
    recipients: named(/^(?:to|cc|x-envelope-to|envelope-to|delivered-to|x-original-to)\s*:/i),
  }
}

/** From its first field on, for notices put words and lines above it, to its end. */
function headerText(text: string): string {
  const start =
    /^[ \t]{0,8}(?:[a-z][a-z0-9-]{1,60}[ \t]{0,3}:)/im.exec(text.slice(0, HEADER_MAX_CHARACTERS))?.index ?? 0
  const bounded = text.slice(start, start + HEADER_MAX_CHARACTERS).replaceAll(/\r\n?/g, '\n')
  const [header = ''] = bounded.split(/\n[ \t]*\n/, 1)
  const indent = /^[ \t]*/.exec(header)?.[0] ?? ''
  return indent === '' ? header : header.replaceAll(`\n${indent}`, '\n').slice(indent.length)
}

function unfolded(header: string): string[] {
  const lines: string[] = []
  for (const line of header.split('\n')) {
    const last = lines.length - 1
    if (/^[ \t]/.test(line) && last >= 0) lines[last] = `${lines[last]} ${line.trim()}`.slice(0, 20_000)
    else lines.push(line)
  }
  return lines
}

const EACH_ADDRESS = new RegExp(ADDRESS, 'gu')

const addressesIn = (line: string): string[] =>
  Array.from(line.matchAll(EACH_ADDRESS), ([found]) => plain(found).toLowerCase())

/** A msg-id that a notice names among its own words: `Message-ID: <...>`. */
export function namedMessageId(lines: readonly string[]): string | null {
  for (const line of lines) {
    const found = /\b(?:original-)?message-?id\s*:?\s*(<[^<>\s]{1,900}>)/i.exec(line)?.[1]
    if (found !== undefined) return found
  }
  return null
}
