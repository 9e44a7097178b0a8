/**
 * A string that PostgreSQL takes as text and JSON carries unchanged: NUL and lone surrogates become U+FFFD. Cut to
 * `maxChars` UTF-16 units; a surrogate pair that the cut would split ends as U+FFFD too.
 */
export function storableText(value: string, maxChars: number): string {
  const kept = value.length > maxChars ? value.slice(0, maxChars) : value
  const withoutNul = kept.includes('\0') ? kept.replaceAll('\0', '\ufffd') : kept
  return withoutNul.toWellFormed()
}
