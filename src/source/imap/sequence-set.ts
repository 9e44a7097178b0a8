/** `sequence-set` of RFC 3501 section 9: ascending, neighbours as ranges, cut into sets that fit into a line. */
export function sequenceSets(uids: readonly number[]): string[] {
  const sets: string[] = []
  for (const range of rangesOf([...new Set(uids)].sort((a, b) => a - b))) {
    const last = sets.at(-1)
    if (last === undefined || last.length + range.length >= SET_CHARACTERS) sets.push(range)
    else sets[sets.length - 1] = `${last},${range}`
  }
  return sets
}

/** RFC 2683 section 3.2.1.5: servers take lines of 8,000 octets at least; some commands name a folder beside the set. */
const SET_CHARACTERS = 4_000

function rangesOf(ascending: readonly number[]): string[] {
  const ranges: { first: number; last: number }[] = []
  for (const uid of ascending) {
    const range = ranges.at(-1)
    if (range?.last === uid - 1) range.last = uid
    else ranges.push({ first: uid, last: uid })
  }
  return ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}:${last}`))
}
