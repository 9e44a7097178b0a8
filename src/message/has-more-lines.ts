/** Counted before any of them is made; a line ends with CRLF, LF or CR. */
export function hasMoreLines(text: string, most: number): boolean {
  let count = 1
  for (let at = nextEnd(text, 0); at >= 0; at = nextEnd(text, at)) if (++count > most) return true
  return false
}

const END = /\r\n?|\n/g

function nextEnd(text: string, from: number): number {
  END.lastIndex = from
  return END.test(text) ? END.lastIndex : -1
}
