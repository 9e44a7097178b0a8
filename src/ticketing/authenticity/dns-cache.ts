import { isAnswer } from './dns-answers.ts'

/** Remembers answers for a while, also that there is none, and asks once for those who ask at the same time. */
export interface DnsCache {
  get(key: string, ask: () => Promise<unknown>): Promise<unknown>
}

/** What a domain changes is seen after so long, whatever time to live it allows: Node does not tell that of TXT. */
const FRESH_MILLISECONDS = 5 * 60_000
const NOTHING_FRESH_MILLISECONDS = 60_000
const ENTRIES_LIMIT = 2000
/** Records larger than this are asked for anew. */
const ENTRY_MAX_CHARACTERS = 4096

interface Entry {
  readonly answer: Promise<unknown>
  freshUntil: number
}

export function createDnsCache(now: () => number): DnsCache {
  const entries = new Map<string, Entry>()
  const keep = (key: string, entry: Entry, milliseconds: number): void => {
    entry.freshUntil = now() + milliseconds
    if (entries.size > ENTRIES_LIMIT) entries.delete(entries.keys().next().value ?? key)
  }
  return {
    get: (key, ask) => {
      const known = entries.get(key)
      if (known !== undefined && now() < known.freshUntil) return known.answer
      const entry: Entry = { answer: ask(), freshUntil: Number.POSITIVE_INFINITY }
      entries.delete(key)
      entries.set(key, entry)
      entry.answer.then(
        (records) => {
          if (JSON.stringify(records).length <= ENTRY_MAX_CHARACTERS) keep(key, entry, FRESH_MILLISECONDS)
          else entries.delete(key)
        },
        (error: unknown) => {
          if (isAnswer(error)) keep(key, entry, NOTHING_FRESH_MILLISECONDS)
          else entries.delete(key)
        },
      )
      return entry.answer
    },
  }
}
