import { inPieces } from './in-pieces.ts'

/**
 * A string that PostgreSQL takes as text and JSON carries unchanged: NUL and lone surrogates become U+FFFD. Cut to
 * `maxChars` UTF-16 units; a surrogate pair that the cut would split ends as U+FFFD too.
 */
export function storableText(value: string, maxChars: number): string {
  const kept = value.length > maxChars ? value.slice(0, maxChars) : value
  const withoutNul = kept.includes('\0') ? inPieces(kept, (piece) => piece.split('\0').join('\ufffd')) : kept
  return withoutNul.toWellFormed()
}
