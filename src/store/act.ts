import { storableText } from '../message/storable-text.ts'

/** Who has something done, as `token:operator` or `cli:anna`, and what for, in his own words. */
export interface Act {
  readonly actor: string
  readonly note?: string
}

/** Longer notes are cut. */
export const NOTE_CHARS = 500

/** As it stands in the event of what he did. */
export function toldOf({ actor, note }: Act): Readonly<Record<string, string>> {
  const said = note?.trim() ?? ''
  return { actor: storableText(actor, NOTE_CHARS), ...(said === '' ? {} : { note: storableText(said, NOTE_CHARS) }) }
}
