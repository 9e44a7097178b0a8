const PIECE_CHARS = 64 * 1024

/**
 * What `change` makes of a text, piece by piece; CR and LF of one line end stay together.
 *
 * Replacing makes a string of many strings, and each of millions of matches takes dozens of octets until somebody looks
 * into it: 4 MiB of text would take all the heap of a parse thread.
 */
export function inPieces(text: string, change: (piece: string) => string): string {
  if (text.length <= PIECE_CHARS) return change(text)
  const pieces: string[] = []
  for (let start = 0; start < text.length; ) {
    const end = isBetweenCrLf(text, start + PIECE_CHARS) ? start + PIECE_CHARS + 1 : start + PIECE_CHARS
    const piece = change(text.slice(start, end))
    // Looking into it makes it one string.
    piece.charCodeAt(0)
    pieces.push(piece)
    start = end
  }
  return pieces.join('')
}

const isBetweenCrLf = (text: string, at: number): boolean => text[at - 1] === '\r' && text[at] === '\n'
