/** Whose a mail is, and whether it names somebody, where only its octets tell. */
import { asMailchuteError } from '../errors.ts'
import type { ParsedMessage } from '../message/parsed-message.ts'
import type { Suspect } from '../store/erasure.ts'
import type { Person } from './person.ts'

export interface MailReader {
  /** Any of its From addresses is theirs. */
  isFrom(suspect: Suspect, person: Person, signal: AbortSignal): Promise<boolean>
  /** The address stands anywhere in it, as far as it can be read: not in attached files of other programs. */
  names(suspect: Suspect, person: Person, signal: AbortSignal): Promise<boolean>
  /** Ids of the messages that could not be read. */
  unreadable(): readonly string[]
}

/** As `inbound_messages.from_address` is cut off. */
const CUT_OFF_AT = 320

export interface MailOctets {
  octets(sha256: string): AsyncIterable<Buffer>
}

export type ParseMail = (
  source: { readonly sizeBytes: number; readonly octets: () => AsyncIterable<Buffer> },
  signal: AbortSignal,
) => Promise<ParsedMessage>

export function createMailReader(raw: MailOctets, parse: ParseMail): MailReader {
  const unreadable = new Set<string>()
  const read = async ({ id, sha256, sizeBytes }: Suspect, signal: AbortSignal): Promise<ParsedMessage | null> => {
    try {
      return await parse({ sizeBytes, octets: () => raw.octets(sha256) }, signal)
    } catch (thrown) {
      signal.throwIfAborted()
      const error = asMailchuteError(thrown)
      if (error.remedy !== 'quarantine') throw error
      if (error.code !== 'store/purged') unreadable.add(id)
      return null
    }
  }
  return {
    isFrom: async (suspect, person, signal) => {
      const { fromAddress } = suspect
      if (fromAddress !== null && [...fromAddress].length < CUT_OFF_AT) return person.isTheirs(fromAddress)
      const mail = await read(suspect, signal)
      return mail?.from.some(({ address }) => person.isTheirs(address)) ?? false
    },
    names: async (suspect, person, signal) => {
      const inOctets = await hasAny(raw, suspect, person.spellings)
      if (inOctets !== false) return inOctets ?? false
      const mail = await read(suspect, signal)
      const said = mail === null ? '' : JSON.stringify(mail).toLowerCase()
      return person.spellings.some((spelling) => said.includes(JSON.stringify(spelling).slice(1, -1)))
    },
    unreadable: () => [...unreadable],
  }
}

/** As they stand there; encodings of transfer hide them. null: the octets are not there any more. */
async function hasAny(raw: MailOctets, { sha256 }: Suspect, spellings: readonly string[]): Promise<boolean | null> {
  const wanted = spellings.map((spelling) => Buffer.from(spelling).toString('latin1'))
  const longest = Math.max(...wanted.map(({ length }) => length))
  let tail = ''
  try {
    for await (const chunk of raw.octets(sha256)) {
      const text = tail + asciiLower(chunk.toString('latin1'))
      if (wanted.some((each) => text.includes(each))) return true
      tail = text.slice(-longest)
    }
    return false
  } catch (thrown) {
    if (asMailchuteError(thrown).code === 'store/purged') return null
    throw thrown
  }
}

/** One octet each: other letters are octets of UTF-8, which must stay. */
const asciiLower = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
