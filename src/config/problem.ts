/** What is wrong with a setting, and what to do about it. Never holds the value of a secret. */
export interface Problem {
  readonly setting: string
  readonly problem: string
  readonly hint: string
}

/** `did you mean X?`, where one of the candidates is near enough to be a slip of the pen; else null. */
export function didYouMean(written: string, candidates: readonly string[]): string | null {
  const near = nearest(written, candidates)
  const limit = Math.max(2, Math.floor(written.length / 4))
  return near && editDistance(written, near) <= limit ? `did you mean ${near}?` : null
}

export function nearest(written: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates.map((candidate) => ({ candidate, distance: editDistance(written, candidate) }))
  return ranked.sort((a, b) => a.distance - b.distance)[0]?.candidate
}

/** Levenshtein's, with neighbours swapped as one step. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= b.length; column += 1) {
      const substitution = at(last, column - 1) + (a[row - 1] === b[column - 1] ? 0 : 1)
      let best = Math.min(substitution, at(last, column) + 1, at(current, column - 1) + 1)
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      if (swapped && row > 1 && column > 1) best = Math.min(best, at(beforeLast, column - 2) + 1)
      current.push(best)
    }
    beforeLast = last
    last = current
  }
  return at(last, b.length)
}

const at = (row: readonly number[], column: number): number => row[column] ?? Number.POSITIVE_INFINITY
