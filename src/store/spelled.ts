/** Spellings of an address, in lower case, and their digests. What is found by them is looked at again by whoever asks. */
export interface Spelled {
  readonly spellings: readonly string[]
  /** As `contacts.address_sha256` has them. */
  readonly keys: readonly string[]
}

/** PostgreSQL may know no lower case but that of ASCII: an address with other letters is always a maybe. */
export const isBeyondAscii = (column: string): string => `octet_length(${column}) <> length(${column})`

export const maybe = (column: string, spellings: string): string =>
  `(lower(${column}) = ANY(${spellings}::text[]) OR ${isBeyondAscii(column)})`
